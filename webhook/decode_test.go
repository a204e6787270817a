package webhook_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook"
	"github.com/sealift/sealift/webhook/hub/hubtest"
)

const zeros = "0000000000000000000000000000000000000000"

// about is what all payloads of the tests have in common.
const about = `"installation":{"id":3},"repository":{"id":5,"full_name":"acme/shop","default_branch":"main","private":true,` +
	`"custom_properties":{"tier":["gold","silver"],"owner":null}},"sender":{"id":1,"login":"ann","type":"User"}`

// event returns what all events of the tests have in common.
func event(change func(*gitops.Event)) gitops.Event {
	ev := gitops.Event{
		Delivery: guid, Actor: gitops.User{ID: 1, Login: "ann"}, Installation: 3,
		Repo: gitops.Repository{ID: 5, Owner: "acme", Name: "shop", DefaultBranch: "main", Private: true, Installation: 3},
	}
	change(&ev)
	return ev
}

func pull(action, more string) string {
	return `{"action":"` + action + `","number":7,` + about + more + `,"pull_request":{"draft":true,"number":7,` +
		`"head":{"sha":"` + sha1 + `","ref":"f","repo":null},"base":{"sha":"` + sha2 + `","ref":"main"}}}`
}

func pullEvent(kind gitops.EventKind, action string) gitops.Event {
	return event(func(ev *gitops.Event) {
		ev.Kind, ev.Action, ev.Number, ev.Head, ev.Base = kind, action, 7, sha1, sha2
	})
}

func commented(action, issue, comment string) string {
	return `{"action":"` + action + `",` + about + `,"issue":{"number":7` + issue + `},"comment":{"id":9,"body":"/diff\n","html_url":"https://x/9",` +
		`"created_at":"2026-01-02T03:04:05Z","user":{"id":1,"login":"ann","type":"User"}` + comment + `}}`
}

func checked(event, action, pulls string) string {
	return `{"action":"` + action + `",` + about + `,"` + event + `":{"head_sha":"` + sha1 + `","pull_requests":` + pulls + `}}`
}

