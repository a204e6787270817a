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

// likeness is the least share of what two files say in common for one to be the other
// under a new name; git takes the same.
const likeness = 0.5

// maxRenames is how many pairs of files are compared for that.
const maxRenames = 2500

// renames finds the files of list that are new, in the target too, and were there under another name, with
// other content, at the last promotion. It is only sure of a pair when neither file is
// like any other, and when they describe the same objects; what else is alike is noted
// to be said.
func (m *maker) renames(ctx context.Context, list []change) error {
	var fresh []*change
	taken := map[string]bool{}
	for i, c := range list {
		taken[c.was] = true
		if c.base == nil && !isKustomization(c.file) && !slices.ContainsFunc(m.counterparts(c.file), m.there) {
			fresh = append(fresh, &list[i])
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	gone, err := files(ctx, m.app.Last, m.gone(taken))
	if err != nil || len(fresh)*len(gone) > maxRenames {
		return err
	}
	said := map[string][]string{}
	for was, data := range gone {
		said[was] = sayings(was, data)
	}
	of, to := map[string][]string{}, map[string]int{} // by new name, by old name
	for _, c := range fresh {
		now := sayings(c.file, c.now)
		for was := range gone {
			if m.akin(was, c.file) && similarity(said[was], now) >= likeness {
				of[c.file] = append(of[c.file], was)
				to[was]++
			}
		}
	}
	for _, c := range fresh {
		switch was := of[c.file]; {
		case len(was) == 1 && to[was[0]] == 1 && sameObjects(was[0], gone[was[0]], c.now):
			c.was, c.base = was[0], gone[was[0]]
		case len(was) > 0:
			m.doubtful[c.file] = true
		}
	}
	return nil
}

// gone returns the source's own files that were there at the last promotion and are not
// any more, without those taken and kustomizations.
func (m *maker) gone(taken map[string]bool) []string {
	var list []string
	for e := range m.app.Last.Entries() {
		if e.Kind == gitops.File && m.swap.source.of(e.Path) != "" && !taken[e.Path] && !isKustomization(e.Path) && m.Source.Lookup(e.Path).Kind == gitops.Missing {
			list = append(list, e.Path)
		}
	}
	return list
}

// akin reports whether a file may have got a new name by its path: in the same
// directory with the same extension, or in another directory of the overlay with its
// own name.
func (m *maker) akin(was, now string) bool {
	if path.Dir(was) == path.Dir(now) {
		return path.Ext(was) == path.Ext(now)
	}
	return path.Base(was) == path.Base(now) && m.swap.source.of(was) == m.swap.source.of(now)
}

// similarity is the share of what two files say that both say.
func similarity(a, b []string) float64 {
	common := 0
	left := map[string]int{}
	for _, s := range a {
		left[s]++
	}
	for _, s := range b {
		if left[s] > 0 {
			left[s]--
			common++
		}
	}
	return 2 * float64(common) / float64(max(len(a)+len(b), 1))
}

// sayings are what a file says, piece by piece: the values of YAML with their paths,
// without what names its objects, and else the lines.
func sayings(name string, data []byte) (list []string) {
	f, err := edit.Parse(name, data)
	if !isYAML(name) || err != nil {
		for line := range strings.Lines(string(data)) {
			list = append(list, strings.TrimSpace(line))
		}
		return list
	}
	for _, root := range f.Documents() {
		if root != nil {
			list = appendSayings(list, root, "")
		}
	}
	return list
}

// appendSayings lists what an object says, by path, without what it is called: two
// objects that say much of the same may be one that was renamed.
func appendSayings(list []string, n *yaml.Node, at string) []string {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			list = appendSayings(list, n.Content[i+1], at+"."+n.Content[i].Value)
		}
	case yaml.SequenceNode:
		for _, c := range n.Content {
			list = appendSayings(list, c, at+"[]")
		}
	default:
		if at != ".apiVersion" && at != ".kind" && at != ".metadata.name" {
			list = append(list, at+"="+n.Value)
		}
	}
	return list
}

// sameObjects reports whether two files describe objects of the same kinds and names.
func sameObjects(name string, a, b []byte) bool {
	x, errA := edit.Parse(name, a)
	y, errB := edit.Parse(name, b)
	if !isYAML(name) || errA != nil || errB != nil {
		return !isYAML(name)
	}
	return slices.EqualFunc(x.Documents(), y.Documents(), func(p, q *yaml.Node) bool { return identity(p, nil) == identity(q, nil) })
}
