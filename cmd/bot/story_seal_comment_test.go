package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops/seal/sealtest"
	"github.com/sealift/sealift/webhook/hub"
	"github.com/sealift/sealift/webhook/store"
)

// Somebody types a value into a comment: the comment is deleted, the value is used for
// nothing and stands nowhere, not even for the time that the delivery waits.
func TestStorySealPlaintext(t *testing.T) {
	const value, second = "Hunter2-of-the-shop", "Second-part-of-it"
	s := newSealStory(t, nil)
	n, head := s.open("README.md", "# Secrets\n")
	s.settle()
	bodies := []string{
		"/seal web dev db password=" + value,
		"Please:\r\n/seal web dev db password=" + value + " " + second + "\r\nthanks " + second,
		"/seal web dev\n```yaml\napiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {password: " + value + "}\n```\n",
		"/seal web dev db key=\u00e4" + value,
	}
	for _, body := range bodies {
		before := len(s.bots(n))
		id := s.say(developer, n, body)
		s.settle()
		for _, c := range s.hub.Comments(storyRepo, n) {
			if c.ID == id {
				t.Errorf("the comment is still there: %.40q", body)
			}
		}
		list := s.bots(n)[before:]
		if len(list) == 0 {
			t.Fatalf("nothing is said of %.40q", body)
		}
		has(t, list[0].Body, developer, "deleted", "has to be changed", "not used")
		if len(list) < 2 || !linkForm.MatchString(list[1].Body) {
			t.Errorf("no link after %.40q: %+v", body, list)
		}
	}
	s.say(stranger, n, "/seal web dev db password="+value)
	s.settle()
	s.nowhere(n, value, second)
	if s.hub.Tip(storyRepo, topic) != head {
		t.Error("something was committed")
	}
}

// A delivery that waits for another attempt has no value either; one that is given up
// keeps what it had.
func TestStorySealPlaintextWaits(t *testing.T) {
	const value = "Hunter2-of-the-shop"
	s := newSealStory(t, nil)
	n, _ := s.open("README.md", "# Secrets\n")
	s.settle()
	repair := s.hub.Fault(hub.Fault{Method: "DELETE", Path: "/repos/*/*/issues/comments/*", Status: 503})
	id := s.say(developer, n, "/seal web dev db password="+value)
	s.until("an attempt failed", func() bool {
		s.must(s.hub.Idle(s.ctx))
		waiting, err := s.service.queue.List(s.ctx, store.Filter{Outcome: store.Pending})
		s.must(err)
		return len(waiting) == 1 && waiting[0].Attempt > 0
	})
	s.notKept(value)
	repair()
	s.settle()
	for _, c := range s.hub.Comments(storyRepo, n) {
		if c.ID == id {
			t.Error("the comment is still there")
		}
	}
	s.nowhere(n, value)
}

// A value is not taken for less because its command does not count: mistyped, in a quote,
// in a comment that was edited, on an issue. It is deleted, stands nowhere, and nothing is
// done with it, also where the operator accepts values.
func TestStorySealPlaintextNoCommand(t *testing.T) {
	const value = "Hunter2-of-the-shop"
	s := newSealStory(t, func(o *storyOptions) {
		o.private = true
		o.config = func(c *serviceConfig) { c.InlinePlaintext = true }
	})
	n, head := s.open("README.md", "# Secrets\n")
	issue, err := s.person(developer).OpenIssue(storyRepo, "Plain", "")
	s.must(err)
	s.settle()
	gone := func(number int, id int64, what string) {
		t.Helper()
		s.settle()
		for _, c := range s.hub.Comments(storyRepo, number) {
			if c.ID == id {
				t.Errorf("%s: the comment is still there", what)
			}
		}
		list := s.bots(number)
		if len(list) == 0 {
			t.Fatalf("%s: nothing is said", what)
		}
		s.nowhere(number, value)
	}
	for what, body := range map[string]string{
		"mistyped": "/seel web dev db password=" + value, "in capitals": "please /SEAL web dev db password=" + value,
		"with a space": "/ seal web dev db password=" + value, "quoted": "> /seal web dev db password=" + value + "\n\nDoes not work.",
	} {
		before := len(s.bots(n))
		gone(n, s.say(developer, n, body), what)
		if list := s.bots(n)[before:]; len(list) == 0 || !strings.Contains(list[0].Body, "has to be changed") {
			t.Errorf("%s: %+v", what, list)
		}
	}
	edited := s.say(developer, n, "Nothing here.")
	s.settle()
	s.must(s.person(developer).EditComment(storyRepo, edited, "/seal web dev db password="+value))
	gone(n, edited, "edited")
	gone(issue, s.say(developer, issue, "/seal web dev db password="+value), "on an issue")
	if s.hub.Tip(storyRepo, topic) != head {
		t.Error("something was committed")
	}
	s.noFailures()
}