// TestDecode decodes each event that something is done about, and none of the others.
func TestDecode(t *testing.T) {
	const onPull = `,"pull_request":{"url":"x"}`
	onePull := `[{"number":7,"base":{"sha":"` + sha2 + `"}}]`
	pushed := func(ref, before, after string) string {
		return `{` + about + `,"ref":"` + ref + `","before":"` + before + `","after":"` + after + `"}`
	}
	group := `,"merge_group":{"head_sha":"` + sha1 + `","base_sha":"` + sha2 + `"}}`
	comment := event(func(ev *gitops.Event) {
		ev.Kind, ev.Action, ev.Number = gitops.Commented, "created", 7
		ev.Comment = &gitops.Comment{ID: 9, Body: "/diff\n", URL: "https://x/9", Author: gitops.User{ID: 1, Login: "ann"}, Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	})
	remark := func(action string) gitops.Event {
		ev := comment
		ev.Kind, ev.Action = gitops.Remarked, action
		return ev
	}
	byApp := remark("created")
	byApp.Actor = gitops.User{ID: 2, Login: "b", Bot: true}
	rerequested := event(func(ev *gitops.Event) {
		ev.Kind, ev.Action, ev.Number, ev.Head, ev.Base = gitops.Rerequested, "rerequested", 7, sha1, sha2
	})
	forked := rerequested
	forked.Number, forked.Base = 0, ""
	done := func(branch, action string) gitops.Event {
		return event(func(ev *gitops.Event) { ev.Kind, ev.Action, ev.Head, ev.Ref = gitops.Checked, action, sha1, branch })
	}
	status := func(state string, branches ...string) string {
		return `{` + about + `,"sha":"` + sha1 + `","state":"` + state + `","branches":[{"name":"` + strings.Join(branches, `"},{"name":"`) + `"}]}`
	}
	gone := gitops.Event{Delivery: guid, Actor: gitops.User{ID: 1, Login: "ann"}, Installation: 3, Kind: gitops.Uninstalled}
	deleted, suspended, removed := gone, gone, gone
	deleted.Action, suspended.Action, removed.Action = "deleted", "suspend", "removed"
	lost := []gitops.Repository{{ID: 5, Owner: "acme", Name: "shop", Private: true, Installation: 3}, {ID: 6, Owner: "acme", Name: "web", Installation: 3}}
	const lostJSON = `[{"id":5,"name":"shop","full_name":"acme/shop","private":true},null,{"id":6,"full_name":"acme/web"}]`
	deletedAll, removedTwo := deleted, removed
	deletedAll.Lost, removedTwo.Lost = lost, lost

	tests := []struct {
		name, event, payload string
		want                 gitops.Event // zero: ignored
		key, class           string
	}{
		{"opened", "pull_request", pull("opened", ""), pullEvent(gitops.PullChanged, "opened"), "acme/shop#7", webhook.ClassRender},
		{"pushed to", "pull_request", pull("synchronize", ""), pullEvent(gitops.PullChanged, "synchronize"), "acme/shop#7", webhook.ClassRender},
		{"reopened", "pull_request", pull("reopened", ""), pullEvent(gitops.PullChanged, "reopened"), "acme/shop#7", webhook.ClassRender},
		{"ready", "pull_request", pull("ready_for_review", ""), pullEvent(gitops.PullChanged, "ready_for_review"), "acme/shop#7", webhook.ClassRender},
		{"retargeted", "pull_request", pull("edited", `,"changes":{"base":{"ref":{"from":"dev"}}}`), pullEvent(gitops.PullChanged, "edited"), "acme/shop#7", webhook.ClassRender},
		{"closed", "pull_request", pull("closed", ""), pullEvent(gitops.PullClosed, "closed"), "acme/shop#7", ""},
		{"title edited", "pull_request", pull("edited", `,"changes":{"title":{"from":"x"}}`), gitops.Event{}, "", ""},
		{"labeled", "pull_request", pull("labeled", ""), gitops.Event{}, "", ""},
		{"no pull request", "pull_request", `{"action":"opened",` + about + `}`, gitops.Event{}, "", ""},

		{"comment", "issue_comment", commented("created", onPull, ""), comment, "acme/shop#7", ""},
		{"comment edited", "issue_comment", commented("edited", onPull, ""), remark("edited"), "acme/shop#7", ""},
		{"comment deleted", "issue_comment", commented("deleted", onPull, ""), gitops.Event{}, "", ""},
		{"comment on an issue", "issue_comment", commented("created", "", ""), remark("created"), "acme/shop#7", ""},
		{"comment on an issue, null", "issue_comment", commented("created", `,"pull_request":null`, ""), remark("created"), "acme/shop#7", ""},
		{"comment through an App", "issue_comment", commented("created", onPull, `,"performed_via_github_app":{"id":1}`), remark("created"), "acme/shop#7", ""},
		{"comment through none", "issue_comment", commented("created", onPull, `,"performed_via_github_app":null`), comment, "acme/shop#7", ""},
		{"comment by a bot", "issue_comment", commented("created", onPull, `,"user":{"id":1,"login":"x","type":"Bot"}`), gitops.Event{}, "", ""},
		{"comment by a bot by name", "issue_comment", commented("created", onPull, `,"user":{"id":1,"login":"x[bot]","type":"User"}`), gitops.Event{}, "", ""},
		{"comment by nobody", "issue_comment", strings.Replace(commented("created", onPull, ""), `"user":{"id":1,"login":"ann","type":"User"}`, `"user":null`, 1), gitops.Event{}, "", ""},
		{"comment sent by a bot", "issue_comment", strings.Replace(commented("created", onPull, ""), `"sender":{"id":1,"login":"ann","type":"User"}`, `"sender":{"id":2,"login":"b","type":"Bot"}`, 1), byApp, "acme/shop#7", ""},

		{"push", "push", pushed("refs/heads/rel/1", sha1, sha2), event(func(ev *gitops.Event) {
			ev.Kind, ev.Ref, ev.Before, ev.Head = gitops.Pushed, "rel/1", sha1, sha2
		}), "acme/shop:rel/1", ""},
		{"branch deleted", "push", pushed("refs/heads/x", sha1, zeros), event(func(ev *gitops.Event) {
			ev.Kind, ev.Ref, ev.Before, ev.Head = gitops.Pushed, "x", sha1, zeros
		}), "acme/shop:x", ""},
		{"tag", "push", pushed("refs/tags/v1", zeros, sha2), gitops.Event{}, "", ""},
		{"branch of a merge queue", "push", pushed("refs/heads/gh-readonly-queue/main/pr-7-1", zeros, sha2), gitops.Event{}, "", ""},

		{"merge group", "merge_group", `{"action":"checks_requested",` + about + group, event(func(ev *gitops.Event) {
			ev.Kind, ev.Action, ev.Head, ev.Base = gitops.MergeQueued, "checks_requested", sha1, sha2
		}), "acme/shop@" + sha1, webhook.ClassRender},
		{"merge group gone", "merge_group", `{"action":"destroyed",` + about + group, gitops.Event{}, "", ""},

		{"check run", "check_run", checked("check_run", "rerequested", onePull), rerequested, "acme/shop#7", webhook.ClassRender},
		{"check suite", "check_suite", checked("check_suite", "rerequested", onePull), rerequested, "acme/shop#7", webhook.ClassRender},
		{"check of a fork", "check_run", checked("check_run", "rerequested", "[]"), forked, "acme/shop@" + sha1, webhook.ClassRender},
		{"check of two", "check_run", checked("check_run", "rerequested", `[{"number":7},{"number":8}]`), forked, "acme/shop@" + sha1, webhook.ClassRender},
		{"check run done", "check_run", checked("check_run", "completed", onePull), gitops.Event{}, "", ""},
		{"check run done on the default branch", "check_run", strings.Replace(checked("check_run", "completed", "[]"), `"pull_requests"`, `"check_suite":{"head_branch":"main"},"pull_requests"`, 1), done("main", "completed"), "acme/shop@" + sha1, "checked"},
		{"suite done on a branch of ours", "check_suite", strings.Replace(checked("check_suite", "completed", "[]"), `"pull_requests"`, `"head_branch":"sealift/promote/x","pull_requests"`, 1), done("sealift/promote/x", "completed"), "acme/shop@" + sha1, "checked"},
		{"status", "status", status("success", "other", "main"), done("main", ""), "acme/shop@" + sha1, "checked"},
		{"status that is pending", "status", status("pending", "main"), gitops.Event{}, "", ""},
		{"status elsewhere", "status", status("success", "other"), gitops.Event{}, "", ""},
		{"suite requested", "check_suite", checked("check_suite", "requested", onePull), gitops.Event{}, "", ""},

		{"uninstalled", "installation", `{"action":"deleted",` + about + `}`, deleted, "installation/3", ""},
		{"suspended", "installation", `{"action":"suspend",` + about + `}`, suspended, "installation/3", ""},
		{"installed", "installation", `{"action":"created",` + about + `}`, gitops.Event{}, "", ""},
		{"repository taken away", "installation_repositories", `{"action":"removed",` + about + `}`, removed, "installation/3", ""},
		{"uninstalled from two", "installation", `{"action":"deleted","repositories":` + lostJSON + `,` + about + `}`, deletedAll, "installation/3", ""},
		{"two taken away", "installation_repositories", `{"action":"removed","repositories_added":[{"id":9}],"repositories_removed":` + lostJSON + `,` + about + `}`, removedTwo, "installation/3", ""},
		{"repository added", "installation_repositories", `{"action":"added",` + about + `}`, gitops.Event{}, "", ""},
		{"unknown", "repository", `{"action":"deleted",` + about + `}`, gitops.Event{}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if !json.Valid([]byte(tt.payload)) {
				t.Fatalf("payload is not JSON: %s", tt.payload)
			}
			got, known, err := webhook.Decode(tt.event, guid, []byte(tt.payload))
			if err != nil || known != (tt.want.Kind != "") {
				t.Fatalf("known %t, %v", known, err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("event (-want +got):\n%s", diff)
			}
			if !known {
				return
			}
			if key, class := webhook.Key(got); key != tt.key || class != tt.class {
				t.Errorf("key %q, class %q; want %q, %q", key, class, tt.key, tt.class)
			}
		})
	}
}

// TestDecodeDeep nests 25 MB: it is refused with next to no memory.
func TestDecodeDeep(t *testing.T) {
	const n = webhook.MaxBody
	object := strings.Repeat(`{"pull_request":`, n/16)
	tests := map[string]string{
		"arrays":          strings.Repeat("[", n/2) + strings.Repeat("]", n/2),
		"objects":         object,
		"unread field":    opened[:len(opened)-1] + `,"x":` + strings.Repeat("[", n/2) + strings.Repeat("]", n/2) + "}",
		"custom property": `{"repository":{"custom_properties":{"p":` + strings.Repeat("[", n/2) + strings.Repeat("]", n/2) + "}}}",
	}
	for name, payload := range tests {
		t.Run(name, func(t *testing.T) {
			data := []byte(payload)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _, err := webhook.Decode("pull_request", guid, data)
			runtime.ReadMemStats(&after)
			if gitops.CodeOf(err) != gitops.Invalid {
				t.Errorf("error %v", err)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
				t.Errorf("took %d bytes of memory", used)
			}
		})
	}
}

// examples are the payloads of one event that GitHub's SDK publishes.
type examples struct {
	Name     string            `json:"name"`
	Examples []json.RawMessage `json:"examples"`
}

// readExamples returns those of github.com and of every Enterprise Server.
func readExamples(t *testing.T) []examples {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(hubtest.NPM(t, "@octokit", "webhooks-examples"), "*", "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var out []examples
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var events []examples
		if err := json.Unmarshal(data, &events); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		out = append(out, events...)
	}
	return out
}

// TestReceiveExamples gives the edge every example of every event, as sent to a
// repository's webhook and, with an installation, as sent to an App's.
func TestReceiveExamples(t *testing.T) {
	e := newEdge(t, nil)
	sent, kinds := 0, map[gitops.EventKind]int{}
	for _, ev := range readExamples(t) {
		for _, example := range ev.Examples {
			for _, body := range []string{string(example), installed(t, example)} {
				sent++
				if a := e.do(t, request(ev.Name, guid, body)); a.status/100 != 2 {
					t.Errorf("%s: %d %s", ev.Name, a.status, a.body)
				}
				if got, known, _ := webhook.Decode(ev.Name, guid, []byte(body)); known {
					kinds[got.Kind]++
				}
			}
		}
	}
	t.Logf("%d payloads taken: %v", sent, kinds)
	for _, kind := range []gitops.EventKind{gitops.PullChanged, gitops.PullClosed, gitops.Pushed, gitops.MergeQueued, gitops.Rerequested, gitops.Uninstalled} {
		if kinds[kind] == 0 {
			t.Errorf("no example is %s", kind)
		}
	}
}

// installed returns a payload with an installation.
func installed(t *testing.T, payload json.RawMessage) string {
	t.Helper()
	var p map[string]json.RawMessage
	if err := json.Unmarshal(payload, &p); err != nil {
		t.Fatal(err)
	}
	p["installation"] = json.RawMessage(`{"id":3,"node_id":"x"}`)
	out, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// FuzzDecode holds Decode to its contract: what it lets through has a kind, a key,
// and names and ids that are safe in paths; the same bytes give the same event.
func FuzzDecode(f *testing.F) {
	for _, seed := range [][2]string{
		{"pull_request", pull("opened", "")}, {"pull_request", opened}, {"issue_comment", commented("created", `,"pull_request":{}`, "")},
		{"push", `{` + about + `,"ref":"refs/heads/x","before":"` + sha1 + `","after":"` + zeros + `"}`},
		{"check_run", checked("check_run", "rerequested", "[]")}, {"check_suite", checked("check_suite", "rerequested", `[{"number":1}]`)},
		{"merge_group", `{"action":"checks_requested",` + about + `,"merge_group":{"head_sha":"` + sha1 + `","base_sha":"` + sha2 + `"}}`},
		{"installation", `{"action":"deleted","installation":{"id":3}}`}, {"ping", "{}"}, {"push", "[[[["}, {"push", "null"},
	} {
		f.Add(seed[0], []byte(seed[1]))
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		ev, known, err := webhook.Decode(name, guid, data)
		if err != nil && (gitops.CodeOf(err) != gitops.Invalid || known) {
			t.Fatalf("known %t, error %v", known, err)
		}
		again, _, _ := webhook.Decode(name, guid, data)
		if diff := cmp.Diff(ev, again); diff != "" {
			t.Fatal(diff)
		}
		if !known {
			return
		}
		key, _ := webhook.Key(ev)
		if ev.Kind == "" || ev.Installation == 0 || key == "" || strings.ContainsAny(ev.Repo.Owner+ev.Repo.Name+ev.Head+ev.Base+ev.Before, "/\\%?# \x00\n") {
			t.Fatalf("let through: %+v", ev)
		}
		if (ev.Kind == gitops.Commented || ev.Kind == gitops.Remarked) && (ev.Comment == nil || ev.Comment.Author.Bot || ev.Number == 0) {
			t.Fatalf("let through: %+v", ev)
		}
	})
}
