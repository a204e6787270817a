package pages

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/sealift/sealift/webhook/hub"
)

// pullView is a pull request as every tab shows it.
type pullView struct {
	hub.Pull
	Repo, Tab, State string
	change
	Comments int
	Checks   []checkView
	Look     string // of all checks
	Verdict  string
}

// view gathers what all tabs show.
func (p *pages) view(r *http.Request, tab string) (pullView, error) {
	repo, v, err := p.pull(r)
	if err != nil {
		return pullView{}, err
	}
	return p.viewOf(r, repo, v, tab)
}

func (p *pages) viewOf(r *http.Request, repo string, v hub.Pull, tab string) (pullView, error) {
	c, err := p.change(r.Context(), repo, v)
	if err != nil {
		return pullView{}, err
	}
	view := p.summary(repo, v)
	view.Tab, view.change = tab, c
	return view, nil
}

// summary is what a list shows of a pull request.
func (p *pages) summary(repo string, v hub.Pull) pullView {
	view := pullView{Pull: v, Repo: repo, State: stateOf(v), Comments: len(p.hub.Comments(repo, v.Number))}
	if !v.Plain {
		view.Checks = p.checks(repo, v.HeadSHA)
		view.Look, view.Verdict = verdict(view.Checks)
	}
	return view
}

func stateOf(v hub.Pull) string {
	switch {
	case v.Merged:
		return "merged"
	case v.State == "open" && v.Draft:
		return "draft"
	}
	return v.State
}

// Changed is the list of files at the head.
func (v pullView) Changed() fileList { return fileList{v.Repo, v.HeadSHA, v.change} }

// title is what the window is called.
func (v pullView) title() string { return v.Title + " · #" + strconv.Itoa(v.Number) + " · " + v.Repo }

// commits is the second tab.
func (p *pages) commits(w http.ResponseWriter, r *http.Request) {
	view, err := p.view(r, "commits")
	if err != nil {
		p.failWith(w, r, err)
		return
	}
	p.show(w, r, http.StatusOK, "commits", layout{Title: view.title(), Repo: view.Repo, Nav: "pulls", Live: true, Body: view})
}

// files is the third tab.
func (p *pages) files(w http.ResponseWriter, r *http.Request) {
	view, err := p.view(r, "files")
	if err != nil {
		p.failWith(w, r, err)
		return
	}
	p.show(w, r, http.StatusOK, "files", layout{Title: view.title(), Repo: view.Repo, Nav: "pulls", Live: true, Body: view})
}

// pulls lists the pull requests of a repository, newest first.
func (p *pages) pulls(w http.ResponseWriter, r *http.Request) {
	repo, err := p.repo(r)
	if err != nil {
		p.failWith(w, r, err)
		return
	}
	var list []pullView
	for _, v := range p.hub.Pulls(repo) {
		list = append(list, p.summary(repo, v))
	}
	slices.Reverse(list)
	p.show(w, r, http.StatusOK, "pulls", layout{Title: "Pull requests · " + repo, Repo: repo, Nav: "pulls", Live: true, Body: list})
}

// home leads to the first repository.
func (p *pages) home(w http.ResponseWriter, r *http.Request) {
	p.toPull(w, r, p.o.Repos[0])
}

// repoHome leads from a repository to what is open.
func (p *pages) repoHome(w http.ResponseWriter, r *http.Request) {
	repo, err := p.repo(r)
	if err != nil {
		p.failWith(w, r, err)
		return
	}
	p.toPull(w, r, repo)
}

// toPull leads to the newest open pull request, or to the list when there is none.
func (p *pages) toPull(w http.ResponseWriter, r *http.Request, repo string) {
	target := "/" + repo + "/pulls"
	for _, v := range p.hub.Pulls(repo) {
		if v.State == "open" && !v.Plain {
			target = "/" + repo + "/pull/" + strconv.Itoa(v.Number)
		}
	}
	http.Redirect(w, r, target, http.StatusFound)
}
