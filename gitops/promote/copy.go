package promote

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/edit"
)

// copies carries the files that the configuration copies whole.
func (m *maker) copies() {
	for _, file := range m.source.own {
		if !m.copied(file) || m.now[file] == nil {
			continue
		}
		for _, t := range m.counterparts(file) {
			m.copyFile(file, t)
		}
	}
}

// copyFile gives the target a file as the source has it. It is withheld when it is
// sealed for the source or is to be kept; that it names the source is said, because
// only a person knows whether it may.
func (m *maker) copyFile(file, t string) {
	data := m.now[file]
	switch reason := m.sealReason(file, data); {
	case string(m.ours[t]) == string(data) && m.there(t):
	case reason != "":
		m.withhold(t, "", reason)
	case covered(m.Options.Keep, t, nil):
		m.withhold(t, "", reasonKept)
	default:
		if !m.there(t) {
			m.runs[t] = m.Source.Lookup(file).Executable
		}
		m.ours[t] = data
		m.plan.Edits = append(m.plan.Edits, Edit{File: t, Kind: FileCopied, Key: file})
		if line := lineNaming(string(data), m.swap.named); line > 0 {
			m.check(t, lineSpot(line), "names "+m.From+": check")
		}
	}
}

// check notes what is carried and should be looked at by a person.
func (m *maker) check(file, path, reason string) {
	m.plan.Checks = append(m.plan.Checks, Withheld{File: file, Path: path, Reason: reason})
}

// forget takes a file that is not carried out of the source's kustomizations, so
// that the target does not name what it does not have.
func (m *maker) forget(file string) {
	for _, dir := range m.source.dirs {
		if name := kustomizationIn(m.Source, dir); m.now[name] != nil {
			m.now[name] = WithoutFiles(name, m.now[name], []string{file})
		}
	}
}

// links withholds the symbolic links that a kustomization of the source names and that
// the target does not have: git keeps where they lead, not what is there.
func (m *maker) links(kustomization string) {
	f, err := edit.Parse(kustomization, m.now[kustomization])
	if err != nil {
		return
	}
	for _, root := range f.Documents() {
		for _, entry := range entries(root) {
			file := path.Join(path.Dir(kustomization), entry)
			if m.Source.Lookup(file).Kind != gitops.Symlink {
				continue
			}
			for _, t := range m.counterparts(file) {
				if m.Target.Lookup(t).Kind == gitops.Missing {
					m.withhold(t, "", "is a symbolic link: make it by hand")
					m.forget(file)
				}
			}
		}
	}
}

// entries are the files and directories that the lists of a kustomization name.
func entries(root *yaml.Node) (names []string) {
	if root == nil || root.Kind != yaml.MappingNode {
		return nil
	}
	for i := 1; i < len(root.Content); i += 2 {
		for _, item := range items(root.Content[i]) {
			if name := entryOf(item); name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}

// entryOf is the path that an item of a list of a kustomization names, "" for none.
func entryOf(item *yaml.Node) string {
	if name := cmp.Or(text(item), text(get(item, "path"))); name != "" {
		return path.Clean(name)
	}
	return ""
}

// WithoutFiles is a kustomization without the entries of its lists that name some
// files. Any other file stays as it is, and so does one that cannot be read.
func WithoutFiles(kustomization string, data []byte, files []string) []byte {
	if !isKustomization(kustomization) {
		return data
	}
	for _, file := range files {
		entry, below := strings.CutPrefix(file, strings.TrimPrefix(path.Dir(kustomization)+"/", "./"))
		if !below || data == nil {
			continue
		}
		if out, ok := without(kustomization, data, entry); ok {
			data = out
		}
	}
	return data
}

// without removes the entries of a kustomization that name a file.
func without(name string, data []byte, entry string) ([]byte, bool) {
	f, err := edit.Parse(name, data)
	if err != nil {
		return nil, false
	}
	for _, root := range f.Documents() {
		if root == nil || root.Kind != yaml.MappingNode {
			continue
		}
		for i := 1; i < len(root.Content); i += 2 {
			list := root.Content[i]
			for j, item := range items(list) {
				if entryOf(item) == entry {
					if f.RemoveItem(list, j) != nil {
						return nil, false
					}
				}
			}
		}
	}
	out, err := f.Bytes()
	return out, err == nil && f.Edited()
}

// lineNaming returns the first line that names something, from 1; 0 when none
// does.
func lineNaming(data string, names func(string) bool) int {
	at := 0
	for line := range strings.Lines(data) {
		at++
		code, _, _ := strings.Cut(line, " #")
		if !strings.HasPrefix(strings.TrimSpace(code), "#") && names(code) {
			return at
		}
	}
	return 0
}

// secret reports whether a file feeds a generator of Secrets, so that its values
// are not shown.
func (m *maker) secret(file string) bool {
	return slices.Contains(m.secrets, file)
}

// secretFiles returns the files that kustomizations of the target make Secrets of.
func (m *maker) secretFiles() []string {
	var list []string
	for name, data := range m.ours {
		if !isKustomization(name) {
			continue
		}
		f, err := edit.Parse(name, data)
		if err != nil {
			continue
		}
		for _, root := range f.Documents() {
			for _, g := range items(get(root, "secretGenerator")) {
				list = append(list, generatorFiles(path.Dir(name), g)...)
			}
		}
	}
	return list
}

// generatorFiles are the files that one entry of a generator reads, as paths of the
// tree.
func generatorFiles(dir string, generator *yaml.Node) []string {
	var list []string
	for _, key := range []string{"files", "envs"} {
		for _, item := range items(get(generator, key)) {
			entry := text(item)
			if _, file, ok := strings.Cut(entry, "="); ok {
				entry = file
			}
			list = append(list, path.Join(dir, entry))
		}
	}
	if env := text(get(generator, "env")); env != "" {
		list = append(list, path.Join(dir, env))
	}
	return list
}
