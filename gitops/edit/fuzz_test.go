package edit

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/golden"
)

// FuzzEdit makes one edit by chance, and then some together. What comes out must
// mean what was asked for, which Bytes checks itself, and all lines before and
// after the edited node must be as they were.
func FuzzEdit(f *testing.F) {
	for _, data := range inputs(f) {
		f.Add(data, uint64(1))
		f.Add(data, uint64(2))
	}
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		for _, err := range []error{one(t, r, data), several(r, data)} {
			if gitops.CodeOf(err) == gitops.Internal {
				t.Fatalf("%v:\n%q", err, data)
			}
		}
	})
}

// TestRandomEdits makes many edits of the files of the golden cases. Edits may be
// refused, but not for their form, and never give another meaning than was asked for.
func TestRandomEdits(t *testing.T) {
	for _, data := range inputs(t) {
		for seed := range uint64(150) {
			r := rand.New(rand.NewPCG(seed, 0))
			for _, err := range []error{one(t, r, data), several(r, data)} {
				if errors.Is(err, errForm) || gitops.CodeOf(err) == gitops.Internal {
					t.Errorf("seed %d: %v:\n%s", seed, err, data)
				}
			}
		}
	}
}

// one makes one edit and checks the lines around it.
func one(t *testing.T, r *rand.Rand, data []byte) error {
	t.Helper()
	file, err := Parse("f.yaml", data)
	if err != nil {
		return err
	}
	if got, err := file.Bytes(); err != nil || !bytes.Equal(got, data) {
		t.Fatalf("file without edits changed: %v", err)
	}
	n := someEdit(r, file)
	if n == nil {
		return nil
	}
	got, err := file.Bytes()
	if err == nil {
		around(t, file, n, got)
	}
	return err
}

// several makes some edits together.
func several(r *rand.Rand, data []byte) error {
	file, err := Parse("f.yaml", data)
	if err != nil {
		return err
	}
	for range 3 {
		someEdit(r, file)
	}
	if r.IntN(3) == 0 {
		_ = file.RemoveDocument(r.IntN(3)) // there may be fewer
	}
	if r.IntN(3) == 0 {
		_ = file.AddDocument(someNode(r, 0))
	}
	_, err = file.Bytes()
	return err
}

func inputs(t testing.TB) (all [][]byte) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, []byte(golden.Unmark(string(a.Files[0].Data))))
	}
	return all
}

// someEdit asks for an edit by chance and returns the node whose lines may
// change, nil when the edit was refused.
func someEdit(r *rand.Rand, f *File) *yaml.Node {
	var nodes []*yaml.Node
	for _, d := range f.docs {
		walk(d.Content[0], func(n *yaml.Node) { nodes = append(nodes, n) })
	}
	if len(nodes) == 0 {
		return nil
	}
	n := nodes[r.IntN(len(nodes))]
	var err error
	switch {
	case n.Kind == yaml.MappingNode && r.IntN(3) > 0:
		if len(n.Content) == 0 || r.IntN(2) == 0 {
			err = f.SetKey(n, "new key", someNode(r, 0))
		} else {
			err = f.RemoveKey(n, n.Content[2*r.IntN(len(n.Content)/2)].Value)
		}
	case n.Kind == yaml.SequenceNode && r.IntN(3) > 0:
		if len(n.Content) == 0 || r.IntN(2) == 0 {
			err = f.InsertItem(n, r.IntN(len(n.Content)+1), someNode(r, 0))
		} else {
			err = f.RemoveItem(n, r.IntN(len(n.Content)))
		}
	case n.Kind == yaml.ScalarNode && r.IntN(2) > 0:
		err = f.SetValue(n, someText(r))
	default:
		err = f.Replace(n, someNode(r, 0))
	}
	if err != nil {
		return nil
	}
	return n
}

func someNode(r *rand.Rand, depth int) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: someText(r), Style: yaml.Style(r.IntN(8)) << 1 &^ yaml.TaggedStyle}
	if n.Style&yaml.FlowStyle != 0 || r.IntN(2) == 0 {
		n.Style = 0
	}
	if depth > 2 {
		return n
	}
	switch r.IntN(4) {
	case 0:
		n = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		for i := range r.IntN(3) {
			n.Content = append(n.Content, Scalar(someText(r)+string(rune('a'+i))), someNode(r, depth+1))
		}
	case 1:
		n = &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for range r.IntN(3) {
			n.Content = append(n.Content, someNode(r, depth+1))
		}
	}
	if n.Kind != yaml.ScalarNode && r.IntN(5) == 0 {
		n.Style = yaml.FlowStyle
	}
	return n
}

func someText(r *rand.Rand) string {
	texts := []string{
		"", "a", "v1.2", "1.10", "1e3", "true", "yes", "~", "null", "a: b", "a #b", "- a", "{a}", "[", "it's", `"q"`, "a\nb", "a\nb\n", "a\n\nb\n\n",
		" lead", "trail ", "tab\tbed", "\ttab", "é ü", "\u2028", "\ufeff", "%a", "@a", "`a", "&a", "*a", "!a", "|", ">", "---", "...", "? a", ": a", "a:", "<<",
		"=", "0x1", "2001-01-01", "\r", "a\r\nb", "#c", "a,b", "\n", "\n\n", "  \n", "x\n  y\n", "x\n\ty", "\x00", "1:20",
	}
	return texts[r.IntN(len(texts))]
}

// around checks the lines before and after those of n.
func around(t *testing.T, f *File, n *yaml.Node, got []byte) {
	t.Helper()
	p := f.places[n]
	start := p.start
	if p.parent != nil && p.index > 0 {
		start = f.places[p.parent.Content[p.index-1]].start
	} else if p.parent != nil {
		start = f.places[p.parent].start
	}
	before := f.text[:f.src.lineStart(start)]
	after := bytes.TrimLeft(f.text[f.src.lineEnd(p.end):], "\r\n") // what is last loses its line break
	got = bytes.TrimPrefix(got, []byte(f.mark))
	if !bytes.HasPrefix(got, bytes.TrimRight(before, "\r\n")) {
		t.Fatalf("lines before the edit changed:\n%q\n%q", f.text, got)
	}
	if !bytes.HasSuffix(bytes.TrimRight(got, "\r\n"), bytes.TrimRight(after, "\r\n")) {
		t.Fatalf("lines after the edit changed:\n%q\n%q", f.text, got)
	}
}
