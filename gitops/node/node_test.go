package node_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops/node"
)

func parse(t *testing.T, text string) *yaml.Node {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Content[0]
}

// TestText goes down to scalars of every kind, through aliases, past what is not there
// and what is of another kind.
func TestText(t *testing.T) {
	n := parse(t, "a: &x {b: [one, 2, ~, {c: three}]}\nalias: *x\nname: &n web\nsame: *n\nlist: [*n]\n")
	for _, c := range []struct {
		path []string
		want string
	}{
		{[]string{"name"}, "web"},
		{[]string{"same"}, "web"},
		{[]string{"a"}, ""},
		{[]string{"alias", "b"}, ""},
		{[]string{"nothing", "at", "all"}, ""},
		{[]string{"name", "of a scalar"}, ""},
	} {
		if got := node.Text(n, c.path...); got != c.want {
			t.Errorf("%q is %q, want %q", c.path, got, c.want)
		}
	}
	var got []string
	for e := range node.Elements(n, "alias", "b") {
		got = append(got, node.Text(e)+"|"+node.Text(e, "c"))
	}
	if d := cmp.Diff([]string{"one|", "2|", "|", "|three"}, got); d != "" {
		t.Error(d)
	}
	for e := range node.Elements(n, "list") {
		if node.Text(e) != "web" {
			t.Errorf("the element is %q", node.Text(e))
		}
	}
}

// TestFieldTwice reads the key that other decoders would use.
func TestFieldTwice(t *testing.T) {
	if got := node.Text(parse(t, "a: first\na: last\n"), "a"); got != "last" {
		t.Errorf("the value is %q", got)
	}
}

// TestManifests finds objects inside Lists, and stops where its caller does.
func TestManifests(t *testing.T) {
	docs := []*yaml.Node{
		parse(t, "kind: Secret\nmetadata: {name: a}\nitems: [not, a, List]\n"),
		parse(t, "kind: SecretList\nitems: [{kind: Secret, metadata: {name: b}}, {metadata: {name: c}}]\n"),
		parse(t, "kind: List\nitems: ~\n"),
		parse(t, "metadata: {name: d}\n"),
	}
	names := func(limit int) (list []string) {
		for m := range node.Manifests(docs) {
			list = append(list, node.Text(m, "metadata", "name"))
			if len(list) == limit {
				break
			}
		}
		return list
	}
	all := []string{"a", "b", "c", "d"}
	for limit := 1; limit <= len(all); limit++ {
		if got := names(limit); !slices.Equal(got, all[:limit]) {
			t.Errorf("the first %d are %q", limit, got)
		}
	}
}
