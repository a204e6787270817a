package tree

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// maxBeside is how many differences are applied to a list that is there; with
// more of them the tree is listed anew.
const maxBeside = 500

// listBeside lists a tree by its differences to the one listed last: of two
// large trees that are compared, the second then costs little. ok is false when
// there is no such tree or the differences are many.
func (r *Repo) listBeside(ctx context.Context, treeish, commit string) (t *commitTree, ok bool) {
	last := r.last.Load()
	if last == nil {
		return nil, false
	}
	out, err := r.ours(ctx, "diff-tree", "-r", "-t", "-z", "--raw", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv", last.treeish, treeish)
	if err != nil {
		return nil, false
	}
	differences, err := parseRaw(splitNul(out), r.hexLen)
	if err != nil || len(differences) > maxBeside {
		return nil, false
	}
	t = last.with(differences)
	t.commit, t.treeish = commit, treeish
	return t, true
}

// parseRaw parses the fields of git diff-tree -z --raw: ":MODE MODE ID ID
// STATUS" and the path. A node of kind Missing is a path that is gone.
func parseRaw(fields []string, hexLen int) ([]node, error) {
	var list []node
	for len(fields) >= 2 {
		head := strings.Fields(strings.TrimPrefix(fields[0], ":"))
		n := node{path: fields[1]}
		fields = fields[2:]
		if len(head) != 5 || !isInside(n.path) {
			return nil, errors.New("difference of " + gitops.Quote(n.path))
		}
		if head[4] != "D" && !n.parseHead(head[1]+" x "+head[3], hexLen) {
			return nil, errors.New("difference of " + gitops.Quote(n.path))
		}
		list = append(list, n)
	}
	if len(fields) > 0 {
		return nil, errors.New("difference without a path")
	}
	return list, nil
}

// with returns t with some nodes replaced, added or removed.
func (t *commitTree) with(differences []node) *commitTree {
	out := &commitTree{repo: t.repo, nodes: slices.Clone(t.nodes), index: t.index}
	changed := map[string]node{}
	for _, n := range differences {
		at, there := t.index[n.path]
		if there && n.kind != gitops.Missing && (n.kind == gitops.Dir) == (t.nodes[at].kind == gitops.Dir) {
			out.nodes[at] = n // the order does not change
			continue
		}
		// A file that becomes a directory, or the reverse, is gone and new.
		if old, ok := changed[n.path]; !ok || old.kind == gitops.Missing {
			changed[n.path] = n
		}
	}
	if len(changed) == 0 {
		return out
	}
	out.nodes = slices.DeleteFunc(out.nodes, func(n node) bool { _, ok := changed[n.path]; return ok })
	for n := range maps.Values(changed) {
		if n.kind != gitops.Missing {
			out.nodes = append(out.nodes, n)
		}
	}
	slices.SortFunc(out.nodes, func(a, b node) int { return cmp.Compare(a.key(), b.key()) })
	out.index = indexOf(out.nodes)
	return out
}

// key orders nodes as git does: a directory as if its path ended in "/".
func (n *node) key() string {
	if n.kind == gitops.Dir {
		return n.path + "/"
	}
	return n.path
}

func indexOf(nodes []node) map[string]int32 {
	index := make(map[string]int32, len(nodes))
	for i := range nodes {
		index[nodes[i].path] = int32(i)
	}
	return index
}
