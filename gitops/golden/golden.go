// Package golden runs tests that are files: each testdata/*.txtar is a case, with a
// sentence and lines "key: value" at its head, then in/… files (or others) that a test
// reads, then want/… files with what must come out. With -update the want files are
// written anew. Only tests import it.
package golden

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Case is one file without what must come out.
type Case struct {
	// Comment is the text at its head.
	Comment string
	// Inputs are its files, in their order.
	Inputs []txtar.File
}

// Run runs every case that pattern matches, as a test of its own. f returns what comes
// out, by the name behind "want/".
func Run(t *testing.T, pattern string, f func(*testing.T, *Case) map[string]string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in %s: %v", pattern, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { run(t, file, f) })
	}
}

func run(t *testing.T, file string, f func(*testing.T, *Case) map[string]string) {
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c, want := &Case{Comment: string(a.Comment)}, map[string]string{}
	for _, f := range a.Files {
		if name, ok := strings.CutPrefix(f.Name, "want/"); ok {
			want[name] = string(f.Data)
		} else {
			c.Inputs = append(c.Inputs, f)
		}
	}
	got := f(t, c)
	a.Files = c.Inputs
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if text := got[name]; text != "" && !strings.HasSuffix(text, "\n") {
			got[name] = text + "\n" // as the archive has it
		}
		a.Files = append(a.Files, txtar.File{Name: "want/" + name, Data: []byte(got[name])})
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("differs (-want +got), run with -update if it should:\n%s", diff)
	}
}

// Values returns what the lines "key: value" say, in their order.
func (c *Case) Values(key string) []string {
	var list []string
	for line := range strings.Lines(c.Comment) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), ": "); ok && k == key {
			list = append(list, v)
		}
	}
	return list
}

// Value returns what the last line "key: value" says, "" when there is none.
func (c *Case) Value(key string) string {
	list := c.Values(key)
	if len(list) == 0 {
		return ""
	}
	return list[len(list)-1]
}

// Files returns the files below dir, such as "in", by their path in it.
func (c *Case) Files(dir string) map[string]string {
	files := map[string]string{}
	for _, f := range c.Inputs {
		if p, ok := strings.CutPrefix(f.Name, dir+"/"); ok {
			files[p] = string(f.Data)
		}
	}
	return files
}

// The marks of what a text file cannot show.
const (
	markBOM = "<BOM>"
	markCR  = "<CR>"
	markEOF = "<EOF>" // the file ends here, without a newline
)

// Unmark puts bytes in the place of marks.
func Unmark(text string) string {
	text, _, _ = strings.Cut(text, markEOF)
	return strings.NewReplacer(markCR, "\r", markBOM, "\ufeff").Replace(text)
}

// Mark puts marks in the place of bytes: it undoes [Unmark].
func Mark(text string) string {
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += markEOF + "\n"
	}
	return strings.NewReplacer("\r", markCR, "\ufeff", markBOM).Replace(text)
}
