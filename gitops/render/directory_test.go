package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/tree"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	sigs "sigs.k8s.io/yaml"
)

// buildOf renders a source that must be readable.
func buildOf(t *testing.T, r *Renderer, src gitops.Tree, p string, b gitops.Build) gitops.Rendered {
	t.Helper()
	got, err := r.Build(t.Context(), Source{Tree: src, Path: p, Build: b})
	if err != nil {
		t.Fatalf("render %s: %v", p, err)
	}
	return got
}

// plainly is a directory of manifests, in the order of their names here.
func plainly(names ...string) gitops.Build {
	return gitops.Build{Engine: gitops.Directory, Files: names}
}

// TestDirectory reads manifests as Argo CD does.
func TestDirectory(t *testing.T) {
	const secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"
	cm := func(name string) string { return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + "\n" }
	utf16 := "\xff\xfe"
	for _, b := range []byte(cm("wide")) {
		utf16 += string([]byte{b, 0})
	}
	r := newRenderer(t, Options{Workers: 1})
	for name, c := range map[string]struct {
		file, text string
		want       string // the YAML, or the error
	}{
		"documents":         {"a.yaml", "# head\n---\n---\n# only this\n---\n" + cm("b") + "---\n" + cm("a"), cm("b") + "---\n" + cm("a")},
		"a list":            {"a.yaml", "apiVersion: v1\nkind: List\nitems:\n- {kind: A, apiVersion: v1}\n- {kind: B}\n", "apiVersion: v1\nkind: A\n---\nkind: B\n"},
		"a typed list":      {"a.yaml", "apiVersion: v1\nkind: ConfigMapList\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n", cm("a")},
		"a list of null":    {"a.yaml", cm("a") + "---\napiVersion: v1\nkind: ConfigMapList\nitems:\n", cm("a")},
		"items of its own":  {"a.yaml", "kind: A\nitems: {a: 1}\n", "items:\n  a: 1\nkind: A\n"},
		"no object in list": {"a.yaml", "\nkind: List\nitems: [1]\n", "d/a.yaml:1: item 1 of the list is no object"},
		"no kind in list":   {"a.yaml", "kind: List\nitems: [{a: 1}]\n", "d/a.yaml:1: item 1 of the list has no kind"},
		"no name":           {"a.yaml", "kind: A\nmetadata: {generateName: a-}\n---\nkind: A\nmetadata: {generateName: a-}\n", "kind: A\nmetadata:\n  generateName: a-\n---\nkind: A\nmetadata:\n  generateName: a-\n"},
		"local config":      {"a.yaml", cm("a") + "  annotations: {config.kubernetes.io/local-config: 'true'}\n", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  annotations:\n    config.kubernetes.io/local-config: \"true\"\n  name: a\n"},
		"YAML 1.1":          {"a.yaml", "kind: A\nyes: on\nm: 010\n1: 1.0\n", "\"1\": 1\nkind: A\nm: 8\n\"true\": true\n"},
		"large numbers":     {"a.yaml", "kind: A\na: 12345678901234567\nb: 1e3\n", "a: 12345678901234567\nb: 1000\nkind: A\n"},
		"skipped":           {"a.yaml", "# +argocd:skip-file-rendering\n" + cm("a"), ""},
		"a kustomization":   {"kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: ['https://example.com/x']\n", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- https://example.com/x\n"},
		"byte order mark":   {"a.yaml", bom + cm("a"), cm("a")},
		"UTF-16":            {"a.yaml", utf16, cm("wide")},
		"JSON in YAML":      {"a.yaml", "{\"kind\":\"A\"}\n{\"kind\":\"B\"}\n", "kind: A\n---\nkind: B\n"},
		"JSON, then YAML":   {"a.yaml", "{\"kind\":\"A\"}\n---\nkind: B\n", "kind: A\n---\nkind: B\n"},
		"values":            {"values.yaml", "a: {{ x }}\n", ""},
		"no kind":           {"values.yaml", "a: 1\n", ""},
		"kind is missing":   {"a.yaml", cm("a") + "---\n\n# c\na: 1\n", "d/a.yaml:8: object has no kind"},
		"not indented":      {"a.yaml", cm("a") + "---\nkind: A\nb:\n  c: 1\n d: 2\n", "d/a.yaml:9: invalid YAML: did not find expected key"},
		"looks like one":    {"a.yaml", "apiVersion: v1\nkind: A\nmetadata: [\n", "d/a.yaml:4: invalid YAML: did not find expected node content"},
		"odd separator":     {"a.yaml", cm("a") + "--- {kind: B}\n", `d/a.yaml:5: invalid YAML: a document begins in the line of its separator: "{kind: B}"`},
		"JSON":              {"a.json", "\n{\"kind\": \"A\", \"a\": 1.5}\n", "a: 1.5\nkind: A\n"},
		"YAML in JSON":      {"a.json", "kind: A\n", "d/a.json:1: invalid JSON: invalid character 'k' looking for beginning of value"},
		"broken JSON":       {"a.json", "{\n\"kind\": \"A\",\n}", "d/a.json:3: invalid JSON: invalid character '}' looking for beginning of object key string"},
		"two in JSON":       {"a.json", "{\"kind\": \"A\"}\n{\"kind\": \"B\"}\n", "d/a.json:2: a file of JSON may have one object only"},
		"a list in JSON":    {"a.json", "[]\n", "d/a.json:1: manifest is a list where an object is expected"},
		"no kind in JSON":   {"a.json", "\n{}\n", "d/a.json:2: object has no kind"},
		"nothing in JSON":   {"a.json", "null", "d/a.json:1: manifest is null where an object is expected"},
		"Jsonnet":           {"a.jsonnet", "{}", `d/a.jsonnet: Jsonnet is not evaluated here: "d/a.jsonnet"`},
		"twice":             {"a.yaml", cm("a") + "data: {a: b}\n---\n" + secret + "---\n" + cm("a"), "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n---\n" + cm("a")},
	} {
		t.Run(name, func(t *testing.T) {
			got := buildOf(t, r, memory(map[string]string{"d/" + c.file: c.text}), "d", plainly("d/"+c.file))
			said := string(got.YAML())
			if got.Err != nil {
				said = got.Err.Error()
			}
			if said != c.want {
				t.Errorf("-want +got\n%s", cmp.Diff(c.want, said))
			}
		})
	}
}

// TestDirectoryFiles is about which files are read.
func TestDirectoryFiles(t *testing.T) {
	r := newRenderer(t, Options{Workers: 1})
	src := withLinks(map[string]string{"d/a.yaml": mapOf("a"), "d/b/b.yaml": mapOf("b"), "out/c.yaml": mapOf("c"), "file": ""},
		map[string]string{"d/c.yaml": "../out/c.yaml", "d/away.yaml": "/etc/passwd", "link": "d"})
	for name, c := range map[string]struct {
		path string
		b    gitops.Build
		want string
	}{
		"in order":     {"d", plainly("d/b/b.yaml", "d/a.yaml", "d/c.yaml"), mapOf("b") + "---\n" + mapOf("a") + "---\n" + mapOf("c")},
		"none":         {"d", plainly(), ""},
		"behind links": {"link", plainly("link/a.yaml"), mapOf("a")},
		"no directory": {"gone", plainly(), `no such directory: "gone"`},
		"a file":       {"file", plainly(), `file is not a directory: "file"`},
		"no file":      {"d", plainly("d/gone.yaml"), `d/gone.yaml: no such file or directory: "d/gone.yaml"`},
		"leads out":    {"d", plainly("d/away.yaml"), `d/away.yaml: path leads out of the repository: "/etc/passwd"`},
		"a directory":  {"d", plainly("d/b"), `d/b: a manifest is expected, and this is a directory: "d/b"`},
	} {
		t.Run(name, func(t *testing.T) {
			got := buildOf(t, r, src, c.path, c.b)
			said := string(got.YAML())
			if got.Err != nil {
				said = got.Err.Error()
			}
			if said != c.want {
				t.Errorf("-want +got\n%s", cmp.Diff(c.want, said))
			}
		})
	}
	got := buildOf(t, r, src, "d", plainly("d/c.yaml"))
	reads := map[string]gitops.Kind{}
	for _, read := range got.Reads {
		reads[read.Path] = read.Kind
	}
	if reads["d"] != gitops.Dir || reads["d/c.yaml"] != gitops.Symlink || reads["out/c.yaml"] != gitops.File {
		t.Errorf("reads %v", got.Reads)
	}
}

// pieces are what texts of the property are made of: such that documents begin, end and
// break in every place.
var pieces = []string{
	"---\n", "---", "--- # c\n", "--- x\n", "\n", " \n", "# c\n", "\r\n", "{\"kind\":\"A\"}", "{\"kind\":\"B\",\"a\":[1,2.5]}\n", "{}\n", "{", "null\n", "~\n",
	"kind: C\n", "apiVersion: v1\nkind: D\nmetadata: {name: d}\n", "a: 1\n", "a: |\n  x\n  ---\n", "a: |\n  x\n---\n", "items: [{kind: I}]\n", "apiVersion: a/b/c\nkind: X\n",
	"- 1\n", "x: [\n", "\t\n", "\ufeff", "\"\n", "kind: E\r\na: b\r\n", "yes: no\n", "metadata:\n", "}", "...\n", "%YAML 1.1\n",
}

// TestDirectoryDecodes compares with the decoder that Argo CD uses, on texts that are
// sometimes JSON, sometimes YAML, and mostly neither.
func TestDirectoryDecodes(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	good := 0
	for range 20_000 {
		var text strings.Builder
		for range 1 + rnd.IntN(6) {
			text.WriteString(pieces[rnd.IntN(len(pieces))])
		}
		want, bad := splitYAMLOrJSON([]byte(text.String()))
		docs, why := readStream([]byte(text.String()))
		var got []string
		for _, d := range docs {
			y, err := d.object.AsYAML()
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(y))
		}
		if (bad != nil) != (why != nil) || !cmp.Equal(got, want) {
			t.Fatalf("%q: got %q %v, want %q %v", text.String(), got, why, want, bad)
		}
		if lines := strings.Count(text.String(), "\n") + 1; why != nil && (why.line < 1 || why.line > lines+1) {
			t.Errorf("%q: line %d: %v", text.String(), why.line, why)
		}
		if bad == nil && len(want) > 0 {
			good++
		}
	}
	if good < 1000 {
		t.Errorf("only %d texts have objects and no error", good)
	}
}

