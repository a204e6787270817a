package promote

import (
	"context"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/edit"
)

// listFields are the fields of a kustomization whose items are paths; see
// https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/.
var listFields = []string{
	"resources", "bases", "components", "generators", "transformers", "validators", "configurations", "crds", "patchesStrategicMerge",
}

// pathFields are those whose items have a path.
var pathFields = []string{"patches", "patchesJson6902", "replacements"}

// chartFields are those whose items name files with values, under one of these keys.
var chartFields = []string{"helmCharts", "helmChartInflationGenerator"}

// valueKeys are the keys of a chart that name files.
var valueKeys = []string{"valuesFile", "additionalValuesFiles", "values"}

// pluginFields name files that configure plugins, which may name files themselves.
var pluginFields = []string{"generators", "transformers", "validators"}

// generatorFields are those whose items make objects of files, under fileKeys.
var (
	generatorFields = []string{"configMapGenerator", "secretGenerator"}
	fileKeys        = []string{"files", "envs", "env"}
)

// mention is one thing that an item of a kustomization names.
type mention struct {
	field string
	// item is the one of the field's list, at an index; within is the list of a
	// generator that has the name, at an index of its own, and nil elsewhere.
	item        *yaml.Node
	at          int
	within      *yaml.Node
	withinAt    int
	withinField string
	// path is where it leads to, as it is written.
	path string
}

// mentions returns what a kustomization names by paths, remote things included.
func mentions(root *yaml.Node) (list []mention) {
	add := func(r mention, written string) {
		if written != "" && !strings.Contains(written, "\n") {
			r.path = written
			list = append(list, r)
		}
	}
	for _, field := range listFields {
		for i, item := range items(get(root, field)) {
			add(mention{field: field, item: item, at: i}, text(item))
		}
	}
	for _, field := range pathFields {
		for i, item := range items(get(root, field)) {
			add(mention{field: field, item: item, at: i}, text(get(item, "path")))
		}
	}
	for _, field := range chartFields {
		for i, item := range items(get(root, field)) {
			for _, key := range valueKeys {
				for _, written := range textsOrOne(get(item, key)) {
					add(mention{field: field, item: item, at: i}, written)
				}
			}
		}
	}
	for _, field := range generatorFields {
		for i, item := range items(get(root, field)) {
			for _, key := range fileKeys {
				inner := get(item, key)
				for j, written := range textsOrOne(inner) {
					add(mention{field: field, item: item, at: i, within: inner, withinAt: j, withinField: key}, fileOf(written))
				}
			}
		}
	}
	add(mention{field: "openapi"}, text(get(get(root, "openapi"), "path")))
	return list
}

// fileOf is the file of an item of a generator, which may begin with the key that it
// gets.
func fileOf(item string) string {
	if _, file, ok := strings.Cut(item, "="); ok {
		return file
	}
	return item
}

// textsOrOne are the scalars of a list, or one alone.
func textsOrOne(n *yaml.Node) (list []string) {
	if s := text(n); s != "" {
		return []string{s}
	}
	for _, item := range items(n) {
		list = append(list, text(item))
	}
	return list
}

// named returns the paths in the tree that a kustomization's documents name.
func named(kustomization string, data []byte) (list []string) {
	f, err := edit.Parse(kustomization, data)
	if err != nil {
		return nil
	}
	for _, root := range f.Documents() {
		for _, r := range mentions(root) {
			list = append(list, path.Join(path.Dir(kustomization), r.path))
		}
	}
	return list
}

// pluginFiles returns the files that the configuration of plugins in a directory names:
// whatever text there leads to a file of the tree, since each plugin has fields of its
// own. Such paths begin at the kustomization.
func pluginFiles(ctx context.Context, t gitops.Tree, dir string) (list []string, err error) {
	name := kustomizationIn(t, dir)
	configured, err := files(ctx, t, []string{name})
	if err != nil || configured[name] == nil {
		return nil, err
	}
	f, err := edit.Parse(name, configured[name])
	if err != nil {
		return nil, nil
	}
	for _, root := range f.Documents() {
		for _, field := range pluginFields {
			for _, item := range items(get(root, field)) {
				config := path.Join(dir, text(item))
				data, err := files(ctx, t, []string{config})
				if err != nil {
					return nil, err
				}
				list = append(list, filesIn(t, dir, config, data[config])...)
			}
		}
	}
	return list, nil
}

