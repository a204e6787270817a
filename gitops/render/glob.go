package render

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"path"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// glob returns what a pattern matches below root, as filepath.Glob does on a disk, and
// without hidden files unless the pattern asks for them, as the kustomize command does.
// A pattern that is none matches itself, if it is there.
func (f *files) glob(root, pattern string) []string {
	if pattern == "" {
		return nil
	}
	matched := f.globIn(root, pattern)
	if !hidden(pattern) {
		matched = slices.DeleteFunc(matched, hidden)
	}
	return matched
}

// hidden goes by the last name of a path, as kustomize does.
func hidden(p string) bool { return strings.HasPrefix(path.Base(p), ".") }

// globIn goes through the directories that the pattern's own directory matches.
func (f *files) globIn(root, pattern string) []string {
	if !strings.ContainsAny(pattern, `*?[\`) {
		if f.exists(path.Join(root, pattern)) {
			return []string{pattern}
		}
		return nil
	}
	dir, file := path.Split(pattern)
	if dir = strings.TrimSuffix(dir, "/"); dir == "" {
		dir = "."
	}
	if dir == pattern {
		return nil
	}
	var out []string
	for _, d := range f.globIn(root, dir) {
		for _, name := range f.names(path.Join(root, d)) {
			if ok, err := path.Match(file, name); err == nil && ok {
				out = append(out, path.Join(d, name))
			}
		}
	}
	return out
}

// names returns what is in a directory, in order; nothing where none is.
func (f *files) names(virtual string) []string {
	key := path.Clean(virtual) + "/" // no path that is looked at ends in a slash
	if f.seen[key] == nil {
		q, ok := f.question(path.Clean(virtual))
		if !ok {
			return nil
		}
		q.virtual, q.want = key, wantNames
		answers, err := f.ask([]question{q})
		if err != nil || len(answers) != 1 {
			return nil
		}
		f.seen[key] = &answers[0]
	}
	if at := f.seen[key]; at.kind == gitops.Dir && len(at.content) > 0 {
		return strings.Split(string(at.content), "\x00")
	}
	return nil
}

// list is the names in a directory, as the worker asks for them. They are noted, so that
// a render is done again when one comes or goes.
func (s *server) list(ctx context.Context, t gitops.Tree, q question) found {
	at := s.at(ctx, t, q.path)
	at.virtual, at.content = q.virtual, nil
	if at.fail != nil || at.kind != gitops.Dir {
		return at
	}
	names := namesIn(t, at.path)
	at.content = []byte(strings.Join(names, "\x00"))
	if t == s.tree {
		s.note(gitops.Read{Path: at.path, Kind: gitops.Dir, ID: listID(names)})
	}
	return at
}

// namesIn returns the names in a directory of a tree, in order.
func namesIn(t gitops.Tree, dir string) []string {
	prefix := dir + "/"
	if dir == "." {
		prefix = ""
	}
	var names []string
	for e := range t.Entries() {
		rest, ok := strings.CutPrefix(e.Path, prefix)
		if !ok {
			continue
		}
		name, _, _ := strings.Cut(rest, "/")
		if len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// listID identifies the names in a directory.
func listID(names []string) string {
	sum := sha256.Sum256([]byte(strings.Join(names, "\x00")))
	return "names:" + hex.EncodeToString(sum[:])
}
