package promote

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// reasonUnnamed is why a file is not added that only withheld entries lead to.
const reasonUnnamed = "is named only by what is withheld"

// additions finds the files that are new in the source and that the target must not have.
// The entries that name them go from what is merged, and so does what only those entries
// lead to: a file and its entry move together or not at all.
func (m *maker) additions(ctx context.Context, list []change) (refused map[string]bool, err error) {
	refused = map[string]bool{}
	fresh := slices.DeleteFunc(slices.Clone(list), func(c change) bool { return c.base != nil || c.was != "" })
	before, err := m.reached(ctx)
	if err != nil {
		return nil, err
	}
	for i, c := range fresh {
		for _, t := range m.counterparts(c.file) {
			if reason := m.newReason(t, &fresh[i]); reason != "" && !m.there(t) {
				m.withhold(t, "", reason)
				refused[c.file] = true
			}
		}
	}
	for _, c := range list {
		if c.was != "" && !slices.ContainsFunc(m.counterparts(c.file), func(t string) bool { return m.there(t) || m.there(m.swap.path(c.was)) }) {
			refused[c.file] = true // it was never in the target
			for _, t := range m.counterparts(c.file) {
				m.only(t, "was in the source only, as "+c.was+", and has a new name there")
			}
		}
	}
	for n := 0; n < len(refused); {
		n = len(refused)
		m.forget(gone(refused)...)
		after, err := m.reached(ctx)
		if err != nil {
			return nil, err
		}
		for _, c := range fresh {
			if !before[c.file] || after[c.file] || refused[c.file] {
				continue
			}
			refused[c.file] = true
			for _, t := range m.counterparts(c.file) {
				m.withhold(t, "", reasonUnnamed)
			}
		}
	}
	return refused, nil
}

// only notes a file that the source changed and the target never had.
func (m *maker) only(file, reason string) {
	w := Withheld{File: file, Reason: reason}
	if !slices.Contains(m.plan.OnlyInSource, w) {
		m.plan.OnlyInSource = append(m.plan.OnlyInSource, w)
	}
}

// gone are files, and the directories that cannot be built without them.
func gone(files map[string]bool) (list []string) {
	for file := range files {
		list = append(list, file)
		if isKustomization(file) {
			list = append(list, path.Dir(file))
		}
	}
	return list
}

// reached returns the files that the source's overlays lead to, as far as what is merged
// names them.
func (m *maker) reached(ctx context.Context) (map[string]bool, error) {
	seen := map[string]bool{}
	todo := slices.Clone(m.app.From)
	for len(todo) > 0 {
		p := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[p] {
			continue
		}
		seen[p] = true
		if m.Source.Lookup(p).Kind == gitops.File {
			continue
		}
		name := kustomizationIn(m.Source, p)
		if data, own := m.now[name]; own && name != "" {
			seen[name] = true
			more, err := pluginFiles(ctx, m.Source, p)
			if err != nil {
				return nil, err
			}
			todo = append(append(todo, named(name, data)...), more...)
			continue
		}
		todo = append(todo, m.SourceRefs(p)...)
	}
	return seen, nil
}

// settle makes sure that what the target's kustomizations name is there, as far as it
// was: a file that is named again is not removed, and an entry that leads nowhere does
// not come.
func (m *maker) settle() {
	for _, name := range m.kustomizations() {
		had := named(name, m.was[name])
		for _, p := range named(name, m.ours[name]) {
			written := strings.TrimPrefix(p, path.Dir(name)+"/")
			switch _, remote := gitops.ParseRemote(written); {
			case remote || m.leadsTo(p):
			case m.was[p] != nil:
				m.restore(p, name)
			case !slices.Contains(had, p):
				m.drop(name, p)
			}
		}
	}
}

// kustomizations are those of the target that are its own, with those that it gets.
func (m *maker) kustomizations() (list []string) {
	for file, data := range m.ours {
		if data != nil && isKustomization(file) {
			list = append(list, file)
		}
	}
	slices.Sort(list)
	return list
}

// leadsTo reports whether a path leads to a file or to a directory with files, with what
// is planned so far.
func (m *maker) leadsTo(p string) bool {
	if data, ok := m.ours[p]; ok {
		return data != nil
	}
	below := p + "/"
	removed := false
	for file, data := range m.ours {
		if strings.HasPrefix(file, below) && data != nil {
			return true
		}
		removed = removed || strings.HasPrefix(file, below)
	}
	if !removed {
		return m.Target.Lookup(p).Kind != gitops.Missing
	}
	for e := range m.Target.Entries() {
		if _, changed := m.ours[e.Path]; strings.HasPrefix(e.Path, below) && !changed {
			return true
		}
	}
	return false
}

// restore takes the removal of a file back.
func (m *maker) restore(file, by string) {
	m.ours[file] = m.was[file]
	m.plan.Edits = slices.DeleteFunc(m.plan.Edits, func(e Edit) bool { return e.File == file && e.Kind == FileRemoved })
	m.withhold(file, "", "is named by "+by+" of "+m.To+": it stays")
}

// drop takes an entry out again that leads nowhere in the target.
func (m *maker) drop(kustomization, p string) {
	m.ours[kustomization] = withoutFiles(kustomization, m.ours[kustomization], m.was[kustomization], []string{p})
	entry := path.Base(p)
	m.plan.Edits = slices.DeleteFunc(m.plan.Edits, func(e Edit) bool {
		return e.File == kustomization && e.Kind == Field && strings.Contains(e.New, entry)
	})
	m.withhold(kustomization, "", "names "+gitops.Quote(p)+", which "+m.To+" does not have")
}
