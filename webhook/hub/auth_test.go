package hub_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v4"

	"github.com/sealift/sealift/webhook/hub"
	"github.com/sealift/sealift/webhook/hub/hubtest"
)

// TestAppAuthentication gives every reason for which GitHub refuses a JWT.
func TestAppAuthentication(t *testing.T) {
	w := newWorld(t, hub.Options{})
	now := time.Now()
	w.call("GET", "app", w.jwt(now.Add(-30*time.Second), 10*time.Minute), "").want(200).is("slug", "sealift").is("permissions.contents", "write")
	w.call("GET", "app", w.jwt(now.Add(50*time.Second), time.Minute), "").want(200)
	w.call("GET", "app", w.jwt(now.Add(2*time.Minute), time.Minute), "").says(401, "Issued at")
	w.call("GET", "app", w.jwt(now, 20*time.Minute), "").says(401, "too far in the future")
	w.call("GET", "app", w.jwt(now.Add(-time.Hour), time.Minute), "").says(401, "Expiration time")
	w.call("GET", "app", "", "").says(401, "JSON web token")
	w.call("GET", "app", w.token, "").says(401, "JSON web token")
	w.call("GET", "repos/"+repository, w.appToken(), "").says(401, "Bad credentials")

	claims := jwt.RegisteredClaims{Issuer: fmt.Sprint(w.app.ID()), IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(time.Minute))}
	hs, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte("x"))
	must(t, err)
	w.call("GET", "app", hs, "").says(401, "could not be decoded")
	numeric, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{"iss": w.app.ID(), "iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}).SignedString(hubtest.Key(t))
	must(t, err)
	w.call("GET", "app", numeric, "").want(200)
	claims.Issuer = "1"
	other, err := jwt.NewWithClaims(jwt.SigningMethodRS256, claims).SignedString(hubtest.Key(t))
	must(t, err)
	w.call("GET", "app", other, "").says(401, "Integration not found")
}

// TestInstallations finds an installation by its id and by repository, and no others.
func TestInstallations(t *testing.T) {
	w := newWorld(t, hub.Options{})
	id := fmt.Sprint(w.inst)
	w.call("GET", "app/installations", w.appToken(), "").want(200).is("0.account.login", "acme").is("0.repository_selection", "selected")
	w.call("GET", "app/installations/"+id, w.appToken(), "").want(200).is("target_type", "Organization")
	w.call("GET", "app/installations/1", w.appToken(), "").want(404)
	w.call("GET", "repos/"+repository+"/installation", w.appToken(), "").want(200).is("app_slug", "sealift")
	w.call("GET", "repos/acme/nothing/installation", w.appToken(), "").want(404)
	w.call("GET", "installation/repositories", w.token, "").want(200).is("total_count", "1").is("repositories.0.full_name", repository)
}

// TestTokens narrows tokens to repositories and permissions, and refuses to widen them.
func TestTokens(t *testing.T) {
	w := newWorld(t, hub.Options{})
	must(t, w.AddRepo(t.Context(), "acme/other", hub.RepoOptions{Private: true, Files: map[string]string{"a": "1"}}))
	if form := regexp.MustCompile(`^ghs_\d+_[\w-]+\.[\w-]+\.[\w-]+$`); !form.MatchString(w.token) || len(w.token) < 480 || len(w.token) > 560 {
		t.Errorf("token %q... has %d characters and not GitHub's form", w.token[:12], len(w.token))
	}
	w.call("GET", "repos/acme/other", w.token, "").want(404)
	must(t, w.app.SetRepos(w.inst, repository, "acme/other"))
	w.call("GET", "repos/acme/other", w.token, "").want(200)

	narrow := w.mint(`{"repositories":["gitops"],"permissions":{"contents":"read"}}`)
	w.call("GET", "repos/acme/other", narrow, "").want(404)
	w.call("GET", "repos/"+repository+"/contents/README.md", narrow, "").want(200)
	r := w.call("POST", "repos/"+repository+"/git/blobs", narrow, `{"content":"x"}`)
	r.says(403, "Resource not accessible by integration")
	if got := r.header.Get("X-Accepted-GitHub-Permissions"); got != "contents=write" {
		t.Errorf("accepted permissions %q", got)
	}
	path := fmt.Sprintf("app/installations/%d/access_tokens", w.inst)
	w.call("POST", path, w.appToken(), `{"permissions":{"administration":"write"}}`).says(422, "permissions requested are not granted")
	w.call("POST", path, w.appToken(), `{"permissions":{"members":"write"}}`).says(422, "permissions requested are not granted")
	w.call("POST", path, w.appToken(), `{"repositories":["nothing"]}`).says(422, "not accessible to the parent installation")
	w.call("POST", "app/installations/1/access_tokens", w.appToken(), "").want(404)

	w.call("DELETE", "installation/token", narrow, "").want(204)
	w.call("GET", "repos/"+repository, narrow, "").says(401, "Bad credentials")
	w.ExpireTokens()
	w.bot("GET", "", "").says(401, "Bad credentials")
	w.call("GET", "repos/"+repository, "ghs_wrong", "").says(401, "Bad credentials")
	w.events()
}

