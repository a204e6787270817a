package ghapp_test

import (
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"crypto/x509"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/ghapp"
	"github.com/sealift/sealift/webhook/hub/hubtest"
)

// server is an API that says what a test wants; tokens it gives out by itself.
type server struct {
	*httptest.Server
	gh     *ghapp.App
	repo   *ghapp.Repo
	minted atomic.Int64
	calls  atomic.Int64
	logs   *strings.Builder
}

const leaky = "ghs_12345_eyJhbGciOiJSUzI1NiJ9.c2VjcmV0LXBheWxvYWQ.c2lnbmF0dXJl"

func serve(t *testing.T, h http.HandlerFunc, change ...func(*ghapp.Config)) *server {
	t.Helper()
	s := &server{logs: &strings.Builder{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/access_tokens") {
			s.minted.Add(1)
			w.WriteHeader(http.StatusCreated)
			// Of a repository that has a custom property with many values.
			fmt.Fprintf(w, `{"token":%q,"expires_at":%q,"repositories":[{"id":1,"custom_properties":{"team":["a","b"]}}]}`, leaky, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
			return
		}
		s.calls.Add(1)
		h(w, r)
	}))
	t.Cleanup(s.Close)
	key := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(hubtest.Key(t))})
	cfg := ghapp.Config{AppID: 1, PrivateKey: key, APIURL: s.URL + "/api/v3/", WebURL: s.URL, Log: slog.New(slog.NewTextHandler(s.logs, nil))}
	for _, f := range change {
		f(&cfg)
	}
	var err error
	s.gh, err = ghapp.New(cfg)
	must(t, err)
	s.repo, err = s.gh.Repo(gitops.Repository{ID: 1, Owner: "acme", Name: "gitops", Installation: 5}, ghapp.RenderPermissions())
	must(t, err)
	return s
}

// wantError fails unless err has a code and says something, and has no secret.
func wantError(t *testing.T, err error, code gitops.Code, says ...string) *gitops.Error {
	t.Helper()
	e, ok := err.(*gitops.Error)
	if !ok || e.Code != code {
		t.Fatalf("error %v, want code %q", err, code)
	}
	text := fmt.Sprintf("%v %+v %v", err, err, e.Err)
	for _, s := range says {
		if !strings.Contains(text, s) {
			t.Errorf("error %q does not say %q", text, s)
		}
	}
	if strings.Contains(text, "c2VjcmV0") {
		t.Errorf("a secret is in the error: %s", text)
	}
	return e
}

// TestRedirects follows a redirect on GitHub's own host, and takes no token anywhere
// else.
func TestRedirects(t *testing.T) {
	var stolen atomic.Int64
	evil := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stolen.Add(1) }))
	defer evil.Close()
	var s *server
	var to string
	s = serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/repositories/1/pulls/7"):
			io.WriteString(w, `{"number":7}`)
		default:
			http.Redirect(w, r, to, http.StatusTemporaryRedirect)
		}
	})
	for _, to = range []string{evil.URL + "/api/v3/repos/acme/gitops/pulls/7", "//" + strings.TrimPrefix(evil.URL, "http://") + "/x", "https" + strings.TrimPrefix(s.URL, "http") + "/api/v3/x", "http://169.254.169.254/"} {
		_, err := s.repo.Pull(t.Context(), 7)
		wantError(t, err, gitops.Unavailable, "another host")
		_, err = s.repo.CreateComment(t.Context(), 7, "x")
		wantError(t, err, gitops.Unavailable, "another host")
		_, err = s.gh.Find(t.Context(), "acme", "gitops")
		wantError(t, err, gitops.Unavailable, "another host")
	}
	to = s.URL + "/login"
	_, err := s.repo.Pull(t.Context(), 7)
	wantError(t, err, gitops.Invalid, "/login")
	to = s.URL + "/api/v3/repositories/1/pulls/7" // renamed
	if p, err := s.repo.Pull(t.Context(), 7); err != nil || p.Number != 7 {
		t.Errorf("a repository that was renamed: %+v, %v", p, err)
	}
	to = s.URL + "/api/v3/loop"
	_, err = s.repo.Pull(t.Context(), 7)
	wantError(t, err, gitops.Unavailable, "redirected")
	if stolen.Load() > 0 {
		t.Errorf("%d requests reached another host", stolen.Load())
	}
}

// A redirect that would turn a write into a read is not a success.
func TestRedirectOfAWrite(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			io.WriteString(w, `{"id":1}`)
			return
		}
		http.Redirect(w, r, r.URL.Path, http.StatusMovedPermanently)
	})
	_, err := s.repo.CreateComment(t.Context(), 7, "x")
	wantError(t, err, gitops.Unavailable, "redirected")
}

