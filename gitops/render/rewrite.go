package render

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/sealift/sealift/gitops"
	"go.yaml.in/yaml/v3"
)

// How an entry of a kustomization is read.
type entryKind uint8

const (
	baseEntry    entryKind = iota // a file, a directory or a repository
	dirEntry                      // a directory or a repository
	fileEntry                     // a file, or the address of one
	keyFileEntry                  // KEY=FILE or FILE
)

// listFields are the fields of a kustomization that hold a list of entries.
var listFields = map[string]entryKind{
	"resources": baseEntry, "bases": baseEntry, "components": dirEntry,
	"generators": baseEntry, "transformers": baseEntry, "validators": baseEntry,
	"configurations": fileEntry, "crds": fileEntry, "patchesStrategicMerge": fileEntry,
}

// itemFields are the fields that hold a list of mappings (openapi: one mapping),
// with the keys of those that name files.
var itemFields = map[string]map[string]entryKind{
	"patches":            {"path": fileEntry},
	"patchesJson6902":    {"path": fileEntry},
	"replacements":       {"path": fileEntry},
	"openapi":            {"path": fileEntry},
	"configMapGenerator": {"files": keyFileEntry, "envs": fileEntry, "env": fileEntry},
	"secretGenerator":    {"files": keyFileEntry, "envs": fileEntry, "env": fileEntry},
}

// openKustomization returns the text of a kustomization as kustomize may read
// it: with every remote entry replaced by a virtual path. It asks the parent for
// everything that the kustomization names, in one round trip.
func (f *files) openKustomization(virtual string, text []byte) ([]byte, error) {
	f.last = virtual
	if done, ok := f.rewritten[virtual]; ok {
		var doc yaml.Node
		if yaml.Unmarshal(done, &doc) == nil && doc.Kind == yaml.DocumentNode {
			f.enter(path.Dir(virtual), doc.Content[0])
		}
		return done, nil
	}
	f.read[virtual] = f.textOf(virtual, text)
	done, inherits, err := f.rewrite(virtual, text)
	if err == nil && !inherits {
		f.rewritten[virtual] = done
	}
	return done, err
}

// rewrite returns text itself when nothing in it is remote and no chart, so that most
// kustomizations reach kustomize byte for byte. One that is rewritten loses only what
// kustomize does not read: comments and layout. inherits says that it is another text
// where another kustomization reads it.
func (f *files) rewrite(virtual string, text []byte) (out []byte, inherits bool, err error) {
	var doc yaml.Node
	if yaml.Unmarshal(text, &doc) != nil || doc.Kind != yaml.DocumentNode {
		return text, false, nil // kustomize will say what is wrong
	}
	r := rewriter{files: f, kustomization: virtual, dir: path.Dir(virtual)}
	r.walk(doc.Content[0])
	if err := f.prefetch(r.local); err != nil {
		return nil, false, err
	}
	r.rewriteRemote()
	inherits = field(doc.Content[0], "helmCharts") != nil
	r.charts(doc.Content[0])
	if r.refused != nil {
		f.refuse(virtual, *r.refused)
		return nil, false, errors.New(r.refused.message)
	}
	f.enter(r.dir, doc.Content[0])
	if !r.changed {
		return text, inherits, nil
	}
	out, err = yaml.Marshal(&doc)
	return out, inherits, err
}

// rewriter walks one kustomization.
type rewriter struct {
	files         *files
	kustomization string
	dir           string
	local         []string // virtual paths it names
	remote        []remoteEntry
	changed       bool
	refused       *failure
}

type remoteEntry struct {
	node   *yaml.Node
	prefix string // "KEY=" of a KEY=FILE entry
	spec   gitops.RemoteSpec
}

// walk collects what the known fields name. What has another form than kustomize takes
// is passed over: kustomize will say so.
func (r *rewriter) walk(m *yaml.Node) {
	if m.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(m.Content); i += 2 {
		name, value := m.Content[i].Value, m.Content[i+1]
		if kind, ok := listFields[name]; ok {
			r.entries(value, kind)
		}
		if keys, ok := itemFields[name]; ok {
			r.items(value, keys)
		}
		if name == "buildMetadata" {
			r.metadata(value)
		}
	}
}

