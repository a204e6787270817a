package ghapp

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealift/sealift/gitops"
)

// No window of a minute has more than 80 writes, no hour more than 500.
func TestPaceWindows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace()
		var sent []time.Time
		for len(sent) < 1200 {
			done, err := p.wait(t.Context(), time.Now, true, true)
			if e, ok := errors.AsType[*gitops.Error](err); ok && e.Code == gitops.Limited {
				time.Sleep(time.Until(e.RetryAt)) // as the queue does
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			sent = append(sent, time.Now())
			done()
		}
		for window, most := range map[time.Duration]int{time.Minute: 80, time.Hour: 500} {
			for i := most; i < len(sent); i++ {
				if sent[i].Sub(sent[i-most]) <= window {
					t.Fatalf("%d writes within %v, at %v", most+1, window, sent[i].Sub(sent[0]))
				}
			}
		}
	})
}

// One write at a time; a caller that gives up does not hold the others up.
func TestPaceTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace()
		done, err := p.wait(t.Context(), time.Now, true, true)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := p.wait(ctx, time.Now, true, false); gitops.CodeOf(err) != gitops.Unavailable || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a second write: %v", err)
		}
		if _, err := p.wait(t.Context(), time.Now, false, false); err != nil {
			t.Errorf("a read: %v", err)
		}
		done()
		if _, err := p.wait(t.Context(), time.Now, true, true); err != nil {
			t.Errorf("the next write: %v", err)
		}
	})
}

// TestTagsBounded fills the cache of answers beyond its bounds in number and bytes.
func TestTagsBounded(t *testing.T) {
	var c tags
	get := func(name string) *http.Request {
		return &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/" + name}, Header: http.Header{}}
	}
	answer := func() *http.Response {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Etag": {`W/"1"`}}}
	}
	for i := range 2 * tagEntries {
		c.keep(1, get(itoa(i)), answer(), []byte("small"))
	}
	if len(c.byURL) != tagEntries || c.order.Len() != tagEntries {
		t.Errorf("%d entries", len(c.byURL))
	}
	large := make([]byte, tagLargest)
	for i := range 20 {
		c.keep(1, get(itoa(i)), answer(), large)
		c.keep(1, get("0"), answer(), large)
	}
	if c.bytes > tagBytes || c.bytes != c.order.Len()*tagLargest {
		t.Errorf("%d bytes in %d entries", c.bytes, c.order.Len())
	}
	c.keep(1, get("0"), answer(), make([]byte, tagLargest+1))
	if c.ask(1, get("0")) != nil {
		t.Error("an answer that is too large left the one before in its place")
	}
	if c.ask(1, get("19")) == nil {
		t.Error("the newest is gone")
	}
	if c.ask(2, get("19")) != nil {
		t.Error("an answer for one installation was used for another")
	}
}

// TestRedact takes every form of secret out of a text, and leaves the rest.
func TestRedact(t *testing.T) {
	for s, want := range map[string]string{
		"x ghs_1_eyJ0eXAi.eyJpc3Mi.c2ln_-x y":          "x [secret] y",
		"ghp_" + strings.Repeat("a", 36):               "[secret]",
		"github_pat_" + strings.Repeat("a", 40) + ".":  "[secret].",
		"Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.": "Bearer [secret]",
		"?code=abc&client_secret=def&x=1":              "?[secret]&[secret]&x=1",
		"ghs_short ghastly eyJ plain":                  "ghs_short ghastly eyJ plain",
	} {
		if got := redact(s); got != want {
			t.Errorf("redact(%q) = %q, want %q", s, got, want)
		}
	}
}

// A value that is accepted stays one value of the path, whatever the libraries
// and GitHub do with dots, slashes and escapes.
func FuzzNames(f *testing.F) {
	for _, s := range []string{"dev", "sealift[bot]", "..", "a/../b", "a%2f..%2fb", "feature/ü x", "%2e%2e", "a.lock", "a\\..\\b", "a/./b", "?x", "#y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		inside := func(what, s string, elements int) {
			p, err := url.PathUnescape(escape(s))
			if err != nil || path.Clean("/x/"+p) != "/x/"+s || strings.ContainsAny(escape(s), "?# \\") || elements > 0 && strings.Count(p, "/") != elements-1 {
				t.Errorf("%s %q is accepted", what, s)
			}
		}
		if checkName("x", s) == nil {
			inside("name", s, 1)
		}
		if checkUser(s) == nil {
			inside("user", s, 1)
		}
		if checkBranch(s) == nil {
			inside("branch", s, 0)
		}
		if checkFile(s) == nil {
			inside("path", s, 0)
		}
	})
}

// No answer, however strange, breaks the reading of it.
func FuzzRefusal(f *testing.F) {
	f.Add(422, `{"message":"x","errors":["a",{"field":"b","code":"c"},3]}`)
	f.Add(403, `{"message":"You have exceeded a secondary rate limit"}`)
	f.Add(500, `<html>`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		req := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/x"}}
		r := readRefusal(req, &http.Response{StatusCode: status, Header: http.Header{}}, []byte(body))
		if e := r.problem(); e.Code == "" || e.Message == "" || secrets.MatchString(e.Message) {
			t.Errorf("error %+v", e)
		}
	})
}
