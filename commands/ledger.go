package commands

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/diff"
	"github.com/sealift/sealift/gitops/layout"
)

// ledger accounts for every changed path: read by a compared unit, reached by something
// that is not compared, or read by nothing. A path may be of the first two at once.
func (c *comparison) ledger(ctx context.Context) (*gitops.Ledger, error) {
	m := &misses{seen: map[string]int{}}
	m.failing(c)
	m.doubts(c)
	m.opaque(c)
	m.submodules(c)
	l := &gitops.Ledger{Missed: m.sorted()}
	read := c.reads()
	for _, p := range c.changed {
		if !read[p] {
			is, err := c.documentsOnly(ctx, p)
			if err != nil {
				return nil, err
			}
			read[p] = is
		}
		switch {
		case read[p]:
			l.Read++
		case m.reached[p]: // it is said why it is not compared
		default:
			is, err := c.looksDeployed(ctx, p)
			if err != nil {
				return nil, err
			}
			if is {
				l.UnreadManifests = append(l.UnreadManifests, p)
			} else {
				l.Unread = append(l.Unread, p)
			}
		}
	}
	return l, nil
}

// reads are the paths that the compared units read on either side, with those that say
// what the units are. What the change does not touch is not among them: units that read
// nothing that changes are not rendered.
func (c *comparison) reads() map[string]bool {
	read := map[string]bool{}
	add := func(r *gitops.Rendered) {
		if r == nil {
			return
		}
		for _, look := range r.Reads {
			if look.Kind != gitops.Dir && look.Kind != gitops.Remote {
				read[look.Path] = true
			}
		}
	}
	for _, done := range c.rendered {
		if done != nil {
			add(done.Before)
			add(done.After)
		}
	}
	for _, p := range c.parts {
		add(p.done.Before)
		add(p.done.After)
	}
	for _, l := range []*layout.Layout{c.base, c.head} {
		for _, p := range c.changed {
			if l.Counts(p) {
				read[p] = true
			}
		}
	}
	return read
}

// documentsOnly reports whether a file changes in nothing but documents that count for what
// is deployed, such as an Application that somebody applies by hand: what stands beside
// them in the file is deployed by nothing known here.
func (c *comparison) documentsOnly(ctx context.Context, p string) (bool, error) {
	if !c.base.Consulted(p) && !c.head.Consulted(p) {
		return false, nil
	}
	var sides [2][]string
	for i, side := range []struct {
		t gitops.Tree
		l *layout.Layout
	}{{c.Base, c.base}, {c.Head, c.head}} {
		e, _, err := gitops.Resolve(ctx, side.t, p)
		if err != nil || e.Kind != gitops.File {
			continue
		}
		data, err := side.t.Read(ctx, e.Path)
		if err != nil {
			return false, err
		}
		sides[i] = side.l.Others(data)
	}
	return slices.Equal(sides[0], sides[1]), nil
}

// misses collects what is not compared.
type misses struct {
	list    []gitops.Miss
	files   [][]string // that reach each
	seen    map[string]int
	reached map[string]bool
}

// add notes a miss that some changed files reach. The same thing said of several overlays
// is one miss.
func (m *misses) add(miss gitops.Miss, files ...string) {
	if m.reached == nil {
		m.reached = map[string]bool{}
	}
	for _, f := range files {
		m.reached[f] = true
	}
	key := fmt.Sprint(miss.Reason, "\x00", miss.File, "\x00", miss.Line, "\x00", miss.Message)
	if i, ok := m.seen[key]; ok {
		m.list[i].Overlays = append(m.list[i].Overlays, miss.Overlays...)
		m.touch(i, files)
		return
	}
	m.seen[key] = len(m.list)
	m.list = append(m.list, miss)
	m.files = append(m.files, nil)
	m.touch(len(m.list)-1, files)
}

// touch notes the changed files that reach a miss.
func (m *misses) touch(i int, files []string) { m.files[i] = append(m.files[i], files...) }

// sorted returns what was collected, by place.
func (m *misses) sorted() []gitops.Miss {
	for i := range m.list {
		slices.Sort(m.list[i].Overlays)
		m.list[i].Overlays = slices.Compact(m.list[i].Overlays)
		slices.Sort(m.files[i])
		var names []string
		for _, f := range slices.Compact(m.files[i]) {
			if f != m.list[i].File {
				names = append(names, gitops.Quote(f))
			}
		}
		if len(names) > 0 {
			m.list[i].Message += " (" + listed(names) + " " + map[bool]string{true: "changes", false: "change"}[len(names) == 1] + ")"
		}
	}
	slices.SortStableFunc(m.list, func(a, b gitops.Miss) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Message, b.Message))
	})
	return m.list
}

