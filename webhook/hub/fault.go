package hub

import (
	"maps"
	"net/http"
	"path"
	"strings"
	"time"
)

// Fault is something that goes wrong on request. The first rule that applies to a
// call wins. Faults can be made with probability, on the nth matching
// call, a number of times; what happens is, in this order: Delay, then Hang, Reset or
// Status.
type Fault struct {
	// Method limits the rule to an HTTP method; "" is any.
	Method string
	// Path limits the rule to a path, below the API's root for the API: "*" is
	// one segment, "/**" at the end is everything below. "" is any. Git is at
	// "/owner/repo.git/git-upload-pack" and the like.
	Path string
	// Nth lets the rule apply only to the nth matching call, counted from 1; 0
	// is every one.
	Nth int
	// Times is how often it applies at most; 0 is without end.
	Times int
	// Probability that it applies, from 0 to 1; 0 is always.
	Probability float64
	// After does what was asked and loses the answer.
	After bool
	// Delay waits before anything else.
	Delay time.Duration
	// Hang never answers; it ends with the caller's patience or [Hub.Close].
	Hang bool
	// Reset cuts the connection.
	Reset bool
	// Status, Header and Body are the answer in place of the real one.
	Status int
	Header http.Header
	Body   string
}

// rule is a fault with its counters.
type rule struct {
	Fault
	seen, done int
}

// Fault adds a rule and returns the function that takes it away.
func (h *Hub) Fault(f Fault) (remove func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := &rule{Fault: f}
	h.faults = append(h.faults, r)
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		for i, other := range h.faults {
			if other == r {
				h.faults = append(h.faults[:i:i], h.faults[i+1:]...)
			}
		}
	}
}

// ClearFaults takes all rules away, also those for deliveries.
func (h *Hub) ClearFaults() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.faults, h.losses = nil, nil
}

// Calls returns how often each operation was called since the last [Hub.ResetCalls].
// The names are a method and a path with parameters, such as
// "GET /repos/{owner}/{repo}/pulls/{number}", or a git service.
func (h *Hub) Calls() map[string]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.counts)
}

// RESTCalls returns the number of calls of the API since the last [Hub.ResetCalls].
func (h *Hub) RESTCalls() int {
	n := 0
	for op, count := range h.Calls() {
		if strings.Contains(op, " /") {
			n += count
		}
	}
	return n
}

// ResetCalls sets the counters of calls to zero.
func (h *Hub) ResetCalls() {
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.counts)
}

// flight is one call on its way through the faults.
type flight struct {
	h     *Hub
	fault *Fault
}

// begin counts a call and picks the fault it meets.
func (h *Hub) begin(op string, r *http.Request) flight {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.counts[op]++
	for _, rule := range h.faults {
		if rule.matches(r) && h.strikes(&rule.seen, &rule.done, rule.Nth, rule.Times, rule.Probability) {
			f := rule.Fault
			return flight{h, &f}
		}
	}
	return flight{h: h}
}

// strikes counts a match and decides whether a rule applies to it.
func (h *Hub) strikes(seen, done *int, nth, times int, probability float64) bool {
	*seen++
	if nth > 0 && *seen != nth || times > 0 && *done >= times || probability > 0 && h.rng.Float64() >= probability {
		return false
	}
	*done++
	return true
}

// matches compares below the root of the API. Path is a pattern of path.Match; with
// "/**" at its end it is about everything below, for which as many segments as it has
// are compared. No path is any.
func (f *Fault) matches(r *http.Request) bool {
	if f.Method != "" && f.Method != r.Method {
		return false
	}
	p := strings.TrimPrefix(r.URL.Path, apiPrefix)
	if prefix, ok := strings.CutSuffix(f.Path, "/**"); ok {
		depth := strings.Count(prefix, "/") + 1
		p = strings.Join(strings.SplitN(p, "/", depth+1)[:min(depth, strings.Count(p, "/")+1)], "/")
		ok, _ := path.Match(prefix, p)
		return ok
	}
	ok, _ := path.Match(f.Path, p)
	return f.Path == "" || ok
}

// before lets a fault happen before the work; it reports whether the call is over.
func (f flight) before(w http.ResponseWriter, r *http.Request) bool {
	if f.fault == nil || f.fault.After {
		return false
	}
	return f.happen(w, r)
}

// after reports whether the answer will be lost.
func (f flight) after() bool { return f.fault != nil && f.fault.After }

// finish lets a fault happen after the work.
func (f flight) finish(w http.ResponseWriter, r *http.Request) {
	if !f.after() {
		return
	}
	if l, ok := w.(*lost); ok {
		w = l.ResponseWriter
	}
	if !f.happen(w, r) {
		panic(http.ErrAbortHandler)
	}
}

// happen does what a fault says; false is a mere delay.
func (f flight) happen(w http.ResponseWriter, r *http.Request) bool {
	if f.fault.Delay > 0 {
		select {
		case <-time.After(f.fault.Delay):
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		case <-f.h.done:
			panic(http.ErrAbortHandler)
		}
	}
	switch {
	case f.fault.Hang:
		select {
		case <-r.Context().Done():
		case <-f.h.done:
		}
		panic(http.ErrAbortHandler)
	case f.fault.Reset:
		panic(http.ErrAbortHandler)
	case f.fault.Status == 0:
		return false
	}
	maps.Copy(w.Header(), f.fault.Header)
	w.WriteHeader(f.fault.Status)
	w.Write([]byte(f.fault.Body))
	return true
}

// lost is an answer that nobody gets.
type lost struct {
	http.ResponseWriter
	header http.Header
}

// Header returns headers that are thrown away.
func (l *lost) Header() http.Header {
	if l.header == nil {
		l.header = http.Header{}
	}
	return l.header
}

// Write throws data away.
func (l *lost) Write(p []byte) (int, error) { return len(p), nil }

// WriteHeader throws the status away.
func (l *lost) WriteHeader(int) {}
