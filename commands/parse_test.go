package commands

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write golden files")

// TestParse reads the comments of testdata/parse: each says in want which commands
// are in it.
func TestParse(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "parse", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			list, more := Parse(string(a.Files[0].Data))
			var got strings.Builder
			for _, r := range list {
				fmt.Fprintf(&got, "%d /%s %q\n", r.Line, r.Verb, r.Args)
			}
			if more {
				got.WriteString("more\n")
			}
			if *update {
				a.Files[1].Data = []byte(got.String())
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(a.Files[1].Data), got.String()); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestParseMany(t *testing.T) {
	list, more := Parse(strings.Repeat("/diff\r\n", 500))
	if len(list) != MaxRequests || !more || list[9].Line != 10 {
		t.Errorf("%d, more %t", len(list), more)
	}
	if list, _ := Parse("/diff " + strings.Repeat("x", maxLine)); list != nil {
		t.Error("a line that is too long is a command")
	}
	for _, line := range []string{"/di\u0456f", "/diff \u202e", "/diff\x00", "/diff\u00a0x", "\ufeff/diff", "/diff\vx", "//diff", "/", "/1", "/diff/x", "/Diff"} {
		if list, _ := Parse(line); list != nil {
			t.Errorf("%q is a command", line)
		}
	}
}

// A command is always a line of the comment, made of ASCII, and never below a fence
// that is open.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"/diff", "```\n/diff\n```\n/help", "<!-- /x\n-->\n/diff a b", "> q\n/diff\n\n/diff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		list, more := Parse(body)
		lines := strings.Split(body, "\n")
		for _, r := range list {
			if line := lines[r.Line-1]; !strings.HasPrefix(line, "/"+r.Verb) || !printableASCII(r.Verb+strings.Join(r.Args, "")) {
				t.Errorf("%+v of %q", r, line)
			}
		}
		if len(list) > MaxRequests || more && len(list) != MaxRequests {
			t.Errorf("%d commands, more %t", len(list), more)
		}
		if inside, _ := Parse("```````\n" + strings.ReplaceAll(body, "```````", "") + "\n"); len(inside) != 0 {
			t.Errorf("in a fence: %+v", inside)
		}
		if inside, _ := Parse("<!--\n" + strings.ReplaceAll(body, "-->", "")); len(inside) != 0 {
			t.Errorf("in an HTML comment: %+v", inside)
		}
	})
}
