package check

import (
	"cmp"
	"context"
	"regexp"
	"slices"

	"github.com/sealift/sealift/gitops"
)

// pass is one run of the rules over one tree.
type pass struct {
	ctx      context.Context // of Run; a pass lives no longer
	in       *Input
	tree     gitops.Tree
	base     gitops.Tree // the tree before the change; nil when there is none to compare with
	overlays []Overlay
	files    []string           // what to look at, sorted, without duplicates
	sources  map[string]*source // read so far; large ones are not kept
	names    *names             // nearest names, made when first needed
	sealed   sealedMemo
	rule     Rule // the one that runs
	found    []finding
}

// finding is a finding with the secret values it is about, which its message
// leaves out. They tell two findings of the same words apart and never leave the
// package.
type finding struct {
	gitops.Finding
	values string
}

// head returns the pass over the tree in question.
func (in *Input) head(ctx context.Context) *pass {
	return &pass{
		ctx: ctx, in: in, tree: in.Tree, base: in.Base, overlays: in.Overlays,
		files: in.files(), sources: map[string]*source{},
	}
}

// before returns the pass over the base that finds out which of found were there. It
// looks at those files and overlays only.
func (in *Input) before(ctx context.Context, found []finding) *pass {
	return &pass{
		ctx: ctx, in: in, tree: in.Base, overlays: in.baseOverlays(found),
		files: filesOf(found), sources: map[string]*source{},
	}
}

// run runs the rules of which wanted holds.
func (p *pass) run(wanted func(rule string) bool) error {
	for _, r := range rules() {
		if !wanted(r.Name) {
			continue
		}
		p.rule = r
		if err := r.run(p); err != nil {
			return err
		}
	}
	return nil
}

// report adds a finding, unless the configuration allows it. It fills in what f
// leaves out: the rule, its severity and the overlays that read the file.
func (p *pass) report(f gitops.Finding) { p.reportValues(f, "") }

// reportValues is report for a finding about secret values.
func (p *pass) reportValues(f gitops.Finding, values string) {
	if p.in.Allowed != nil && p.in.Allowed(p.rule.Name, f.File) {
		return
	}
	f.Rule = p.rule.Name
	f.Severity = cmp.Or(f.Severity, p.rule.Severity)
	if f.Overlays == nil {
		f.Overlays = p.readers(f.File)
	}
	p.found = append(p.found, finding{f, values})
}

// readers returns the paths of the overlays that read file.
func (p *pass) readers(file string) []string {
	var out []string
	for _, o := range p.overlays {
		if o.Head != nil && reads(o.Head, file) {
			out = append(out, o.Head.Path)
		}
	}
	return out
}

// reads reports whether a render looked at a path, found or not.
func reads(r *gitops.Rendered, file string) bool {
	_, ok := slices.BinarySearchFunc(r.Reads, file, func(rd gitops.Read, file string) int {
		return cmp.Compare(rd.Path, file)
	})
	return ok
}

// findings returns what was reported: sorted, equal ones as one with the
// overlays of all.
func (p *pass) findings() []finding {
	slices.SortStableFunc(p.found, order)
	var out []finding
	for _, f := range p.found {
		if n := len(out); n > 0 && order(out[n-1], f) == 0 {
			out[n-1].Overlays = append(slices.Clip(out[n-1].Overlays), f.Overlays...)
			continue
		}
		out = append(out, f)
	}
	for i := range out {
		slices.Sort(out[i].Overlays)
		out[i].Overlays = slices.Compact(out[i].Overlays)
	}
	return out
}

// order is that of findings in a report. Two that are equal under it are one.
func order(a, b finding) int {
	return cmp.Or(
		cmp.Compare(a.File, b.File),
		cmp.Compare(a.Line, b.Line),
		cmp.Compare(a.Column, b.Column),
		cmp.Compare(a.Rule, b.Rule),
		cmp.Compare(a.Message, b.Message),
		cmp.Compare(a.Severity, b.Severity),
	)
}

// inMessage matches a position in a message, which moves when lines above it
// come or go.
var inMessage = regexp.MustCompile(`:[0-9]+(:[0-9]+)?`)

// identity is what two findings share when they say the same of two trees.
func identity(f finding) string {
	return f.Rule + "\x00" + f.File + "\x00" + inMessage.ReplaceAllString(f.Message, "") + "\x00" + f.values
}

// filesOf returns the files of findings, sorted, each once.
func filesOf(found []finding) []string {
	var out []string
	for _, f := range found {
		out = append(out, f.File)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// files returns the set of files to look at.
func (in *Input) files() []string {
	out := slices.Clone(in.Files)
	for _, o := range in.Overlays {
		if o.Head == nil || in.Files != nil && !o.broke() {
			continue
		}
		for _, r := range o.Head.Reads {
			if r.Kind == gitops.File && (in.Files == nil || isKustomization(r.Path)) {
				out = append(out, r.Path)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// broke says that the overlay fails, and not in the way in which it failed
// before.
func (o Overlay) broke() bool {
	if o.Head.Err == nil {
		return false
	}
	return o.Base == nil || o.Base.Err == nil || o.Base.Err.Error() != o.Head.Err.Error()
}

// baseOverlays returns the overlays that found names, as they were at the base.
func (in *Input) baseOverlays(found []finding) []Overlay {
	named := map[string]bool{}
	for _, f := range found {
		for _, o := range f.Overlays {
			named[o] = true
		}
	}
	var out []Overlay
	for _, o := range in.Overlays {
		if o.Base != nil && named[o.Base.Path] {
			out = append(out, Overlay{Head: o.Base})
		}
	}
	return out
}
