package layout

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// blind is something that Argo CD or Flux deploys and that is not rendered here.
type blind struct {
	// dir is the directory that it is deployed from. A change at or below it counts
	// when only is nil or matches a path.
	dir  string
	only *regexp.Regexp
	// path is one file elsewhere, and files matches several, those that templates fill
	// in too; "" and nil for none.
	path  string
	files *regexp.Regexp
	// what says what it is, after its path.
	what string
	// who names the document, which is at line of file.
	who, file string
	line      int
}

// blind remembers something that is deployed and not rendered.
func (p *pointers) blind(d placed, to pointing, dir string, only *regexp.Regexp, what string) {
	b := blind{dir: dir, only: only, what: what, who: d.Kind + " " + gitops.Quote(d.Name), file: d.file, line: to.Line}
	p.layout.blind = append(p.layout.blind, b)
}

// blindFile remembers a file with objects that kustomize does not take.
func (p *pointers) blindFile(d placed, to pointing, file string) {
	p.say(d, to, "deploys an object without a name, or that kustomize leaves out, which is not compared: %s", gitops.Quote(file))
	p.layout.blind = append(p.layout.blind, blind{
		path: file, what: "has objects that kustomize does not take, which are not compared",
		who: d.Kind + " " + gitops.Quote(d.Name), file: d.file, line: to.Line,
	})
}

// values remembers the value files of a chart. They lie beside the chart in dir, which
// may be "", at the root after a slash, or in the source of another name after
// "$NAME/". What a template or a variable fills in may be anything.
func (p *pointers) values(d placed, to pointing, dir string) {
	for _, v := range to.Values {
		name, rest, _ := strings.Cut(v, "/")
		switch {
		case strings.Contains(v, "://"), len(v) > maxGlob:
			continue
		case strings.HasPrefix(name, "$"):
			v = path.Clean(rest)
		case strings.HasPrefix(v, "/"):
			v = strings.TrimLeft(path.Clean(v), "/")
		case dir == "":
			continue
		default:
			v = path.Join(dir, v)
		}
		b := blind{path: v, what: "has values of a Helm chart, which are not compared", who: d.Kind + " " + gitops.Quote(d.Name), file: d.file, line: to.Line}
		pattern := filled.ReplaceAllString(regexp.QuoteMeta(v), `.*`)
		key := fmt.Sprint(d.file, "\x00", to.Line, "\x00", pattern)
		if p.seenValues[key] {
			continue // of another set of parameters
		}
		p.seenValues[key] = true
		if p.budget -= 50; strings.Contains(pattern, `.*`) {
			p.budget -= 20_000 // each is matched with every file that changes
		}
		if p.budget < 0 {
			p.notes.add(d.file, to.Line, "", "value files are more than can be read: the rest is not looked at")
			return
		}
		if strings.Contains(pattern, `.*`) {
			re, err := regexp.Compile(`(?s)\A` + pattern + `\z`)
			if err != nil {
				continue // no file has such a name
			}
			b.path, b.files = "", re
		}
		p.layout.blind = append(p.layout.blind, b)
	}
}

// filled matches a template or a variable in a quoted regular expression.
var filled = regexp.MustCompile(`\\\{\\\{.*?\\\}\\\}|\\\$(?:\\\{\w+\\\}|\w+)`)

// NotCompared returns a finding for each place that Argo CD or Flux deploys, that a
// change of files touches, and that is not rendered here: charts, value files,
// jsonnet, what plugins make, and what overrides an Application. base is the layout
// before the change, with which what is deployed anew is told. changed must be sorted.
func (l *Layout) NotCompared(base *Layout, changed []string) []gitops.Finding {
	type place struct{ at, what string }
	first, count := map[place]blind{}, map[place]int{}
	add := func(at string, b blind) {
		p := place{at, b.what}
		if count[p]++; count[p] == 1 && len(count) <= maxNotes {
			first[p] = b
		}
	}
	old, now := map[blind]bool{}, map[blind]bool{}
	for _, b := range base.blind {
		old[b.identity()] = true
	}
	for _, b := range l.blind {
		if b.dir != "" && matchAny(l.config.ignore, b.dir) {
			continue
		}
		now[b.identity()] = true
		if at, ok := b.touched(changed); ok {
			add(at, b)
		} else if _, edited := slices.BinarySearch(changed, b.file); b.dir != "" && edited && !old[b.identity()] {
			add(b.dir, b)
		}
	}
	for _, b := range base.blind { // what is not deployed any more
		if at, ok := b.touched(changed); ok && !now[b.identity()] && !matchAny(l.config.ignore, b.dir) {
			b.line = 0
			add(at, b)
		}
	}
	for _, p := range changed {
		if dir := path.Dir(p); overriding.MatchString(path.Base(p)) && l.sources[dir] == SourceArgoCD {
			add(p, blind{what: "overrides options of an Application, which are not compared", file: p, line: 1})
		}
	}
	var list []gitops.Finding
	for _, p := range slices.SortedFunc(maps.Keys(first), func(a, b place) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.what, b.what)) }) {
		list = append(list, first[p].finding(p.at, count[p]-1))
	}
	return list
}

// identity is b without what an edit of its document moves.
func (b blind) identity() blind {
	b.files, b.line = nil, 0
	return b
}

// overriding matches the files by which Argo CD's Applications are overridden in git
// (repoSourceFile and appSourceFile of its repo-server).
var overriding = regexp.MustCompile(`^\.argocd-source(-.+)?\.yaml$`)

// touched returns what of b a change of sorted files touches.
func (b blind) touched(changed []string) (at string, ok bool) {
	if b.path != "" {
		_, ok := slices.BinarySearch(changed, b.path)
		return b.path, ok
	}
	if b.files != nil {
		i := slices.IndexFunc(changed, b.files.MatchString)
		if i < 0 {
			return "", false
		}
		return changed[i], true
	}
	if b.only == nil {
		return b.dir, below(b.dir, changed)
	}
	return b.dir, slices.ContainsFunc(changed, func(p string) bool {
		return b.only.MatchString(p) && (b.dir == "." || strings.HasPrefix(p, b.dir+"/"))
	})
}

// finding says what is not compared; more is how many others deploy the same.
func (b blind) finding(at string, more int) gitops.Finding {
	message := gitops.Quote(at) + " " + b.what
	if b.who != "" {
		message += "; " + b.who
		if more > 0 {
			message += fmt.Sprintf(" and %d more", more)
		}
		message += map[bool]string{false: " deploys it", true: " deploy it"}[more > 0]
	}
	return gitops.Finding{Rule: gitops.NotCompared, Severity: gitops.SeverityNote, File: b.file, Line: b.line, Message: message}
}
