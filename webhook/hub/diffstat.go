package hub

import (
	"cmp"
	"context"
	"strconv"
	"strings"
)

// stats is the size of a change.
type stats struct{ commits, files, additions, deletions int }

// fileChange is one changed file.
type fileChange struct {
	path, old, status string // status as GitHub words it
	sha               string // of the new blob, the old one for removed files
	additions         int
	deletions         int
	patch             string
}

// numstat measures head against where it left base. The tip is used when there is
// one, the base's older commit otherwise.
func (g git) numstat(ctx context.Context, tip, older, head string) stats {
	base := g.base(ctx, cmp.Or(tip, older), head)
	if base == "" || base == head && tip != older {
		base = cmp.Or(g.base(ctx, older, head), older)
	}
	var s stats
	count, _ := g.run(ctx, "rev-list", "--count", head, "^"+base)
	s.commits = atoi(count)
	out, _ := g.run(ctx, "diff", "--numstat", "-z", "--no-renames", base, head)
	for line := range strings.SplitSeq(out, "\x00") {
		if f := strings.SplitN(line, "\t", 3); len(f) == 3 {
			s.files++
			s.additions += atoi(f[0])
			s.deletions += atoi(f[1])
		}
	}
	return s
}

// changes lists the files that differ between two commits, at most limit.
func (g git) changes(ctx context.Context, base, head string, limit int) ([]fileChange, error) {
	raw, err := g.run(ctx, "diff", "--raw", "-z", "-M", "--abbrev=40", base, head)
	if err != nil {
		return nil, err
	}
	numbers, err := g.run(ctx, "diff", "--numstat", "-z", "-M", base, head)
	if err != nil {
		return nil, err
	}
	list := parseRaw(strings.Split(raw, "\x00"))
	addNumbers(list, strings.Split(numbers, "\x00"))
	list = list[:min(limit, len(list))]
	if len(list) <= 300 {
		for i := range list {
			list[i].patch = g.patch(ctx, base, head, list[i])
		}
	}
	return list, nil
}

// parseRaw reads `git diff --raw -z`: ":mode mode sha sha S", path, and for renames the new
// path.
func parseRaw(f []string) []fileChange {
	words := map[byte]string{'A': "added", 'D': "removed", 'M': "modified", 'T': "changed", 'R': "renamed", 'C': "copied"}
	var list []fileChange
	for i := 0; i+1 < len(f); {
		head := strings.Fields(f[i])
		if len(head) < 5 {
			break
		}
		c := fileChange{path: f[i+1], status: words[head[4][0]], sha: head[3]}
		i += 2
		switch head[4][0] {
		case 'D':
			c.sha = head[2]
		case 'R', 'C':
			c.old, c.path = c.path, f[i]
			i++
		}
		list = append(list, c)
	}
	return list
}

// addNumbers reads `git diff --numstat -z`, whose records stand in the same order.
func addNumbers(list []fileChange, f []string) {
	for i, n := 0, 0; i < len(f) && n < len(list); n++ {
		parts := strings.SplitN(f[i], "\t", 3)
		if len(parts) < 3 {
			return
		}
		list[n].additions, _ = strconv.Atoi(parts[0])
		list[n].deletions, _ = strconv.Atoi(parts[1])
		i++
		if parts[2] == "" { // a rename: old and new path follow
			i += 2
		}
	}
}

// patch is the hunks of one file, without the header, as GitHub gives them.
func (g git) patch(ctx context.Context, base, head string, c fileChange) string {
	args := []string{"diff", "-M", base, head, "--", ":(literal)" + c.path}
	if c.old != "" {
		args = append(args, ":(literal)"+c.old)
	}
	out, _ := g.run(ctx, args...)
	if i := strings.Index(out, "\n@@"); i >= 0 {
		return out[i+1:]
	}
	return ""
}
