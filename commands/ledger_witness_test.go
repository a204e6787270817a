package commands

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
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

// argo follows Applications and ApplicationSets, and those that they deploy.
func (s *witness) argo(out map[string]deployed, docs []map[string]any) {
	type step struct {
		doc   map[string]any
		above []string
	}
	var todo []step
	for _, doc := range docs {
		todo = append(todo, step{doc: doc})
	}
	for len(todo) > 0 && len(out) < 500 {
		doc, above := todo[0].doc, todo[0].above
		todo = todo[1:]
		if group(doc) != "argoproj.io" {
			continue
		}
		id := field(doc, "kind") + " " + field(doc, "metadata", "name")
		switch field(doc, "kind") {
		case "ApplicationSet":
			for _, app := range s.expanded(doc) {
				todo = append(todo, step{app, above})
			}
		case "Application":
			var children []map[string]any
			for i, source := range sourcesOf(doc) {
				d, docs := s.application(doc, source)
				if d == nil {
					continue
				}
				d.several = i > 0 || below(doc, "spec", "sources") != nil
				out[fmt.Sprint(id, " ", i)] = *d
				children = append(children, docs...)
			}
			for _, doc := range children {
				child := field(doc, "kind") + " " + field(doc, "metadata", "name")
				if n := count(above, child) + count([]string{id}, child); n < 3 { // one that deploys itself is as it has itself
					todo = append(todo, step{doc, append(slices.Clip(above), id)})
				}
			}
		}
	}
}

func count(list []string, s string) (n int) {
	for _, e := range list {
		if e == s {
			n++
		}
	}
	return n
}

// sourcesOf are the sources of an Application.
func sourcesOf(doc map[string]any) []any {
	if list, _ := below(doc, "spec", "sources").([]any); len(list) > 0 {
		return list
	}
	return []any{below(doc, "spec", "source")}
}

// merged is a source with what files beside it say about its kustomization.
func (s *witness) merged(source any, dir, app string) (any, error) {
	for _, name := range []string{".argocd-source.yaml", ".argocd-source-" + app + ".yaml"} {
		data, err := os.ReadFile(filepath.Join(s.all, dir, name))
		if err != nil {
			continue
		}
		var more map[string]any
		if err := yaml.Unmarshal(data, &more); err != nil {
			return nil, err
		}
		options, _ := more["kustomize"].(map[string]any)
		m, _ := source.(map[string]any)
		was, _ := m["kustomize"].(map[string]any)
		all := map[string]any{}
		maps.Copy(all, was)
		maps.Copy(all, options)
		if len(options) > 0 {
			source = with(m, "kustomize", all)
		}
	}
	return source, nil
}

// application renders a source of an Application, nil when it does not deploy from here.
func (s *witness) application(doc map[string]any, source any) (*deployed, []map[string]any) {
	if field(source, "repoURL") != worldURL || !slices.Contains([]string{"", "HEAD", worldBranch}, field(source, "targetRevision")) {
		return nil, nil
	}
	dir := path.Clean(field(source, "path"))
	d := &deployed{kind: "Application", name: field(doc, "metadata", "name"), path: dir}
	namespace := field(doc, "spec", "destination", "namespace")
	var docs []map[string]any
	source, err := s.merged(source, dir, field(doc, "metadata", "name"))
	options, directory := below(source, "kustomize"), below(source, "directory")
	linked, at := false, filepath.Join(s.all, dir)
	if i, err := os.Lstat(at); err == nil && i.Mode()&os.ModeSymlink != 0 {
		linked = true
	}
	d.unsure = below(options, "patches") != nil && emptyPatches(at) // Argo CD refuses it, but not after some other options
	switch {
	case err != nil || !isDir(at) || filled(options) && directory != nil:
		d.text = "fails"
	case directory == nil && (filled(options) || !linked && kustomizationIn(at) != ""):
		docs = s.built(d, s.all, dir, false, argoOptions(options))
	case linked:
		d.show(nil, namespace)
	default:
		d.unsure = false
		if docs, err = s.manifests(dir, directory); err != nil {
			d.text = "fails"
			break
		}
	}
	if d.text == "" || d.objects != nil {
		d.show(docs, namespace)
	}
	prune, _ := below(doc, "spec", "syncPolicy", "automated", "prune").(bool)
	d.text += fmt.Sprint("\nprune ", prune, " namespace ", namespace, " to ", canonical(below(doc, "spec", "destination")))
	for _, doc := range docs { // a child without a namespace has that of the destination
		if meta, ok := doc["metadata"].(map[string]any); ok && field(doc, "metadata", "namespace") == "" {
			doc["metadata"] = with(meta, "namespace", namespace)
		}
	}
	return d, docs
}

