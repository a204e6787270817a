package commands

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/promote"
)

// promoteAsk is what somebody asks for with /promote. It is kept as JSON while the
// pull request it was asked on is open.
type promoteAsk struct {
	// To is an environment or a group of them, "" for the next one in the order;
	// From is where the change comes from, "" for the one before.
	To   string `json:"to,omitempty"`
	From string `json:"from,omitempty"`
	// Apps are names; none means those that the pull request changes, or all.
	Apps []string `json:"apps,omitempty"`
	All  bool     `json:"all,omitempty"`
	// DryRun shows and writes nothing, Together makes one pull request of all,
	// Create copies overlays that the target does not have, Force allows to
	// promote against the order.
	DryRun   bool `json:"dry_run,omitempty"`
	Together bool `json:"together,omitempty"`
	Create   bool `json:"create,omitempty"`
	Force    bool `json:"force,omitempty"`
	// Take decides conflicts, as [promote.Options] has it.
	Take map[string]string `json:"take,omitempty"`
}

// PromoteUsage is the form of /promote.
const PromoteUsage = "/promote [environment] [app…] [--from environment] [--all] [--together] [--take source/target [file[:field]]] [--create] [--force] [--dry-run]"

// parsePromote reads the words behind /promote.
func parsePromote(args []string) (promoteAsk, error) {
	p := promoteWords{rest: args}
	for len(p.rest) > 0 {
		word := p.next()
		var err error
		switch {
		case strings.HasPrefix(word, "-"):
			err = p.option(word)
		case p.ask.To == "":
			p.ask.To = word
		case !slices.Contains(p.ask.Apps, word):
			p.ask.Apps = append(p.ask.Apps, word)
		}
		if err != nil {
			return promoteAsk{}, err
		}
	}
	if p.ask.All && len(p.ask.Apps) > 0 {
		return promoteAsk{}, wrongUse("--all and names of apps cannot be had together")
	}
	return p.ask, nil
}

// promoteWords are the words that are not read yet, and what those before mean.
type promoteWords struct {
	rest []string
	ask  promoteAsk
}

// next takes the next word. There is one.
func (p *promoteWords) next() string {
	word := p.rest[0]
	p.rest = p.rest[1:]
	return word
}

// promoteOptions are the options of /promote.
var promoteOptions = [...]string{"--all", "--create", "--dry-run", "--force", "--from", "--take", "--together"}

// option reads one option, given as "--name", "--name value" or "--name=value".
func (p *promoteWords) option(word string) error {
	name, value, given := strings.Cut(word, "=")
	switches := map[string]*bool{
		"--all": &p.ask.All, "--create": &p.ask.Create, "--dry-run": &p.ask.DryRun, "--force": &p.ask.Force, "--together": &p.ask.Together,
	}
	switch on := switches[name]; {
	case on != nil && given:
		return wrongUse("option %s takes no value", name)
	case on != nil:
		*on = true
		return nil
	case name != "--from" && name != "--take":
		e := wrongUse("unknown option %s", gitops.Quote(name))
		e.Hint = "Did you mean `" + nearestOf(name, promoteOptions[:]) + "`? " + e.Hint
		return e
	}
	if !given && len(p.rest) > 0 && !strings.HasPrefix(p.rest[0], "-") {
		value = p.next()
	}
	if value == "" {
		return wrongUse("option %s lacks its value", name)
	}
	if name == "--take" {
		return p.take(value)
	}
	if p.ask.From != "" && p.ask.From != value {
		return wrongUse("option --from is there twice")
	}
	p.ask.From = value
	return nil
}

// take reads the side that decides conflicts, and of which file or field.
func (p *promoteWords) take(side string) error {
	if side != promote.TakeSource && side != promote.TakeTarget {
		return wrongUse("option --take takes source or target, not %s", gitops.Quote(side))
	}
	var ok bool
	if p.ask.Take, p.rest, ok = takes(p.ask.Take, side, p.rest); !ok {
		return wrongUse("option --take says both source and target of the same")
	}
	return nil
}

// takes notes a side in take, for the place that the words behind it begin with or for
// all, and returns the other words. It is not ok when the other side was said before.
func takes(take map[string]string, side string, words []string) (_ map[string]string, rest []string, ok bool) {
	place := ""
	if len(words) > 0 && isPlace(words[0]) {
		place, words = words[0], words[1:]
	}
	if take == nil {
		take = map[string]string{}
	}
	other := take[place]
	take[place] = side
	return take, words, other == "" || other == side
}

// isPlace tells "file" or "file:field" from the name of an app or environment.
func isPlace(word string) bool {
	return strings.ContainsAny(word, "/:") || strings.HasSuffix(word, ".yaml") || strings.HasSuffix(word, ".yml")
}

// wrongUse is the error of a command that cannot be read.
func wrongUse(format string, args ...any) *gitops.Error {
	e := gitops.Errorf(gitops.Invalid, "/promote: "+format, args...)
	e.Hint = "The form is `" + PromoteUsage + "`."
	return e
}

// nearestOf returns the name that was probably meant; "" of none.
func nearestOf(name string, names []string) string {
	if len(names) == 0 {
		return ""
	}
	return slices.MinFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(gitops.Distance(name, a), gitops.Distance(name, b)), cmp.Compare(a, b))
	})
}
