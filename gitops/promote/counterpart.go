package promote

import (
	"path"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// dirOf returns the kustomization directory of the source that a file belongs to:
// the nearest one above it. "" is none.
func (m *maker) dirOf(file string) string {
	for dir := path.Dir(file); dir != "."; dir = path.Dir(dir) {
		if slices.Contains(m.source.dirs, dir) {
			return dir
		}
	}
	return ""
}

// targetDirs returns the directories of the target that stand for one of the
// source: the one of the same path, or else, where the target has parts for what
// the source has in one, their base, or else all of them.
func (m *maker) targetDirs(dir string) []string {
	direct := m.swap.path(dir)
	if slices.Contains(m.target.dirs, direct) {
		return []string{direct}
	}
	if base := path.Join(direct, "base"); slices.Contains(m.target.dirs, base) {
		return []string{base}
	}
	if up := path.Dir(direct); path.Base(direct) == "base" && slices.Contains(m.target.dirs, up) {
		return []string{up}
	}
	var parts []string
	for _, d := range m.target.dirs {
		if path.Dir(d) == direct {
			parts = append(parts, d)
		}
	}
	return parts
}

// counterparts returns where a file of the source is or would be in the target. One of a
// directory that the target does not have belongs to the nearest above that it has.
func (m *maker) counterparts(file string) []string {
	dir := m.dirOf(file)
	if dir == "" {
		return []string{m.named(m.swap.path(file))}
	}
	dirs := m.targetDirs(dir)
	for up := dir; len(dirs) == 0 && up != ""; {
		if up = m.dirOf(up); up != "" {
			dir, dirs = up, m.targetDirs(up)
		}
	}
	var list []string
	for _, d := range dirs {
		t := path.Join(d, m.swap.path(strings.TrimPrefix(file, dir+"/")))
		t = m.named(t)
		if isKustomization(file) && path.Dir(file) == dir {
			if there := kustomizationIn(m.Target, d); there != "" {
				t = there
			}
		}
		list = append(list, t)
	}
	return list
}

// named is a file under the name that it has in the target, where that says the
// environment too, as values-dev.yaml and values-staging.yaml.
func (m *maker) named(t string) string {
	other := path.Join(path.Dir(t), m.swap.rename(path.Base(t)))
	if other != t && !m.there(t) && (m.there(other) || overridesFile(t)) {
		return other
	}
	return t
}

// before returns the file of the source that one of the target stands for.
func (m *maker) before(target string) string {
	elems := strings.Split(target, "/")
	for i, e := range elems {
		if from, ok := m.swap.from[e]; ok {
			elems[i] = from
		}
	}
	s := strings.Join(elems, "/")
	if last := m.app.Last; last != nil && last.Lookup(s).Kind == gitops.Missing {
		back := swap{}
		for _, w := range m.swap.words {
			back.words = append(back.words, [2]string{w[1], w[0]})
		}
		if other := path.Join(path.Dir(s), back.rename(path.Base(s))); last.Lookup(other).Kind == gitops.File {
			return other
		}
	}
	return s
}

// there reports whether the target has a file, or something else that is not to be
// written over, with what is planned so far.
func (m *maker) there(file string) bool {
	if data, ok := m.ours[file]; ok {
		return data != nil
	}
	return m.Target.Lookup(file).Kind != gitops.Missing
}
