package main

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealift/sealift/gitops/seal/sealtest"
	"github.com/sealift/sealift/webhook/hub"
	"github.com/sealift/sealift/webhook/store"
	"github.com/sealift/sealift/webhook/web"
)

// A developer asks for a link, logs in, seals for dev: one commit on the branch that
// kubeseal decrypts, named in the kustomization, said in the comment that had the link,
// and shown by the diff. The link is good once.
func TestStorySealLink(t *testing.T) {
	s := newSealStory(t, nil)
	n, _ := s.open("README.md", "# Secrets\n")
	path, comment := s.link(developer, n, "/seal web dev db --keys username,password")
	v, status := s.visit(developer, path)
	if status != 200 {
		t.Fatalf("form: %d\n%s", status, s.logs)
	}
	if prod := v.form.Environments[1]; prod.Name != "prod" || !strings.Contains(prod.Refused, "administrators") || prod.Certificate != "" || len(prod.Overlays) != 0 {
		t.Errorf("prod is offered to a developer: %+v", prod)
	}
	values := map[string]string{"username": "orders-service", "password": "correct horse battery"}
	sub := v.submission("dev", "db", values)
	a := v.sealed(path, sub)

	head := s.hub.Tip(storyRepo, topic)
	if a.Commit != head || a.File != "apps/web/overlays/dev/db-sealedsecret.yaml" || a.URL != s.hub.WebURL()+"/"+storyRepo+"/pull/1" {
		t.Errorf("answer %+v, head %s", a, head)
	}
	got := s.decrypted(s.dev, head, a.File)
	if got["username"] != values["username"] || got["password"] != values["password"] || len(got) != 2 {
		t.Errorf("kubeseal decrypts %q", got)
	}
	has(t, s.file(head, webDev), "db-sealedsecret.yaml", "../../base", "namespace: dev")
	for _, c := range s.bots(n) {
		if c.ID == comment {
			has(t, c.Body, "db", "sealed for dev", developer, "username", "password", head[:7])
			hasNot(t, c.Body, path)
		}
	}
	if list := s.bots(n); len(list) != 2 {
		t.Fatalf("%d comments by the bot, want the diff and one about the secret", len(list))
	}
	has(t, s.bots(n)[0].Body, "SealedSecret", head[:7])
	s.nowhere(n, values["password"], values["username"])

	if status, _ := v.send(path, sub); status != 404 {
		t.Errorf("the link again: %d", status)
	}
	if s.hub.Tip(storyRepo, topic) != head {
		t.Error("a second commit")
	}
	log, err := s.service.store.Actions(s.ctx, store.ActionFilter{Limit: 1000})
	s.must(err)
	recorded := ""
	for _, entry := range log {
		if strings.HasPrefix(entry.What, "seal ") {
			recorded = entry.Actor + ": " + entry.What + " " + entry.Result
		}
		if strings.Contains(entry.Key+entry.What+entry.Result, strings.TrimPrefix(path, "/seal/")) {
			t.Errorf("the token is in the log: %+v", entry)
		}
	}
	s.notKept(strings.TrimPrefix(path, "/seal/"))
	has(t, recorded, developer+": seal dev/db (password, username) for dev with certificate ", head)
}

// After the commit the service dies, or GitHub does not answer: the comment does not keep
// the link. What was sealed is said once the service is back.
func TestStorySealLinkSaidLater(t *testing.T) {
	for name, lost := range map[string]hub.Fault{
		"the comment cannot be edited": {Method: "PATCH", Path: "/repos/*/*/issues/comments/*", Status: 502},
		"the commit is not recorded":   {Method: "PATCH", Path: "/repos/*/*/git/refs/**", Status: 502, After: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSealStory(t, nil)
			n, _ := s.open("README.md", "# Secrets\n")
			path, comment := s.link(developer, n, "/seal web dev db")
			v, _ := s.visit(developer, path)
			repair := s.hub.Fault(lost)
			_, _ = v.send(path, v.submission("dev", "db", map[string]string{"k": "v"}))
			s.stop()
			repair()
			s.start()
			s.service.answers.Now = func() time.Time { return time.Now().Add(time.Hour) }
			s.settle()
			said := 0
			for _, c := range s.bots(n) {
				hasNot(t, c.Body, path)
				if c.ID == comment {
					said++
					has(t, c.Body, "db", "sealed for dev", developer, s.hub.Tip(storyRepo, topic)[:7])
				}
			}
			if list := s.bots(n); len(list) != 2 || said != 1 {
				t.Errorf("%d comments by the bot, want the diff and one about the secret: %+v", len(list), list)
			}
			s.noFailures()
		})
	}
}

