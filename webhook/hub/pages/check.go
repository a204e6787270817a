package pages

import (
	"html/template"
	"net/http"
	"strconv"
	"time"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/hub"
)

// checkView is a check run as it is shown.
type checkView struct {
	hub.Check
	Repo string
	// Look is good, bad, idle or busy.
	Look, Word    string
	Summary, Text template.HTML
	Took          string
}

// looks tell how a conclusion looks, and what it is called.
var looks = map[string][2]string{
	"success": {"good", "Successful"}, "failure": {"bad", "Failing"}, "timed_out": {"bad", "Timed out"},
	"action_required": {"bad", "Action required"}, "startup_failure": {"bad", "Did not start"},
	"cancelled": {"idle", "Cancelled"}, "neutral": {"idle", "Neutral"}, "skipped": {"idle", "Skipped"}, "stale": {"idle", "Stale"},
	"queued": {"busy", "Queued"}, "in_progress": {"busy", "In progress"}, "waiting": {"busy", "Waiting"},
	"requested": {"busy", "Requested"}, "pending": {"busy", "Pending"},
}

func (p *pages) checkView(repo string, c hub.Check) checkView {
	state := c.Status
	if c.Status == "completed" {
		state = c.Conclusion
	}
	v := checkView{Check: c, Repo: repo, Look: looks[state][0], Word: looks[state][1]}
	v.Summary, v.Text = p.rendered(repo, c.Summary), p.rendered(repo, c.Text)
	if c.Completed.After(c.Started) && !c.Started.IsZero() {
		v.Took = c.Completed.Sub(c.Started).Round(100 * time.Millisecond).String()
	}
	return v
}

// checks returns the newest check run of each name and App on a commit.
func (p *pages) checks(repo, sha string) []checkView {
	type name struct{ app, name string }
	at := map[name]int{}
	var list []checkView
	for _, c := range p.hub.Checks(repo, sha) {
		k := name{c.App, c.Name}
		i, known := at[k]
		if !known {
			i = len(list)
			at[k] = i
			list = append(list, checkView{})
		}
		list[i] = p.checkView(repo, c)
	}
	return list
}

// verdict sums checks up: look and sentence.
func verdict(list []checkView) (look, sentence string) {
	count := map[string]int{}
	for _, c := range list {
		count[c.Look]++
	}
	switch {
	case len(list) == 0:
		return "idle", "No checks yet"
	case count["bad"] > 0:
		return "bad", "Some checks were not successful"
	case count["busy"] > 0:
		return "busy", "Some checks haven’t completed yet"
	}
	return "good", "All checks have passed"
}

// run shows one check run, found by its number on the heads of pull requests.
func (p *pages) run(w http.ResponseWriter, r *http.Request) {
	repo, err := p.repo(r)
	if err != nil {
		p.failWith(w, r, err)
		return
	}
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	for _, v := range p.hub.Pulls(repo) {
		for _, c := range p.hub.Checks(repo, v.HeadSHA) {
			if c.ID == id {
				p.show(w, r, http.StatusOK, "run", layout{Title: c.Name + " · " + repo, Repo: repo, Live: true, Body: p.checkView(repo, c)})
				return
			}
		}
	}
	p.failWith(w, r, gitops.Errorf(gitops.NotFound, "check run %s is not there", gitops.Quote(r.PathValue("id"))))
}