// TestStatuses turns every status of GitHub into a code, by the words where those
// decide.
func TestStatuses(t *testing.T) {
	for _, test := range []struct {
		status int
		header string
		body   string
		code   gitops.Code
		says   string
	}{
		{500, "", "<html>", gitops.Unavailable, "500"},
		{502, "", `{"message":"Server Error"}`, gitops.Unavailable, "Server Error"},
		{503, "", "", gitops.Unavailable, "503"},
		{404, "", `{"message":"Not Found"}`, gitops.NotFound, "GET /api/v3/repos/acme/gitops/pulls/7"},
		{410, "", `{}`, gitops.NotFound, ""},
		{451, "", `{}`, gitops.NotFound, ""},
		{409, "", `{"message":"Conflict"}`, gitops.Stale, ""},
		{422, "", `{"message":"Validation Failed","errors":["Body is too long (maximum is 65536 characters)"]}`, gitops.Invalid, "too long"},
		{422, "", `{"message":"Validation Failed","errors":[{"resource":"x","field":"y","code":"missing"}]}`, gitops.Invalid, "y missing"},
		{422, "", `{"message":"Update is not a fast forward"}`, gitops.Stale, ""},
		{422, "", `{"message":"Reference does not exist"}`, gitops.NotFound, ""},
		{400, "", `{"message":"Problems parsing JSON"}`, gitops.Internal, "parsing"},
		{403, "X-Accepted-Github-Permissions: checks=write", `{"message":"Resource not accessible by integration"}`, gitops.Denied, `"checks=write"`},
		{403, "", `{"message":"This installation has been suspended"}`, gitops.Denied, "suspended"},
		{401, "", `{"message":"Bad credentials"}`, gitops.Unavailable, "Bad credentials"},
		{404, "", `{"message":"` + leaky + ` is not found"}`, gitops.NotFound, "[secret]"},
		{200, "", `{"number":`, gitops.Unavailable, "not understood"},
		{200, "", `[` + strings.Repeat(`[`, 100_000), gitops.Unavailable, "not understood"},
	} {
		t.Run(fmt.Sprint(test.status, " ", test.code), func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if name, value, ok := strings.Cut(test.header, ": "); ok {
					w.Header().Set(name, value)
				}
				w.WriteHeader(test.status)
				io.WriteString(w, test.body)
			})
			_, err := s.repo.Pull(t.Context(), 7)
			wantError(t, err, test.code, test.says)
			if strings.Contains(s.logs.String(), "c2VjcmV0") {
				t.Error("a secret is in the log")
			}
		})
	}
}

// TestLimits waits for as long as each form of limit says, and grows the wait where
// none does.
func TestLimits(t *testing.T) {
	reset := time.Now().Add(20 * time.Minute).Truncate(time.Second)
	for _, test := range []struct {
		name   string
		status int
		header map[string]string
		body   string
		wait   time.Duration
	}{
		{"retry-after", 403, map[string]string{"Retry-After": "90"}, `{"message":"x"}`, 90 * time.Second},
		{"retry-after of 429", 429, map[string]string{"Retry-After": "7"}, ``, 7 * time.Second},
		{"retry-after wins", 403, map[string]string{"Retry-After": "90", "X-Ratelimit-Remaining": "0", "X-Ratelimit-Reset": strconv.FormatInt(reset.Unix(), 10)}, `{}`, 90 * time.Second},
		{"primary", 403, map[string]string{"X-Ratelimit-Remaining": "0", "X-Ratelimit-Reset": strconv.FormatInt(reset.Unix(), 10)}, `{"message":"API rate limit exceeded"}`, 20 * time.Minute},
		{"primary of 429", 429, map[string]string{"X-Ratelimit-Remaining": "0", "X-Ratelimit-Reset": strconv.FormatInt(reset.Unix(), 10)}, ``, 20 * time.Minute},
		{"secondary without retry-after", 403, map[string]string{"X-Ratelimit-Remaining": "4000", "X-Ratelimit-Reset": strconv.FormatInt(reset.Unix(), 10)},
			`{"message":"You have exceeded a secondary rate limit.","documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`, time.Minute},
		{"429 that says nothing", 429, nil, ``, time.Minute},
		{"403 that says nothing", 403, nil, `<html>no</html>`, time.Minute},
		{"retry-after of years", 429, map[string]string{"Retry-After": "999999999"}, ``, time.Hour},
		{"retry-after of the past", 429, map[string]string{"Retry-After": "-5"}, ``, time.Second},
		{"retry-after as a date", 429, map[string]string{"Retry-After": reset.UTC().Format(http.TimeFormat)}, ``, 20 * time.Minute},
		{"nonsense", 429, map[string]string{"Retry-After": "soon"}, ``, time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			now := time.Now()
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				for name, value := range test.header {
					w.Header().Set(name, value)
				}
				w.WriteHeader(test.status)
				io.WriteString(w, test.body)
			}, func(c *ghapp.Config) { c.Now = func() time.Time { return now } })
			_, err := s.repo.Pull(t.Context(), 7)
			e := wantError(t, err, gitops.Limited)
			if wait := e.RetryAt.Sub(now); (wait - test.wait).Abs() > 2*time.Second {
				t.Errorf("wait %v, want %v", wait, test.wait)
			}
			_, err = s.repo.CreateComment(t.Context(), 7, "x")
			wantError(t, err, gitops.Limited)
			if s.calls.Load() != 1 {
				t.Errorf("%d calls while GitHub asks to wait", s.calls.Load())
			}
		})
	}
}

