package webhook

import (
	"strconv"

	"github.com/sealift/sealift/gitops"
)

// ClassRender is the class of what a pull request or a commit looks like now: only
// the newest of a key counts. Pushes have no class, because each says what changed
// since the one before.
const ClassRender = "render"

// Key returns the place of an event in the queue: at most one job of a key runs at
// a time, and of the deliveries of one key and class only the newest counts.
// Those without class all run, in order. Keys are
//
//	owner/name#1          a pull request
//	owner/name#1/form-X   what is left to say of a form that was sent
//	owner/name@<sha>      a merge group, or a check without a pull request
//	owner/name:main       a branch
//	owner/name!staging    the automatic promotions to an environment
//	installation/1        an installation
func Key(ev gitops.Event) (key, class string) {
	repo := ev.Repo.String()
	switch {
	case ev.Kind == gitops.Uninstalled:
		return "installation/" + strconv.FormatInt(ev.Installation, 10), ""
	case ev.Kind == gitops.Pushed:
		return repo + ":" + ev.Ref, ""
	case ev.Kind == gitops.Automatic:
		return repo + "!" + ev.Action, ClassRender
	case ev.Kind == gitops.FormSent:
		return repo + "#" + strconv.Itoa(ev.Number) + "/" + ev.Delivery, ""
	case ev.Kind == gitops.Checked:
		return repo + "@" + ev.Head, "checked"
	case ev.Number == 0:
		return repo + "@" + ev.Head, ClassRender
	case ev.Kind == gitops.PullChanged, ev.Kind == gitops.Rerequested:
		return repo + "#" + strconv.Itoa(ev.Number), ClassRender
	}
	return repo + "#" + strconv.Itoa(ev.Number), ""
}
