package hub_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-github/v60/github"

	"github.com/sealift/sealift/gitops/need"
	"github.com/sealift/sealift/webhook/hub"
	"github.com/sealift/sealift/webhook/hub/hubtest"
)

// TestOctokit lets GitHub's own JavaScript client work with the hub.
func TestOctokit(t *testing.T) {
	modules := hubtest.NPM(t)
	node := need.Command(t, "node")
	w := newWorld(t, hub.Options{})
	n := w.pull("feature", map[string]string{"a": "1"})
	cmd := exec.CommandContext(t.Context(), node, "testdata/witness.mjs")
	cmd.Env = append(os.Environ(), "MODULES="+modules, "API="+strings.TrimSuffix(w.APIURL(), "/"), "APP_ID="+fmt.Sprint(w.app.ID()),
		"PRIVATE_KEY="+string(w.app.PrivateKey()), "SECRET="+hubtest.Secret, "OWNER=acme", "REPO=gitops", "NUMBER="+fmt.Sprint(n))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("witness: %v\n%s", err, stderr.String())
	}
	var got map[string]any
	must(t, json.Unmarshal(out, &got))
	want := map[string]any{
		"slug": "sealift", "repositories": []any{repository}, "verified": true, "merged": true, "content": "a: 1\n", "refused": float64(422),
		"comments": []any{"sealift[bot]: comment 0", "sealift[bot]: comment 1", "sealift[bot]: comment 2"},
		"checks":   []any{"sealift/diff success 1"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what the client saw (-want +got):\n%s", diff)
	}
	w.events()
}

// TestGoGitHub lets the libraries of the bot work with the hub.
func TestGoGitHub(t *testing.T) {
	w := newWorld(t, hub.Options{EagerMerge: true})
	n := w.pull("feature", map[string]string{"a": "1"})
	tr, err := ghinstallation.New(http.DefaultTransport, w.app.ID(), w.inst, w.app.PrivateKey())
	must(t, err)
	tr.BaseURL = strings.TrimSuffix(w.APIURL(), "/")
	tr.InstallationTokenOptions = &github.InstallationTokenOptions{Repositories: []string{"gitops"}, Permissions: &github.InstallationPermissions{PullRequests: github.String("write"), Contents: github.String("read")}}
	client, err := github.NewClient(&http.Client{Transport: tr}).WithEnterpriseURLs(w.WebURL(), w.WebURL())
	must(t, err)
	ctx := t.Context()
	pr, _, err := client.PullRequests.Get(ctx, "acme", "gitops", n)
	must(t, err)
	if !pr.GetMergeable() || pr.GetHead().GetSHA() != w.Tip(repository, "feature") {
		t.Errorf("pull request %v", pr)
	}
	c, _, err := client.Issues.CreateComment(ctx, "acme", "gitops", n, &github.IssueComment{Body: github.String("hello")})
	must(t, err)
	if c.GetUser().GetID() != w.app.BotID() {
		t.Errorf("comment by %v", c.GetUser())
	}
	if _, _, err := client.Checks.CreateCheckRun(ctx, "acme", "gitops", github.CreateCheckRunOptions{Name: "x", HeadSHA: pr.GetHead().GetSHA()}); err == nil || !strings.Contains(err.Error(), "not accessible") {
		t.Errorf("a check run beyond the token's permissions: %v", err)
	}
	w.SetLimits(hub.Limits{Content: 1})
	_, _, err = client.Issues.CreateComment(ctx, "acme", "gitops", n, &github.IssueComment{Body: github.String("again")})
	if _, ok := err.(*github.AbuseRateLimitError); !ok {
		t.Errorf("secondary limit is %T %v", err, err)
	}
	w.SetLimits(hub.Limits{Hourly: 1})
	fresh, err := github.NewClient(&http.Client{Transport: tr}).WithEnterpriseURLs(w.WebURL(), w.WebURL()) // clients remember refusals
	must(t, err)
	_, _, err = fresh.PullRequests.Get(ctx, "acme", "gitops", n)
	if _, ok := err.(*github.RateLimitError); !ok {
		t.Errorf("rate limit is %T %v", err, err)
	}
	w.events()
}
