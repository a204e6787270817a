package render

import (
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/sealift/sealift/gitops"
	"go.yaml.in/yaml/v3"
)

// made is the kustomization of a source that its deployer made, or made another of.
type made struct {
	file string // virtual path
	// text is what the repository has there, nil when it has nothing: places are
	// those of this text.
	text []byte
}

// own returns the kustomization of a source. Without one it has no text, and the first of
// the names that one may have. It is an error of the source to have several.
func (f *files) own(dir string) (made, error) {
	at, err := f.look(dir)
	if err != nil {
		return made{}, err
	}
	own := made{file: path.Join(at.path, kustomizationNames[0])}
	var found []string
	for _, name := range kustomizationNames {
		k, err := f.look(path.Join(at.path, name))
		switch {
		case f.fail != nil:
			return made{}, err
		case err != nil:
			continue
		case k.kind == gitops.Dir:
			return made{}, &failure{cause: gitops.CauseField, file: relative(path.Join(at.path, name)), message: "kustomization is a directory"}
		}
		found = append(found, name)
		own = made{file: path.Join(at.path, name), text: k.content}
		if own.text == nil {
			own.text = []byte{}
		}
	}
	if len(found) > 1 {
		return made{}, &failure{cause: gitops.CauseField, file: relative(own.file),
			message: "directory has several kustomizations: " + gitops.Quote(found[0]) + " and " + gitops.Quote(found[1])}
	}
	return own, nil
}

// put makes text the kustomization of a source for this render, and the only one that it
// has. What the parent says of these paths does not count any more.
func (f *files) put(m made, text []byte) {
	f.made = map[string]made{}
	for _, name := range kustomizationNames {
		p := path.Join(path.Dir(m.file), name)
		f.made[p] = made{file: m.file, text: m.text}
		f.seen[p] = &found{virtual: p}
		delete(f.rewritten, p)
	}
	f.seen[m.file] = &found{virtual: m.file, kind: gitops.File, path: m.file, content: text}
}

// textOf returns what places in a kustomization are places of: what the repository has.
func (f *files) textOf(virtual string, text []byte) []byte {
	m, ok := f.made[virtual]
	switch {
	case !ok:
		return text
	case m.text == nil:
		return []byte{}
	}
	return m.text
}

// place returns where a kustomization has an entry. One that a deployer made has it where
// the repository's text has the same, if anywhere: what the deployer added has no place.
func (f *files) place(virtual string, n *yaml.Node) place {
	if m, ok := f.made[virtual]; ok {
		var doc yaml.Node
		if yaml.Unmarshal(m.text, &doc) != nil {
			return place{}
		}
		if n = scalarIn(&doc, n.Value); n == nil {
			return place{}
		}
	}
	return place{relative(virtual), n.Line, n.Column}
}

// scalarIn returns the first scalar of a value below n.
func scalarIn(n *yaml.Node, value string) *yaml.Node {
	if n.Kind == yaml.ScalarNode && n.Value == value {
		return n
	}
	for _, c := range n.Content {
		if at := scalarIn(c, value); at != nil {
			return at
		}
	}
	return nil
}

// fromFile are kustomize's words for the entry that it was working on.
var fromFile = regexp.MustCompile(`(?:accumulating|merging) resources from '([^']+)'`)

// unmade takes the place of a failure out of a kustomization that is not in the
// repository: it is the file that was being read, if it was one, else nowhere.
func (f *files) unmade(at *failure, message string) {
	virtual := path.Join(treeRoot, at.file)
	if m, ok := f.made[virtual]; !ok || m.text != nil {
		return
	}
	at.file, at.line, at.column = "", 0, 0
	at.message, _, _ = strings.Cut(at.message, `, again in "`)
	all := fromFile.FindAllStringSubmatch(message, -1)
	if all == nil {
		return
	}
	named := filepath.Join(path.Dir(virtual), all[len(all)-1][1])
	if seen := f.seen[named]; seen != nil && seen.kind != gitops.Missing && within(named, treeRoot) {
		at.file, at.line = relative(named), firstNumber(message)
	}
}
