package promote

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/sealift/sealift/gitops"
)

// maker plans the promotion of one app.
type maker struct {
	Request
	app  App
	swap swap
	// source and target are what the overlays read.
	source, target side
	// overrides are the files of Argo CD beside overlays, of the source and the target.
	overrides [2][]string
	// now has the bytes of the source's files, ours those of the target's. Edits go into
	// ours; was keeps what it had.
	now, ours, was map[string][]byte
	// runs are the files that the target gets new and that may be run.
	runs map[string]bool
	plan AppPlan
	// secrets are files of the target whose values are not shown.
	secrets []string
	// foreignNames are names that only the source has.
	foreignNames []string
	// doubtful are files of the source that may have had another name before.
	doubtful map[string]bool
	// labels are the versions that may stand for the app.
	labels []label
	// old has the bytes of the source's files at the last promotion, then their places.
	old  map[string][]byte
	then []place
	// all has the bytes of all files that the target reads.
	all map[string][]byte
	// patched is what the target's kustomizations say its files patch.
	patched map[string]patchTarget
}

// versions carries what says which version of something is used.
func (m *maker) versions(ctx context.Context) error {
	known, err := m.sourcePlaces(ctx)
	if err != nil {
		return err
	}
	var docs []*doc
	m.patched = patchTargets(m.ours)
	for _, file := range m.target.own {
		if !isYAML(file) || m.copied(file) {
			continue
		}
		d, places, err := scan(file, m.ours[file], m.patched[file])
		if err != nil {
			m.withhold(file, "", "cannot be read: "+because(err))
			continue
		}
		docs = append(docs, d)
		known.target = append(known.target, places...)
	}
	moves := make([]*move, len(known.target))
	for i, p := range known.target {
		moves[i] = newMove(known, p)
	}
	if err := m.placesThen(ctx); err != nil {
		return err
	}
	for _, v := range moves {
		v.old = m.app.Touched && v.found && m.unchanged(v.from)
	}
	along(moves)
	apart(moves)
	for _, v := range moves {
		m.carry(v)
	}
	if err := m.newEntries(ctx, known, docs); err != nil {
		return err
	}
	m.plan.Version, m.plan.NewVersion = m.shownVersions()
	for _, d := range docs {
		m.write(d)
	}
	return m.beside(ctx)
}

// readShared reads what the target's overlays read beside their own files.
func (m *maker) readShared(ctx context.Context) (err error) {
	if m.all != nil {
		return nil
	}
	if m.all, err = files(ctx, m.Target, m.target.shared); err == nil {
		maps.Copy(m.all, m.ours)
	}
	return err
}

// beside names versions that differ in directories of the two environments that
// the overlays read and that are not below their own, such as a base with parts
// for each environment: they belong to something else that is promoted by itself.
func (m *maker) beside(ctx context.Context) error {
	pick := func(list []string, names map[string]string) (files, dirs []string) {
		for _, f := range list {
			if isYAML(f) && hasElement([]string{f}, names) {
				files, dirs = append(files, f), append(dirs, path.Dir(f))
			}
		}
		return files, dirs
	}
	from, fromDirs := pick(m.source.shared, m.swap.to)
	to, toDirs := pick(m.target.shared, m.swap.from)
	if len(from) == 0 || len(to) == 0 {
		return nil
	}
	theirs, err := m.placesOf(ctx, m.Source, from)
	if err != nil {
		return err
	}
	ours, err := m.placesOf(ctx, m.Target, to)
	if err != nil {
		return err
	}
	sw := m.swap
	sw.source, sw.target = newRoots(fromDirs, sw.to), newRoots(toDirs, sw.from)
	known := newKnown(sw, theirs, from)
	known.target = ours
	for _, p := range ours {
		if v := newMove(known, p); v.found && v.to != p.value {
			m.withhold(p.file, v.path(), fmt.Sprintf("%s has %s: it is not in a directory of the app's own; `carry` in the configuration includes it", m.From, v.to))
		}
	}
	return nil
}

// write takes in a file with its edits. One that cannot be edited without changing
// more than was asked stays as it is.
func (m *maker) write(d *doc) {
	if !d.edited() {
		return
	}
	data, err := d.bytes()
	if err == nil {
		m.ours[d.name] = data
		return
	}
	m.plan.Edits = slices.DeleteFunc(m.plan.Edits, func(e Edit) bool { return e.File == d.name })
	m.withhold(d.name, "", "cannot be edited: "+because(err))
}

// sourcePlaces scans the files that the source reads.
func (m *maker) sourcePlaces(ctx context.Context) (*known, error) {
	places, err := m.placesOf(ctx, m.Source, slices.Concat(m.source.own, m.source.shared))
	return newKnown(m.swap, places, m.source.own), err
}

// placesThen scans what the source's files were at the last promotion.
func (m *maker) placesThen(ctx context.Context) (err error) {
	if m.app.Last == nil {
		return nil
	}
	if m.old, err = files(ctx, m.app.Last, m.source.own); err != nil {
		return err
	}
	m.then = scanAll(m.source.own, m.old)
	shared, err := m.placesOf(ctx, m.app.Last, m.source.shared)
	m.then = append(m.then, shared...)
	return err
}

// unchanged reports whether the source had the same at a place at the last promotion.
func (m *maker) unchanged(p place) bool {
	return slices.ContainsFunc(m.then, func(q place) bool {
		return q.file == p.file && q.group == p.group && q.id == p.id && q.value == p.value
	})
}

// placesOf scans files of a tree. What cannot be read has none.
func (m *maker) placesOf(ctx context.Context, t gitops.Tree, names []string) ([]place, error) {
	data, err := files(ctx, t, names)
	return scanAll(names, data), err
}