// Another key of a SealedSecret that is there: the other one stays byte for byte.
func TestStorySealKey(t *testing.T) {
	s := newSealStory(t, nil)
	n, _ := s.open("README.md", "# Secrets\n")
	path, _ := s.link(developer, n, "/seal web dev db")
	v, _ := s.visit(developer, path)
	first := v.sealed(path, v.submission("dev", "db", map[string]string{"username": "one", "password": "two"}))
	before := s.file(first.Commit, first.File)

	path, _ = s.link(developer, n, "/seal web dev db --keys password")
	v, _ = s.visit(developer, path)
	there := v.form.Environments[0].Overlays[1].Secrets
	if len(there) != 1 || there[0].Name != "db" || there[0].File != first.File {
		t.Fatalf("offered: %+v", there)
	}
	sub := v.submission("dev", "db", map[string]string{"password": "three"})
	sub["existing"] = first.File
	again := v.sealed(path, sub)
	if got := s.decrypted(s.dev, again.Commit, again.File); got["username"] != "one" || got["password"] != "three" {
		t.Errorf("kubeseal decrypts %q", got)
	}
	changed := 0
	after := strings.Split(s.file(again.Commit, again.File), "\n")
	for i, line := range strings.Split(before, "\n") {
		if i >= len(after) || after[i] != line {
			changed++
		}
	}
	if changed != 1 {
		t.Errorf("%d lines changed, want one", changed)
	}
}

// What each may: a developer not for prod, an administrator for prod, a stranger
// nothing, and nobody with a link of somebody else.
func TestStorySealRights(t *testing.T) {
	s := newSealStory(t, nil)
	n, head := s.open("README.md", "# Secrets\n")
	s.settle()
	s.say(developer, n, "/seal web prod")
	s.settle()
	s.say(stranger, n, "/seal web dev")
	s.settle()
	list := s.bots(n)
	if len(list) != 3 {
		t.Fatalf("%d comments, want the diff and two refusals: %+v", len(list), list)
	}
	has(t, list[1].Body, "sealing for prod is for administrators")
	has(t, list[2].Body, "/seal is for who may write")

	path, _ := s.link(developer, n, "/seal")
	v, _ := s.visit(developer, path)
	forged := v.submission("dev", "db", map[string]string{"k": "v"})
	forged["environment"], forged["overlay"], forged["namespace"] = "prod", "apps/web/overlays/prod", "prod"
	if status, a := v.send(path, forged); status != 403 {
		t.Errorf("prod by a developer: %d %+v", status, a)
	}
	forged["environment"] = "dev" // for an overlay of prod
	if status, a := v.send(path, forged); status != 404 {
		t.Errorf("an overlay of prod as dev: %d %+v", status, a)
	}
	for _, login := range []string{admin, stranger} {
		if _, status := s.visit(login, path); status != 404 {
			t.Errorf("%s with the developer's link: %d", login, status)
		}
	}
	if s.hub.Tip(storyRepo, topic) != head {
		t.Fatal("something was committed")
	}
	v.sealed(path, v.submission("dev", "db", map[string]string{"k": "v"})) // refusals did not use it up

	path, _ = s.link(admin, n, "/seal web prod db")
	v, _ = s.visit(admin, path)
	a := v.sealed(path, v.submission("prod", "db", map[string]string{"k": "of prod"}))
	if got := s.decrypted(s.prod, a.Commit, a.File); got["k"] != "of prod" {
		t.Errorf("kubeseal decrypts %q", got)
	}
	s.dev.Refuses(t, []byte(s.file(a.Commit, a.File)))
}

// Who may seal, and with which certificate, is what the default branch says. Anybody who
// may write can make another base for a pull request, with a configuration and a key of
// their own, and ask somebody else to seal there.
func TestStorySealForeignBase(t *testing.T) {
	s := newSealStory(t, nil)
	foreign := sealtest.NewKey(t)
	s.push("base", ".sealift.yaml", strings.Replace(sealPolicy, "sealers: [admin]", "sealers: [write]", 1), "certs/prod.pem", string(foreign.Cert))
	_, err := s.person(developer).PushOn(s.ctx, storyRepo, topic, s.hub.Tip(storyRepo, "base"), "change", map[string]string{"README.md": "# Secrets\n"})
	s.must(err)
	n, err := s.person(developer).OpenPull(s.ctx, storyRepo, hub.NewPull{Title: "Topic", Head: topic, Base: "base"})
	s.must(err)
	s.settle()
	s.say(developer, n, "/seal web prod db")
	s.settle()
	list := s.bots(n)
	has(t, list[len(list)-1].Body, "sealing for prod is for administrators")
	path, _ := s.link(admin, n, "/seal web prod db")
	v, _ := s.visit(admin, path)
	for _, e := range v.form.Environments {
		if e.Name == "prod" && e.Certificate != string(s.prod.Cert) {
			t.Errorf("the form encrypts for %s", e.Fingerprint)
		}
	}
	a := v.sealed(path, v.submission("prod", "db", map[string]string{"k": "v"}))
	text := []byte(s.file(a.Commit, a.File))
	foreign.Refuses(t, text)
	if got := s.decrypted(s.prod, a.Commit, a.File); got["k"] != "v" {
		t.Errorf("kubeseal decrypts %q", got)
	}
}

