package promote

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/edit"
)

// change is one file of the source beside what it was when it was promoted last.
type change struct {
	file string
	// base is nil for a file that is new, now for one that is gone.
	base, now []byte
	// was is the path that it had, when it was renamed.
	was string
}

// changes carries what changed in the source since the last promotion, by a
// three-way merge of each file with its counterparts.
func (m *maker) changes(ctx context.Context) error {
	list, err := m.changed(ctx)
	if err != nil {
		return err
	}
	if m.app.Last != nil {
		for _, c := range list {
			if isKustomization(c.file) {
				m.links(c.file)
			}
		}
	}
	refused, err := m.additions(ctx, list)
	if err != nil {
		return err
	}
	for i, c := range list {
		if (c.base == nil || c.was != "") && !refused[c.file] {
			if err := m.addFile(ctx, &list[i]); err != nil {
				return err
			}
		}
	}
	stay, err := m.removals(ctx, list)
	if err != nil {
		return err
	}
	for _, c := range list {
		if c.base == nil || c.was != "" {
			continue
		}
		c.now = m.now[c.file] // without the names of files that are not added
		c.base = WithoutFiles(c.file, c.base, stay)
		for _, t := range m.counterparts(c.file) {
			m.mergeInto(t, c)
		}
	}
	m.settle()
	return nil
}

// changed returns the files that the source reads now and that differ from the
// last promotion. Without one it is all of them, as unchanged: then only what the
// configuration carries moves.
func (m *maker) changed(ctx context.Context) ([]change, error) {
	var list []change
	for _, file := range m.source.own {
		c := change{file: file, now: m.now[file], base: m.now[file]}
		if c.now == nil || m.copied(file) {
			continue
		}
		if m.app.Last != nil {
			var err error
			if c, err = m.since(ctx, c); err != nil {
				return nil, err
			}
		}
		if string(c.base) != string(c.now) || c.base == nil || c.was != "" || len(m.Options.Carry) > 0 || slices.ContainsFunc(m.counterparts(file), m.asked) {
			list = append(list, c)
		}
	}
	return list, m.renames(ctx, list)
}

// since fills in what a file was at the last promotion, under whatever path.
func (m *maker) since(ctx context.Context, c change) (change, error) {
	at := c.file
	if m.app.Last.Lookup(at).Kind != gitops.File {
		at = m.renamedFrom(c.file)
		c.was = at
	}
	if at == "" {
		c.base = nil
		return c, nil
	}
	base, err := files(ctx, m.app.Last, []string{at})
	c.base = base[at]
	return c, err
}

// renamedFrom returns the path of the same bytes in the last promotion that the
// source does not have any more; "" when there is none or several.
func (m *maker) renamedFrom(file string) string {
	id := m.Source.Lookup(file).ID
	found := ""
	for e := range m.app.Last.Entries() {
		if e.Kind != gitops.File || e.Size == 0 || m.Source.Lookup(e.Path).Kind == gitops.File {
			continue
		}
		if e.ID == "" {
			e = m.app.Last.Lookup(e.Path)
		}
		if e.ID != id {
			continue
		}
		if found != "" {
			return ""
		}
		found = e.Path
	}
	return found
}

// addFile gives the target a file that is new or has a new name in the source. One
// that the target must not have is taken out of the kustomization that names it,
// for the merge not to carry the name.
func (m *maker) addFile(ctx context.Context, c *change) error {
	for _, t := range m.counterparts(c.file) {
		old := m.swap.path(c.was)
		switch {
		case c.was != "" && m.there(old) && !m.there(t):
			moved, err := m.renameFile(ctx, old, t, *c)
			if err != nil {
				return err
			}
			if moved {
				m.mergeInto(t, *c)
			}
		case m.there(t):
			if c.was == "" {
				m.mergeInto(t, *c)
			}
		default:
			m.ours[t], m.runs[t] = c.now, m.Source.Lookup(c.file).Executable
			m.plan.Edits = append(m.plan.Edits, Edit{File: t, Kind: FileAdded, Key: c.file})
			if line := lineNaming(string(c.now), m.swap.resembles); line > 0 {
				m.check(t, lineSpot(line), "may name "+m.From+": check")
			}
			if m.doubtful[c.file] {
				m.check(t, "", "may be a file of "+m.To+" under a new name: see that what was "+m.To+"'s own there is not lost")
			}
		}
	}
	return nil
}

