package promote

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops/edit"
	"github.com/sealift/sealift/gitops/golden"
)

// noticed finds the word dev.
var noticed = policy{names: func(s string) string {
	if hasWord(s, "dev") {
		return "dev"
	}
	return ""
}}

// FuzzMerge merges any three files, as YAML and as text. Nothing changed means
// nothing carried, merging twice is merging once, and what is withheld by name is
// not in the result.
func FuzzMerge(f *testing.F) {
	files, err := filepath.Glob("testdata/merge/*.txtar")
	if err != nil || len(files) == 0 {
		f.Fatal(err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		in := map[string][]byte{}
		for _, x := range a.Files {
			in[strings.Split(x.Name, "/")[1]] = []byte(golden.Unmark(string(x.Data)))
		}
		f.Add(in["base"], in["source"], in["target"], strings.Contains(a.Files[0].Name, ".yaml"))
	}
	f.Fuzz(func(t *testing.T, base, source, target []byte, structure bool) {
		name := "x.txt"
		if structure {
			name = "x.yaml"
		}
		laws(t, name, base, source, target)
	})
}

// laws are what holds for every merge.
func laws(t *testing.T, name string, base, source, target []byte) merged {
	t.Helper()
	if m := mergeFile(name, base, base, target, noticed); !bytes.Equal(m.data, target) || len(m.edits)+len(m.withheld)+len(m.conflicts) > 0 && !tooLarge(m) {
		t.Fatalf("nothing changed in the source, but: %+v", m)
	}
	if m := mergeFile(name, base, source, source, noticed); !bytes.Equal(m.data, source) || len(m.edits)+len(m.conflicts) > 0 {
		t.Fatalf("the target is the source, but: %+v", m)
	}
	m := mergeFile(name, base, source, target, noticed)
	if len(m.edits) == 0 && !bytes.Equal(m.data, target) {
		t.Fatalf("no edits, but other bytes:\n%q\n%q", target, m.data)
	}
	again := mergeFile(name, base, source, m.data, noticed)
	if !bytes.Equal(again.data, m.data) || len(again.edits) > 0 {
		t.Fatalf("merged twice is not merged once:\n%q\n%q\n%+v\n%+v", m.data, again.data, m.edits, again.edits)
	}
	if now, before := bytes.Count(m.data, []byte("dev")), bytes.Count(target, []byte("dev")); now > before && bytes.Count(source, []byte("dev")) == words(source) {
		t.Fatalf("a value that names dev was carried:\n%q\n%q\n%q\n%q", base, source, target, m.data)
	}
	return m
}

func tooLarge(m merged) bool { return len(m.withheld) == 1 && m.withheld[0].Reason == reasonSize }

// words counts dev as a word of its own.
func words(text []byte) (n int) {
	s := string(text)
	for at := 0; ; {
		i, ok := wordAt(s, "dev", at)
		if !ok {
			return n
		}
		n, at = n+1, i+3
	}
}

// TestMergeRandom makes three versions of a document by chance, writes each in a
// style of its own, and compares the merge with one that is computed for values
// alone.
func TestMergeRandom(t *testing.T) {
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1))
		b := someTree(r, 0)
		s, u := mutated(r, b, 0), mutated(r, b, 0)
		base, source, target := written(r, b), written(r, s), written(r, u)
		m := laws(t, "x.yaml", base, source, target)
		want := expected(b, s, u)
		f, err := edit.Parse("x.yaml", m.data)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Documents()[0]; !equal(got, toNode(want)) {
			t.Fatalf("seed %d: merged\n%s\nwith\n%s\nand\n%s\ngives\n%s\nwant\n%s", seed, base, source, target, m.data, written(r, want))
		}
		comments(t, target, m)
	}
}

// comments checks that no comment of the target was lost but with what it is about.
func comments(t *testing.T, target []byte, m merged) {
	t.Helper()
	removed := 0
	for _, e := range m.edits {
		if e.New == "" || strings.HasPrefix(e.Old, "{") {
			removed++
		}
	}
	if removed == 0 && bytes.Count(target, []byte("#")) != bytes.Count(m.data, []byte("#")) {
		t.Fatalf("comments were lost:\n%s\n%s", target, m.data)
	}
}

// values is a document of mappings and scalars.
type values map[string]any

func someTree(r *rand.Rand, depth int) values {
	out := values{}
	for i := range 1 + r.IntN(4) {
		key := fmt.Sprintf("k%d", i)
		if depth < 3 && r.IntN(3) == 0 {
			out[key] = someTree(r, depth+1)
		} else {
			out[key] = fmt.Sprintf("v%d", r.IntN(5))
		}
	}
	return out
}