// A link ends when the head moves, after half an hour, and when the pull request
// closes. What was
// encrypted for another certificate is not taken.
func TestStorySealStale(t *testing.T) {
	s := newSealStory(t, nil)
	n, _ := s.open("README.md", "# Secrets\n")
	path, _ := s.link(developer, n, "/seal web dev db")
	v, _ := s.visit(developer, path)
	sub := v.submission("dev", "db", map[string]string{"k": "v"})
	other := s.push(topic, "README.md", "# Others push\n")
	s.settle()
	if status, a := v.send(path, sub); status != 409 || !strings.Contains(a.Message, "changed meanwhile") {
		t.Errorf("after a push: %d %+v", status, a)
	}
	if _, status := s.visit(developer, path); status != 409 {
		t.Errorf("the form after a push: %d", status)
	}

	path, _ = s.link(developer, n, "/seal web dev db")
	v, _ = s.visit(developer, path)
	sub = v.submission("dev", "db", map[string]string{"k": "v"})
	sub["fingerprint"] = strings.Repeat("0", 64)
	if status, a := v.send(path, sub); status != 409 || !strings.Contains(a.Message, "certificate") {
		t.Errorf("another certificate: %d %+v", status, a)
	}
	kept, err := s.service.store.PeekLink(s.ctx, strings.TrimPrefix(path, "/seal/"), time.Now())
	s.must(err)
	expired, err := s.service.store.AddLink(s.ctx, kept, time.Now().Add(-store.LinkLife))
	s.must(err)
	if _, status := s.visit(developer, web.SealPath(expired)); status != 404 {
		t.Errorf("the form half an hour later: %d", status)
	}

	s.must(s.person(developer).ClosePull(s.ctx, storyRepo, n))
	s.settle()
	s.must(s.person(developer).ReopenPull(s.ctx, storyRepo, n))
	s.settle()
	if _, status := s.visit(developer, path); status != 404 {
		t.Errorf("the form after the pull request was closed: %d", status)
	}
	if s.hub.Tip(storyRepo, topic) != other {
		t.Error("something was committed")
	}
}

// Two people seal the same secret at once: one commit, the other one hears of it, and
// nothing is lost.
func TestStorySealTwoAtOnce(t *testing.T) {
	s := newSealStory(t, nil)
	n, before := s.open("README.md", "# Secrets\n")
	type attempt struct {
		v      *visitor
		path   string
		sub    map[string]any
		status int
		answer answer
	}
	var both [2]attempt
	for i, login := range []string{developer, admin} {
		a := &both[i]
		a.path, _ = s.link(login, n, "/seal web dev db")
		a.v, _ = s.visit(login, a.path)
		a.sub = a.v.submission("dev", "db", map[string]string{"k": login})
	}
	var wait sync.WaitGroup
	for i := range both {
		wait.Go(func() { both[i].status, both[i].answer = both[i].v.send(both[i].path, both[i].sub) })
	}
	wait.Wait()
	won, lost := both[0], both[1]
	if won.status != 200 {
		won, lost = lost, won
	}
	if won.status != 200 || lost.status != 409 || !strings.Contains(lost.answer.Message, "changed meanwhile") {
		t.Fatalf("%d %+v and %d %+v", won.status, won.answer, lost.status, lost.answer)
	}
	s.settle()
	head := s.hub.Tip(storyRepo, topic)
	c, err := s.hub.Commit(s.ctx, storyRepo, head)
	s.must(err)
	if head != won.answer.Commit || len(c.Parents) != 1 || c.Parents[0] != before {
		t.Errorf("head %s of %v, want one commit on %s", head, c.Parents, before)
	}
}

// A branch of a fork cannot be written to: the secret comes in a pull request of its
// own, and a second key of it goes to the same one.
func TestStorySealFork(t *testing.T) {
	s := newSealStory(t, nil)
	s.must(s.person(developer).Fork(s.ctx, storyRepo))
	_, err := s.person(developer).Push(s.ctx, developer+"/shop", topic, "change", map[string]string{"README.md": "# Fork\n"})
	s.must(err)
	n, err := s.person(developer).OpenPull(s.ctx, storyRepo, hub.NewPull{Title: "Fork", Head: developer + ":" + topic})
	s.must(err)
	s.settle()
	path, _ := s.link(developer, n, "/seal web dev db")
	v, _ := s.visit(developer, path)
	if !v.form.OwnPull {
		t.Error("the form does not say that there will be another pull request")
	}
	a := v.sealed(path, v.submission("dev", "db", map[string]string{"one": "1"}))
	pulls := s.hub.Pulls(storyRepo)
	if len(pulls) != 2 || pulls[1].Head != "sealift/seal/1/db" || a.URL != s.hub.WebURL()+"/"+storyRepo+"/pull/2" {
		t.Fatalf("answer %+v, pull requests %+v", a, pulls)
	}
	has(t, pulls[1].Body, "#1", developer, "one")
	path, _ = s.link(developer, n, "/seal web dev")
	v, _ = s.visit(developer, path)
	b := v.sealed(path, v.submission("dev", "db2", map[string]string{"two": "2"}))
	if len(s.hub.Pulls(storyRepo)) != 3 || b.URL == a.URL {
		t.Errorf("another secret: %+v", b)
	}
}
