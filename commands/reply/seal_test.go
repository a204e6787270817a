package reply_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops/seal"
)

// TestSealGolden writes what testdata/seal/*.txtar ask for: the key "form" names the
// text, in/ has what it is made from.
func TestSealGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/seal/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, form, _ := strings.Cut(string(a.Comment), "form: ")
			form, _, _ = strings.Cut(form, "\n")
			got := sealText(t, form, a.Files[0].Data)
			if *update {
				a.Files = append(a.Files[:1], txtar.File{Name: "want/body.md", Data: []byte(got)})
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := cmp.Diff(string(a.Files[1].Data), string(txtar.Format(&txtar.Archive{Comment: []byte(got)}))); d != "" {
				t.Errorf("output differs (-want +got), run with -update if it should:\n%s", d)
			}
		})
	}
}

// sealText writes one text.
func sealText(t *testing.T, form string, data []byte) string {
	t.Helper()
	read := func(v any) {
		if err := json.Unmarshal(data, v); err != nil {
			t.Fatal(err)
		}
	}
	switch form {
	case "link":
		var in struct {
			Login, Address string
			Ask            seal.Ask
		}
		read(&in)
		return reply.SealLink(in.Login, in.Address, in.Ask)
	case "exposed":
		var in struct {
			Login    string
			Accepted bool
		}
		read(&in)
		return reply.SealExposed(in.Login, in.Accepted)
	case "files":
		var in []string
		read(&in)
		return reply.ExposedFiles(in)
	case "done", "pull":
		var in reply.Sealed
		read(&in)
		if form == "pull" {
			return reply.SealPull(in, 7)
		}
		return reply.SealDone(in)
	case "reseal", "reseal-pull":
		var in reply.Resealed
		read(&in)
		if form == "reseal-pull" {
			return reply.ResealPull(in, 7)
		}
		return reply.ResealDone(in, min(len(in.Done), 1)*9)
	}
	t.Fatalf("no form %q", form)
	return ""
}
