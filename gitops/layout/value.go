package layout

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
)

// The limits of the values of rules. They are in the schema too.
const (
	maxPeople   = 100
	maxWords    = 50  // of one list of checks or labels
	maxWord     = 255 // bytes; GitHub's own limit is shorter
	maxDuration = 92 * 24 * time.Hour
)

// flag returns a boolean.
func (p *parser) flag(n *yaml.Node, what string) bool {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" {
		p.fail(n, "%s is %s, it must be true or false", what, kindOf(n))
		return false
	}
	return strings.EqualFold(n.Value, "true")
}

var durationRE = regexp.MustCompile(`^(?:([0-9]{1,2})d)?(?:([0-9]{1,4})h)?(?:([0-9]{1,4})m)?$`)

// duration returns a time such as "1h30m" or "2d", which is more than nothing and at
// most 92 days. A day has 24 hours.
func (p *parser) duration(n *yaml.Node, what string) time.Duration {
	m := durationRE.FindStringSubmatch(n.Value)
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" || n.Value == "" || m == nil {
		p.fail(n, "%s is no time: write days, hours and minutes, such as 1h30m or 2d", what)
		return 0
	}
	var d time.Duration
	for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute} {
		count, _ := strconv.Atoi(m[i+1]) // "" is nothing, the form is checked
		d += time.Duration(count) * unit
	}
	if d == 0 || d > maxDuration {
		p.fail(n, "%s %s is not between a minute and 92 days", what, gitops.Quote(n.Value))
		return 0
	}
	return d
}

// once fails for the elements of a list that are there twice.
func (p *parser) once(n *yaml.Node, what string, seen map[string]int, s string) bool {
	if line, ok := seen[s]; ok {
		p.fail(n, "%s %s is there twice, first in line %d", what, gitops.Quote(s), line)
		return false
	}
	seen[s] = n.Line
	return true
}

// texts returns a list with at least one element, each there once and accepted by ok,
// which says what is wrong.
func (p *parser) texts(n *yaml.Node, what string, limit int, ok func(n *yaml.Node, s string) bool) []string {
	var list []string
	seen := map[string]int{}
	p.list(n, what, limit, func(e *yaml.Node) {
		if s := p.text(e, what+" element"); s != "" && ok(e, s) && p.once(e, what+" element", seen, s) {
			list = append(list, s)
		}
	})
	if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
		p.fail(n, "%s is empty: leave it out, or name somebody or something", what)
	}
	return list
}

// words returns the names of checks or labels, which may be any text on one line.
func (p *parser) words(n *yaml.Node, what string) []string {
	return p.texts(n, what, maxWords, func(e *yaml.Node, s string) bool {
		if len(s) > maxWord || strings.ContainsFunc(s, unicode.IsControl) || strings.TrimSpace(s) != s {
			p.fail(e, "%s element %s is longer than %d bytes, or has control characters or spaces around it", what, gitops.Quote(s), maxWord)
			return false
		}
		return true
	})
}

// The names of people and teams at GitHub. Logins of managed users have an underscore.
var (
	loginRE = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98}[A-Za-z0-9])?$`)
	teamRE  = regexp.MustCompile(`^@[A-Za-z0-9][A-Za-z0-9_-]{0,99}/[A-Za-z0-9_.-]{1,100}$`)
)

// people returns a list of rights, logins and teams.
func (p *parser) people(n *yaml.Node, what string) []string {
	return p.texts(n, what, maxPeople, func(e *yaml.Node, s string) bool {
		switch {
		case slices.Contains([]string{"none", "read", "triage", "push", "everyone", "anyone"}, strings.ToLower(s)):
			p.fail(e, "%s element %s is not enough: the rights are write, maintain and admin", what, gitops.Quote(s))
		case strings.HasPrefix(s, "@") && !teamRE.MatchString(s):
			p.fail(e, "%s element %s is no team: write it as @organisation/team, and a login without the @", what, gitops.Quote(s))
		case !strings.HasPrefix(s, "@") && !loginRE.MatchString(s):
			p.fail(e, "%s element %s is no right, login or team: there are write, maintain and admin, ada, and @acme/platform", what, gitops.Quote(s))
		default:
			return true
		}
		return false
	})
}

// files returns paths of files of the repository.
func (p *parser) files(n *yaml.Node, what string) []string {
	return p.texts(n, what, maxWords, func(e *yaml.Node, s string) bool {
		if _, err := compileGlob(s, false); err != nil || strings.ContainsAny(s, `*?[]\`) {
			p.fail(e, "%s element %s is no path of a file: it is relative to the root of the repository, without patterns", what, gitops.Quote(s))
			return false
		}
		return true
	})
}
