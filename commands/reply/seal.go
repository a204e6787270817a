package reply

import (
	"fmt"
	"strings"
	"time"

	"github.com/sealift/sealift/gitops/seal"
)

// Sealed is a secret that was sealed, as a comment says it: never a value.
type Sealed struct {
	// Login is who sealed it.
	Login                string
	Environment, Overlay string
	Namespace, Name      string
	Scope                string
	Keys                 []string
	// File is where it is.
	File string
	// Commit has it; URL is the pull request that the commit is in.
	Commit, URL string
	// Number is that pull request when it is one of its own, 0 otherwise.
	Number int
	// Fingerprint and Expires are those of the certificate, Warnings what is odd
	// about it.
	Fingerprint string
	Expires     time.Time
	Warnings    []string
	// InHistory says that the values were in plain in the branch.
	InHistory bool
}

// SealLink is the comment that offers the form for secrets.
func SealLink(login, address string, ask seal.Ask) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s. It works once, within 30 minutes, and for you alone: whoever else opens it has to log in as you.\n\n", code(login), link("**seal "+asked(ask)+" here**", address))
	b.WriteString("The values are encrypted in your browser. Neither this service nor GitHub sees them. The link ends when somebody pushes to this pull request or closes it.\n")
	return b.String()
}

// asked says what somebody wants to seal, as far as it is known.
func asked(a seal.Ask) string {
	text := "a secret"
	if a.Name != "" {
		text = code(a.Name)
	}
	if a.App != "" {
		text += " of " + code(a.App)
	}
	if a.Environment != "" {
		text += " for " + markdownName(a.Environment)
	}
	return text
}

// SealDone is the comment about a secret that is in the branch.
func SealDone(s Sealed) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s was sealed for %s** by %s.\n\n", code(s.Name), markdownName(s.Environment), code(s.Login))
	b.WriteString(s.table())
	if s.Number > 0 {
		fmt.Fprintf(&b, "It is in a pull request of its own: %s.\n\n", link(fmt.Sprintf("#%d", s.Number), s.URL))
	}
	b.WriteString(s.warnings())
	if s.InHistory {
		fmt.Fprintf(&b, "> [!CAUTION]\n> The values are still in the history of this branch, and in the clone of everybody who fetched it. Change them where they are used, and seal the new ones. "+
			"Squash the branch when you merge it. The check stays red until somebody who may seal for %s says `/seal ack` with the path.\n", markdownName(s.Environment))
	}
	return b.String()
}

// SealPull is the text of a pull request that brings a sealed secret; number is the
// one that it was asked for on.
func SealPull(s Sealed, number int) string {
	return fmt.Sprintf("%s sealed %s for %s, asked for on #%d.\n\n%s%s", code(s.Login), code(s.Name), markdownName(s.Environment), number, s.table(), s.warnings())
}

// table says what was sealed: keys only.
func (s Sealed) table() string {
	var b strings.Builder
	row := func(name, value string) { fmt.Fprintf(&b, "| %s | %s |\n", name, value) }
	b.WriteString("| | |\n|---|---|\n")
	keys := make([]string, len(s.Keys))
	for i, key := range s.Keys {
		keys[i] = code(key)
	}
	row("keys", strings.Join(keys, ", "))
	row("namespace", code(s.Namespace))
	row("scope", markdownName(s.Scope))
	row("overlay", code(s.Overlay))
	row("file", code(s.File))
	if s.Commit != "" {
		row("commit", shortID(s.Commit))
	}
	row("certificate", fmt.Sprintf("%s, until %s", code(s.Fingerprint[:min(len(s.Fingerprint), 16)]), s.Expires.UTC().Format(time.DateOnly)))
	return b.String() + "\n"
}

// warnings is a box at the head of the comment, "" without any.
func (s Sealed) warnings() string {
	if len(s.Warnings) == 0 {
		return ""
	}
	return "> [!WARNING]\n> " + strings.Join(s.Warnings, "\n> ") + "\n\n"
}

// SealExposed says that a comment with a value in plain was deleted; accepted says that
// the value is sealed all the same.
func SealExposed(login string, accepted bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s wrote a value in plain behind `/seal`. **The comment was deleted, and the value has to be changed all the same**: "+
		"GitHub sent it to everybody who watches this pull request, by e-mail and to other webhooks.\n\n", code(login))
	if accepted {
		b.WriteString("It is used once, to seal it: the operator of this service accepts that in private repositories. It is not stored here.\n")
	} else {
		b.WriteString("It was not used and is not stored here. Write `/seal` without values for a link to a form that encrypts in the browser.\n")
	}
	return b.String()
}

// SealStays says that a comment with a value in plain could not be deleted.
func SealStays(login string) string {
	return fmt.Sprintf("%s wrote a value in plain behind `/seal`, and **the comment could not be deleted**: GitHub does not let this App do that. "+
		"Delete it. The value has to be changed all the same: GitHub sent it to everybody who watches this pull request, by e-mail and to other webhooks. "+
		"It was not used and is not stored here.\n", code(login))
}

// ExposedFiles says which files of a pull request were in plain, and are in its history.
func ExposedFiles(files []string) string {
	var b strings.Builder
	b.WriteString("**Secrets were in plain in this branch.** They are sealed by now, but in its history. Change the values where they are used and squash the branch; then say for each:\n")
	const most = 20
	for _, f := range files[:min(len(files), most)] {
		b.WriteString("\n- `/seal ack` " + code(f))
	}
	if n := len(files) - most; n > 0 {
		fmt.Fprintf(&b, "\n- and %d more", n)
	}
	return b.String()
}