// GitHub does not let the comment be deleted: that is said, since the value stays there.
func TestStorySealPlaintextStays(t *testing.T) {
	const value = "Hunter2-of-the-shop"
	s := newSealStory(t, nil)
	n, _ := s.open("README.md", "# Secrets\n")
	s.settle()
	s.hub.Fault(hub.Fault{Method: "DELETE", Path: "/repos/*/*/issues/comments/*", Status: 403, Body: `{"message":"Resource not accessible by integration"}`})
	s.say(developer, n, "/seal web dev db password="+value)
	s.settle()
	list := s.bots(n)
	last := list[len(list)-1].Body
	has(t, last, developer, "could not be deleted", "Delete it", "has to be changed")
	hasNot(t, last, "The comment was deleted", value)
	s.notKept(value)
}

// The operator accepts values in private repositories: the value is sealed, and the
// comment deleted all the same. In a public one it is not.
func TestStorySealPlaintextAccepted(t *testing.T) {
	const value = "Hunter2-of-the-shop"
	for _, private := range []bool{true, false} {
		name := map[bool]string{true: "private", false: "public"}[private]
		t.Run(name, func(t *testing.T) {
			s := newSealStory(t, func(o *storyOptions) {
				o.private = private
				o.config = func(c *serviceConfig) { c.InlinePlaintext = true }
			})
			n, head := s.open("README.md", "# Secrets\n")
			s.settle()
			id := s.say(developer, n, "/seal web dev db password="+value+" user=orders\nand more")
			s.settle()
			for _, c := range s.hub.Comments(storyRepo, n) {
				if c.ID == id {
					t.Error("the comment is still there")
				}
			}
			s.nowhere(n, value)
			tip := s.hub.Tip(storyRepo, topic)
			if !private {
				if tip != head {
					t.Error("something was committed")
				}
				return
			}
			got := s.decrypted(s.dev, tip, "apps/web/overlays/dev/db-sealedsecret.yaml")
			if got["password"] != value || got["user"] != "orders" {
				t.Errorf("kubeseal decrypts %q\n%+v", got, s.bots(n))
			}
		})
	}
}