// emptyPatches reports whether the kustomization of a directory has patches that are null.
func emptyPatches(dir string) bool {
	data, err := os.ReadFile(kustomizationIn(dir))
	var m map[string]any
	if err != nil || yaml.Unmarshal(data, &m) != nil {
		return false
	}
	v, has := m["patches"]
	return has && v == nil
}

func with(m map[string]any, key string, v any) map[string]any {
	m = maps.Clone(m)
	m[key] = v
	return m
}

// filled reports whether options say anything.
func filled(options any) bool {
	m, _ := options.(map[string]any)
	for _, v := range m {
		if v != nil && v != "" {
			return true
		}
	}
	return false
}

// argoOptions is what Argo CD edits with `kustomize edit` before it builds.
func argoOptions(options any) func(*types.Kustomization) {
	if !filled(options) {
		return nil
	}
	return func(k *types.Kustomization) {
		set := func(at *string, name string) {
			if v := field(options, name); v != "" {
				*at = v
			}
		}
		set(&k.NamePrefix, "namePrefix")
		set(&k.NameSuffix, "nameSuffix")
		set(&k.Namespace, "namespace")
		for _, image := range texts(below(options, "images")) {
			name, tag, _ := strings.Cut(image, ":")
			k.Images = slices.DeleteFunc(k.Images, func(i types.Image) bool { return i.Name == name })
			k.Images = append(k.Images, types.Image{Name: name, NewTag: tag})
		}
		k.Patches = append(k.Patches, patchesOf(below(options, "patches"))...)
		k.Components = append(k.Components, texts(below(options, "components"))...)
	}
}

func patchesOf(v any) (list []types.Patch) {
	text, err := yaml.Marshal(v)
	if err != nil || yaml.Unmarshal(text, &list) != nil {
		return nil
	}
	return list
}

// glob is a pattern in which * is anything.
func glob(pattern string) *regexp.Regexp {
	return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$")
}

