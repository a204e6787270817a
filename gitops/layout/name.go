package layout

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// words is a set of words.
type words map[string]bool

// set makes a set of words with blanks between them.
func set(list string) words {
	w := words{}
	for s := range strings.FieldsSeq(list) {
		w[s] = true
	}
	return w
}

// namer tells the app and environment of a directory from its path.
type namer struct {
	config *Config
	// listed are the names of the configuration, or else of pipelines.yaml, in
	// order.
	listed []string
	known  words
	// holders are the directories most of whose children are named like
	// environments.
	holders map[string]bool
	// containers hold environments, whatever those are called; structural are
	// elements that say nothing about the app.
	containers, structural, homes words
}

// newNamer knows the environments of the configuration, else those of a pipeline that
// was found. dirs are the directories that get a name: which of them hold others
// decides what is an environment and what is an app.
func newNamer(cfg *Config, pipeline, dirs []string) *namer {
	n := &namer{
		config:     cfg,
		listed:     pipeline,
		known:      words{},
		containers: set("overlays overlay environments environment envs env stages rings clusters"),
		homes:      set("apps applications services components"),
	}
	n.structural = set(`base bases common shared variants kustomize kustomization deploy deployment deployments
		manifests resources k8s kubernetes gitops config k-components operator operators instance instances
		aggregate templates`)
	for _, w := range []words{n.containers, n.homes} {
		for s := range w {
			n.structural[s] = true
		}
	}
	if len(cfg.Environments) > 0 {
		n.listed = nil
		for _, e := range cfg.Environments {
			n.listed = append(n.listed, e.Name)
		}
	}
	for _, name := range n.listed {
		n.known[name] = true
	}
	n.findHolders(dirs)
	return n
}

// findHolders looks at the children of every directory that leads to a
// kustomization. A directory holds environments when at least half of its
// children, those that say nothing left out, are named like one.
func (n *namer) findHolders(dirs []string) {
	type count struct{ env, all int }
	counts := map[string]*count{}
	seen := map[string]bool{".": true}
	for _, dir := range dirs {
		for ; !seen[dir]; dir = path.Dir(dir) {
			seen[dir] = true
			base, parent := path.Base(dir), path.Dir(dir)
			if n.structural[base] {
				continue
			}
			c := counts[parent]
			if c == nil {
				c = &count{}
				counts[parent] = c
			}
			c.all++
			if wordRank(base) > 0 {
				c.env++
			}
		}
	}
	n.holders = map[string]bool{}
	for dir, c := range counts {
		n.holders[dir] = c.env*2 >= c.all
	}
}

// overlay returns the app and environment of a directory.
func (n *namer) overlay(dir string) gitops.Overlay {
	o := gitops.Overlay{Path: dir}
	var elems []string
	if dir != "." {
		elems = strings.Split(dir, "/")
	}
	at := n.environment(elems)
	if at >= 0 {
		o.Environment = elems[at]
	}
	i := slices.IndexFunc(n.config.Environments, func(e Environment) bool { return matchAny(e.match, dir) })
	if i >= 0 {
		o.Environment = n.config.Environments[i].Name
		at = slices.Index(elems, o.Environment)
	}
	o.App = n.app(elems, at)
	if r := n.config.rule(dir); r != nil {
		app, env := r.glob.capture(dir)
		o.App = cmp.Or(r.App, app, o.App)
		o.Environment = cmp.Or(r.Environment, env, o.Environment)
	}
	return o
}

// environment returns the index of the element that names the environment, -1
// when none does. The surest sign wins, then the leftmost.
func (n *namer) environment(elems []string) int {
	signs := []func(i int) bool{
		func(i int) bool { return n.known[elems[i]] },
		func(i int) bool { return n.contained(elems, i) && wordRank(elems[i]) > 0 },
		func(i int) bool { return certain(elems[i]) && !n.component(elems, i) },
		func(i int) bool { return n.contained(elems, i) && !n.structural[elems[i]] },
		func(i int) bool {
			return wordRank(elems[i]) > 0 && !n.component(elems, i) && n.holders[path.Join(".", path.Join(elems[:i]...))]
		},
	}
	for _, sign := range signs {
		for i := range elems {
			if sign(i) {
				return i
			}
		}
	}
	return -1
}

// contained reports whether the element before i holds environments.
func (n *namer) contained(elems []string, i int) bool { return i > 0 && n.containers[elems[i-1]] }

// component reports whether i is a name right below components/.
func (n *namer) component(elems []string, i int) bool { return i > 0 && elems[i-1] == "components" }

// app returns the app, given the index of the environment.
func (n *namer) app(elems []string, env int) string {
	before, after := elems, []string(nil)
	container := ""
	if env >= 0 {
		before, after = elems[:env], elems[env+1:]
		if n.contained(elems, env) {
			container = elems[env-1]
			before = before[:env-1]
		}
	}
	if len(before) > 1 && before[0] == "components" {
		return before[1]
	}
	if container != "overlays" && container != "overlay" {
		for i := range after {
			if i+1 < len(after) && n.homes[after[i]] {
				return after[i+1]
			}
		}
	}
	telling := func(s string) bool { return !n.structural[s] && !version.MatchString(s) }
	if i := lastIndex(before, telling); i >= 0 {
		return before[i]
	}
	if len(after) > 0 && after[0] == "env" { // KAM: what the environment as a whole has
		return after[0]
	}
	if i := slices.IndexFunc(after, telling); i >= 0 {
		return after[i]
	}
	for _, part := range [][]string{before, after} {
		i := lastIndex(part, func(s string) bool { return !n.containers[s] && s != "base" && s != "bases" && !version.MatchString(s) })
		if i >= 0 {
			return part[i]
		}
	}
	return ""
}

// version matches elements such as "v2.4" and "5.0".
var version = regexp.MustCompile(`^v?[0-9]+(\.[0-9x]+)*$`)

// lastIndex is slices.IndexFunc from the end.
func lastIndex(list []string, f func(string) bool) int {
	for i := len(list) - 1; i >= 0; i-- {
		if f(list[i]) {
			return i
		}
	}
	return -1
}