// items reads the entries of a field that holds mappings.
func (r *rewriter) items(value *yaml.Node, keys map[string]entryKind) {
	items := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		items = value.Content
	}
	for _, item := range items {
		if item.Kind != yaml.MappingNode {
			continue
		}
		for i := 0; i+1 < len(item.Content); i += 2 {
			if kind, ok := keys[item.Content[i].Value]; ok {
				r.entries(item.Content[i+1], kind)
			}
		}
	}
}

// entries reads a list of entries, or one entry in place of a list. A value of several
// lines is no name but YAML in place.
func (r *rewriter) entries(value *yaml.Node, kind entryKind) {
	list := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		list = value.Content
	}
	for _, n := range list {
		if n.Kind == yaml.ScalarNode && n.Value != "" && !strings.Contains(n.Value, "\n") {
			r.entry(n, kind)
		}
	}
}

// entry sorts one entry into local and remote. One that may be either, because
// kustomize looks for a file of that name first, is in both.
func (r *rewriter) entry(n *yaml.Node, kind entryKind) {
	value, prefix := n.Value, ""
	if kind == keyFileEntry {
		prefix, value, _ = cutKey(value)
	}
	spec, remote := gitops.RemoteSpec{File: value}, gitops.IsRemoteFile(value)
	switch kind {
	case baseEntry:
		spec, remote = gitops.ParseRemote(value)
	case dirEntry:
		spec, remote = gitops.ParseRemoteGit(value)
	}
	if remote {
		r.remote = append(r.remote, remoteEntry{n, prefix, spec})
	}
	if remote && (kind == dirEntry || gitops.IsRemoteFile(value)) || filepath.IsAbs(value) {
		return // never a local file
	}
	virtual := filepath.Join(r.dir, value)
	root := rootOf(r.dir)
	if !within(virtual, root) && !remote {
		if root != treeRoot {
			r.refuse(n, gitops.CauseOutside, "base leads out of its repository: "+gitops.Quote(value))
		}
		return
	}
	r.local = append(r.local, virtual)
}

// cutKey splits KEY=FILE; the prefix keeps the equals sign.
func cutKey(entry string) (prefix, file string, ok bool) {
	k, v, ok := strings.Cut(entry, "=")
	if !ok {
		return "", entry, false
	}
	return k + "=", v, true
}

// refuse keeps the first refusal, with the entry as its place.
func (r *rewriter) refuse(n *yaml.Node, cause gitops.Cause, message string) {
	if r.refused == nil {
		at := r.files.place(r.kustomization, n)
		r.refused = &failure{cause: cause, message: message, file: at.file, line: at.line, column: at.column}
	}
}

// metadata notes what a rewritten kustomization cannot reproduce.
func (r *rewriter) metadata(value *yaml.Node) {
	for _, n := range value.Content {
		if n.Value == "originAnnotations" || n.Value == "transformerAnnotations" {
			r.files.origins = true
		}
	}
}

// rewriteRemote points every remote entry at a mount. What is below a mount is
// asked for only when kustomize gets there, so that errors come in its order.
func (r *rewriter) rewriteRemote() {
	f := r.files
	for _, e := range r.remote {
		if e.spec.File == "" && e.prefix == "" {
			if at := f.seen[filepath.Join(r.dir, e.node.Value)]; at != nil && at.kind == gitops.File {
				continue // a local file named like a repository wins
			}
		}
		n := len(f.mounts)
		if n == maxMounts {
			r.refuse(e.node, gitops.CauseLimit, fmt.Sprintf("more than %d remote bases in one render", maxMounts))
			return
		}
		from := f.place(r.kustomization, e.node)
		f.mounts = append(f.mounts, mount{e.spec, from})
		var entry string
		if e.spec.File != "" {
			entry = fmt.Sprintf(".remote-file-%d/%s", n, path.Base(e.spec.File))
			f.single[filepath.Join(r.dir, entry)] = n
		} else {
			target := path.Join(fmt.Sprintf("%s/%d", remoteRoot, n), e.spec.Dir)
			entry, _ = filepath.Rel(r.dir, target)
		}
		e.node.SetString(e.prefix + entry)
		r.changed = true
	}
}
