package promote

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops/edit"
)

// newEntries gives the target entries of the field images that it has none of yet, where it
// uses the image: what it runs is the base's version then, and the source's is another. An
// entry that is not carried goes from what is merged as well.
func (m *maker) newEntries(ctx context.Context, known *known, docs []*doc) error {
	for _, q := range known.places[groupImage] {
		if !q.image || known.own[q.file] == "" || q.value.String() == "" || m.carriedElsewhere(known, q) {
			continue
		}
		if err := m.readShared(ctx); err != nil {
			return err
		}
		name, has := m.uses(q)
		for _, t := range m.counterparts(q.file) {
			i := slices.IndexFunc(docs, func(d *doc) bool { return d.name == t })
			switch {
			case i < 0 || !isKustomization(t) || slices.Equal(has, []string{q.value.String()}):
			case name != "":
				m.newEntry(docs[i], q, name, has)
			case q.value.digest == "" && moves(q.value.tag) && m.app.Last != nil && !m.unchanged(q):
				m.withhold(t, entryPath(q.keys[0]), m.movesReason(q.value.tag))
				m.dropEntry(q)
			}
		}
	}
	return nil
}

// carriedElsewhere reports whether the target has an entry of an image, or a version in
// its own files: then that is the one that moves.
func (m *maker) carriedElsewhere(known *known, q place) bool {
	return slices.ContainsFunc(known.target, func(t place) bool {
		return t.group == groupImage && (t.image || !t.weak) && shareKey(t.keys, q.keys)
	})
}

// uses returns the name by which the target's manifests have an image, "" for none, and
// the versions that they say.
func (m *maker) uses(q place) (name string, versions []string) {
	for _, file := range slices.Sorted(slices.Values(slices.Concat(m.target.own, m.target.shared))) {
		f, err := edit.Parse(file, m.all[file])
		if err != nil || !isYAML(file) || isKustomization(file) {
			continue
		}
		for _, root := range f.Documents() {
			each(root, func(n *yaml.Node) {
				v, ok := parseImage(text(get(n, "image")))
				if !ok || !shareKey([]string{v.name, imageName(v.name)}, q.keys[:2]) {
					return
				}
				if name = v.name; v.String() != "" {
					versions = append(versions, v.String())
				}
			})
		}
	}
	slices.Sort(versions)
	return name, slices.Compact(versions)
}

// newEntry adds an entry to a kustomization of the target, or says why not.
func (m *maker) newEntry(d *doc, q place, name string, has []string) {
	at := trail(nil).key("images").item(len(items(get(d.root(), "images"))), nil)
	path := entryPath(name)
	take := m.Options.Take[d.name+":"+path]
	reason := ""
	switch {
	case m.kept(d.name, at):
		reason = reasonKept
	case take == TakeTarget:
		reason = "kept, as asked"
	case take == TakeSource:
	case q.value.name != "" && imageName(q.value.name) != imageName(name):
		reason = fmt.Sprintf("%s has no entry of it, and %s pulls %s from %s: add it by hand", m.To, m.From, q.value, q.value.name)
	case m.swap.named(q.value.tag):
		reason = fmt.Sprintf(reasonNames, m.From)
	case q.value.digest == "" && moves(q.value.tag):
		reason = m.movesReason(q.value.tag)
	case len(has) == 1 && older(q.value.tag, has[0]) && !m.Options.Back:
		reason = m.backReason(q.value.tag, has[0])
	case m.app.Touched && m.unchanged(q):
		m.plan.LeftBehind = append(m.plan.LeftBehind, Left{File: d.name, Path: path, Old: strings.Join(has, ", "), New: q.value.String()})
		m.dropEntry(q)
		return
	}
	if reason == "" && !d.addEntry(name, q.value) {
		reason = "cannot be edited: " + reasonForm
	}
	if reason != "" {
		m.withhold(d.name, path, reason)
		m.dropEntry(q)
		return
	}
	for _, e := range []Edit{{Kind: ImageTag, Path: path + ".newTag", New: q.value.tag}, {Kind: ImageDigest, Path: path + ".digest", New: q.value.digest}} {
		if e.New != "" {
			e.File, e.Key = d.name, name
			m.plan.Edits = append(m.plan.Edits, e)
		}
	}
	m.showVersion(place{keys: []string{name}, group: groupImage, value: version{tag: strings.Join(has, ", ")}}, q.value)
}

// entryPath is where an entry is that is not there yet, for people.
func entryPath(name string) string {
	entry := &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{scalarNode("name"), scalarNode(name)}}
	return spot{}.key("images").item(0, entry, "name").String()
}

// root is the first document of a file, nil for none.
func (d *doc) root() *yaml.Node {
	for _, root := range d.file.Documents() {
		if root != nil {
			return root
		}
	}
	return nil
}

// addEntry adds an entry of the field images.
func (d *doc) addEntry(name string, v version) bool {
	entry := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for _, pair := range [][2]string{{"name", name}, {"newTag", v.tag}, {"digest", v.digest}} {
		if pair[1] != "" {
			entry.Content = append(entry.Content, scalarNode(pair[0]), scalarNode(pair[1]))
		}
	}
	root := d.root()
	list := get(root, "images")
	if list != nil && list.Kind == yaml.SequenceNode {
		return d.file.InsertItem(list, len(list.Content), entry) == nil
	}
	if root == nil || root.Kind != yaml.MappingNode || list != nil && list.ShortTag() != "!!null" {
		return false
	}
	d.fresh.Kind, d.fresh.Tag = yaml.SequenceNode, "!!seq"
	d.fresh.Content = append(d.fresh.Content, entry)
	return d.file.SetKey(root, "images", &d.fresh) == nil
}

// dropEntry takes an entry of the field images out of what is merged.
func (m *maker) dropEntry(q place) {
	f, err := edit.Parse(q.file, m.now[q.file])
	if err != nil {
		return
	}
	for _, root := range f.Documents() {
		for i, item := range items(get(root, "images")) {
			if text(get(item, "name")) != q.keys[0] {
				continue
			}
			d := dropping{file: f, root: root}
			if d.remove(root, "images", map[int]bool{i: true}) != nil {
				return
			}
		}
	}
	if out, err := f.Bytes(); err == nil {
		m.now[q.file] = out
	}
}