// Ciphertext in a comment is placed, as kubeseal --raw prints it and as a SealedSecret
// in a fence; what was made for another key is refused.
func TestStorySealCiphertext(t *testing.T) {
	s := newSealStory(t, nil)
	n, _ := s.open("README.md", "# Secrets\n")
	s.settle()
	raw := func(value string) string {
		return strings.TrimSpace(string(sealtest.Kubeseal(t, []byte(value), "--raw", "--cert", s.dev.CertFile, "--namespace", "dev", "--name", "db", "--from-file", "/dev/stdin")))
	}
	id := s.say(developer, n, "/seal web dev db username="+raw("one")+" password="+raw("two"))
	s.settle()
	if got := s.reactions(n, id); got != "eyes rocket" {
		t.Fatalf("reactions %q: %+v", got, s.bots(n))
	}
	const file = "apps/web/overlays/dev/db-sealedsecret.yaml"
	got := s.decrypted(s.dev, s.hub.Tip(storyRepo, topic), file)
	if got["username"] != "one" || got["password"] != "two" {
		t.Errorf("kubeseal decrypts %q", got)
	}
	has(t, s.file(s.hub.Tip(storyRepo, topic), webDev), "db-sealedsecret.yaml")

	secret := "apiVersion: v1\nkind: Secret\nmetadata: {name: mail, namespace: dev, labels: {team: shop}}\nstringData: {token: three}\n"
	sealed := string(sealtest.Kubeseal(t, []byte(secret), "--cert", s.dev.CertFile, "-o", "yaml"))
	id = s.say(developer, n, "/seal web dev\n\n```yaml\n"+sealed+"```\n")
	s.settle()
	if got := s.reactions(n, id); got != "eyes rocket" {
		t.Fatalf("reactions %q: %+v", got, s.bots(n))
	}
	tip := s.hub.Tip(storyRepo, topic)
	text := s.file(tip, "apps/web/overlays/dev/mail-sealedsecret.yaml")
	if opened := s.dev.Unseal(t, []byte(text)); string(opened.Data["token"]) != "three" || opened.Metadata.Labels["team"] != "shop" {
		t.Errorf("kubeseal decrypts %+v", opened)
	}

	for body, says := range map[string]string{
		"/seal web prod db password=" + raw("x"):                 "sealing for prod is for",
		"/seal web dev Not_A_Name password=" + raw("x"):          "not allowed by Kubernetes",
		"/seal dev db password=" + raw("x"):                      "which overlay",
		"/seal web dev db --scope cluster-wide k=" + raw("x"):    "keep the scope",
		"/seal web dev db b --keys x k=" + raw("x"):              "there is no app or environment",
		"/seal web nowhere\n```yaml\n" + sealed + "```\n":        "which overlay",
		"/seal web dev db --colour red":                          "unknown option",
		"/seal apps/web/overlays/dev/gone.yaml":                  "no file",
		"/seal ack apps/web/overlays/dev/mail-sealedsecret.yaml": "waits for that",
	} {
		id := s.say(developer, n, body)
		s.settle()
		list := s.bots(n)
		if got := s.reactions(n, id); got != "eyes confused" || !strings.Contains(list[len(list)-1].Body, says) {
			t.Errorf("%.60q: reactions %q\n%s", body, got, list[len(list)-1].Body)
		}
	}
	if s.hub.Tip(storyRepo, topic) != tip {
		t.Error("something was committed")
	}
}

// Somebody pushes a commit that claims to answer a /seal before it is answered: it is not
// taken for the bot's, whatever names it has, and not said to be what an administrator
// sealed.
func TestStorySealForgedAnswer(t *testing.T) {
	var b between
	s := newSealStory(t, func(o *storyOptions) { o.config = func(c *serviceConfig) { b.stand(t, c) } })
	n, _ := s.open("README.md", "# Secrets\n")
	s.settle()
	item := s.encrypt(string(s.prod.Cert), "prod", "db", map[string]string{"k": "v"})["k"]
	forged := ""
	b.before("GET", fmt.Sprintf("/pulls/%d", n), func() {
		list := s.hub.Comments(storyRepo, n)
		repo, err := s.service.app.Find(s.ctx, "acme", "shop")
		s.must(err)
		key := sha256.Sum256(fmt.Appendf(nil, "%d#%d comment %d seal line 1", repo.ID, n, list[len(list)-1].ID))
		forged, err = s.person(developer).PushAs(s.ctx, storyRepo, topic, "Seal db for prod\n\nSealift-Answers: "+hex.EncodeToString(key[:12]),
			s.app.Slug()+"[bot]", map[string]string{"README.md": "# Forged\n"})
		s.must(err)
	})
	s.say(admin, n, "/seal web prod db k="+item)
	s.settle()
	head := s.hub.Tip(storyRepo, topic)
	if forged == "" || head == forged {
		t.Fatalf("the branch is at %s, forged is %s", head, forged)
	}
	has(t, s.file(head, "apps/web/overlays/prod/db-sealedsecret.yaml"), item)
	list := s.bots(n)
	has(t, list[len(list)-1].Body, "sealed for prod", head[:7])
}

// GitHub's answer is lost after each kind of write, and the delivery comes again: one
// commit, one comment about it.
func TestStorySealLostAnswers(t *testing.T) {
	for name, lost := range map[string]hub.Fault{
		"commit":  {Method: "POST", Path: "/repos/*/*/git/commits"},
		"branch":  {Method: "PATCH", Path: "/repos/*/*/git/refs/**"},
		"comment": {Method: "POST", Path: "/repos/*/*/issues/*/comments"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSealStory(t, nil)
			n, before := s.open("README.md", "# Secrets\n")
			s.settle()
			comments := len(s.bots(n))
			item := s.encrypt(string(s.dev.Cert), "dev", "db", map[string]string{"k": "v"})["k"]
			lost.After, lost.Status, lost.Times = true, 502, 1
			s.hub.Fault(lost)
			id := s.say(developer, n, "/seal web dev db k="+item)
			s.settle()
			for _, d := range s.hub.Deliveries() {
				if d.Event == "issue_comment" {
					s.hub.Redeliver(d.ID)
				}
			}
			s.settle()
			c, err := s.hub.Commit(s.ctx, storyRepo, topic)
			s.must(err)
			if len(c.Parents) != 1 || c.Parents[0] != before {
				t.Errorf("the branch is at %+v, want one commit on %s", c, before)
			}
			has(t, s.file(c.SHA, "apps/web/overlays/dev/db-sealedsecret.yaml"), item)
			if got := s.reactions(n, id); got != "eyes rocket" || len(s.bots(n)) != comments+1 {
				t.Errorf("reactions %q, comments %+v", got, s.bots(n)[comments:])
			}
		})
	}
}