// failing notes the units that do not render on a side, where the change reaches what
// they name: a render that fails has not read what comes after the failure.
func (m *misses) failing(c *comparison) {
	for i, done := range c.rendered {
		if done == nil {
			continue
		}
		p := c.units[i]
		for _, side := range []struct {
			l    *layout.Layout
			u    *gitops.Unit
			done *gitops.Rendered
		}{{c.base, p.Base, done.Before}, {c.head, p.Head, done.After}} {
			if side.done == nil || side.done.Err == nil || side.done.Err.Cause == gitops.CauseComponent {
				continue
			}
			files := side.l.Touched(*side.u, c.changed)
			if len(files) == 0 && sameUnit(p) {
				continue
			}
			err := side.done.Err
			if failed(done.After) { // both sides are one miss, told as it is now
				err = done.After.Err
			}
			m.add(failure(p.Unit(), err), files...)
		}
	}
}

// doubts notes what the units depend on that is not known here, where the change may change
// what comes of it.
func (m *misses) doubts(c *comparison) {
	for i, done := range c.rendered {
		if done == nil || done.Before == nil || done.After == nil {
			continue
		}
		had := map[gitops.Doubt]bool{}
		for _, d := range done.Before.Doubts {
			had[d] = true
		}
		u := c.units[i].Unit()
		for _, d := range done.After.Doubts {
			if d.Key != "" && !had[d] {
				m.add(gitops.Miss{
					File: cmp.Or(u.File, u.Path), Line: u.Line, Reason: gitops.ReasonChart, Overlays: []string{u.Path},
					Message: named(u) + " is not compared as a whole: " + d.Message,
				})
			}
		}
	}
}

// failure is the miss of a unit that does not render.
func failure(u *gitops.Unit, err *gitops.Error) gitops.Miss {
	err = diff.Masked(err)
	return gitops.Miss{
		File: cmp.Or(err.File, u.File, u.Path), Line: err.Line, Reason: reasonOf(err.Cause), Overlays: []string{u.Path},
		Message: named(u) + " does not render and is not compared: " + oneLine(err.Message),
	}
}

// oneLine joins the lines of a message.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// deployerName names who deploys something.
func deployerName(d *gitops.Deployer) string { return d.Kind + " " + gitops.Quote(d.Name) }

// reasonOf is the reason of a render that fails for a cause.
func reasonOf(c gitops.Cause) gitops.Reason {
	switch c {
	case gitops.CauseRemote:
		return gitops.ReasonRemote
	case gitops.CauseHelm, gitops.CauseChart:
		return gitops.ReasonChart
	case gitops.CausePlugin:
		return gitops.ReasonPlugin
	case gitops.CauseSubmodule:
		return gitops.ReasonSubmodule
	case gitops.CauseLimit:
		return gitops.ReasonBudget
	}
	return gitops.ReasonFails
}

// opaque notes what is deployed and not rendered, where the change touches what it is
// made of, or what it is deployed with.
func (m *misses) opaque(c *comparison) {
	type identity struct {
		reason             gitops.Reason
		message, key, made string
	}
	of := func(o gitops.Opaque) identity {
		return identity{o.Reason, o.Message, o.Key, strings.Join(o.Reads, "\x00")}
	}
	counts := map[identity]int{}
	for _, o := range c.base.Opaque {
		counts[of(o)]++
	}
	elsewhere := func(o gitops.Opaque) bool { return o.Reason == gitops.ReasonRemote && len(o.Reads) == 0 }
	for _, o := range c.head.Opaque {
		if elsewhere(o) { // what names it shows what changes
			continue
		}
		files := touches(o, c.changed)
		if counts[of(o)]--; counts[of(o)] < 0 || len(files) > 0 {
			m.add(gitops.Miss{File: o.File, Line: o.Line, Reason: o.Reason, Message: o.Message}, files...)
		}
	}
	for _, o := range c.base.Opaque {
		if elsewhere(o) {
			continue
		}
		files := touches(o, c.changed)
		gone := counts[of(o)] > 0
		if gone {
			counts[of(o)]--
		}
		if gone || len(files) > 0 && !slices.ContainsFunc(c.head.Opaque, func(h gitops.Opaque) bool { return of(h) == of(o) }) {
			m.add(gitops.Miss{File: o.File, Reason: o.Reason, Message: o.Message}, files...)
		}
	}
}