// newReason returns why a file that is new in the source is not added.
func (m *maker) newReason(t string, c *change) string {
	if reason := m.sealReason(c.file, c.now); reason != "" {
		return reason
	}
	if covered(m.Options.Keep, t, nil) {
		return reasonKept
	}
	if m.Options.Take[t] == TakeSource {
		return ""
	}
	if plainSecret(c.file, c.now) || slices.Contains(secretFiles(m.now), c.file) {
		return "is a Secret of " + m.From + " in plain text: make one for " + m.To + " with /seal, or write it with --take " + t + "=source"
	}
	if line, name := m.lineNaming(string(c.now)); line > 0 {
		return fmt.Sprintf("names %s in line %d: check, and write it by hand or with --take %s=source", name, line, t)
	}
	return ""
}

// renameFile moves a file of the target as the source's was moved, unless it is larger
// than a tree reads.
func (m *maker) renameFile(ctx context.Context, old, t string, c change) (moved bool, err error) {
	data, ok := m.ours[old]
	if !ok {
		read, err := files(ctx, m.Target, []string{old})
		if err != nil {
			return false, err
		}
		if data, ok = read[old]; !ok {
			m.withhold(old, "", "is too large: rename it by hand, to "+t)
			m.forget(c.file)
			return false, nil
		}
		m.was[old] = data
	}
	if m.secret(old) {
		m.secrets = append(m.secrets, t)
	}
	m.ours[t], m.ours[old], m.runs[t] = data, nil, m.Target.Lookup(old).Executable
	m.plan.Edits = append(m.plan.Edits, Edit{File: old, Kind: FileRemoved, Key: c.was}, Edit{File: t, Kind: FileAdded, Key: c.file})
	return true, nil
}

// mergeInto merges a change into a file of the target.
func (m *maker) mergeInto(t string, c change) {
	ours, ok := m.ours[t]
	if !ok || ours == nil {
		switch kind := m.Target.Lookup(t).Kind; {
		case kind == gitops.Missing && !ok && m.Options.Take[t] == TakeSource && c.now != nil:
			m.ours[t], m.runs[t] = c.now, m.Source.Lookup(c.file).Executable
			m.plan.Edits = append(m.plan.Edits, Edit{File: t, Kind: FileAdded, Key: c.file})
		case string(c.base) == string(c.now):
		case kind == gitops.Symlink:
			m.withhold(t, "", "is a symbolic link in "+m.To+": change what it leads to by hand")
		case !ok && kind == gitops.File:
			m.withhold(t, "", "is not read in "+m.To)
		default:
			m.only(t, reasonOnly)
		}
		return
	}
	if covered(m.Options.Keep, t, nil) {
		return
	}
	var places []place
	if isYAML(t) {
		_, places, _ = scan(t, ours, m.patched[t])
	}
	out := mergeFile(t, m.aligned(t, c.base, places), m.aligned(t, c.now, places), ours, m.policy(t))
	m.ours[t] = out.data
	m.plan.Edits = append(m.plan.Edits, out.edits...)
	m.plan.Conflicts = append(m.plan.Conflicts, out.conflicts...)
	m.plan.OnlyInSource = append(m.plan.OnlyInSource, out.only...)
	for _, w := range out.checks {
		m.check(t, w.Path, "may name "+m.From+": check")
	}
	for _, w := range out.withheld {
		if w.Reason == reasonSealed {
			if reason := m.sealReason(c.file, c.now); reason != "" {
				w.Reason = reason
			}
		}
		m.withhold(w.File, w.Path, w.Reason)
	}
}

// policy is what the configuration and the person say about one file.
func (m *maker) policy(t string) policy {
	p := policy{rename: m.swap.rename, secret: m.secret(t), names: m.names, resembles: m.swap.resembles}
	p.keep = func(at []gitops.FieldStep) bool { return covered(m.Options.Keep, t, at) }
	if slices.ContainsFunc(m.Options.Carry, func(r FieldRule) bool { return r.Path(t) }) {
		p.carry = func(at []gitops.FieldStep) bool { return covered(m.Options.Carry, t, at) }
	}
	p.take, p.asked = decisions(m.Options.Take, t), m.asked(t)
	return p
}

