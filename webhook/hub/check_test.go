package hub_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sealift/sealift/webhook/hub"
	"github.com/sealift/sealift/webhook/hub/hubtest"
)

// TestCheckRuns adds the annotations of later calls to those before, and completes with
// a conclusion.
func TestCheckRuns(t *testing.T) {
	w := newWorld(t, hub.Options{InOrder: true})
	w.pull("feature", map[string]string{"a": "1"})
	head := w.Tip(repository, "feature")
	w.events()
	r := w.bot("POST", "/check-runs", `{"name":"sealift/diff","head_sha":"`+head+`","status":"in_progress","output":{"title":"T","summary":"S","annotations":[{"path":"a","start_line":1,"end_line":1,"annotation_level":"warning","message":"m"}]}}`).
		want(201).is("status", "in_progress").is("pull_requests.0.number", "1")
	path := "/check-runs/" + fmt.Sprint(r.num("id"))
	w.bot("PATCH", path, `{"conclusion":"failure","output":{"title":"T","summary":"S2","annotations":[{"path":"a","start_line":2,"end_line":2,"annotation_level":"failure","message":"n"}]}}`).
		want(200).is("status", "completed").is("output.annotations_count", "2").is("output.summary", "S2")
	w.bot("GET", path+"/annotations", "").want(200).is("1.start_line", "2")
	w.bot("POST", "/check-runs", `{"name":"sealift/diff","head_sha":"`+head+`","conclusion":"success"}`).want(201)
	w.bot("GET", "/commits/"+head+"/check-runs?check_name=sealift/diff", "").want(200).is("total_count", "1").is("check_runs.0.conclusion", "success")
	w.bot("GET", "/commits/feature/check-runs?filter=all", "").want(200).is("total_count", "2")
	w.bot("GET", "/commits/"+head+"/check-suites", "").want(200).is("check_suites.0.conclusion", "success")
	must(t, w.dev.Rerequest(repository, r.num("id")))
	if got := strings.Join(w.events(), " "); !strings.HasSuffix(got, "check_run.rerequested") || strings.Count(got, "completed") != 2 {
		t.Errorf("events %s", got)
	}
}

// TestCheckLimits refuses one annotation and one character more than GitHub takes, and
// to change the run of another App.
func TestCheckLimits(t *testing.T) {
	w := newWorld(t, hub.Options{})
	head := w.Tip(repository, "main")
	note := `{"path":"a","start_line":1,"end_line":1,"annotation_level":"warning","message":"m"}`
	with := func(output string) string {
		return `{"name":"c","head_sha":"` + head + `","output":{"title":"T","summary":"S"` + output + `}}`
	}
	w.bot("POST", "/check-runs", with(`,"annotations":[`+strings.Repeat(note+",", 49)+note+`]`)).want(201)
	w.bot("POST", "/check-runs", with(`,"annotations":[`+strings.Repeat(note+",", 50)+note+`]`)).says(422, "No more than 50 items")
	w.bot("POST", "/check-runs", with(`,"text":"`+long(65536)+`"`)).says(422, "Only 65535 characters are allowed")
	w.bot("POST", "/check-runs", with(`,"annotations":[{"path":"a","start_line":0,"end_line":1,"annotation_level":"warning","message":"m"}]`)).want(422)
	w.bot("POST", "/check-runs", `{"name":"c","head_sha":"`+strings.Repeat("0", 40)+`"}`).says(422, "No commit found")
	w.bot("POST", "/check-runs", `{"name":"c","head_sha":"`+head+`","conclusion":"great"}`).want(422)
	w.call("POST", "repos/"+repository+"/check-runs", w.PersonalToken("admin"), with("")).want(403)
	w.bot("GET", "/check-runs/1", "").want(404)

	other, err := w.Register(hub.AppConfig{Name: "Other", Owner: "acme", Permissions: permissions(), Key: hubtest.Key(t)})
	must(t, err)
	mine := w.bot("POST", "/check-runs", with("")).want(201).num("id")
	w.app = other
	w.inst, err = other.Install("acme")
	must(t, err)
	w.call("PATCH", "repos/"+repository+"/check-runs/"+fmt.Sprint(mine), w.mint(""), `{"conclusion":"success"}`).says(403, "can only be modified by the GitHub App that created it")
	w.events()
}

// TestStatuses combines the last status of each context.
func TestStatuses(t *testing.T) {
	w := newWorld(t, hub.Options{})
	head := w.Tip(repository, "main")
	w.bot("GET", "/commits/main/status", "").want(200).is("state", "pending").is("total_count", "0")
	w.bot("POST", "/statuses/"+head, `{"state":"pending","context":"a"}`).want(201)
	w.bot("POST", "/statuses/"+head, `{"state":"success","context":"a","description":"fine","target_url":"https://example.com"}`).want(201)
	w.bot("GET", "/commits/main/status", "").want(200).is("state", "success").is("total_count", "1")
	w.bot("POST", "/statuses/"+head, `{"state":"failure","context":"b"}`).want(201)
	w.bot("GET", "/commits/"+head+"/status", "").want(200).is("state", "failure")
	w.bot("POST", "/statuses/"+head, `{"state":"success","description":"`+long(141)+`"}`).says(422, "maximum is 140")
	w.bot("POST", "/statuses/"+head, `{"state":"fine"}`).want(422)
}
