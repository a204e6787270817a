package commands

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	"github.com/sealift/sealift/gitops"
)

// witness renders what the maker of a world knows to be deployed, with kustomize itself on
// files on disk. It shares nothing with the product: neither discovery nor renderer.
type witness struct {
	t *testing.T
	// all has the files of the world, plain those that are no symlinks, which Flux never
	// hands on; files is what they have of either.
	all, plain string
	files      map[string]string
}

// deployed is what a deployer, or a root, makes of a world.
type deployed struct {
	kind, name, cluster, path string
	// text is all of it that counts: objects, where they go, what becomes of them.
	text string
	// objects are by kind, namespace and name; nil when it does not render.
	objects map[string]string
	// several says that its deployer has further sources.
	several bool
	// unsure says that only the deployer itself knows whether it takes them.
	unsure bool
}

func newWitness(t *testing.T) *witness {
	return &witness{t: t, all: t.TempDir(), plain: t.TempDir(), files: map[string]string{}}
}

func (s *witness) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// load brings the files on disk to those of a world.
func (s *witness) load(w *world) {
	now := map[string]string{}
	for p, f := range w.files {
		now[p] = fmt.Sprint(f.Kind, "\x00", f.Content)
	}
	for p, was := range s.files {
		if now[p] == was {
			continue
		}
		for _, root := range []string{s.all, s.plain} {
			at := filepath.Join(root, p)
			if os.Remove(at) != nil {
				continue
			}
			for dir := filepath.Dir(at); dir != root && os.Remove(dir) == nil; dir = filepath.Dir(dir) { // git has no empty directories
			}
		}
	}
	for p, f := range w.files {
		if now[p] == s.files[p] {
			continue
		}
		for _, root := range []string{s.all, s.plain} {
			at := filepath.Join(root, p)
			if f.Kind == gitops.Symlink {
				if root == s.all {
					s.must(os.MkdirAll(filepath.Dir(at), 0o700))
					s.must(os.Symlink(f.Content, at))
				}
				continue
			}
			s.must(os.MkdirAll(filepath.Dir(at), 0o700))
			s.must(os.WriteFile(at, []byte(f.Content), 0o600))
		}
	}
	s.files = now
}

// deploys returns all that is deployed of a world, by who does it.
func (s *witness) deploys(w *world) map[string]deployed {
	s.load(w)
	defer s.ignored(w)()
	out := map[string]deployed{}
	var docs []map[string]any
	for _, p := range slices.Sorted(maps.Keys(w.entries)) {
		data, err := os.ReadFile(filepath.Join(s.all, p))
		if err != nil {
			continue
		}
		list, _ := documentsIn(data)
		if cluster := w.entries[p]; cluster != "argo" {
			s.cluster(out, cluster, list)
		} else {
			docs = append(docs, list...)
		}
	}
	for _, dir := range w.roots {
		if !isDir(filepath.Join(s.all, dir)) {
			continue
		}
		d := deployed{path: dir}
		list := s.built(&d, s.all, dir, false, nil)
		out["root "+dir] = d
		docs = append(docs, list...)
	}
	s.argo(out, docs)
	for _, dir := range w.roots { // what something deploys nobody applies by itself
		for key, d := range out {
			if d.path == dir && key != "root "+dir {
				delete(out, "root "+dir)
			}
		}
	}
	return out
}

// ignored takes out of what Flux hands on the directories that .sourceignore names from
// the root, until restore is called.
func (s *witness) ignored(w *world) (restore func()) {
	var out []func()
	f := w.files[".sourceignore"]
	for line := range strings.Lines(f.Content) {
		line = strings.TrimSpace(line)
		if f.Kind != gitops.Missing || !strings.HasPrefix(line, "/") || !strings.HasSuffix(line, "/") {
			continue
		}
		from, to := filepath.Join(s.plain, line), filepath.Join(s.t.TempDir(), "away")
		if os.Rename(from, to) == nil {
			out = append(out, func() { s.must(os.Rename(to, from)) })
		}
	}
	return func() {
		for _, back := range out {
			back()
		}
	}
}

func isDir(p string) bool {
	i, err := os.Stat(p)
	return err == nil && i.IsDir()
}

// documentsIn returns the documents of a text.
func documentsIn(data []byte) ([]map[string]any, error) {
	var list []map[string]any
	for _, text := range regexp.MustCompile(`(?m)^---\s*$`).Split(string(data), -1) {
		var doc map[string]any
		if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
			return list, err
		}
		if len(doc) > 0 {
			if kind, _ := doc["kind"].(string); kind == "" {
				return list, fmt.Errorf("no kind")
			}
			list = append(list, doc)
		}
	}
	return list, nil
}

// field is a text below a document, "" when it is none.
func field(doc any, at ...string) string {
	v, _ := below(doc, at...).(string)
	return v
}

