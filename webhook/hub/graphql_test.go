package hub_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/sealift/sealift/webhook/hub"
)

// mutate does a mutation as the bot and returns the type and text of what is refused.
func (w *world) mutate(token, name string, input map[string]string) string {
	w.t.Helper()
	query := "mutation($input: " + strings.ToUpper(name[:1]) + name[1:] + "Input!) { " + name + "(input: $input) { clientMutationId } }"
	body, err := json.Marshal(map[string]any{"query": query, "variables": map[string]any{"input": input}})
	must(w.t, err)
	req, err := http.NewRequestWithContext(w.t.Context(), "POST", w.WebURL()+"/api/graphql", strings.NewReader(string(body)))
	must(w.t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultTransport.RoundTrip(req)
	must(w.t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	must(w.t, err)
	if resp.StatusCode != http.StatusOK {
		w.t.Fatalf("%s: %d %s", name, resp.StatusCode, raw)
	}
	var a struct {
		Data   map[string]any
		Errors []struct{ Type, Message string }
	}
	must(w.t, json.Unmarshal(raw, &a))
	if len(a.Errors) == 0 {
		if a.Data[name] == nil {
			w.t.Fatalf("%s: neither data nor errors: %s", name, raw)
		}
		return ""
	}
	return strings.TrimSpace(a.Errors[0].Type + " " + a.Errors[0].Message)
}

func (w *world) refuses(want, name string, input map[string]string) {
	w.t.Helper()
	if got := w.mutate(w.token, name, input); got != want {
		w.t.Errorf("%s %v: %q, want %q", name, input, got, want)
	}
}

func TestGraphQL(t *testing.T) {
	w := newWorld(t, hub.Options{InOrder: true, EagerMerge: true})
	n := w.pull("feature", map[string]string{"a": "1"})
	head := w.Tip(repository, "feature")
	id := w.bot("GET", "/pulls/1", "").str("node_id")
	const enable, disable, enqueue, dequeue = "enablePullRequestAutoMerge", "disablePullRequestAutoMerge", "enqueuePullRequest", "dequeuePullRequest"
	in := map[string]string{"pullRequestId": id, "expectedHeadOid": head, "mergeMethod": "SQUASH"}
	queue := map[string]string{"pullRequestId": id, "expectedHeadOid": head}

	w.refuses("UNPROCESSABLE Pull request Protected branch rules not configured for this branch", enable, in)
	w.refuses("UNPROCESSABLE Pull request Merge queue is not enabled for this branch", enqueue, queue)
	must(t, w.Protect(repository, "main", hub.Protection{Checks: []string{"ci"}}))
	must(t, w.AllowAutoMerge(repository, false))
	w.refuses("UNPROCESSABLE Pull request Auto merge is not allowed for this repository", enable, in)
	must(t, w.AllowAutoMerge(repository, true))
	w.refuses("UNPROCESSABLE Head branch was modified. Review and try the merge again.", enable, map[string]string{"pullRequestId": id, "expectedHeadOid": w.Tip(repository, "main")})
	w.refuses("NOT_FOUND Could not resolve to a node with the global id of 'x'", enable, map[string]string{"pullRequestId": "x"})
	if got := w.mutate(w.mint(`{"permissions":{"pull_requests":"write","contents":"read"}}`), enable, in); got != "FORBIDDEN Resource not accessible by integration" {
		t.Errorf("without contents:write: %q", got)
	}
	w.refuses("Variable $input of type EnqueuePullRequestInput! was provided invalid value for mergeMethod (Field is not defined on EnqueuePullRequestInput)", enqueue, in)
	w.refuses("UNPROCESSABLE Can't disable auto-merge for this pull request.", disable, map[string]string{"pullRequestId": id})

	w.refuses("", enable, in)
	w.bot("GET", "/pulls/1", "").is("auto_merge.merge_method", "squash").is("auto_merge.enabled_by.login", "sealift[bot]")
	w.refuses("", disable, map[string]string{"pullRequestId": id})
	w.bot("POST", "/statuses/"+head, `{"state":"success","context":"ci"}`).want(201)
	w.bot("GET", "/pulls/1", "").is("merged", "false")
	w.refuses("UNPROCESSABLE Pull request Pull request is in clean status", enable, in)

	must(t, w.Protect(repository, "main", hub.Protection{Checks: []string{"ci", "more"}, Queue: true}))
	w.refuses(`UNPROCESSABLE Pull request Required status check "more" is expected.`, enqueue, queue)
	w.refuses("", enable, in)
	w.bot("POST", "/statuses/"+head, `{"state":"success","context":"more"}`).want(201)
	w.refuses("UNPROCESSABLE Pull request Pull request is already in the queue", enqueue, queue)
	w.refuses("", dequeue, map[string]string{"id": id})
	w.refuses("UNPROCESSABLE Pull request is not in the merge queue", dequeue, map[string]string{"id": id})
	w.refuses("", enqueue, queue)
	must(t, w.Protect(repository, "main", hub.Protection{}))
	if _, err := w.dev.Merge(t.Context(), repository, n, hub.MergeOptions{}); err != nil {
		t.Error(err)
	}
	w.refuses("UNPROCESSABLE Pull request is not in the correct state to enable auto-merge", enable, in)
	w.events() // all of them are valid
}
