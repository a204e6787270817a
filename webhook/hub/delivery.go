package hub

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// deliveryTimeout is how long a receiver has to answer.
const deliveryTimeout = 10 * time.Second

// kept is how long deliveries stay in the log.
const kept = 3 * 24 * time.Hour

// delivery is one attempt to send one event to one App.
type delivery struct {
	id       int64  // of the attempt
	guid     string // of the event; a second attempt has the same
	app      *App
	in       *installation // nil for events of the App itself
	repo     *repo         // nil likewise
	event    string
	action   string
	payload  []byte // as it is signed
	at       time.Time
	again    bool // a redelivery
	lost     bool // not sent, on request
	done     bool // what follows is known, but for delay
	duration time.Duration
	status   string // GitHub's words for how it went
	code     int    // of the answer, 0 without one
	request  http.Header
	response http.Header
	body     string        // of the answer, as far as it is kept
	delay    time.Duration // before it is sent
}

// sending is what is under way.
type sending struct {
	flying  int             // not answered yet, those in line and held back included
	line    []*delivery     // waiting, when sent in order
	busy    bool            // somebody works on the line
	late    []*delivery     // held back until another was sent
	waiters []chan struct{} // closed when nothing flies
}

// Loss is something that goes wrong with deliveries on request. The first that
// applies to a delivery wins.
type Loss struct {
	// Event limits the rule to an event; "" is any.
	Event string
	// Nth, Times and Probability are as in [Fault].
	Nth, Times  int
	Probability float64
	// Drop does not send it; the log says that it failed.
	Drop bool
	// Swallow does not send it; the log says that it was answered with 200.
	Swallow bool
	// Double sends it twice with the same id.
	Double bool
	// Late holds it back until after the next delivery, or until [Hub.Release].
	Late bool
	// Delay sends it later.
	Delay time.Duration
}

// loss is a rule with how often it looked and struck.
type loss struct {
	Loss
	seen, done int
}

// Lose adds a rule for deliveries. [Hub.ClearFaults] takes it away.
func (h *Hub) Lose(l Loss) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.losses = append(h.losses, &loss{Loss: l})
}

// deliver sends an event to an App. An App without a webhook gets none.
func (h *Hub) deliver(app *App, in *installation, r *repo, event string, payload obj) {
	if app.hookURL == "" {
		return
	}
	body, err := json.Marshal(payload)
	if err != nil {
		h.log.Error("payload", slog.String("event", event), slog.Any("error", err))
		return
	}
	action, _ := payload["action"].(string)
	g := secret(16)
	guid := fmt.Sprintf("%s-%s-%s-%s-%s", g[:8], g[8:12], g[12:16], g[16:20], g[20:])
	h.post(&delivery{guid: guid, app: app, in: in, repo: r, event: event, action: action, payload: body})
}

// post puts a delivery into the log and on its way, through the losses asked for.
func (h *Hub) post(d *delivery) {
	d.id, d.at = h.id(), h.now()
	for len(h.deliveries) > 0 && h.deliveries[0].done && h.deliveries[0].at.Before(d.at.Add(-kept)) {
		h.deliveries = h.deliveries[1:]
	}
	h.deliveries = append(h.deliveries, d)
	l := h.lossOf(d)
	switch {
	case l.Drop:
		d.done, d.lost, d.status, d.code = true, true, "failed to connect to host", http.StatusBadGateway
		return
	case l.Swallow:
		d.done, d.status, d.code = true, "OK", http.StatusOK
		return
	case l.Late:
		h.sending.flying++
		h.sending.late = append(h.sending.late, d)
		return
	case l.Double:
		twin := *d
		h.launch(&twin)
	}
	d.delay = l.Delay
	h.launch(d)
	h.release()
}

// repost sends a delivery again, with the same GUID and its own line in the log.
func (h *Hub) repost(d *delivery) {
	h.post(&delivery{guid: d.guid, app: d.app, in: d.in, repo: d.repo, event: d.event, action: d.action, payload: d.payload, again: true})
}

// lossOf returns what goes wrong with a delivery, and counts the rules that looked at
// it.
func (h *Hub) lossOf(d *delivery) Loss {
	for _, l := range h.losses {
		if (l.Event == "" || l.Event == d.event) && h.strikes(&l.seen, &l.done, l.Nth, l.Times, l.Probability) {
			return l.Loss
		}
	}
	return Loss{}
}

