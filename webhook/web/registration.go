package web

import (
	"context"
	"crypto/rand"
	"net/url"
	"sync"
	"time"

	"github.com/sealift/sealift/gitops"
)

// maxStates is how many registrations are under way at a time.
const maxStates = 16

// Converter turns the code that GitHub sends the browser back with into the App's
// credentials, once. A code that GitHub does not take is an error of code invalid
// or not_found.
type Converter interface {
	Convert(ctx context.Context, code string) (Credentials, error)
}

// Setup is what the registration of an App needs.
type Setup struct {
	// Manifest is the App's manifest as JSON (app.yml). The name and the
	// addresses in it are replaced.
	Manifest  []byte
	Converter Converter
	// Store keeps the credentials where the service finds them at its next
	// start. Without it they are only shown, once.
	Store func(context.Context, Credentials) error
	// After says in a sentence what happens once they are stored.
	After string
}

// registration is the state of a set-up. It ends when an App is registered.
type registration struct {
	Setup
	token    string
	manifest manifest

	mu     sync.Mutex
	done   bool
	states map[string]pending
}

// pending is a registration that a browser went to GitHub for.
type pending struct {
	ends time.Time
	show bool // the credentials are to be shown, not stored
}

func newRegistration(s Setup, public, github *url.URL) (*registration, error) {
	m, err := newManifest(s.Manifest, public, github)
	if err != nil {
		return nil, err
	}
	if s.Converter == nil {
		return nil, gitops.Errorf(gitops.Invalid, "set-up has no converter")
	}
	return &registration{Setup: s, token: rand.Text(), manifest: m, states: map[string]pending{}}, nil
}

// open tells whether an App can be registered.
func (s *registration) open() bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.done
}

// begin remembers a new state. The oldest one goes when there are too many.
func (s *registration) begin(p pending) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.states) >= maxStates {
		oldest := ""
		for state, other := range s.states {
			if oldest == "" || other.ends.Before(s.states[oldest].ends) {
				oldest = state
			}
		}
		delete(s.states, oldest)
	}
	state := rand.Text()
	s.states[state] = p
	return state
}

// spend takes a state out.
func (s *registration) spend(state string, now time.Time) (pending, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.states[state]
	delete(s.states, state)
	return p, ok && now.Before(p.ends)
}

// end closes the set-up; it tells whether it was open.
func (s *registration) end() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := !s.done
	s.done = true
	return was
}
