package chart

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops/golden"
)

// example is a chart of testdata with how it is rendered.
type example struct {
	*golden.Case
	files []File // of the chart's directory
}

// exampleOf reads a case. Directories that a line "pack:" names are packed into charts/.
func exampleOf(t *testing.T, c *golden.Case) example {
	t.Helper()
	e := example{Case: c}
	packed := map[string][]File{}
	for name, text := range c.Files("in") {
		dir, rest, _ := strings.Cut(name, "/")
		if slices.Contains(c.Values("pack"), dir) {
			packed[dir] = append(packed[dir], File{Name: rest, Data: []byte(text)})
			continue
		}
		e.files = append(e.files, File{Name: name, Data: []byte(text)})
	}
	for name, files := range packed {
		e.files = append(e.files, File{Name: "charts/" + name + "-1.0.0.tgz", Data: pack(t, name, files)})
	}
	slices.SortFunc(e.files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return e
}

// release is how it is rendered.
func (e example) release(t *testing.T) Release {
	t.Helper()
	r := Release{
		Name: e.Value("release"), Namespace: e.Value("namespace"), KubeVersion: e.Value("kube"), APIVersions: e.Values("api"),
		CRDs: e.Value("crds") != "", NoHooks: e.Value("no-hooks") != "", NoTests: e.Value("no-tests") != "",
	}
	for _, name := range e.Values("values") {
		for _, f := range e.files {
			if f.Name == name {
				check(t, r.Values.Layer(name, f.Data))
			}
		}
	}
	for key, kind := range map[string]Kind{"set": Typed, "set-string": Text} {
		for _, v := range e.Values(key) {
			name, value, _ := strings.Cut(v, "=")
			check(t, r.Values.Set(kind, name, value))
		}
	}
	return r
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// pack packs a chart as `helm package` does.
func pack(t *testing.T, name string, files []File) []byte {
	t.Helper()
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	out := tar.NewWriter(zip)
	for _, f := range files {
		check(t, out.WriteHeader(&tar.Header{Name: name + "/" + f.Name, Mode: 0o644, Size: int64(len(f.Data)), Typeflag: tar.TypeReg}))
		_, err := out.Write(f.Data)
		check(t, err)
	}
	check(t, out.Close())
	check(t, zip.Close())
	return b.Bytes()
}

func TestRender(t *testing.T) {
	golden.Run(t, "testdata/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		return rendered(t, exampleOf(t, c))
	})
}

// rendered is what comes out of a case.
func rendered(t *testing.T, e example) map[string]string {
	t.Helper()
	loaded, err := Load(e.files, nil)
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	out, err := loaded.Render(e.release(t))
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	var says []string
	for _, r := range out.Random {
		says = append(says, "random: "+r)
	}
	says = append(says, fmt.Sprint("lookups: ", out.Lookups), fmt.Sprint("versions that matter: ", out.Versions))
	return map[string]string{"output.yaml": string(out.Text()), "says": strings.Join(says, "\n")}
}

// TestSteady renders what has values of its own making many times: the output is one.
func TestSteady(t *testing.T) {
	files := []File{
		{Name: "Chart.yaml", Data: []byte("apiVersion: v2\nname: x\nversion: 1.0.0\n")},
		{Name: "values.yaml", Data: []byte("m: {a: 1, b: 2, c: 3}\n")},
		{Name: "templates/a.yaml", Data: []byte(`apiVersion: v1
kind: Secret
metadata: {name: {{ printf "n-%s" (randAlphaNum 5) | lower }}}
data: {a: {{ genPrivateKey "ecdsa" | b64enc }}, b: {{ htpasswd "u" "p" | b64enc }}, k: {{ now | unixEpoch | quote }}}
keys: {{ keys .Values.m | join "," }}
`)},
	}
	c, err := Load(files, nil)
	check(t, err)
	first, err := c.Render(Release{Name: "x", Namespace: "y"})
	check(t, err)
	for range 6 {
		again, err := c.Render(Release{Name: "x", Namespace: "y"})
		check(t, err)
		if a, b := string(first.Text()), string(again.Text()); a != b {
			t.Fatalf("two renders differ:\n%s\n%s", a, b)
		}
	}
}

func TestLocalDependency(t *testing.T) {
	lib := []File{
		{Name: "Chart.yaml", Data: []byte("apiVersion: v2\nname: lib\nversion: 1.1.0\n")},
		{Name: "templates/l.yaml", Data: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: l}\n")},
	}
	files := func(version, at string) []File {
		return []File{{Name: "Chart.yaml", Data: []byte("apiVersion: v2\nname: x\nversion: 1.0.0\ndependencies: [{name: lib, version: '" + version + "', repository: '" + at + "'}]\n")}}
	}
	local := func(d Dependency) ([]File, error) {
		if d.Repository != "file://../lib" {
			return nil, &MissingError{d}
		}
		return slices.Clone(lib), nil
	}
	c, err := Load(files("1.x", "file://../lib"), local)
	check(t, err)
	out, err := c.Render(Release{Name: "x"})
	check(t, err)
	if len(out.Documents) != 1 || out.Documents[0].Template != "x/charts/lib/templates/l.yaml" {
		t.Errorf("documents of a local dependency: %+v", out.Documents)
	}
	if _, err := Load(files("2.x", "file://../lib"), local); err == nil {
		t.Error("a local dependency of another version is taken")
	}
	_, err = Load(files("1.x", "https://example.com"), local)
	if missing, ok := errors.AsType[*MissingError](err); !ok || missing.Repository != "https://example.com" {
		t.Errorf("a dependency from elsewhere: %v", err)
	}
	if _, err = Load(files("1.x", "file://../lib"), nil); err == nil {
		t.Error("a dependency that nobody builds is there")
	}
}

// TestHostile feeds archives that must not be unpacked.
func TestHostile(t *testing.T) {
	entry := func(h tar.Header, data string) []byte {
		var b bytes.Buffer
		zip := gzip.NewWriter(&b)
		out := tar.NewWriter(zip)
		h.Size, h.Mode = int64(len(data)), 0o644
		check(t, out.WriteHeader(&h))
		_, _ = out.Write([]byte(data))
		check(t, out.Close())
		check(t, zip.Close())
		return b.Bytes()
	}
	regular := func(name string) []byte { return entry(tar.Header{Name: name, Typeflag: tar.TypeReg}, "x") }
	many := make([]File, maxFiles+1)
	for i := range many {
		many[i].Name = fmt.Sprint("files/", i)
	}
	zeros := []File{}
	for i := range 30 {
		zeros = append(zeros, File{Name: fmt.Sprint("z", i), Data: make([]byte, 4<<20)})
	}
	for name, data := range map[string][]byte{
		"climbs":          regular("x/../../etc/passwd"),
		"absolute":        regular("/etc/passwd"),
		"absolute inside": regular("x//etc/passwd"),
		"drive":           regular("x/c:/windows"),
		"backslashes":     regular(`x\..\..\etc`),
		"symlink":         entry(tar.Header{Name: "x/l", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}, ""),
		"hard link":       entry(tar.Header{Name: "x/l", Typeflag: tar.TypeLink, Linkname: "/etc/passwd"}, ""),
		"device":          entry(tar.Header{Name: "x/l", Typeflag: tar.TypeChar}, ""),
		"no directory":    regular("Chart.yaml"),
		"no archive":      []byte("hello"),
		"cut short":       pack(t, "x", []File{{Name: "a", Data: bytes.Repeat([]byte("ab"), 9999)}})[:60],
		"bomb":            pack(t, "x", zeros),
		"many files":      pack(t, "x", many),
		"large file":      pack(t, "x", []File{{Name: "a", Data: make([]byte, maxFile+1)}}),
		"empty":           pack(t, "x", nil),
	} {
		t.Run(name, func(t *testing.T) {
			if files, err := ReadArchive(data); err == nil {
				t.Errorf("unpacked to %d files", len(files))
			}
		})
	}
}

// TestNested packs charts into charts until there are too many, or too much.
func TestNested(t *testing.T) {
	inner := pack(t, "x", []File{{Name: "Chart.yaml", Data: []byte("apiVersion: v2\nname: x\nversion: 1.0.0\n")}, {Name: "a", Data: make([]byte, 4<<20)}})
	for range maxNesting + 2 {
		inner = pack(t, "x", []File{{Name: "Chart.yaml", Data: []byte("apiVersion: v2\nname: x\nversion: 1.0.0\n")}, {Name: "charts/x.tgz", Data: inner}})
	}
	_, err := LoadArchive(inner)
	if _, ok := errors.AsType[*LimitError](err); !ok {
		t.Errorf("nested archives: %v", err)
	}
	wide := []File{{Name: "Chart.yaml", Data: []byte("apiVersion: v2\nname: x\nversion: 1.0.0\n")}}
	for i := range 20 {
		wide = append(wide, File{Name: fmt.Sprintf("charts/y%d.tgz", i), Data: pack(t, "y", []File{{Name: "Chart.yaml", Data: []byte("apiVersion: v2\nname: y\nversion: 1.0.0\n")}, {Name: "a", Data: make([]byte, 4<<20)}})})
	}
	_, err = Load(wide, nil)
	if _, ok := errors.AsType[*LimitError](err); !ok {
		t.Errorf("many archives, each within the bounds: %v", err)
	}
}

// FuzzReadArchive looks for an archive that gives a path outside of the chart.
func FuzzReadArchive(f *testing.F) {
	f.Add([]byte("x/../y"))
	f.Fuzz(func(t *testing.T, name []byte) {
		var b bytes.Buffer
		zip := gzip.NewWriter(&b)
		out := tar.NewWriter(zip)
		if out.WriteHeader(&tar.Header{Name: string(name), Mode: 0o644, Typeflag: tar.TypeReg}) != nil {
			return
		}
		check(t, out.Close())
		check(t, zip.Close())
		files, _ := ReadArchive(b.Bytes())
		for _, f := range files {
			if strings.HasPrefix(f.Name, "/") || slices.Contains(strings.Split(f.Name, "/"), "..") || f.Name == "." {
				t.Errorf("%q gives %q", name, f.Name)
			}
		}
	})
}

// TestKubeVersion holds the default version to the Kubernetes that is linked.
func TestKubeVersion(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	check(t, err)
	m := regexp.MustCompile(`k8s.io/client-go v0\.(\d+)\.`).FindSubmatch(mod)
	if m == nil {
		t.Fatal("client-go is not linked")
	}
	if want := "v1." + string(m[1]) + ".0"; KubeVersion != want {
		t.Errorf("charts see Kubernetes %s, and the client here is of %s", KubeVersion, want)
	}
}