// Release sends the deliveries that a late rule holds back.
func (h *Hub) Release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.release()
}

// release sends what was held back. It still counted as under way: nobody may think
// that all is delivered. The caller holds the lock.
func (h *Hub) release() {
	held := h.sending.late
	h.sending.late = nil
	for _, d := range held {
		h.sending.flying--
		h.launch(d)
	}
}

// launch sends a delivery in the background: at once, or when those before it are
// through.
func (h *Hub) launch(d *delivery) {
	s := &h.sending
	s.flying++
	if !h.opts.InOrder {
		go h.fly(d)
		return
	}
	s.line = append(s.line, d)
	if !s.busy {
		s.busy = true
		go h.drain()
	}
}

// drain sends what waits in line, one after the other.
func (h *Hub) drain() {
	for {
		h.mu.Lock()
		if len(h.sending.line) == 0 {
			h.sending.busy = false
			h.mu.Unlock()
			return
		}
		d := h.sending.line[0]
		h.sending.line = h.sending.line[1:]
		h.mu.Unlock()
		h.fly(d)
	}
}

// fly sends one delivery and records what came of it. It is never repeated.
func (h *Hub) fly(d *delivery) {
	if d.delay > 0 {
		select {
		case <-time.After(d.delay):
		case <-h.done:
		}
	}
	h.mu.Lock()
	url, req := d.app.hookURL, d.headers(h.url)
	h.mu.Unlock()
	began := time.Now()
	code, header, body, err := h.transmit(url, req, d.payload)
	h.mu.Lock()
	defer h.mu.Unlock()
	d.done, d.duration, d.code, d.request, d.response, d.body = true, time.Since(began), code, req, header, body
	d.status = http.StatusText(code)
	if err != nil {
		d.code, d.status = http.StatusBadGateway, "failed to connect to host"
		if strings.Contains(err.Error(), "deadline") {
			d.code, d.status = http.StatusGatewayTimeout, "timed out"
		}
	}
	h.log.Debug("delivery", slog.String("event", d.event), slog.String("guid", d.guid), slog.Int("code", d.code))
	h.sending.flying--
	h.wake()
}

// headers are those of a delivery, signed with the App's secret; with SHA-1 too, as GitHub
// still does.
func (d *delivery) headers(hubURL string) http.Header {
	sign := func(hash func() hash.Hash) string {
		mac := hmac.New(hash, []byte(d.app.secret))
		mac.Write(d.payload)
		return hex.EncodeToString(mac.Sum(nil))
	}
	req := http.Header{
		"Content-Type": {"application/json"}, "User-Agent": {"GitHub-Hookshot/" + d.guid[:7]}, "X-Github-Event": {d.event}, "X-Github-Delivery": {d.guid},
		"X-Github-Hook-Id": {fmt.Sprint(d.app.hookID)}, "X-Github-Hook-Installation-Target-Type": {"integration"},
		"X-Github-Hook-Installation-Target-Id": {fmt.Sprint(d.app.id)}, "X-Hub-Signature-256": {"sha256=" + sign(sha256.New)}, "X-Hub-Signature": {"sha1=" + sign(sha1.New)},
	}
	if !strings.Contains(hubURL, "github.com") {
		req.Set("X-GitHub-Enterprise-Host", strings.TrimPrefix(strings.TrimPrefix(hubURL, "http://"), "https://"))
	}
	return req
}

// transmit sends one request and reads a little of the answer.
func (h *Hub) transmit(url string, header http.Header, payload []byte) (int, http.Header, string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), deliveryTimeout)
	defer cancel()
	go func() {
		select {
		case <-h.done:
			cancel()
		case <-ctx.Done():
		}
	}()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(payload))
	if err != nil {
		return 0, nil, "", err
	}
	req.Header = header
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, "", err
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	return resp.StatusCode, resp.Header, string(body), nil
}

// wake tells those who wait for silence.
func (h *Hub) wake() {
	if h.sending.flying > 0 {
		return
	}
	for _, w := range h.sending.waiters {
		close(w)
	}
	h.sending.waiters = nil
}

// Idle waits until no delivery is under way. Those held back by a late rule are under
// way.
func (h *Hub) Idle(ctx context.Context) error {
	h.mu.Lock()
	if h.sending.flying == 0 {
		h.mu.Unlock()
		return nil
	}
	w := make(chan struct{})
	h.sending.waiters = append(h.sending.waiters, w)
	h.mu.Unlock()
	select {
	case <-w:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