func mutated(r *rand.Rand, in values, depth int) values {
	out := values{}
	for i := range 6 {
		key := fmt.Sprintf("k%d", i)
		value, ok := in[key]
		sub, nested := value.(values)
		switch chance := r.IntN(10); {
		case ok && chance == 0 && len(out) > 0: // removed
		case ok && nested:
			out[key] = mutated(r, sub, depth+1)
		case ok && chance < 4, !ok && chance == 0:
			out[key] = fmt.Sprintf("n%d", r.IntN(3))
		case ok:
			out[key] = value
		}
	}
	if len(out) == 0 {
		out["k0"] = "v"
	}
	return out
}

// expected is the merge of values: the rules once more, in few words.
func expected(b, s, t any) any {
	bt, isB := b.(values)
	st, isS := s.(values)
	tt, isT := t.(values)
	if isS && isT && (isB || b == nil) {
		out := values{}
		for i := range 6 {
			key := fmt.Sprintf("k%d", i)
			if v := expected(bt[key], st[key], tt[key]); v != nil {
				out[key] = v
			}
		}
		return out
	}
	if fmt.Sprint(b) == fmt.Sprint(t) {
		return s
	}
	return t
}

func toNode(v any) *yaml.Node {
	sub, ok := v.(values)
	if !ok {
		return edit.Scalar(v.(string))
	}
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for i := range 6 {
		if key := fmt.Sprintf("k%d", i); sub[key] != nil {
			n.Content = append(n.Content, edit.Scalar(key), toNode(sub[key]))
		}
	}
	return n
}

// written writes a document in a style that depends on chance, with comments.
func written(r *rand.Rand, v any) []byte {
	root := toNode(v)
	each(root, func(n *yaml.Node) {
		switch {
		case n.Kind == yaml.ScalarNode && !strings.HasPrefix(n.Value, "k"):
			n.Style = []yaml.Style{0, yaml.DoubleQuotedStyle, yaml.SingleQuotedStyle}[r.IntN(3)]
		case n.Kind == yaml.MappingNode && n != root && r.IntN(4) == 0:
			n.Style = yaml.FlowStyle
		}
	})
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2 + 2*r.IntN(2))
	if err := e.Encode(root); err != nil {
		panic(err)
	}
	var out []string
	for s := range strings.Lines(b.String()) {
		if r.IntN(4) == 0 {
			s = strings.TrimSuffix(s, "\n") + " # c\n"
		}
		out = append(out, s)
	}
	return []byte(strings.Join(out, ""))
}

// FuzzMergeEdited merges a file with two versions of it in which a few fields were
// changed by chance.
func FuzzMergeEdited(f *testing.F) {
	files, err := filepath.Glob("testdata/merge/*.txtar")
	if err != nil || len(files) == 0 {
		f.Fatal(err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for i, x := range a.Files {
			f.Add([]byte(golden.Unmark(string(x.Data))), uint64(i))
		}
	}
	f.Fuzz(func(t *testing.T, base []byte, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 2))
		laws(t, "x.yaml", base, changed(r, base), changed(r, base))
	})
}

// changed is a file with a few edits by chance, itself where that cannot be.
func changed(r *rand.Rand, data []byte) []byte {
	f, err := edit.Parse("x.yaml", data)
	if err != nil {
		return data
	}
	var nodes []*yaml.Node
	var collect func(n *yaml.Node)
	collect = func(n *yaml.Node) {
		nodes = append(nodes, n)
		for _, c := range n.Content {
			collect(c)
		}
	}
	for _, root := range f.Documents() {
		if root != nil {
			collect(root)
		}
	}
	for range min(1+r.IntN(4), len(nodes)) {
		someChange(r, f, nodes[r.IntN(len(nodes))])
	}
	out, err := f.Bytes()
	if err != nil {
		return data
	}
	return out
}

func someChange(r *rand.Rand, f *edit.File, n *yaml.Node) {
	value := []string{"1", "dev", "a\nb\n", "new", "x=1", ""}[r.IntN(6)]
	child := edit.Scalar(value)
	if r.IntN(2) == 0 {
		child = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{edit.Scalar("name"), child}}
	}
	switch {
	case n.Kind == yaml.ScalarNode:
		_ = f.SetValue(n, value)
	case n.Kind == yaml.MappingNode && r.IntN(2) == 0:
		_ = f.SetKey(n, "name", child)
	case n.Kind == yaml.MappingNode && len(n.Content) > 0:
		_ = f.RemoveKey(n, n.Content[2*r.IntN(len(n.Content)/2)].Value)
	case n.Kind == yaml.SequenceNode && r.IntN(2) == 0:
		_ = f.InsertItem(n, r.IntN(len(n.Content)+1), child)
	case n.Kind == yaml.SequenceNode && len(n.Content) > 0:
		_ = f.RemoveItem(n, r.IntN(len(n.Content)))
	}
}
