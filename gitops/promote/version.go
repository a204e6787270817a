package promote

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// maker plans the promotion of one app.
type maker struct {
	Request
	app  App
	swap swap
	// source and target are what the overlays read.
	source, target side
	// then, now and ours are the bytes of the source's files at the last promotion
	// and now, and of the target's. Edits go into ours; was keeps what it had.
	now, ours, was map[string][]byte
	plan           AppPlan
	// shown is the version that is shown for the app so far, see showVersion.
	shown int
}

// versions carries what says which version of something is used.
func (m *maker) versions(ctx context.Context) error {
	known, err := m.sourcePlaces(ctx)
	if err != nil {
		return err
	}
	var moves []*move
	var docs []*doc
	targets := patchTargets(m.ours)
	for _, file := range m.target.own {
		if !isYAML(file) || m.copied(file) {
			continue
		}
		d, places, err := scan(file, m.ours[file], targets[file])
		if err != nil {
			m.withhold(file, "", "cannot be read: "+err.Error())
			continue
		}
		docs = append(docs, d)
		for _, p := range places {
			moves = append(moves, newMove(known, p))
		}
	}
	along(moves)
	apart(moves)
	for _, v := range moves {
		m.carry(v)
	}
	for _, d := range docs {
		m.write(d)
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
	m.withhold(d.name, "", "cannot be edited: "+err.Error())
}

// sourcePlaces scans the files that the source reads.
func (m *maker) sourcePlaces(ctx context.Context) (*known, error) {
	shared, err := files(ctx, m.Source, m.source.shared)
	if err != nil {
		return nil, err
	}
	var places []place
	for _, part := range []struct {
		names []string
		data  map[string][]byte
	}{{m.source.own, m.now}, {m.source.shared, shared}} {
		targets := patchTargets(part.data)
		for _, file := range part.names {
			if !isYAML(file) {
				continue
			}
			if _, list, err := scan(file, part.data[file], targets[file]); err == nil {
				places = append(places, list...)
			}
		}
	}
	return newKnown(m.swap, places, m.source.own), nil
}

// carry gives a place of the target the source's version.
func (m *maker) carry(v *move) {
	at := v.at.String()
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
	switch {
	case reason != "":
	case taken == TakeTarget:
		reason = "kept, as asked"
	case taken == "":
		reason = v.held
	}
	if reason != "" {
		m.withhold(v.file, at, reason)
		return
	}
	edits, err := v.write(v.to)
	if err != nil {
		m.withhold(v.file, at, "cannot be edited: "+err.Error())
		return
	}
	m.plan.Edits = append(m.plan.Edits, edits...)
}

// reason returns why a version is not carried, "" when it is.
func (m *maker) reason(c *move) string {
	p, v := c.place, c.to
	switch {
	case m.kept(p.file, p.at):
		return reasonKept
	case p.group == groupPointer && !m.leads(p, v):
		return gitops.Quote(v.tag) + " leads to nothing in " + m.To
	case v.digest == "" && moves(v.tag) && p.value.tag != v.tag && p.group <= groupBase:
		return gitops.Quote(v.tag) + " can mean something else tomorrow: pin it in " + m.From
	}
	for _, s := range []string{v.name, v.tag} {
		if m.namesSource(s) {
			return fmt.Sprintf(reasonNames, m.From)
		}
	}
	return ""
}

// leads reports whether a pointer leads to something in the target.
func (m *maker) leads(p place, v version) bool {
	return m.Target.Lookup(pathKey(p.file, v.tag)).Kind != gitops.Missing
}

// namesSource reports whether a value has the name of the source environment in it.
func (m *maker) namesSource(value string) bool {
	if hasWord(value, m.From) {
		return true
	}
	for name := range m.swap.to {
		if hasWord(value, name) {
			return true
		}
	}
	return false
}

// kept reports whether the configuration says that a field stays.
func (m *maker) kept(file string, at trail) bool { return covered(m.Options.Keep, file, at) }

func covered(rules []FieldRule, file string, at trail) bool {
	return slices.ContainsFunc(rules, func(r FieldRule) bool { return r.Path(file) && r.Field.Covers(at.inDocument()) })
}

func (m *maker) copied(file string) bool { return m.Options.Copy != nil && m.Options.Copy(file) }

func (m *maker) withhold(file, path, reason string) {
	w := Withheld{File: file, Path: path, Reason: reason}
	if !slices.Contains(m.plan.Withheld, w) {
		m.plan.Withheld = append(m.plan.Withheld, w)
	}
}

// showVersion keeps the versions of the image or base that names the app best.
func (m *maker) showVersion(p place, v version) {
	score := 1
	name := strings.ToLower(p.keys[0])
	last := name[strings.LastIndexByte(strings.TrimRight(name, "/"), '/')+1:]
	app := strings.ToLower(m.app.Name)
	switch {
	case last == app:
		score += 6
	case strings.Contains(last, app) || len(last) > 2 && strings.Contains(app, last):
		score += 3
	}
	switch p.group {
	case groupImage:
		score += 2
	case groupChart, groupChannel, groupBase:
		score++
	}
	if v == p.value && m.plan.Version != m.plan.NewVersion && score-3 <= m.shown {
		return // what moves is shown rather than what does not
	}
	if score > m.shown {
		m.shown, m.plan.Version, m.plan.NewVersion = score, p.value.String(), v.String()
	}
}

// patchTargets returns the names that kustomizations give as targets of patch
// files.
func patchTargets(data map[string][]byte) map[string]string {
	targets := map[string]string{}
	for file, content := range data {
		if isKustomization(file) {
			readTargets(file, content, targets)
		}
	}
	return targets
}