// scanAll scans files, in their order.
func scanAll(names []string, data map[string][]byte) (places []place) {
	targets := patchTargets(data)
	for _, file := range names {
		if !isYAML(file) {
			continue
		}
		if _, list, err := scan(file, data[file], targets[file]); err == nil {
			places = append(places, list...)
		}
	}
	return places
}

// carry gives a place of the target the source's version.
func (m *maker) carry(v *move) {
	m.elsewhere(v)
	m.repository(v)
	at := v.path()
	taken := m.Options.Take[v.file+":"+at]
	if len(v.several) > 1 && !slices.Contains(v.several, v.value.String()) {
		m.withhold(v.file, at, fmt.Sprintf("%s has several versions of %s: %s", m.From, v.keys[0], strings.Join(v.several, ", ")))
	}
	if !v.found {
		return
	}
	m.showVersion(v.place, v.to)
	if v.to == v.value {
		return
	}
	reason := m.reason(v)
	switch back := older(v.to.tag, v.value.tag); {
	case reason != "":
	case back && !m.Options.Back && taken == "":
		reason = m.backReason(v.to.tag, v.value.tag)
	case taken == TakeTarget:
		reason = "kept, as asked"
	case taken == "":
		reason = v.held
	}
	if reason != "" {
		m.withhold(v.file, at, reason)
		return
	}
	if v.old && taken == "" {
		m.plan.LeftBehind = append(m.plan.LeftBehind, Left{File: v.file, Path: at, Old: v.value.String(), New: v.to.String()})
		return
	}
	edits, err := v.write(v.to)
	if err != nil {
		m.withhold(v.file, at, "cannot be edited: "+because(err))
		return
	}
	m.plan.Edits = append(m.plan.Edits, edits...)
}

// older reports whether a tag is a release before another one, for certain: both are
// semantic versions, with or without the "v". One without a dot may be anything.
func older(tag, than string) bool {
	a, b := "v"+strings.TrimPrefix(tag, "v"), "v"+strings.TrimPrefix(than, "v")
	return strings.Contains(tag, ".") && strings.Contains(than, ".") &&
		semver.IsValid(a) && semver.IsValid(b) && semver.Compare(a, b) < 0
}

// elsewhere says that the source has another version of an image or a chart in
// something that the target does not have: that is about something else, or was renamed.
func (m *maker) elsewhere(v *move) {
	for _, q := range v.answer.elsewhere {
		mine, theirs := v.called(), q.called()
		switch {
		case v.found || mine == "" || theirs == "" || q.value.String() == v.value.String():
			continue
		case m.swap.sameName(theirs, mine):
			m.check(v.file, v.path(), fmt.Sprintf("%s has %s in another place of %s: not carried", m.From, q.value, theirs))
		default:
			m.check(v.file, v.path(), fmt.Sprintf("%s has it not in %s, and %s in %s: not carried", m.From, mine, q.value, theirs))
		}
		return
	}
}

// called is what a place is in, for people; "" where nothing says.
func (p place) called() string {
	if p.object == "" && p.release != "" {
		return "release " + p.release
	}
	return p.object
}

// because is an error without the name of the file, which is said beside it.
func because(err error) string {
	if e, ok := errors.AsType[*gitops.Error](err); ok {
		if e.Line > 0 {
			return fmt.Sprintf("line %d: %s", e.Line, e.Message)
		}
		return e.Message
	}
	return err.Error()
}

// reason returns why a version is not carried, "" when it is.
func (m *maker) reason(c *move) string {
	p, v := c.place, c.to
	switch {
	case c.held != "" && c.moved:
		return c.held
	case m.kept(p.file, p.at):
		return reasonKept
	case p.group == groupPointer && !m.leads(p, v):
		return gitops.Quote(v.tag) + " leads to nothing in " + m.To
	case m.swap.named(v.tag):
		return fmt.Sprintf(reasonNames, m.From)
	case v.digest == "" && moves(v.tag) && p.value.tag != v.tag && p.group <= groupBase:
		return m.movesReason(v.tag)
	}
	return ""
}

// movesReason is why a tag that moves is not carried.
func (m *maker) movesReason(tag string) string {
	return gitops.Quote(tag) + " can mean something else tomorrow: pin it in " + m.From
}

// backReason is why an older release is not carried.
func (m *maker) backReason(tag, than string) string {
	return fmt.Sprintf("goes back: %s has %s, which is older than %s; --force carries it", m.From, tag, than)
}

// leads reports whether a pointer leads to something in the target.
func (m *maker) leads(p place, v version) bool {
	return m.Target.Lookup(pathKey(p.file, v.tag)).Kind != gitops.Missing
}

// kept reports whether the configuration says that a field stays.
func (m *maker) kept(file string, at trail) bool { return covered(m.Options.Keep, file, at) }

// covered reports whether one of the rules is about a place in a file.
func covered(rules []FieldRule, file string, at trail) bool {
	return slices.ContainsFunc(rules, func(r FieldRule) bool { return r.Path(file) && r.Field.Covers(at.inDocument()) })
}

func (m *maker) copied(file string) bool { return m.Options.Copy != nil && m.Options.Copy(file) }

// withhold says once that something is not carried, and why.
func (m *maker) withhold(file, path, reason string) {
	w := Withheld{File: file, Path: path, Reason: reason}
	if !slices.Contains(m.plan.Withheld, w) {
		m.plan.Withheld = append(m.plan.Withheld, w)
	}
}

// patchTargets returns the names that kustomizations give as targets of patch
// files.
func patchTargets(data map[string][]byte) map[string]patchTarget {
	targets := map[string]patchTarget{}
	for file, content := range data {
		if isKustomization(file) {
			readTargets(file, content, targets)
		}
	}
	return targets
}
