package reply

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/promote"
)

// Rollback is a promotion that is undone, and what there is to say about it.
type Rollback struct {
	// Promoted is the commit of the promotion, Subject the first line of its message.
	Promoted, Subject string
	Environment       string
	Apps              []promote.AppPlan
	// Report is what the edits change in what the environment renders to.
	Report *gitops.Report
	// By is who asked, Number the pull request where that was.
	By     string
	Number int
	// Pull is the number of the pull request that undoes it, 0 when there is none.
	Pull int
}

// RollbackTitle returns the title of a rollback's pull request without any markup.
func RollbackTitle(r Rollback) string {
	var names []string
	for _, a := range r.Apps {
		name := short(a.App, 40)
		if v := restored(a); v != "" {
			name += " to " + short(shortDigest(v), 40)
		}
		names = append(names, name)
	}
	title := []rune("Roll back " + strings.Join(names, ", ") + " in " + short(r.Environment, 40))
	if len(title) > maxTitle {
		title = append(title[:maxTitle-1], '…')
	}
	return string(title)
}

// restored is the version that an app goes back to, "" when it is not clear.
func restored(a promote.AppPlan) string {
	version := ""
	for _, e := range a.Edits {
		if !strings.HasSuffix(e.Path, ".newTag") && !strings.HasSuffix(e.Path, ".digest") {
			continue
		}
		if version != "" && version != e.New {
			return ""
		}
		version = e.New
	}
	return version
}

// RollbackReply writes the answer to whoever asked for a rollback.
func RollbackReply(r Rollback, opts PromotionOptions) string {
	w := r.writer(opts)
	first := fmt.Sprintf("**Nothing to roll back in %s.** What %s did there is undone already.", markdownName(r.Environment), w.commit(r.Promoted))
	if r.Pull != 0 {
		first = fmt.Sprintf("**Rollback of %s in %s: %s.** Automatic promotion of it is on hold until <code>/unhold</code>.", w.names(r.names()), markdownName(r.Environment), w.pull(r.Pull))
	} else if r.conflicts() {
		first = fmt.Sprintf("**Nothing was rolled back in %s:** all that %s did there was changed since.", markdownName(r.Environment), w.commit(r.Promoted))
	}
	return w.pack(slices.Concat(paragraph(first), r.changed(), w.withheld()))
}

// RollbackBody writes the text of a rollback's pull request.
func RollbackBody(r Rollback, opts PromotionOptions) string {
	w := r.writer(opts)
	intro := fmt.Sprintf("Undoes %s <code>%s</code> in %s. What came since stays.", w.commit(r.Promoted), escape(r.Subject, 200), markdownName(r.Environment))
	if r.By != "" && r.Number != 0 {
		intro += " " + code("@"+r.By) + " asked for it in " + w.pull(r.Number) + "."
	}
	return w.pack(slices.Concat(paragraph(intro), r.edits(), r.changed(), w.withheld(), w.rendered()))
}

// writer is the one of promotions: what it is asked for means the same here.
func (r Rollback) writer(opts PromotionOptions) promotionWriter {
	return promotionWriter{Promotion{Plan: &promote.Plan{To: r.Environment, Apps: r.Apps}, Report: r.Report}, opts}
}

// names are those of the apps.
func (r Rollback) names() []string {
	var list []string
	for _, a := range r.Apps {
		list = append(list, a.App)
	}
	return list
}

func (r Rollback) conflicts() bool {
	return slices.ContainsFunc(r.Apps, func(a promote.AppPlan) bool { return len(a.Conflicts) > 0 })
}

// edits lists what goes back.
func (r Rollback) edits() []section {
	var lines []string
	for _, a := range r.Apps {
		for _, e := range a.Edits {
			lines = append(lines, "- "+fieldOf(e.File, e.Path))
		}
	}
	return listed("**What goes back**", lines)
}

// changed lists what somebody changed since, which therefore stays.
func (r Rollback) changed() []section {
	var lines []string
	example := ""
	for _, a := range r.Apps {
		for _, c := range a.Conflicts {
			example = cmp.Or(example, strings.TrimSuffix(c.File+":"+c.Path, ":"))
			lines = append(lines, fmt.Sprintf("- %s: promoted %s, before that %s, now %s", fieldOf(c.File, c.Path), value(c.Base), value(c.Source), value(c.Target)))
		}
	}
	sections := listed("**Changed since the promotion, so it stays as it is**", lines)
	if len(lines) > 0 {
		command := "/rollback " + r.Environment
		if len(r.Apps) == 1 {
			command += " " + r.Apps[0].App
		}
		sections = append(sections, paragraph(fmt.Sprintf("<code>%s</code> takes it back all the same; without a place it is for all of them.",
			escape(command+" --take before "+example, 400)))...)
	}
	return sections
}
