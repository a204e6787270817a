package ghapp

import (
	"context"
	"net/url"
	"slices"
	"strconv"

	"github.com/google/go-github/v60/github"

	"github.com/sealift/sealift/gitops"
)

// maxConclusions is how many pages of checks, and of statuses, of one commit are
// read.
const maxConclusions = 10

// Conclusions returns what all check runs and commit statuses of a commit, a full id,
// say, by name. "" is one that is not done. Of several with one name the worst counts:
// anybody who may write can add a green one.
//
// It needs the permissions checks:read and statuses:read, for which it takes a token
// of its own.
func (r *Repo) Conclusions(ctx context.Context, sha string) (map[string]gitops.Conclusion, error) {
	if err := checkID(sha); err != nil {
		return nil, err
	}
	c, err := r.app.clientFor(r.repo.Installation, r.repo.ID, Permissions{"checks": "read", "statuses": "read"})
	if err != nil {
		return nil, err
	}
	out := map[string]gitops.Conclusion{}
	add := func(name string, c gitops.Conclusion) {
		if old, ok := out[name]; !ok || badness(c) > badness(old) {
			out[name] = c
		}
	}
	path := r.path + "/commits/" + sha
	err = eachPage(ctx, c, path+"/check-runs", func(p conclusionPage) int {
		for _, run := range p.Runs {
			if run.Status != "completed" {
				run.Conclusion = ""
			}
			add(run.Name, gitops.Conclusion(run.Conclusion))
		}
		return len(p.Runs)
	})
	if err != nil {
		return nil, err
	}
	err = eachPage(ctx, c, path+"/status", func(p conclusionPage) int {
		for _, s := range p.Statuses {
			add(s.Context, stateConclusion(s.State))
		}
		return len(p.Statuses)
	})
	return out, err
}

// conclusionPage is a page of check runs or of statuses.
type conclusionPage struct {
	Runs []struct {
		Name, Status, Conclusion string
	} `json:"check_runs"`
	Statuses []struct{ Context, State string }
}

// eachPage reads pages until one has fewer than the most. read returns how many
// elements its page has.
func eachPage(ctx context.Context, c *github.Client, path string, read func(conclusionPage) int) error {
	for page := range maxConclusions {
		var p conclusionPage
		q := url.Values{"per_page": {strconv.Itoa(perPage)}, "page": {strconv.Itoa(page + 1)}}
		if err := get(ctx, c, path+"?"+q.Encode(), &p); err != nil {
			return err
		}
		if read(p) < perPage {
			return nil
		}
	}
	return gitops.Errorf(gitops.Invalid, "commit has more than %d checks or statuses", maxConclusions*perPage)
}

// stateConclusion is the state of a commit status as a conclusion.
func stateConclusion(state string) gitops.Conclusion {
	switch state {
	case "success":
		return gitops.Success
	case "pending":
		return ""
	}
	return gitops.Failure
}

// badness orders conclusions: done and green, running, anything else.
func badness(c gitops.Conclusion) int {
	switch {
	case slices.Contains([]gitops.Conclusion{gitops.Success, gitops.Neutral, "skipped"}, c):
		return 0
	case c == "":
		return 1
	}
	return 2
}
