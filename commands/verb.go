package commands

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// Right is what a person must have in the repository to use a verb, by the
// permission API of GitHub.
type Right string

// The rights, each including those before it.
const (
	RightRead     Right = "read"
	RightWrite    Right = "write"
	RightMaintain Right = "maintain"
	RightAdmin    Right = "admin"
)

// includes reports whether a permission, as GitHub names it, has the right.
func (r Right) includes(permission string) bool {
	order := []string{"read", "triage", "write", "maintain", "admin"}
	return slices.Index(order, permission) >= slices.Index(order, string(r))
}

// Verb is one command. Help, the reference in the documentation and the
// authorization all read it.
type Verb struct {
	Name string
	// Usage is the form, such as "/diff".
	Usage string
	// Doc is one sentence for the list.
	Doc string
	// Right is who may use it.
	Right Right
	// Who says who may, for the list, where that is not for Right alone to say.
	Who string
	// Closed says that it works on merged and closed pull requests too.
	Closed bool

	plan func(context.Context, *asked) (Plan, error)
}

// Verbs returns all commands, in the order of the list.
func Verbs() []Verb {
	return []Verb{diffVerb(), promoteVerb(), rollbackVerb(), holdVerb(), unholdVerb(), statusVerb(), sealVerb(), resealVerb(), helpVerb()}
}

// verbNamed finds a verb by its whole name: none is guessed.
func verbNamed(name string) (Verb, bool) {
	for _, v := range Verbs() {
		if v.Name == name {
			return v, true
		}
	}
	return Verb{}, false
}

// meant reports whether an unknown verb was clearly meant for the bot: it is its
// name, or one letter away from a verb.
func meant(name string) bool {
	return name == "sealift" || slices.ContainsFunc(Verbs(), func(v Verb) bool { return len(v.Name) > 3 && gitops.Distance(name, v.Name) < 2 })
}

// unknownVerb says that a verb is none, and which was meant as far as that is clear.
func unknownVerb(name string) error {
	e := gitops.Errorf(gitops.Invalid, "unknown command %s", gitops.Quote("/"+name))
	e.Hint = "`/help` lists the commands."
	for _, v := range Verbs() {
		if gitops.Distance(name, v.Name) < 2 {
			e.Hint = "Did you mean `/" + v.Name + "`? " + e.Hint
			break
		}
	}
	return e
}

// asked is one request with what it was made on.
type asked struct {
	service *Service
	host    Host
	event   gitops.Event
	request Request
	pull    gitops.Pull // as it is when it is answered
}

func helpVerb() Verb {
	return Verb{
		Name: "help", Usage: "/help", Right: RightRead,
		Doc: "List the commands, and who may use each.",
		plan: func(_ context.Context, a *asked) (Plan, error) {
			return Plan{Reply{Key: commentKey(a.event, "help"), Body: Help()}}, nil
		},
	}
}

// Help returns the list of commands as Markdown.
func Help() string {
	var b strings.Builder
	b.WriteString("| command | what it does | who may |\n|---|---|---|\n")
	for _, v := range Verbs() {
		b.WriteString("| `" + v.Usage + "` | " + v.Doc + " | " + cmp.Or(v.Who, v.Right.people()) + " |\n")
	}
	b.WriteString("\nA command stands at the start of a line of a new comment on a pull request. 👀 accepted, 🚀 done, 😕 refused or failed.\n")
	return b.String()
}

// people says who has a right.
func (r Right) people() string {
	switch r {
	case RightWrite:
		return "who may write to the repository"
	case RightMaintain:
		return "who may maintain the repository"
	case RightAdmin:
		return "administrators of the repository"
	}
	return "who may read the repository"
}

func diffVerb() Verb {
	return Verb{
		Name: "diff", Usage: "/diff", Right: RightWrite,
		Doc: "Render again what this pull request does to every overlay.",
		plan: func(ctx context.Context, a *asked) (Plan, error) {
			return a.service.planDiff(ctx, a.host, a.pull)
		},
	}
}