// A plain Secret of the branch is sealed in place. The check stays red through pushes
// until somebody who may seal there says that the values were changed.
func TestStorySealInPlace(t *testing.T) {
	const file, value = "apps/web/overlays/prod/db.yaml", "Hunter2-of-the-shop"
	s := newSealStory(t, nil)
	n, _ := s.open(webProd, "resources: [../../base, db.yaml]\nnamespace: prod\n",
		file, "# the database\napiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  labels: {team: shop}\nstringData:\n  password: "+value+"\n")
	s.settle()
	s.say(developer, n, "/seal "+file)
	s.settle()
	list := s.bots(n)
	has(t, list[len(list)-1].Body, "sealing for prod is for administrators")

	s.say(admin, n, "/seal "+file)
	s.settle()
	head := s.hub.Tip(storyRepo, topic)
	text := s.file(head, file)
	if got := s.prod.Unseal(t, []byte(text)); string(got.Data["password"]) != value || got.Metadata.Namespace != "prod" || got.Metadata.Labels["team"] != "shop" {
		t.Errorf("kubeseal decrypts %+v of\n%s", got, text)
	}
	has(t, text, "# the database")
	list = s.bots(n)
	has(t, list[len(list)-1].Body, "db", "sealed for prod", "history", "Squash", "/seal ack")
	s.nowhere(n, value)
	red := func(sha, when string) {
		t.Helper()
		if c := s.check(sha); c.Conclusion != "failure" || !strings.Contains(c.Summary, file) {
			t.Errorf("%s: check %+v", when, c)
		}
		has(t, s.bots(n)[0].Body, "/seal ack", file)
	}
	red(head, "sealed")
	head = s.push(topic, "README.md", "# Another push\n")
	s.settle()
	red(head, "pushed")
	s.say(developer, n, "/seal ack "+file)
	s.settle()
	red(head, "a developer says so")

	s.push(topic, file, hub.Deleted, webProd, "resources: [../../base]\nnamespace: prod\n")
	s.settle()
	s.say(developer, n, "/seal ack "+file) // it stays a secret of prod
	s.settle()
	head = s.push(topic, "README.md", "# A third push\n")
	s.settle()
	red(head, "the file is gone")

	id := s.say(admin, n, "/seal ack "+file)
	s.settle()
	if c := s.check(head); c.Conclusion != "success" || s.reactions(n, id) != "eyes rocket" {
		t.Errorf("check %+v, reactions %q", c, s.reactions(n, id))
	}
	hasNot(t, s.bots(n)[0].Body, "/seal ack")
	head = s.push(topic, "README.md", "# And another\n")
	s.settle()
	if c := s.check(head); c.Conclusion != "success" {
		t.Errorf("after a push: check %+v", c)
	}
}

// The answer to the push of a file that was sealed in place is lost.
func TestStorySealInPlaceLostAnswer(t *testing.T) {
	const file = "apps/web/overlays/dev/db.yaml"
	s := newSealStory(t, nil)
	n, before := s.open(webDev, "resources: [../../base, db.yaml]\nnamespace: dev\n", file, "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {k: v}\n")
	s.settle()
	s.hub.Fault(hub.Fault{Method: "PATCH", Path: "/repos/*/*/git/refs/**", After: true, Status: 502, Times: 1})
	id := s.say(developer, n, "/seal "+file)
	s.settle()
	c, err := s.hub.Commit(s.ctx, storyRepo, topic)
	s.must(err)
	if len(c.Parents) != 1 || c.Parents[0] != before || s.reactions(n, id) != "eyes rocket" {
		t.Errorf("the branch is at %+v, reactions %q: %+v", c, s.reactions(n, id), s.bots(n))
	}
	list := s.bots(n)
	has(t, list[len(list)-1].Body, "<code>db</code>", "<code>k</code>", "sealed for dev")
	has(t, s.file(c.SHA, file), "kind: SealedSecret")
}