// Refusals that do not say how long make the wait grow, and it goes back after a
// success.
func TestSilentLimitsGrow(t *testing.T) {
	now := time.Now()
	refuse := true
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if refuse {
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		io.WriteString(w, `{}`)
	}, func(c *ghapp.Config) { c.Now = func() time.Time { return now } })
	var waits []time.Duration
	again := func() {
		_, err := s.repo.Pull(t.Context(), 7)
		e := wantError(t, err, gitops.Limited)
		waits = append(waits, e.RetryAt.Sub(now))
		now = e.RetryAt
	}
	for range 6 {
		again()
	}
	refuse = false
	_, err := s.repo.Pull(t.Context(), 7)
	must(t, err)
	refuse = true
	again()
	if got, want := fmt.Sprint(waits), "[1m0s 2m0s 4m0s 8m0s 15m0s 15m0s 1m0s]"; got != want {
		t.Errorf("waits %s, want %s", got, want)
	}
}

// TestSlowAndDead gives up an answer that does not end.
func TestSlowAndDead(t *testing.T) {
	stop := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, `{"number":7`)
		w.(http.Flusher).Flush()
		select {
		case <-stop:
		case <-r.Context().Done():
		}
	}, func(c *ghapp.Config) { c.Timeout = 50 * time.Millisecond })
	defer close(stop)
	_, err := s.repo.Pull(t.Context(), 7)
	wantError(t, err, gitops.Unavailable, "did not answer")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(fmt.Errorf("superseded"))
	_, err = s.repo.Pull(ctx, 7)
	wantError(t, err, gitops.Unavailable)
	s.CloseClientConnections()
	s.Close()
	_, err = s.repo.Pull(t.Context(), 7)
	wantError(t, err, gitops.Unavailable, "did not answer")
}

// What came from a person never becomes another endpoint.
func TestHostileNames(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { t.Errorf("asked %s", r.URL) })
	for _, name := range []string{"", ".", "..", "../..", "a/../b", "a/b", "a%2fb", "%2e%2e", "a b", "a?x=1", "a#b", "é", "a\n", `a\b`, strings.Repeat("x", 300)} {
		_, err := s.gh.Find(t.Context(), "acme", name)
		wantError(t, err, gitops.Invalid)
		_, err = s.gh.Find(t.Context(), name, "gitops")
		wantError(t, err, gitops.Invalid)
		_, err = s.repo.Permission(t.Context(), name)
		wantError(t, err, gitops.Invalid)
		_, err = s.repo.TeamMember(t.Context(), "team", name)
		wantError(t, err, gitops.Invalid)
		_, err = s.repo.TeamMember(t.Context(), "acme/"+name, "dev")
		wantError(t, err, gitops.Invalid)
		_, err = s.repo.FindCheck(t.Context(), "sealift/diff", name)
		wantError(t, err, gitops.Invalid)
		_, err = ghapp.Convert(t.Context(), ghapp.Config{APIURL: s.URL}, name)
		wantError(t, err, gitops.Invalid)
	}
	for _, branch := range []string{"", "..", "a/../b", "-x", "a..b", "a//b", "/a", "a/", "a/.b", "a.lock", "a b", "a:b", "a*", "@", "a@{b", "a\x00", "a\\b", strings.Repeat("x", 300)} {
		_, err := s.repo.OpenPulls(t.Context(), branch)
		wantError(t, err, gitops.Invalid)
	}
}

// TestConfig refuses what cannot work, without the key in the message.
func TestConfig(t *testing.T) {
	key := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(hubtest.Key(t))})
	for _, cfg := range []ghapp.Config{
		{AppID: 0, PrivateKey: key}, {AppID: 1, PrivateKey: []byte("c2VjcmV0")}, {AppID: 1}, {AppID: 1, PrivateKey: key, APIURL: "ftp://x/"},
		{AppID: 1, PrivateKey: key, APIURL: "https://user:c2VjcmV0@x/"}, {AppID: 1, PrivateKey: key, WebURL: "github.com"},
	} {
		_, err := ghapp.New(cfg)
		wantError(t, err, gitops.Invalid)
	}
}
