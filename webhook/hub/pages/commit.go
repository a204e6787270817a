package pages

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/hub"
)

// maxCommits is how many commits of a pull request are shown, as on GitHub.
const maxCommits = 250

// commit is one commit.
type commit struct {
	SHA, Author   string
	Time          time.Time
	Subject, Body string
}

// change is what a pull request changes.
type change struct {
	Commits  []commit
	Files    []fileDiff
	Add, Del int
	Cut      bool // there is more than is shown
}

// change returns the commits and files from the merge base to the head. Of a merged pull
// request it is what it was when it was merged. When the base branch is gone there
// is nothing to compare with.
func (p *pages) change(ctx context.Context, repo string, v hub.Pull) (change, error) {
	tip := p.hub.Tip(repo, v.Base)
	if v.Merged {
		tip = v.MergeSHA + "^1"
	}
	if v.Plain || tip == "" {
		return change{}, nil
	}
	base, err := p.git(ctx, repo, "merge-base", tip, v.HeadSHA)
	if err != nil {
		return change{}, err
	}
	from := strings.TrimSpace(base.out)
	if from == "" {
		return change{}, nil
	}
	var c change
	if c.Commits, err = p.commitsOf(ctx, repo, "--reverse", "--topo-order", "--max-count="+strconv.Itoa(maxCommits), v.HeadSHA, "^"+from); err != nil {
		return change{}, err
	}
	diff, err := p.git(ctx, repo, "diff", "--no-color", "--no-ext-diff", "--no-textconv", "-M", from, v.HeadSHA, "--")
	if err != nil {
		return change{}, err
	}
	c.set(diff)
	return c, nil
}

// set fills in the files from a patch.
func (c *change) set(diff gitAnswer) {
	c.Files, c.Cut = parsePatch(diff.out), diff.cut
	for _, f := range c.Files {
		c.Add += f.Add
		c.Del += f.Del
	}
}

// commitsOf returns the commits that `git log` with these arguments names.
func (p *pages) commitsOf(ctx context.Context, repo string, args ...string) ([]commit, error) {
	log, err := p.git(ctx, repo, append([]string{"log", "--no-show-signature", "--format=%H%x1f%an%x1f%ct%x1f%s%x1f%b%x1e"}, args...)...)
	if err != nil {
		return nil, err
	}
	var list []commit
	for record := range strings.SplitSeq(log.out, "\x1e") {
		f := strings.SplitN(strings.TrimLeft(record, "\n"), "\x1f", 5)
		if len(f) < 5 {
			continue
		}
		seconds, _ := strconv.ParseInt(f[2], 10, 64) // git's own figure
		list = append(list, commit{SHA: f[0], Author: f[1], Time: time.Unix(seconds, 0).UTC(), Subject: f[3], Body: strings.TrimSpace(f[4])})
	}
	return list, nil
}

// commit shows one commit.
func (p *pages) commit(w http.ResponseWriter, r *http.Request) {
	repo, err := p.repo(r)
	sha := r.PathValue("sha")
	if err == nil && !isSHA(sha) {
		err = gitops.Errorf(gitops.NotFound, "commit %s is not there", gitops.Quote(sha))
	}
	if err != nil {
		p.failWith(w, r, err)
		return
	}
	list, err := p.commitsOf(r.Context(), repo, "--max-count=1", sha, "--")
	if err != nil || len(list) == 0 {
		p.failWith(w, r, gitops.Errorf(gitops.NotFound, "commit %s is not there", gitops.Quote(sha)))
		return
	}
	diff, err := p.git(r.Context(), repo, "show", "--no-color", "--no-ext-diff", "--no-textconv", "--format=", "-M", "-m", "--first-parent", sha, "--")
	if err != nil {
		p.failWith(w, r, err)
		return
	}
	c := change{Commits: list}
	c.set(diff)
	p.show(w, r, http.StatusOK, "commit", layout{Title: list[0].Subject + " · " + repo, Repo: repo, Body: fileList{repo, sha, c}})
}

// fileList is what the list of changed files needs.
type fileList struct {
	Repo, SHA string
	change
}
