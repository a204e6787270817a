package promote

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// versions is one document as it is in each file, nil where it is not.
type versions struct {
	prefix               string
	at                   int // in the target's file, -1 when it is not there
	base, source, target *yaml.Node
}

// match finds the documents that belong together: those of files with one each,
// and else those with the same group, kind and name. ok is false when they cannot be
// told apart.
func (m *merger) match(base, source, target []*yaml.Node) (list []versions, ok bool) {
	if single(base) && single(source) && single(target) {
		at := slices.IndexFunc(target, func(n *yaml.Node) bool { return n != nil })
		return []versions{{at: at, base: present(base...), source: present(source...), target: present(target...)}}, true
	}
	inBase, ok1 := identities(base, m.rename)
	inSource, ok2 := identities(source, m.rename)
	inTarget, ok3 := identities(target, nil)
	if !ok1 || !ok2 || !ok3 {
		return nil, false
	}
	for i, root := range target {
		if root != nil {
			id := identity(root, nil)
			list = append(list, versions{"[" + strconv.Itoa(i) + "]", i, inBase[id], inSource[id], root})
		}
	}
	for _, root := range source {
		if id := identity(root, m.rename); root != nil && inTarget[id] == nil {
			list = append(list, versions{"[" + strconv.Itoa(len(list)) + "]", -1, inBase[id], root, nil})
		}
	}
	return list, true
}

// single reports whether at most one document is not empty.
func single(roots []*yaml.Node) bool {
	n := 0
	for _, root := range roots {
		if root != nil {
			n++
		}
	}
	return n < 2
}

// identities are documents by what they are; ok is false when one has no name or
// two have the same.
func identities(roots []*yaml.Node, rename func(string) string) (by map[string]*yaml.Node, ok bool) {
	by = map[string]*yaml.Node{}
	for _, root := range roots {
		if root == nil {
			continue
		}
		id := identity(root, rename)
		if id == "" || by[id] != nil {
			return nil, false
		}
		by[id] = root
	}
	return by, true
}

// identity is the group, kind and name of an object, "" when it has no name.
func identity(root *yaml.Node, rename func(string) string) string {
	kind, name := text(get(root, "kind")), text(get(get(root, "metadata"), "name"))
	if kind == "" || name == "" {
		return ""
	}
	if rename != nil {
		name = rename(name)
	}
	group, _, grouped := strings.Cut(text(get(root, "apiVersion")), "/")
	if !grouped {
		group = ""
	}
	return group + "\x00" + kind + "\x00" + name
}

// sameDocuments reports whether two files have equal documents.
func sameDocuments(a, b []*yaml.Node) bool { return slices.EqualFunc(a, b, equal) }
