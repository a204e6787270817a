package commands

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/seal"
)

// sealRequest is what a person wrote behind /seal.
type sealRequest struct {
	ask seal.Ask
	// words are names whose meaning the layout tells.
	words []string
	// file is a plain Secret of the pull request to seal in place, or with ack one
	// whose history somebody takes note of.
	file string
	ack  bool
	// items are keys with what was written behind them, ciphertext or not.
	items map[string]string
	// sealed is a SealedSecret in YAML.
	sealed string
	// plain says that items has values in plain, gone that there were some which
	// were left out.
	plain, gone bool
	kind        string     // the type of the Secret, "" when not given
	scope       seal.Scope // "" when not given
	ownPull     bool
}

// The options of /seal.
const (
	optionEnv     = "--env"
	optionOverlay = "--overlay"
	optionKeys    = "--keys"
	optionScope   = "--scope"
	optionType    = "--type"
	optionOwnPull = "--own-pull"
)

func sealOptions() []string {
	return []string{optionEnv, optionOverlay, optionKeys, optionScope, optionType, optionOwnPull}
}

// parseSeal reads the words of a /seal. It fails with code invalid.
func parseSeal(r Request) (sealRequest, error) {
	q := sealRequest{items: map[string]string{}, sealed: r.Fence}
	args := slices.Clone(r.Args)
	for len(args) > 0 {
		word := args[0]
		args = args[1:]
		key, value, pair := strings.Cut(word, "=")
		switch {
		case word == withheld || pair && value == withheld:
			q.gone = true
			if key = strings.TrimSuffix(key, withheld); key != "" {
				q.ask.Keys = append(q.ask.Keys, key)
			}
		case q.plain && !pair: // nothing of a value is quoted
			return q, sealProblem("a value in a comment cannot have spaces, and options stand before values")
		case strings.HasPrefix(word, "--"):
			rest, err := q.option(word, args)
			if err != nil {
				return q, err
			}
			args = rest
		case pair:
			q.items[key] = value
			q.plain = q.plain || !isCiphertext(value)
		default:
			q.words = append(q.words, word)
		}
	}
	q.gone = q.gone || plainFence(q.sealed)
	q.ask.Keys = append(q.ask.Keys, slices.Sorted(maps.Keys(q.items))...)
	return q, q.files()
}

// option takes one option, and its value from the words that follow unless it has
// one behind an equals sign.
func (q *sealRequest) option(word string, args []string) (rest []string, err error) {
	name, value, has := strings.Cut(word, "=")
	if !slices.Contains(sealOptions(), name) {
		return nil, sealProblem("unknown option %s", gitops.Quote(name))
	}
	if name == optionOwnPull {
		q.ownPull = true
		return args, nil
	}
	if !has && len(args) > 0 {
		value, args = args[0], args[1:]
	}
	if value == "" {
		return nil, sealProblem("option %s has no value", name)
	}
	switch name {
	case optionEnv:
		q.ask.Environment = value
	case optionOverlay:
		q.ask.Overlay = path.Clean(value)
	case optionKeys:
		q.ask.Keys = strings.FieldsFunc(value, func(r rune) bool { return r == ',' })
	case optionType:
		q.kind, err = seal.ParseType(value)
	case optionScope:
		q.scope, err = seal.ParseScope(value)
	}
	return args, err
}

// files tells the forms that name a file.
func (q *sealRequest) files() error {
	if len(q.words) > 0 && q.words[0] == "ack" {
		if len(q.words) != 2 || !q.bare() {
			return sealProblem("/seal ack wants one path")
		}
		q.ack, q.file = true, path.Clean(q.words[1])
		return nil
	}
	if len(q.words) == 1 && slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(q.words[0])) {
		if !q.bare() {
			return sealProblem("/seal with a file wants nothing else")
		}
		q.file = path.Clean(q.words[0])
	}
	return nil
}

// bare reports whether nothing was given beside words and the environment.
func (q *sealRequest) bare() bool {
	return len(q.items) == 0 && q.sealed == "" && len(q.ask.Keys) == 0
}

// sealProblem is an error of code invalid that says where the forms are.
func sealProblem(format string, args ...any) error {
	e := gitops.Errorf(gitops.Invalid, format, args...)
	e.Hint = "`/help` lists the forms of /seal."
	return e
}

// resolve gives the words their meaning: an overlay's directory, an environment,
// an app, and otherwise the name of the Secret. What was asked for must exist,
// and a name in place of an app or environment is likely a mistake, so of two
// words one has to be known.
func (q *sealRequest) resolve(l *layout.Layout) error {
	apps := appNames(l)
	var unknown []string
	for _, word := range q.words {
		switch {
		case slices.ContainsFunc(l.Overlays, func(o gitops.Overlay) bool { return o.Path == path.Clean(word) }):
			q.ask.Overlay = path.Clean(word)
		case slices.Contains(l.Environments, word) && q.ask.Environment == "":
			q.ask.Environment = word
		case slices.Contains(apps, word) && q.ask.App == "":
			q.ask.App = word
		default:
			unknown = append(unknown, word)
		}
	}
	switch {
	case len(unknown) > 1:
		return notThere("app or environment", unknown[len(unknown)-1], slices.Concat(l.Environments, apps))
	case len(unknown) == 1:
		q.ask.Name = unknown[0]
	}
	if env := q.ask.Environment; env != "" && !slices.Contains(l.Environments, env) {
		return notThere("environment", env, l.Environments)
	}
	return q.resolveOverlay(l)
}

// resolveOverlay finds the overlay, when an app and an environment, or either, leave
// no choice.
func (q *sealRequest) resolveOverlay(l *layout.Layout) error {
	var fit []gitops.Overlay
	for _, o := range l.Overlays {
		a := q.ask
		if (a.Overlay == "" || o.Path == a.Overlay) && (a.App == "" || o.App == a.App) && (a.Environment == "" || o.Environment == a.Environment) {
			fit = append(fit, o)
		}
	}
	switch {
	case len(fit) == 0 && q.ask.Overlay != "":
		return notThere("overlay", q.ask.Overlay, l.Paths())
	case len(fit) == 0:
		return gitops.Errorf(gitops.NotFound, "there is no overlay of %s in %s", gitops.Quote(cmp.Or(q.ask.App, "any app")), gitops.Quote(q.ask.Environment))
	case len(fit) == 1:
		q.ask.Overlay, q.ask.App, q.ask.Environment = fit[0].Path, fit[0].App, fit[0].Environment
	}
	return nil
}

// appNames are the apps of a layout, sorted.
func appNames(l *layout.Layout) []string {
	var names []string
	for _, o := range l.Overlays {
		if o.App != "" {
			names = append(names, o.App)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// notThere is an error of code not_found with the nearest of the names there are.
func notThere(what, name string, names []string) error {
	e := gitops.Errorf(gitops.NotFound, "there is no %s %s", what, gitops.Quote(name))
	if len(names) > 0 {
		near := slices.MinFunc(names, func(a, b string) int { return cmp.Compare(gitops.Distance(name, a), gitops.Distance(name, b)) })
		e.Hint = "Did you mean " + gitops.Quote(near) + "?"
	}
	return e
}
