package diff

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/gitops"
)

// TestShow prints objects for people, with values of secrets masked.
func TestShow(t *testing.T) {
	objects := []gitops.Object{
		{APIVersion: "v1", Kind: "ConfigMap", Name: "c-2456789bcd", YAML: []byte("apiVersion: v1\nkind: ConfigMap\ndata:\n  a.b: x\n  password: hunter2\n  empty: \"\"\n")},
		{APIVersion: "v1", Kind: "Secret", Name: "s-bcdfghkmtt", YAML: []byte("apiVersion: v1\nkind: Secret\ndata:\n  word: aHVudGVyMg==\n")},
		{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "n", Name: "d", YAML: []byte(`spec:
  none: {}
  list: []
  nothing: null
  items:
  - name: one
    map: c-2456789bcd
  - name: "t.w.o"
    from: s-bcdfghkmtt
    other: x-ghkmtghkmt
  mounts:
  - {name: a, path: /x}
  - {name: a, path: /y}
  args: [p, 1]
`)},
		{APIVersion: "v1", Kind: "ConfigMap", Name: "broken", YAML: []byte("a: [hunter2")},
	}
	var got []string
	for _, o := range Show(objects) {
		got = append(got, strings.Join([]string{o.Group, o.Kind, o.Namespace, o.Name}, "|"))
		for _, f := range o.Fields {
			got = append(got, f.Path+"="+f.Value)
			if f.Path == "" {
				continue
			}
			p, err := gitops.ParseFieldPath(f.Path)
			if err != nil || !p.Covers(f.Steps) {
				t.Errorf("%s does not cover its own field: %v", f.Path, err)
			}
		}
	}
	want := []string{
		"|ConfigMap||c", "apiVersion=v1", "kind=ConfigMap", `data["a.b"]=x`, "data.password=(secret)", "data.empty=",
		"|Secret||s", "apiVersion=v1", "kind=Secret", "data.word=(secret)",
		"apps|Deployment|n|d", "spec.none={}", "spec.list=[]", "spec.nothing=null",
		"spec.items[name=one].name=one", "spec.items[name=one].map=c",
		`spec.items[name="t.w.o"].name=t.w.o`, `spec.items[name="t.w.o"].from=s`, `spec.items[name="t.w.o"].other=x-ghkmtghkmt`,
		"spec.mounts[0].name=a", "spec.mounts[0].path=/x", "spec.mounts[1].name=a", "spec.mounts[1].path=/y",
		"spec.args[0]=p", "spec.args[1]=1",
		"|ConfigMap||broken", "=(secret)\n",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