func below(v any, at ...string) any {
	for _, key := range at {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	return v
}

// texts are the texts of a list.
func texts(v any) (list []string) {
	items, _ := v.([]any)
	for _, e := range items {
		if s, ok := e.(string); ok {
			list = append(list, s)
		}
	}
	return list
}

// group is the group of a document's API.
func group(doc map[string]any) string {
	g, _, _ := strings.Cut(field(doc, "apiVersion"), "/")
	return g
}

// built builds a directory and fills in d. Where that fails, d is what would be there
// without the resources that are missing.
func (s *witness) built(d *deployed, root, dir string, free bool, change func(*types.Kustomization)) []map[string]any {
	docs, err := s.kustomize(root, dir, free, change)
	if err != nil {
		d.text = "fails"
		if healed, err := s.healed(root, dir, free, change); err == nil {
			d.text += " " + listOf(healed)
		}
		return nil
	}
	d.show(docs, "")
	return docs
}

// show fills in the objects. Those without a namespace get one, but for those that have none.
func (d *deployed) show(docs []map[string]any, namespace string) {
	d.objects = map[string]string{}
	for _, doc := range docs {
		ns := field(doc, "metadata", "namespace")
		if ns == "" && field(doc, "kind") != "Namespace" {
			ns = namespace
		}
		id := field(doc, "kind") + " " + ns + "/" + field(doc, "metadata", "name") + " "
		if field(doc, "metadata", "name") == "" || field(doc, "apiVersion") == "" { // no cluster takes it
			d.unsure = true
		}
		d.objects[strings.TrimSpace(hashed.ReplaceAllString(id, "-(hash) "))] = canonical(doc)
	}
	var list []string // the last of equal objects counts
	for id, text := range d.objects {
		list = append(list, id+" "+text)
	}
	slices.Sort(list)
	d.text = strings.Join(list, "\n")
}

func canonical(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// listOf is all documents as one text, in any order.
func listOf(docs []map[string]any) string {
	var list []string
	for _, doc := range docs {
		list = append(list, canonical(doc))
	}
	slices.Sort(list)
	return strings.Join(list, "\n")
}

// kustomize runs kustomize on a directory, whose kustomization is changed before.
func (s *witness) kustomize(root, dir string, free bool, change func(*types.Kustomization)) ([]map[string]any, error) {
	at := filepath.Join(root, dir)
	if change != nil {
		restore, err := rewritten(at, change)
		if err != nil {
			return nil, err
		}
		defer restore()
	}
	options := krusty.MakeDefaultOptions()
	if free {
		options.LoadRestrictions = types.LoadRestrictionsNone
	}
	m, err := krusty.MakeKustomizer(options).Run(filesys.MakeFsOnDisk(), at)
	if err != nil {
		return nil, err
	}
	var docs []map[string]any
	for _, r := range m.Resources() {
		doc, err := r.Map()
		if err != nil {
			return nil, err
		}
		docs = append(docs, doc)
	}
	return docs, nil
}

// kustomizationIn is the file of a directory's kustomization, "" when there is none.
func kustomizationIn(dir string) string {
	for _, name := range []string{"kustomization.yaml", "kustomization.yml", "Kustomization"} {
		if i, err := os.Stat(filepath.Join(dir, name)); err == nil && !i.IsDir() {
			return filepath.Join(dir, name)
		}
	}
	return ""
}

// rewritten changes the kustomization of a directory until restore is called.
func rewritten(dir string, change func(*types.Kustomization)) (restore func(), err error) {
	file := kustomizationIn(dir)
	if file == "" {
		return nil, os.ErrNotExist
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var k types.Kustomization
	if err := k.Unmarshal(data); err != nil {
		return nil, err
	}
	k.FixKustomization()
	change(&k)
	text, err := yaml.Marshal(k)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(file, text, 0o600); err != nil { // through a symlink, as it was read
		return nil, err
	}
	return func() {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			panic(err)
		}
	}, nil
}

// healed is kustomize with all resources left out that are not there.
func (s *witness) healed(root, dir string, free bool, change func(*types.Kustomization)) ([]map[string]any, error) {
	var restores []func()
	defer func() {
		for _, restore := range slices.Backward(restores) {
			restore()
		}
	}()
	for p := range s.files {
		at := filepath.Dir(filepath.Join(root, p))
		if file := kustomizationIn(at); file != filepath.Join(root, p) {
			continue
		}
		restore, err := rewritten(at, func(k *types.Kustomization) {
			k.Resources = slices.DeleteFunc(k.Resources, func(r string) bool {
				_, err := os.Stat(filepath.Join(at, r))
				return err != nil
			})
		})
		if err == nil {
			restores = append(restores, restore)
		}
	}
	return s.kustomize(root, dir, free, change)
}
