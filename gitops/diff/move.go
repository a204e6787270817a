package diff

import (
	"cmp"
	"hash/maphash"
	"path"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// moves joins overlays that are gone with new ones that render the same, then
// with those that render nearly the same. It returns the pairs that are left and,
// for each of them, the old path, "" for one that was not joined.
func moves(pairs []Pair) ([]Pair, []string) {
	m := mover{from: map[int]int{}, taken: map[int]bool{}, pairs: pairs}
	for i, p := range pairs {
		switch {
		case p.Fixed:
		case p.After == nil && p.Before.Err == nil && len(p.Before.Objects) > 0:
			m.gone = append(m.gone, i)
		case p.Before == nil && p.After.Err == nil && len(p.After.Objects) > 0:
			m.come = append(m.come, i)
		}
	}
	m.exact()
	m.near()
	return m.joined()
}

// mover holds the indexes of what is gone and what has come.
type mover struct {
	pairs      []Pair
	gone, come []int
	from       map[int]int  // pair that has come -> the one that is gone
	taken      map[int]bool // of pairs
}

// exact joins what renders the same bytes, the nearest paths first.
func (m *mover) exact() {
	byHash := map[string][]int{}
	for _, i := range m.gone {
		hash := m.pairs[i].Before.SHA256()
		byHash[hash] = append(byHash[hash], i)
	}
	for _, j := range m.come {
		hash := m.pairs[j].After.SHA256()
		same := slices.DeleteFunc(byHash[hash], func(i int) bool { return m.taken[i] })
		byHash[hash] = same
		if len(same) > 0 {
			m.join(slices.MinFunc(same[:min(len(same), maxNearest)], m.nearest(j)), j)
		}
	}
}

// maxNearest is how many overlays of one output are compared by their paths.
const maxNearest = 100

// near joins what is left when it is similar, the most similar first.
func (m *mover) near() {
	seed, prints := maphash.MakeSeed(), map[int]fingerprint{}
	of := func(i int, r *gitops.Rendered) fingerprint {
		if prints[i] == nil {
			prints[i] = linesOf(seed, string(r.YAML()))
		}
		return prints[i]
	}
	var found []candidate
	budget := maxComparisons
	for _, i := range m.gone {
		for _, j := range m.come {
			if m.taken[i] || m.taken[j] {
				continue
			}
			if budget--; budget < 0 {
				break
			}
			if score := of(i, m.pairs[i].Before).similarity(of(j, m.pairs[j].After)); score >= similar {
				found = append(found, candidate{i, j, score})
			}
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), m.nearest(a.after)(a.gone, b.gone))
	})
	for _, c := range found {
		if !m.taken[c.gone] && !m.taken[c.after] {
			m.join(c.gone, c.after)
		}
	}
}

// nearest orders what is gone by how much its path has in common with that of
// pair j.
func (m *mover) nearest(j int) func(a, b int) int {
	to := m.pairs[j].Overlay.Path
	return func(a, b int) int {
		x, y := m.pairs[a].Overlay.Path, m.pairs[b].Overlay.Path
		return cmp.Or(cmp.Compare(common(y, to), common(x, to)), cmp.Compare(x, y))
	}
}

// join records that pair i moved to pair j.
func (m *mover) join(i, j int) {
	m.taken[i], m.taken[j] = true, true
	m.from[j] = i
}

// joined returns the pairs with each move made one.
func (m *mover) joined() ([]Pair, []string) {
	var out []Pair
	var names []string
	for i, p := range m.pairs {
		from, moved := m.from[i]
		old := ""
		switch {
		case moved:
			p.Before = m.pairs[from].Before
			old = m.pairs[from].Overlay.Path
		case m.taken[i]:
			continue
		}
		out, names = append(out, p), append(names, old)
	}
	return out, names
}

// common counts the elements that two paths share at their start and end.
func common(a, b string) int {
	x, y := strings.Split(path.Clean(a), "/"), strings.Split(path.Clean(b), "/")
	n := 0
	for n < min(len(x), len(y)) && x[n] == y[n] {
		n++
	}
	x, y = x[n:], y[n:]
	for len(x) > 0 && len(y) > 0 && x[len(x)-1] == y[len(y)-1] {
		x, y = x[:len(x)-1], y[:len(y)-1]
		n++
	}
	return n
}