// asked reports whether somebody wants a field of a file from the source.
func (m *maker) asked(file string) bool {
	for at, side := range m.Options.Take {
		if side == TakeSource && (at == file || strings.HasPrefix(at, file+":")) {
			return true
		}
	}
	return false
}

// decisions returns what was decided about a field of a file, or about all of the file
// for "".
func decisions(take map[string]string, file string) func(path string) string {
	return func(path string) string {
		if path != "" {
			return take[file+":"+path]
		}
		return cmp.Or(take[file], take[""])
	}
}

// aligned is a file of the source with the versions of the target in it, so that the
// merge finds nothing to do about them: they are carried, or withheld, before.
func (m *maker) aligned(t string, data []byte, target []place) []byte {
	if data == nil || len(target) == 0 {
		return data
	}
	d, places, err := scan(t, data, m.patched[t])
	if err != nil {
		return data
	}
	for _, p := range places {
		q, ok := m.counterpart(p, target, places)
		if !ok || p.value == q.value {
			continue
		}
		if _, err := p.write(q.value); err != nil {
			return data
		}
	}
	if out, err := d.bytes(); err == nil {
		return out
	}
	return data
}

// counterpart returns the place of the target's file that is about the same thing as
// one of the source's: the same place of the same object before others, or else the one
// of its name, or with another name of it, that no other place of the source has.
func (m *maker) counterpart(p place, target, source []place) (found place, ok bool) {
	mine := func(q place) bool { return q.group == p.group && q.image == p.image && shareKey(p.keys, q.keys) }
	for _, q := range target {
		if mine(q) && m.swap.sameName(p.id, q.id) {
			return q, true
		}
	}
	for _, q := range target {
		taken := func(o place) bool { return m.swap.sameName(o.id, q.id) && shareKey(o.keys, q.keys) }
		if mine(q) && !slices.ContainsFunc(source, taken) && (p.object == "" || q.object == "" || m.swap.sameName(p.object, q.object)) {
			return q, true
		}
	}
	return place{}, false
}

// removals removes from the target what the source had at the last promotion and
// has no more. It returns the files of the source whose counterparts stay.
func (m *maker) removals(ctx context.Context, list []change) (stay []string, err error) {
	if m.app.Last == nil {
		return nil, nil
	}
	for _, t := range m.target.own {
		s := m.before(t)
		moved := slices.ContainsFunc(list, func(c change) bool { return c.was == s })
		if kind := m.Source.Lookup(s).Kind; kind != gitops.File && kind != gitops.Missing && m.app.Last.Lookup(s).Kind == gitops.File {
			m.withhold(t, "", "a "+kind.String()+" is in its place in "+m.From+": it stays")
			stay = append(stay, s)
			continue
		}
		if s == t || moved || m.ours[t] == nil || m.app.Last.Lookup(s).Kind != gitops.File || m.Source.Lookup(s).Kind == gitops.File {
			continue
		}
		then, err := files(ctx, m.app.Last, []string{s, t})
		if err != nil {
			return nil, err
		}
		if m.removeFile(t, then[s], then[t]); m.ours[t] != nil {
			stay = append(stay, s)
		}
	}
	return stay, nil
}

// removeFile removes a file that the target has as the source had it, or as it was
// at the last promotion. Otherwise both sides changed it.
func (m *maker) removeFile(t string, source, target []byte) {
	decided := decisions(m.Options.Take, t)("")
	unchanged := same(m.was[t], target) || sameYAML(t, m.was[t], source)
	switch {
	case covered(m.Options.Keep, t, nil):
		m.withhold(t, "", reasonKept)
	case unchanged || decided == TakeSource:
		m.ours[t] = nil
		m.plan.Edits = append(m.plan.Edits, Edit{File: t, Kind: FileRemoved, Key: m.before(t)})
	case decided != TakeTarget:
		m.plan.Conflicts = append(m.plan.Conflicts, Conflict{File: t, Base: presence(source), Source: presence(nil), Target: "changed"})
	}
}

// sameYAML reports whether two files mean the same.
func sameYAML(name string, a, b []byte) bool {
	if string(a) == string(b) || !isYAML(name) {
		return string(a) == string(b)
	}
	x, errA := edit.Parse(name, a)
	y, errB := edit.Parse(name, b)
	return errA == nil && errB == nil && sameDocuments(x.Documents(), y.Documents())
}
