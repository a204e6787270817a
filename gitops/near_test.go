package gitops

import "testing"

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"main", "main", 0}, {"mian", "main", 2},
		{"kitten", "sitting", 3}, {"resource", "resources", 1},
	} {
		if got, back := Distance(c.a, c.b), Distance(c.b, c.a); got != c.want || back != c.want {
			t.Errorf("Distance(%q, %q) = %d and back %d, want %d", c.a, c.b, got, back, c.want)
		}
	}
}
