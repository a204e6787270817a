package reply

import (
	"fmt"
	"strings"
)

// Resealed is what was encrypted again in an environment, and what was not.
type Resealed struct {
	Environment, Login string
	Done, Left         []ResealedSecret
}

// ResealedSecret is one of them; Why says why it was left as it is.
type ResealedSecret struct{ Namespace, Name, File, Why string }

// ResealDone is the comment about it; number is the pull request, 0 when there is
// nothing to change.
func ResealDone(r Resealed, number int) string {
	if number == 0 {
		return fmt.Sprintf("**No SealedSecret of %s was encrypted again.**\n%s", markdownName(r.Environment), r.left())
	}
	if len(r.Done) == 0 { // said after a crash, when only the pull request knows
		return fmt.Sprintf("#%d has what was encrypted again.\n", number)
	}
	return fmt.Sprintf("**#%d encrypts %s of %s again**, for %s. The values stay the same: reseal is no substitute for changing one that somebody has seen.\n%s",
		number, count(len(r.Done), "SealedSecret"), markdownName(r.Environment), code(r.Login), r.left())
}

// ResealPull is the text of the pull request; number is the one it was asked for on.
func ResealPull(r Resealed, number int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "The controller encrypted these again with its newest key; %s asked for it on #%d. Each has a commit of its own. Values, names and scopes are the same.\n", code(r.Login), number)
	for _, s := range r.Done {
		fmt.Fprintf(&b, "\n- %s in %s", code(s.Namespace+"/"+s.Name), code(s.File))
	}
	return b.String() + "\n" + r.left()
}

// left lists what was left.
func (r Resealed) left() string {
	if len(r.Left) == 0 {
		return ""
	}
	const most = 50
	var b strings.Builder
	b.WriteString("\nLeft as they are:\n")
	for _, s := range r.Left[:min(len(r.Left), most)] {
		fmt.Fprintf(&b, "\n- %s in %s: %s", code(s.Namespace+"/"+s.Name), code(s.File), code(s.Why))
	}
	if n := len(r.Left) - most; n > 0 {
		fmt.Fprintf(&b, "\n- and %d more", n)
	}
	return b.String() + "\n"
}