// The controller encrypts again what it can, one secret a commit, and the rest is
// listed. The second time there is a pull request already.
func TestStoryReseal(t *testing.T) {
	old, renewed := sealtest.NewKey(t), sealtest.NewKey(t)
	cluster := sealtest.NewController(t, renewed, old)
	sealedBy := func(key *sealtest.Key, name string) string {
		return string(sealtest.Kubeseal(t, []byte("apiVersion: v1\nkind: Secret\nmetadata: {name: "+name+", namespace: prod}\nstringData: {k: of "+name+"}\n"), "--cert", key.CertFile, "-o", "yaml"))
	}
	const dir = "apps/web/overlays/prod/"
	s := newSealStory(t, func(o *storyOptions) {
		o.files[".sealift.yaml"] = "version: 1\nenvironments:\n  - name: dev\n  - name: prod\n    seal: {controller: main, sealers: [admin]}\n"
		o.files[webProd] = "resources: [../../base, one.yaml, two.yaml, lost.yaml]\nnamespace: prod\n"
		o.files[dir+"one.yaml"], o.files[dir+"two.yaml"] = sealedBy(old, "one"), sealedBy(old, "two")
		o.files[dir+"lost.yaml"] = sealedBy(sealtest.NewKey(t), "lost")
		o.config = func(c *serviceConfig) { c.Controllers = []controller{{Name: "main", URL: cluster.URL}} }
	})
	base := s.hub.Tip(storyRepo, "main")
	n, _ := s.open("README.md", "# Secrets\n")
	s.settle()
	s.say(developer, n, "/reseal prod")
	s.settle()
	list := s.bots(n)
	has(t, list[len(list)-1].Body, "sealing for prod is for administrators")
	s.say(admin, n, "/reseal prod")
	s.settle()
	pulls := s.hub.Pulls(storyRepo)
	if len(pulls) != 2 || pulls[1].Head != "sealift/reseal/prod" {
		t.Fatalf("pull requests %+v\n%+v", pulls, s.bots(n))
	}
	has(t, pulls[1].Body, "prod/one", "prod/two", "prod/lost", "cannot decrypt")
	list = s.bots(n)
	has(t, list[len(list)-1].Body, "#2", "2 SealedSecrets", "prod/lost")
	tip := s.hub.Tip(storyRepo, "sealift/reseal/prod")
	for _, name := range []string{"one", "two"} {
		after := s.file(tip, dir+name+".yaml")
		if got := renewed.Unseal(t, []byte(after)); string(got.Data["k"]) != "of "+name {
			t.Errorf("kubeseal decrypts %+v", got)
		}
	}
	commits := 0
	for at := tip; at != base; commits++ {
		c, err := s.hub.Commit(s.ctx, storyRepo, at)
		s.must(err)
		at = c.Parents[0]
	}
	if commits != 2 {
		t.Errorf("%d commits, want one for each secret", commits)
	}
	s.say(admin, n, "/reseal prod")
	s.settle()
	list = s.bots(n)
	has(t, list[len(list)-1].Body, "pull request 2 does that already")
}

// A file that two environments read is sealed for neither, also when one is named: whoever
// may seal for dev would change prod, and say that its values were changed.
func TestStorySealInPlaceShared(t *testing.T) {
	const dir, file = "shared", "shared/db.yaml"
	s := newSealStory(t, nil)
	n, head := s.open(webDev, "resources: [../../base, ../../../../shared]\nnamespace: dev\n", webProd, "resources: [../../base, ../../../../shared]\nnamespace: prod\n",
		dir+"/kustomization.yaml", "resources: [db.yaml]\n", file, "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {k: v}\n")
	s.settle()
	for _, command := range []string{"/seal " + file, "/seal " + file + " --env dev"} {
		s.say(developer, n, command)
		s.settle()
		list := s.bots(n)
		has(t, list[len(list)-1].Body, "is part of dev and of prod")
		if s.hub.Tip(storyRepo, topic) != head {
			t.Fatalf("%s: something was committed", command)
		}
	}
}
