package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealift/sealift/webhook/hub"
	"github.com/sealift/sealift/webhook/queue"
	"github.com/sealift/sealift/webhook/store"
)

// What [TestLoad] sends.
const (
	loadRate = 500 // deliveries a second
	loadTime = 20 * time.Second
)

// measured skips the test unless SEALIFT_LOAD=1: it takes minutes, and its
// figures count only on a machine that has nothing else to do.
func measured(t *testing.T) {
	t.Helper()
	if os.Getenv("SEALIFT_LOAD") != "1" {
		t.Skip("SEALIFT_LOAD is not 1")
	}
	load, _ := os.ReadFile("/proc/loadavg")
	t.Logf("load of the machine before: %s", bytes.TrimSpace(load))
}

// TestLoad sends signed deliveries to `bot serve` from this process at a fixed
// rate, however slow the answers are. Each answer is timed from the moment at
// which its delivery was due, so that one that waits for its turn counts too.
func TestLoad(t *testing.T) {
	measured(t)
	t.Run("SQLite", func(t *testing.T) { loadOn(t, "SQLite", "", 50*time.Millisecond) })
	t.Run("PostgreSQL", func(t *testing.T) { loadOn(t, "PostgreSQL", newPostgres(t).Database(t), 25*time.Millisecond) })
}

func loadOn(t *testing.T, name, database string, goal time.Duration) {
	b := newBox(t, database, 1)
	r := b.replicas[0]
	template := closedPull(b)
	r.start()
	s := newSender(b, r, template)
	took := s.send()
	if database == "" {
		database = r.dir + "/sealift.db"
	}
	stored, drained := s.verify(database)
	p50, p99 := quantile(took, 0.5), quantile(took, 0.99)
	met := "yes"
	if p99 >= goal || stored != len(took) {
		met = "**no**"
	}
	t.Logf("payloads of %d bytes; all worked off %s after the last one; resident %.0f MB", len(template), drained.Round(time.Millisecond), r.resident())
	t.Logf("\n| %d deliveries a second for %s, %s | %d of %d stored | p50 %s, p99 %s, most %s | p99 under %s | %s |",
		loadRate, loadTime, name, stored, len(took), millis(p50), millis(p99), millis(slices.Max(took)), millis(goal), met)
	r.stop()
}

// closedPull returns the payload that the hub sends for a pull request that was
// closed: little work follows from it.
func closedPull(b *box) []byte {
	dev, ctx := b.hub.User(developer), b.t.Context()
	if _, err := dev.Push(ctx, demoRepo, "x", "x", map[string]string{"x": "x"}); err != nil {
		b.t.Fatal(err)
	}
	n, err := dev.OpenPull(ctx, demoRepo, hub.NewPull{Title: "x", Head: "x"})
	if err == nil {
		err = dev.ClosePull(ctx, demoRepo, n)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	for _, d := range b.hub.Deliveries() {
		if d.Event == "pull_request" && d.Action == "closed" {
			return d.Payload
		}
	}
	b.t.Fatal("the hub sent nothing")
	return nil
}

// sender makes deliveries of one payload, for many pull requests.
type sender struct {
	t       *testing.T
	url     string
	secret  []byte
	payload map[string]json.RawMessage
	client  http.Client
	total   int
}

func newSender(b *box, r *replica, template []byte) *sender {
	s := &sender{t: b.t, url: "http://" + r.addr + "/webhook", secret: []byte(b.app.WebhookSecret()), total: loadRate * int(loadTime/time.Second)}
	s.client.Transport = &http.Transport{MaxIdleConnsPerHost: 1000}
	if err := json.Unmarshal(template, &s.payload); err != nil {
		b.t.Fatal(err)
	}
	return s
}

// id is that of the nth delivery.
func (s *sender) id(n int) string { return fmt.Sprintf("10ad0000-0000-4000-8000-%012d", n) }

// request makes the nth delivery, for one of 1,000 pull requests.
func (s *sender) request(n int) *http.Request {
	s.payload["number"] = json.RawMessage(fmt.Sprint(n%1000 + 1))
	body, err := json.Marshal(s.payload)
	if err != nil {
		s.t.Fatal(err)
	}
	mac := hmac.New(sha256.New, s.secret)
	mac.Write(body)
	req, err := http.NewRequest(http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header = http.Header{
		"Content-Type": {"application/json"}, "X-Github-Event": {"pull_request"}, "X-Github-Delivery": {s.id(n)},
		"X-Hub-Signature-256": {"sha256=" + hex.EncodeToString(mac.Sum(nil))},
	}
	return req
}

// send sends all and returns how long each answer took.
func (s *sender) send() []time.Duration {
	took := make([]time.Duration, s.total)
	var all sync.WaitGroup
	begin := time.Now()
	for n := range took {
		due := begin.Add(time.Duration(n) * time.Second / loadRate)
		req := s.request(n)
		if early := time.Until(due); early > 0 {
			<-time.After(early) // the rate is what is asked for
		}
		all.Go(func() {
			status := s.do(req)
			took[n] = time.Since(due)
			if status != http.StatusAccepted {
				s.t.Errorf("delivery %d: status %d", n, status)
			}
		})
	}
	all.Wait()
	s.t.Logf("sent %d in %s", s.total, time.Since(begin).Round(time.Millisecond))
	return took
}

func (s *sender) do(req *http.Request) int {
	resp, err := s.client.Do(req)
	if err != nil {
		s.t.Error(err)
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

// verify counts what is in the database, and waits until all of it is worked off.
func (s *sender) verify(database string) (stored int, drained time.Duration) {
	db, err := store.Open(s.t.Context(), database, store.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	ids := make([]string, s.total)
	for n := range ids {
		ids[n] = s.id(n)
	}
	found, err := db.Outcomes(s.t.Context(), ids)
	if err != nil {
		s.t.Fatal(err)
	}
	q, err := queue.New(db, nil, queue.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	begin := time.Now()
	s.drain(q)
	return len(found), time.Since(begin)
}

func (s *sender) drain(q *queue.Queue) {
	for again := time.NewTicker(50 * time.Millisecond); ; <-again.C {
		d, err := q.Depth(context.WithoutCancel(s.t.Context()))
		if err != nil {
			s.t.Fatal(err)
		}
		if d.Ready+d.Waiting+d.Running == 0 {
			return
		}
	}
}

// quantile returns the least of d that a share of them does not exceed.
func quantile(d []time.Duration, share float64) time.Duration {
	d = slices.Sorted(slices.Values(d))
	return d[min(int(share*float64(len(d))), len(d)-1)]
}

func millis(d time.Duration) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(d.Microseconds())/1000), ".0") + " ms"
}