// splitYAMLOrJSON is that of Argo CD (reposerver/repository/repository.go).
func splitYAMLOrJSON(text []byte) (list []string, err error) {
	d := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	for {
		u := &unstructured.Unstructured{}
		if err := d.Decode(&u); err != nil {
			if errors.Is(err, io.EOF) {
				return list, nil
			}
			return list, err
		}
		if u != nil {
			y, _ := sigs.Marshal(u.Object)
			list = append(list, string(y))
		}
	}
}

// TestDirectoryLists compares what lists are taken apart into.
func TestDirectoryLists(t *testing.T) {
	for _, text := range []string{
		`{"kind":"A"}`, `{"kind":"A","items":[]}`, `{"kind":"A","items":null}`, `{"kind":"A","items":null,"spec":null}`, `{"kind":"A","items":{}}`,
		`{"kind":"AList","apiVersion":"v1","items":[{"kind":"B","items":[{"kind":"C"}]}]}`, `{"kind":"A","items":[null]}`, `{"kind":"A","items":[{"kind":"B"},1]}`,
	} {
		var u unstructured.Unstructured
		if err := json.Unmarshal([]byte(text), &u); err != nil {
			t.Fatal(err)
		}
		var want []string
		var bad error
		if items, ok := u.Object["items"]; u.IsList() {
			bad = u.EachListItem(func(o runtime.Object) error {
				want = append(want, fmt.Sprint(o.(*unstructured.Unstructured).Object))
				return nil
			})
		} else if _, spec := u.Object["spec"]; !ok || items != nil || spec {
			want = append(want, fmt.Sprint(u.Object))
		}
		list, why := document{plain(u.Object), 1}.items()
		var got []string
		for _, o := range list {
			got = append(got, fmt.Sprint(map[string]any(o)))
		}
		if (why != nil) != (bad != nil) || bad == nil && !cmp.Equal(got, want) {
			t.Errorf("%s: got %q %v, want %q %v", text, got, why, want, bad)
		}
	}
}

// TestDirectoryPrints renders the same objects by both engines: they print the same, so
// that a source which gets a kustomization shows what changes only.
func TestDirectoryPrints(t *testing.T) {
	r := newRenderer(t, Options{Workers: 1})
	for name, files := range exactCases() {
		for p, text := range files {
			// What is read by YAML 1.1 here, and by 1.2 there, differs and should.
			if filepath.Ext(p) != ".yaml" || isKustomization(p) || strings.Contains(text, "&l") || strings.Contains(text, "{n: ") {
				continue
			}
			src := tree.Memory(map[string]string{"a/kustomization.yaml": "resources: [x.yaml]\nsortOptions: {order: fifo}\n", "a/x.yaml": text})
			k, d := buildOf(t, r, src, "a", gitops.Build{}), buildOf(t, r, src, "a", plainly("a/x.yaml"))
			if k.Err == nil && d.Err == nil && string(k.YAML()) != string(d.YAML()) {
				t.Errorf("%s: %s: -kustomize +directory\n%s", name, p, cmp.Diff(string(k.YAML()), string(d.YAML())))
			}
		}
	}
}
