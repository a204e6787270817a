package promote

import (
	"path"
	"slices"
	"strings"

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

// forget takes files that are not carried out of the source's kustomizations, so that the
// target does not name what it does not have.
func (m *maker) forget(gone ...string) {
	for _, dir := range m.source.dirs {
		if name := kustomizationIn(m.Source, dir); m.now[name] != nil {
			m.now[name] = withoutFiles(name, m.now[name], m.old[name], gone)
		}
	}
}

// links withholds the symbolic links that a kustomization of the source names and that
// the target does not have: git keeps where they lead, not what is there.
func (m *maker) links(kustomization string) {
	for _, file := range named(kustomization, m.now[kustomization]) {
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

// lineNaming returns the first line that names something of the source, from 1, and what;
// 0 when none does.
func (m *maker) lineNaming(data string) (line int, name string) {
	line = lineNaming(data, func(s string) bool {
		name = m.names(s)
		return name != ""
	})
	return line, name
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

// secretFiles returns the files that the kustomizations among some files make Secrets of.
func secretFiles(of map[string][]byte) []string {
	var list []string
	for name, data := range of {
		if !isKustomization(name) {
			continue
		}
		f, err := edit.Parse(name, data)
		if err != nil {
			continue
		}
		for _, root := range f.Documents() {
			for _, r := range mentions(root) {
				if r.field == "secretGenerator" {
					list = append(list, path.Join(path.Dir(name), r.path))
				}
			}
		}
	}
	return list
}