// touches returns those of the changed files that something is made of.
func touches(o gitops.Opaque, changed []string) []string {
	var list []string
	for _, p := range changed {
		if slices.ContainsFunc(o.Reads, func(pattern string) bool { return pattern == p || doublestar.MatchUnvalidated(pattern, p) }) {
			list = append(list, p)
		}
	}
	return list
}

// submodules notes the submodules whose pointers move, with the overlays that name
// something below them.
func (m *misses) submodules(c *comparison) {
	for _, p := range c.changed {
		before, after := c.Base.Lookup(p), c.Head.Lookup(p)
		if before.Kind != gitops.Submodule && after.Kind != gitops.Submodule {
			continue
		}
		miss := gitops.Miss{File: p, Reason: gitops.ReasonSubmodule}
		var names []string
		for _, side := range []*layout.Layout{c.base, c.head} {
			for _, u := range side.Units {
				if side.Names(u, p) {
					miss.Overlays = append(miss.Overlays, u.Path)
					names = append(names, named(&u))
				}
			}
		}
		miss.Message = "submodule " + gitops.Quote(p) + " " + pointerMove(before, after) + ": its files are not read and not compared"
		if slices.Sort(names); len(names) > 0 {
			miss.Message += "; " + listed(slices.Compact(names)) + " may change"
		}
		m.add(miss, p)
	}
}

// named is a unit with who deploys it.
func named(u *gitops.Unit) string {
	what := gitops.Quote(u.Path)
	if u.DeployedBy != nil {
		what += " (" + deployerName(u.DeployedBy) + ")"
	}
	return what
}

// listed joins the first of some names.
func listed(names []string) string {
	const most = 5
	if more := len(names) - most; more > 0 {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(names, ", ")
}

// pointerMove says what happens to the pointer of a submodule.
func pointerMove(before, after gitops.Entry) string {
	id := func(e gitops.Entry) string { return e.ID[:min(len(e.ID), 7)] }
	switch {
	case before.Kind != gitops.Submodule:
		return "is added at " + id(after)
	case after.Kind != gitops.Submodule:
		return "is removed"
	}
	return "moves from " + id(before) + " to " + id(after)
}

// looksDeployed reports whether a changed file that nothing reads looks like something
// that somebody deploys: a manifest, a kustomization, a chart or its values.
func (c *comparison) looksDeployed(ctx context.Context, p string) (bool, error) {
	base := strings.ToLower(path.Base(p))
	if templated := templatedName.FindStringSubmatch(base); templated != nil {
		base = templated[1]
	}
	ext := path.Ext(base)
	if deployedName.MatchString(base) || strings.Contains("/"+p, "/templates/") && (ext == ".yaml" || ext == ".yml" || ext == ".tpl") {
		return true, nil
	}
	if ext != ".yaml" && ext != ".yml" && ext != ".json" {
		return false, nil
	}
	for _, t := range []gitops.Tree{c.Base, c.Head} {
		e := t.Lookup(p)
		if e.Kind != gitops.File {
			continue
		}
		data, err := t.Read(ctx, p)
		if gitops.CodeOf(err) == gitops.Invalid { // larger than anything that is read
			return true, nil
		}
		if err != nil {
			return false, err
		}
		if manifestKind.Match(data) && bytes.Contains(data, []byte("apiVersion")) {
			return true, nil
		}
	}
	return false, nil
}

var (
	// deployedName matches the names of files that deploy something whatever they say.
	deployedName = regexp.MustCompile(`^(kustomization|kustomization\.ya?ml|chart\.ya?ml|chart\.lock|requirements\.(ya?ml|lock)|values.*\.ya?ml|.*-values\.ya?ml|.*\.values\.ya?ml|.*\.jsonnet|.*\.libsonnet|\.argocd-source.*\.yaml|helmfile.*\.ya?ml|fleet\.ya?ml)$`)
	// templatedName matches the name of a file of which some tool makes one of YAML or JSON.
	templatedName = regexp.MustCompile(`^(.+\.(?:ya?ml|json))\.(?:tpl|tmpl|gotmpl|j2|jinja2?|erb|mustache|hbs|template|tftpl|enc|sops)$`)
	// manifestKind matches the kind of an object, in YAML or JSON.
	manifestKind = regexp.MustCompile(`(?m)^[ \t{]*["']?kind["']?[ \t]*:`)
)
