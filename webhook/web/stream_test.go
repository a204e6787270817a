package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealift/sealift/gitops"
)

// source makes reports, and counts how many are under way.
type source struct {
	report gitops.Report
	gate   chan struct{} // closed to let reports through
	making atomic.Int32
}

func (s *source) Report(context.Context, string, string, int, string, string) (gitops.Report, error) {
	s.making.Add(1)
	<-s.gate
	return s.report, nil
}

func (s *source) MayRead(context.Context, string, string, string) (bool, error) { return true, nil }
func (s *source) LoginURL(string, string, string) string                        { return "" }
func (s *source) Exchange(context.Context, string, string, string) (Person, error) {
	return Person{}, nil
}

// request is one of somebody who is logged in.
func (s *source) request(t *testing.T) (*Pages, *http.Request) {
	t.Helper()
	p, err := New(Options{PublicURL: "https://sealift.example.com", Key: [32]byte{1}, Login: s, Reader: s, Reports: s})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	if err := p.keepSession(w, Person{User: gitops.User{Login: "dev"}}); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", ReportPath("a", "b", 1, strings.Repeat("a", 40), strings.Repeat("b", 40)), nil)
	r.AddCookie(w.Result().Cookies()[0])
	return p, r
}

// TestReportsAtATime works on a few reports at a time, and lets others wait for their
// turn.
func TestReportsAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{gate: make(chan struct{})}
		p, r := s.request(t)
		gone, leave := context.WithCancel(t.Context())
		for i := range maxWorking + 2 {
			ctx := t.Context()
			if i == 0 {
				ctx = gone
			}
			go p.ServeHTTP(httptest.NewRecorder(), r.WithContext(ctx))
			synctest.Wait()
			if got, want := int(s.making.Load()), min(i+1, maxWorking); got != want {
				t.Fatalf("%d reports are being made for %d people, want %d", got, i+1, want)
			}
		}
		waiting, end := context.WithTimeout(t.Context(), time.Second)
		defer end()
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r.WithContext(waiting))
		if w.Code != http.StatusServiceUnavailable {
			t.Errorf("who gave up waiting gets %d", w.Code)
		}
		leave()
		close(s.gate)
		synctest.Wait()
		if got := s.making.Load(); got != maxWorking+2 {
			t.Errorf("%d reports were made, want %d", got, maxWorking+2)
		}
	})
}

// pieces is a ResponseWriter that remembers the largest piece it was given.
type pieces struct {
	header         http.Header
	largest, total int
}

func (p *pieces) Header() http.Header { return p.header }
func (p *pieces) WriteHeader(int)     {}
func (p *pieces) Write(b []byte) (int, error) {
	p.largest, p.total = max(p.largest, len(b)), p.total+len(b)
	return len(b), nil
}

// TestReportStreams: a long report is not put together in memory first.
func TestReportStreams(t *testing.T) {
	s := &source{gate: make(chan struct{})}
	close(s.gate)
	o := gitops.OverlayChange{Overlay: gitops.Overlay{Path: "a"}, Status: gitops.Changed, Objects: []gitops.ObjectChange{{Kind: "ConfigMap", Name: "x", Status: gitops.Added, Diff: strings.Repeat("+a line\n", 1_000_000)}}}
	s.report = gitops.Report{Overlays: []gitops.OverlayChange{o}}
	p, r := s.request(t)
	w := &pieces{header: http.Header{}}
	p.ServeHTTP(w, r)
	if w.total < 8_000_000 || w.largest > 10*maxRun {
		t.Errorf("%d bytes, the largest piece has %d", w.total, w.largest)
	}
}