// filesIn returns the files of the tree that a text of a configuration leads to.
func filesIn(t gitops.Tree, dir, name string, data []byte) (list []string) {
	f, err := edit.Parse(name, data)
	if err != nil {
		return nil
	}
	for _, root := range f.Documents() {
		each(root, func(n *yaml.Node) {
			if n.Kind != yaml.ScalarNode || n.Value == "" || len(n.Value) > 1024 || strings.Contains(n.Value, "\n") {
				return
			}
			file := path.Join(dir, fileOf(n.Value))
			if kind := t.Lookup(file).Kind; (kind == gitops.File || kind == gitops.Symlink) && file != name {
				list = append(list, file)
			}
		})
	}
	return list
}

// WithoutFiles is a kustomization without the entries of its lists that name some
// files. Any other file stays as it is, and so does one that cannot be read.
func WithoutFiles(kustomization string, data []byte, files []string) []byte {
	return withoutFiles(kustomization, data, nil, files)
}

// withoutFiles leaves entries out that name some files or directories. A generator or a
// chart goes as a whole unless base has it: half of it would be another thing. A list that
// is left without items goes as well.
func withoutFiles(kustomization string, data, base []byte, gone []string) []byte {
	if !isKustomization(kustomization) || len(gone) == 0 || data == nil {
		return data
	}
	f, err := edit.Parse(kustomization, data)
	if err != nil {
		return data
	}
	for _, root := range f.Documents() {
		if root == nil || root.Kind != yaml.MappingNode {
			continue
		}
		d := dropping{file: f, root: root, had: generatorsIn(kustomization, base), items: map[string]map[int]bool{}, within: map[*yaml.Node]map[int]bool{}}
		for _, r := range mentions(root) {
			if slices.Contains(gone, path.Join(path.Dir(kustomization), r.path)) {
				d.drop(r)
			}
		}
		if d.finish() != nil {
			return data
		}
	}
	if out, err := f.Bytes(); err == nil && f.Edited() {
		return out
	}
	return data
}

// generatorsIn are the generators that a kustomization has, by field and name.
func generatorsIn(name string, data []byte) map[string]bool {
	had := map[string]bool{}
	f, err := edit.Parse(name, data)
	if data == nil || err != nil {
		return had
	}
	for _, root := range f.Documents() {
		for _, field := range generatorFields {
			for _, item := range items(get(root, field)) {
				had[field+" "+text(get(item, "name"))] = true
			}
		}
	}
	return had
}

// dropping collects what goes of one document.
type dropping struct {
	file   *edit.File
	root   *yaml.Node
	had    map[string]bool
	items  map[string]map[int]bool     // by field
	within map[*yaml.Node]map[int]bool // by list of a generator
	lists  []mention                   // one for each of those
	whole  []string                    // fields
}

// drop notes that the item of a mention goes.
func (d *dropping) drop(r mention) {
	switch {
	case r.item == nil:
		d.whole = append(d.whole, r.field)
	case r.within != nil && r.within.Kind == yaml.SequenceNode && d.had[r.field+" "+text(get(r.item, "name"))]:
		if d.within[r.within] == nil {
			d.within[r.within] = map[int]bool{}
			d.lists = append(d.lists, r)
		}
		d.within[r.within][r.withinAt] = true
	default:
		if d.items[r.field] == nil {
			d.items[r.field] = map[int]bool{}
		}
		d.items[r.field][r.at] = true
	}
}

// finish removes what was noted.
func (d *dropping) finish() error {
	for _, r := range d.lists {
		if d.items[r.field][r.at] {
			continue
		}
		if err := d.remove(r.item, r.withinField, d.within[r.within]); err != nil {
			return err
		}
	}
	for _, field := range append(slices.Concat(listFields, pathFields, chartFields), generatorFields...) {
		if len(d.items[field]) > 0 {
			if err := d.remove(d.root, field, d.items[field]); err != nil {
				return err
			}
		}
	}
	for _, field := range d.whole {
		if err := d.file.RemoveKey(d.root, field); err != nil {
			return err
		}
	}
	return nil
}

// remove removes some items of a list under a key, and the key when none are left.
func (d *dropping) remove(mapping *yaml.Node, key string, at map[int]bool) error {
	list := get(mapping, key)
	if len(at) == len(list.Content) {
		return d.file.RemoveKey(mapping, key)
	}
	for i := range list.Content {
		if at[i] {
			if err := d.file.RemoveItem(list, i); err != nil {
				return err
			}
		}
	}
	return nil
}