// manifests are those of a directory without a kustomization.
func (s *witness) manifests(dir string, options any) ([]map[string]any, error) {
	recurse, _ := below(options, "recurse").(bool)
	include, exclude := field(options, "include"), field(options, "exclude")
	var docs []map[string]any
	top := filepath.Join(s.all, dir)
	err := filepath.WalkDir(top, func(p string, e os.DirEntry, err error) error {
		rel, _ := filepath.Rel(top, p)
		switch {
		case err != nil:
			return err
		case e.IsDir() && p != top && !recurse:
			return filepath.SkipDir
		case e.IsDir() || !isYAML(p) || include != "" && !glob(include).MatchString(rel) || exclude != "" && glob(exclude).MatchString(rel):
			return nil
		}
		if i, err := os.Stat(p); err != nil || i.IsDir() {
			return nil
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		list, err := documentsIn(data)
		if filepath.Ext(p) == ".json" && err == nil && !json.Valid(data) {
			err = fmt.Errorf("no JSON")
		}
		text := string(data)
		if err != nil && filepath.Ext(p) != ".json" && len(list) == 0 && !(strings.Contains(text, "apiVersion:") && strings.Contains(text, "kind:") && strings.Contains(text, "metadata:")) {
			return nil
		}
		docs = append(docs, list...)
		return err
	})
	return docs, err
}

// expanded are the Applications of an ApplicationSet.
func (s *witness) expanded(set map[string]any) (apps []map[string]any) {
	template := canonical(below(set, "spec", "template"))
	generators, _ := below(set, "spec", "generators").([]any)
	for _, g := range generators {
		var sets []map[string]string
		elements, _ := below(g, "list", "elements").([]any)
		for _, e := range elements {
			values := map[string]string{}
			m, _ := e.(map[string]any)
			for k, v := range m {
				values[k] = fmt.Sprint(v)
			}
			sets = append(sets, values)
		}
		git := below(g, "git")
		if field(git, "repoURL") == worldURL && slices.Contains([]string{"HEAD", worldBranch}, field(git, "revision")) {
			sets = append(sets, s.directories(below(git, "directories"))...)
		}
		for _, values := range sets {
			text := template
			for k, v := range values {
				text = strings.ReplaceAll(text, "{{"+k+"}}", v)
			}
			var app map[string]any
			if json.Unmarshal([]byte(text), &app) != nil || app == nil {
				continue
			}
			app["apiVersion"], app["kind"] = "argoproj.io/v1alpha1", "Application"
			apps = append(apps, app)
		}
	}
	return apps
}

// directories are those that patterns take.
func (s *witness) directories(patterns any) (sets []map[string]string) {
	list, _ := patterns.([]any)
	seen := map[string]bool{}
	for p := range s.files {
		for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
			seen[dir] = true
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(seen)) {
		in, out := false, strings.Contains("/"+dir, "/.")
		for _, p := range list {
			if ok, err := path.Match(field(p, "path"), dir); err == nil && ok {
				exclude, _ := below(p, "exclude").(bool)
				in, out = in || !exclude, out || exclude
			}
		}
		if in && !out {
			sets = append(sets, map[string]string{"path": dir, "path.basename": path.Base(dir)})
		}
	}
	return sets
}

// cluster is what Flux makes of a cluster, of the documents that it begins with: what it
// renders takes their place, until nothing changes.
func (s *witness) cluster(out map[string]deployed, cluster string, begin []map[string]any) {
	key := func(doc map[string]any) string {
		return field(doc, "kind") + " " + field(doc, "metadata", "namespace") + "/" + field(doc, "metadata", "name")
	}
	known := map[string]map[string]any{}
	for _, doc := range begin {
		known[key(doc)] = doc
	}
	var units map[string]deployed
	for range 6 {
		units = map[string]deployed{}
		next := map[string]map[string]any{}
		for _, doc := range begin {
			next[key(doc)] = doc
		}
		for _, id := range slices.Sorted(maps.Keys(known)) {
			doc := known[id]
			if field(doc, "kind") != "Kustomization" || group(doc) != "kustomize.toolkit.fluxcd.io" {
				continue
			}
			d, docs := s.kustomization(doc, known)
			if d == nil {
				continue
			}
			d.cluster = cluster
			units[cluster+" "+id] = *d
			for _, doc := range docs {
				next[key(doc)] = doc
			}
		}
		if same := canonical(next) == canonical(known); same {
			break
		}
		known = next
	}
	maps.Copy(out, units)
}

// kustomization renders a Kustomization of Flux, nil when it does not deploy from here.
func (s *witness) kustomization(doc map[string]any, known map[string]map[string]any) (*deployed, []map[string]any) {
	ns := field(doc, "metadata", "namespace")
	from := field(doc, "spec", "sourceRef", "namespace")
	if from == "" {
		from = ns
	}
	repo := known[field(doc, "spec", "sourceRef", "kind")+" "+from+"/"+field(doc, "spec", "sourceRef", "name")]
	if group(repo) != "source.toolkit.fluxcd.io" || field(repo, "spec", "url") != worldURL || field(repo, "spec", "ref", "branch") != worldBranch {
		return nil, nil
	}
	dir := path.Clean("./" + field(doc, "spec", "path"))
	d := &deployed{kind: "Kustomization", name: field(doc, "metadata", "name"), path: dir}
	vars := map[string]string{}
	sources, _ := below(doc, "spec", "postBuild", "substituteFrom").([]any)
	for _, e := range sources {
		data, _ := below(known[field(e, "kind")+" "+ns+"/"+field(e, "name")], "data").(map[string]any)
		for k, v := range data {
			vars[k] = fmt.Sprint(v)
		}
	}
	inline, _ := below(doc, "spec", "postBuild", "substitute").(map[string]any)
	for k, v := range inline {
		vars[k] = fmt.Sprint(v)
	}
	at := filepath.Join(s.plain, dir)
	switch {
	case !isDir(at):
		d.text = "fails"
		return d, nil
	case kustomizationIn(at) == "":
		file := filepath.Join(at, "kustomization.yaml")
		text, err := yaml.Marshal(types.Kustomization{Resources: s.listed(at)})
		s.must(err)
		s.must(os.WriteFile(file, text, 0o600))
		defer os.Remove(file)
	}
	docs := s.built(d, s.plain, dir, true, fluxOptions(doc))
	if d.objects != nil {
		if docs = substituted(docs, vars); docs == nil {
			d.objects, d.text = nil, "fails"
		} else {
			d.show(docs, "")
		}
	}
	suspended, _ := below(doc, "spec", "suspend").(bool)
	prune, _ := below(doc, "spec", "prune").(bool)
	d.text += fmt.Sprint("\nprune ", prune, " suspended ", suspended)
	return d, docs
}

// listed is what Flux makes the resources of a directory without a kustomization.
func (s *witness) listed(top string) (list []string) {
	err := filepath.WalkDir(top, func(p string, e os.DirEntry, err error) error {
		rel, _ := filepath.Rel(top, p)
		switch {
		case err != nil:
			return err
		case e.IsDir() && p != top && kustomizationIn(p) != "":
			list = append(list, rel)
			return filepath.SkipDir
		case !e.IsDir() && (filepath.Ext(p) == ".yaml" || filepath.Ext(p) == ".yml"):
			list = append(list, rel)
		}
		return nil
	})
	s.must(err)
	return list
}

// fluxOptions is what a Kustomization adds.
func fluxOptions(doc map[string]any) func(*types.Kustomization) {
	spec := doc["spec"]
	return func(k *types.Kustomization) {
		set := func(at *string, name string) {
			if v := field(spec, name); v != "" {
				*at = v
			}
		}
		set(&k.Namespace, "targetNamespace")
		set(&k.NamePrefix, "namePrefix")
		set(&k.NameSuffix, "nameSuffix")
		k.Patches = append(k.Patches, patchesOf(below(spec, "patches"))...)
		k.Components = append(k.Components, texts(below(spec, "components"))...)
		images, _ := below(spec, "images").([]any)
		for _, im := range images {
			k.Images = append(k.Images, types.Image{Name: field(im, "name"), NewTag: field(im, "newTag")})
		}
		if len(k.Resources) == 0 && len(k.Components) == 0 {
			k.Namespace = "placeholder"
		}
	}
}

var variable = regexp.MustCompile(`\$\{(\w+)\}`)

// substituted puts values into documents, nil when one cannot be read then.
func substituted(docs []map[string]any, vars map[string]string) []map[string]any {
	out := []map[string]any{}
	for _, doc := range docs {
		text, err := yaml.Marshal(doc)
		if err != nil {
			return nil
		}
		if len(vars) > 0 {
			text = variable.ReplaceAllFunc(text, func(m []byte) []byte { return []byte(vars[string(m[2:len(m)-1])]) })
		}
		var read map[string]any
		if yaml.Unmarshal(text, &read) != nil {
			return nil
		}
		out = append(out, read)
	}
	return out
}
