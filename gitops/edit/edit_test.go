package edit

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/golden"
)

// TestGolden applies the edits of every case, lines like "set 0.spec.replicas 3",
// to in/file.yaml. The first word of a path is the number of the document. <BOM>,
// <CR> and <EOF> (cut from there) stand for what a text file cannot show.
func TestGolden(t *testing.T) {
	golden.Run(t, "testdata/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		data := golden.Unmark(string(c.Inputs[0].Data))
		return map[string]string{"file.yaml": golden.Mark(string(edited(t, []byte(data), c.Comment)))}
	})
}

// edited returns the edited file, or the error.
func edited(t *testing.T, data []byte, comment string) []byte {
	t.Helper()
	f, err := Parse("file.yaml", data)
	if err == nil {
		err = edits(t, f, comment)
	}
	var out []byte
	if err == nil {
		out, err = f.Bytes()
	}
	if err != nil {
		return fmt.Appendf(nil, "error: %s: %v\n", gitops.CodeOf(err), err)
	}
	return out
}

func edits(t *testing.T, f *File, comment string) error {
	t.Helper()
	var errs []error
	for line := range strings.Lines(comment) {
		verb, rest, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			continue
		}
		path, value, _ := strings.Cut(rest, " ")
		errs = append(errs, edit(t, f, verb, path, value))
	}
	return errors.Join(errs...)
}

func edit(t *testing.T, f *File, verb, path, value string) error {
	t.Helper()
	parent, last, _ := cutLast(path)
	switch verb {
	case "add-document":
		return f.AddDocument(node(t, path+" "+value))
	case "remove-document":
		at, _ := strconv.Atoi(path)
		return f.RemoveDocument(at)
	case "set":
		return f.SetValue(find(t, f, path), strings.NewReplacer(`\n`, "\n", `\t`, "\t").Replace(value))
	case "replace":
		return f.Replace(find(t, f, path), node(t, value))
	case "key":
		return f.SetKey(find(t, f, parent), last, node(t, value))
	case "remove-key":
		return f.RemoveKey(find(t, f, parent), last)
	case "insert":
		at, _ := strconv.Atoi(last)
		return f.InsertItem(find(t, f, parent), at, node(t, value))
	case "remove-item":
		at, _ := strconv.Atoi(last)
		return f.RemoveItem(find(t, f, parent), at)
	}
	t.Fatalf("unknown edit %q", verb)
	return nil
}

func cutLast(path string) (parent, last string, ok bool) {
	i := strings.LastIndexByte(path, '.')
	return path[:max(i, 0)], path[i+1:], i >= 0
}

// node reads a value that is written in one line: flow collections stand for
// blocks, and "flow " before one leaves it as it is.
func node(t *testing.T, text string) *yaml.Node {
	t.Helper()
	text, flow := strings.CutPrefix(text, "flow ")
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	walk(&doc, func(n *yaml.Node) {
		if !flow {
			n.Style &^= yaml.FlowStyle
		}
	})
	return doc.Content[0]
}

func find(t *testing.T, f *File, path string) *yaml.Node {
	t.Helper()
	words := strings.Split(path, ".")
	at, _ := strconv.Atoi(words[0])
	n := f.Documents()[at]
	for _, word := range words[1:] {
		next := n
		for i, c := range n.Content {
			if n.Kind == yaml.SequenceNode && word == strconv.Itoa(i) {
				next = c
			}
			if n.Kind == yaml.MappingNode && i%2 == 0 && c.Value == word {
				next = n.Content[i+1]
			}
		}
		if next == n {
			t.Fatalf("%s is not there", path)
		}
		n = next
	}
	return n
}