// TestTokenEndsWithTheClock lets a token work for an hour, or as long as the hub was
// told.
func TestTokenEndsWithTheClock(t *testing.T) {
	now := time.Now()
	w := newWorld(t, hub.Options{Now: func() time.Time { return now }})
	w.bot("GET", "", "").want(200)
	now = now.Add(61 * time.Minute)
	w.bot("GET", "", "").says(401, "Bad credentials")

	short := newWorld(t, hub.Options{Now: func() time.Time { return now }, TokenLife: time.Minute})
	short.bot("GET", "", "").want(200)
	now = now.Add(time.Minute)
	short.bot("GET", "", "").says(401, "Bad credentials")
}

// TestSuspendedAndRemoved refuses a suspended installation, sends it nothing, and
// forgets a removed one.
func TestSuspendedAndRemoved(t *testing.T) {
	w := newWorld(t, hub.Options{InOrder: true})
	w.events()
	must(t, w.app.Suspend(w.inst))
	w.bot("GET", "", "").says(403, "suspended")
	w.call("POST", fmt.Sprintf("app/installations/%d/access_tokens", w.inst), w.appToken(), "").says(403, "suspended")
	w.pull("quiet", map[string]string{"a": "1"})
	must(t, w.app.Unsuspend(w.inst))
	w.bot("GET", "", "").want(200)
	must(t, w.app.Uninstall(w.inst))
	w.bot("GET", "", "").says(401, "Bad credentials")
	w.pull("quiet2", map[string]string{"a": "2"})
	if got := strings.Join(w.events(), " "); got != "installation.suspend installation.unsuspend installation.deleted" {
		t.Errorf("events %s", got)
	}
}

// TestPublicAndPrivate shows who may see what; a private repository is not there for
// the others.
func TestPublicAndPrivate(t *testing.T) {
	w := newWorld(t, hub.Options{})
	must(t, w.AddRepo(t.Context(), "acme/open", hub.RepoOptions{Files: map[string]string{"a": "1"}}))
	w.call("GET", "repos/acme/open", "", "").want(200)
	w.call("GET", "repos/acme/open/contents/a", w.token, "").want(200)
	w.call("POST", "repos/acme/open/git/blobs", w.token, `{"content":"x"}`).says(403, "not accessible")
	w.call("GET", "repos/"+repository, "", "").want(404)
	w.call("GET", "repos/"+repository, w.PersonalToken("stranger"), "").want(404)
	w.call("GET", "repos/"+repository, w.PersonalToken("dev"), "").want(200).is("permissions.push", "true").is("permissions.admin", "false")
	w.call("GET", "repos/acme/nothing", w.token, "").want(404)
	w.call("GET", "nothing", w.token, "").want(404)
}

// TestPeople knows roles, teams and memberships that were not accepted yet.
func TestPeople(t *testing.T) {
	w := newWorld(t, hub.Options{})
	w.Grant(repository, "reader", hub.Triage)
	w.SetMembership("acme", "developers", "invited", hub.Membership{State: "pending", Role: "member"})
	for login, want := range map[string]string{"admin": "admin admin", "dev": "write write", "reader": "read triage", "stranger": "none none", "invited": "none none"} {
		r := w.bot("GET", "/collaborators/"+login+"/permission", "").want(200)
		if got := r.str("permission") + " " + r.str("role_name"); got != want {
			t.Errorf("permission of %s is %q, want %q", login, got, want)
		}
	}
	w.bot("GET", "/collaborators/nobody/permission", "").want(404)
	w.bot("GET", "/collaborators/dev", "").want(204)
	w.bot("GET", "/collaborators/stranger", "").want(404)
	w.call("GET", "orgs/acme/teams/developers/memberships/dev", w.token, "").want(200).is("state", "active")
	w.call("GET", "orgs/acme/teams/developers/memberships/invited", w.token, "").want(200).is("state", "pending")
	w.call("GET", "orgs/acme/teams/developers/memberships/stranger", w.token, "").want(404)
	w.call("GET", "orgs/acme/teams/developers", w.token, "").want(200).is("slug", "developers")
	w.call("GET", "orgs/acme/members/dev", w.token, "").want(204)
	w.call("GET", "orgs/acme/members/stranger", w.token, "").want(404)
	w.call("GET", "orgs/acme/teams/developers", w.mint(`{"permissions":{"contents":"read"}}`), "").want(404)
	w.call("GET", "users/sealift%5Bbot%5D", w.token, "").want(200).is("type", "Bot")
	w.call("GET", "users/nobody", w.token, "").want(404)
}

// TestAppRenamed changes the bot's login with the name of the App, and not its id.
func TestAppRenamed(t *testing.T) {
	w := newWorld(t, hub.Options{})
	w.pull("feature", map[string]string{"a": "1"})
	w.bot("POST", "/issues/1/comments", `{"body":"hello"}`).want(201).is("user.login", "sealift[bot]")
	must(t, w.app.Rename("Sea Lift"))
	r := w.bot("GET", "/issues/1/comments", "").want(200).is("0.user.login", "sea-lift[bot]")
	if r.num("0.user.id") != w.app.BotID() {
		t.Error("the bot's id changed with its name")
	}
	w.events()
}
