package pages

import "sync"

// remembered is how many results a memo holds before it starts anew.
const remembered = 256

// memo remembers what is computed from its key alone: rendered comments, and what git says
// about full commit ids. The zero value is ready to use.
type memo struct {
	mu      sync.Mutex
	results map[string]any
}

// remember returns the result of make for a key. A failure is not remembered.
func remember[T any](m *memo, key string, compute func() (T, error)) (T, error) {
	m.mu.Lock()
	known, ok := m.results[key].(T)
	m.mu.Unlock()
	if ok {
		return known, nil
	}
	v, err := compute()
	if err != nil {
		return v, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.results == nil || len(m.results) >= remembered {
		m.results = map[string]any{}
	}
	m.results[key] = v
	return v, nil
}
