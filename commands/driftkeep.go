package commands

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/promote"
	"github.com/sealift/sealift/gitops/tree"
)

// own returns the files that belong to overlays of an environment.
func (w driftWalk) own(dirs []string) []string {
	var list []string
	for e := range w.Tree.Entries() {
		if e.Kind == gitops.File && slices.ContainsFunc(dirs, func(p string) bool { return e.Path == p || strings.HasPrefix(e.Path, path.Clean(p)+"/") }) {
			list = append(list, e.Path)
		}
	}
	return list
}

// keptFields returns the fields that rules name for files.
func keptFields(rules []layout.FieldRule, files []string) []gitops.FieldPath {
	var list []gitops.FieldPath
	for _, r := range rules {
		if p, err := gitops.ParseFieldPath(r.Field); err == nil && slices.ContainsFunc(files, r.Matches) {
			list = append(list, p)
		}
	}
	return list
}

// leaveOutKept leaves out the differences that come from files that rules keep whole:
// those that are gone when both environments have the same in these files. Where that
// does not render, all differences stay.
func (w driftWalk) leaveOutKept(ctx context.Context, now *driftState, rules []layout.FieldRule) error {
	whole := slices.DeleteFunc(slices.Clone(rules), func(r layout.FieldRule) bool { return r.Field != "" })
	if len(whole) == 0 || len(now.different()) == 0 {
		return nil
	}
	edits, err := w.evened(ctx, func(file string) bool {
		return slices.ContainsFunc(whole, func(r layout.FieldRule) bool { return r.Matches(file) })
	})
	if err != nil || len(edits) == 0 {
		return err
	}
	even, unread, err := w.state(ctx, w.stages.target.Tree(tree.With(w.Tree, edits)))
	if err != nil || len(unread) > 0 || even == nil {
		return err
	}
	now.places = slices.DeleteFunc(now.places, func(at driftPlace) bool { return !now.equal(at) && even.equal(at) })
	return nil
}

// evened returns the edits that make kept files the same in both environments: b gets
// those of a, and what only one of them has is not named any more.
func (w driftWalk) evened(ctx context.Context, kept func(string) bool) (map[string][]byte, error) {
	edits := map[string][]byte{}
	read := func(file string) ([]byte, error) {
		data, err := w.Tree.Read(ctx, file)
		if gitops.CodeOf(err) == gitops.Invalid { // too large: it stays as it is
			return nil, nil
		}
		return data, err
	}
	ofA, ofB := w.own(w.filesA), w.own(w.filesB)
	var onlyA, onlyB []string
	for _, file := range ofB {
		switch other := w.counterpart(file, ofA); {
		case other == "" && kept(file):
			onlyB = append(onlyB, file)
		case other != "" && (kept(file) || kept(other)):
			data, err := read(other)
			if err != nil {
				return nil, err
			}
			edits[file] = []byte(promote.Rename(string(data), w.words))
		}
	}
	for _, file := range ofA {
		if kept(file) && !slices.ContainsFunc(ofB, func(b string) bool { return w.counterpart(b, ofA) == file }) {
			onlyA = append(onlyA, file)
		}
	}
	for _, side := range []struct{ files, gone []string }{{ofA, onlyA}, {ofB, onlyB}} {
		for _, file := range side.files {
			if len(side.gone) == 0 || edits[file] != nil {
				continue
			}
			data, err := read(file)
			if err != nil {
				return nil, err
			}
			if out := promote.WithoutFiles(file, data, side.gone); string(out) != string(data) {
				edits[file] = out
			}
		}
	}
	return edits, nil
}

// counterpart returns which of a's files one of b stands for, "" for none.
func (w driftWalk) counterpart(file string, ofA []string) string {
	var candidates []string
	if rest, ok := strings.CutPrefix(file, w.b[0]+"/"); ok && len(w.a) == 1 && len(w.b) == 1 {
		candidates = append(candidates, path.Join(w.a[0], rest))
	}
	back := make([][2]string, len(w.words))
	for i, word := range w.words {
		back[i] = [2]string{word[1], word[0]}
	}
	for _, c := range append(candidates, promote.Rename(file, back)) {
		if slices.Contains(ofA, c) {
			return c
		}
	}
	return ""
}
