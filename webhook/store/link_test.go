package store_test

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/store"
	"github.com/sealift/sealift/webhook/store/storetest"
)

func sampleLink(number int) store.Link {
	return store.Link{Person: 7, Repository: 1 << 40, Number: number, Head: strings.Repeat("ab", 20), Payload: []byte(`{"Name":"db"}`)}
}

func addLink(t *testing.T, s *store.Store, l store.Link, now time.Time) string {
	t.Helper()
	token, err := s.AddLink(t.Context(), l, now)
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := base64.RawURLEncoding.DecodeString(token); err != nil || len(raw) != 32 {
		t.Errorf("token %q has %d bytes: %v", token, len(raw), err)
	}
	return token
}

// gone wants a link to be refused, whatever is tried.
func gone(t *testing.T, s *store.Store, why, token string, now time.Time) {
	t.Helper()
	_, peek := s.PeekLink(t.Context(), token, now)
	_, spend := s.SpendLink(t.Context(), token, now)
	for what, err := range map[string]error{"peek": peek, "spend": spend} {
		if gitops.CodeOf(err) != gitops.NotFound || err.Error() != "link is not good: it was used, expired, or never was" {
			t.Errorf("%s: %s: %v", why, what, err)
		}
	}
}

// TestLinkIsGoodOnce spends a link once, and not a moment after it expired.
func TestLinkIsGoodOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		token := addLink(t, s, sampleLink(1), at)
		want := sampleLink(1)
		want.Expires = at.Add(store.LinkLife)
		last := want.Expires.Add(-time.Microsecond)
		for range 2 {
			if got, err := s.PeekLink(t.Context(), token, last); err != nil || !cmp.Equal(got, want) {
				t.Fatalf("peek: %v %s", err, cmp.Diff(want, got))
			}
		}
		gone(t, s, "expired", token, want.Expires)
		if got, err := s.SpendLink(t.Context(), token, last); err != nil || !cmp.Equal(got, want) {
			t.Errorf("spend: %v %s", err, cmp.Diff(want, got))
		}
		gone(t, s, "spent", token, at)
		for _, other := range []string{"", token + "A", strings.ToLower(token), token[1:]} {
			gone(t, s, "never made", other, at)
		}
	})
}

// TestLinkReturns gives a link back whose change did not come about.
func TestLinkReturns(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		token := addLink(t, s, sampleLink(1), at)
		for range 2 {
			if _, err := s.SpendLink(t.Context(), token, at); err != nil {
				t.Fatal(err)
			}
			if err := s.ReturnLink(t.Context(), token); err != nil {
				t.Fatal(err)
			}
		}
		gone(t, s, "expired meanwhile", token, at.Add(store.LinkLife))
		if err := s.RevokeLinks(t.Context(), sampleLink(1).Repository, 1); err != nil {
			t.Fatal(err)
		}
		if err := s.ReturnLink(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		gone(t, s, "revoked", token, at)
	})
}

// TestLinkIsSpentByOne lets two replicas, with several requests each, spend the same
// links.
func TestLinkIsSpentByOne(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		a, b := storetest.Open(t, url), storetest.Open(t, url)
		for range 10 {
			token := addLink(t, a, sampleLink(1), at)
			var all sync.WaitGroup
			var spent, refused atomic.Int32
			for i := range 6 {
				all.Go(func() {
					_, err := []*store.Store{a, b}[i%2].SpendLink(t.Context(), token, at)
					switch gitops.CodeOf(err) {
					case "":
						spent.Add(1)
					case gitops.NotFound:
						refused.Add(1)
					default:
						t.Error(err)
					}
				})
			}
			all.Wait()
			if spent.Load() != 1 || refused.Load() != 5 {
				t.Errorf("spent %d times, refused %d times", spent.Load(), refused.Load())
			}
		}
	})
}

// TestRevokeLinks ends the links of one pull request, and of no other.
func TestRevokeLinks(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		elsewhere := sampleLink(1)
		elsewhere.Repository++
		first, second := addLink(t, s, sampleLink(1), at), addLink(t, s, sampleLink(1), at)
		kept := []string{addLink(t, s, sampleLink(2), at), addLink(t, s, elsewhere, at)}
		if err := s.RevokeLinks(t.Context(), sampleLink(1).Repository, 1); err != nil {
			t.Fatal(err)
		}
		gone(t, s, "revoked", first, at)
		gone(t, s, "revoked", second, at)
		for _, token := range kept {
			if _, err := s.SpendLink(t.Context(), token, at); err != nil {
				t.Errorf("another pull request: %v", err)
			}
		}
	})
}

// TestLinksAreRemoved asks about a time when the old link was good: it is not there
// any more.
func TestLinksAreRemoved(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		old := addLink(t, s, sampleLink(1), at)
		young := addLink(t, s, sampleLink(1), at.Add(time.Minute))
		addLink(t, s, sampleLink(2), at.Add(store.LinkLife))
		gone(t, s, "removed by the next one", old, at)
		if _, err := s.PeekLink(t.Context(), young, at); err != nil {
			t.Errorf("the young one: %v", err)
		}
		if err := s.Clean(t.Context(), at.Add(time.Hour), at, at); err != nil {
			t.Fatal(err)
		}
		gone(t, s, "cleaned", young, at)
	})
}

// TestLinkTokenIsNotStored looks for tokens in the bytes of the database.
func TestLinkTokenIsNotStored(t *testing.T) {
	dir := t.TempDir()
	s := storetest.Open(t, filepath.Join(dir, "db"))
	token := addLink(t, s, sampleLink(1), at)
	if _, err := s.SpendLink(t.Context(), token, at); err != nil {
		t.Fatal(err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	payload := false
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		payload = payload || bytes.Contains(data, sampleLink(1).Payload)
		if bytes.Contains(data, []byte(token)) || bytes.Contains(data, raw) {
			t.Errorf("%s has the token", filepath.Base(name))
		}
	}
	if !payload {
		t.Error("the payload is nowhere: the search finds nothing")
	}
}
