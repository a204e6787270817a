package diff

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// pair is an object on both sides; one of them is nil when it was added or
// removed.
type pair struct {
	before, after *gitops.Object
	renamed       bool
}

// similar is the least share of lines that two objects or overlays have in
// common to count as one that was renamed or moved: git's figure for renames of
// files is 50 %, but manifests of one kind resemble each other more than files.
const similar = 0.6

// maxComparisons bounds how many candidates are compared by content, for the
// objects of one overlay and for the overlays of one report.
const maxComparisons = 20_000

// matchObjects pairs the objects of two renders, those that are equal byte for
// byte left out. The order is that of the render after the change, then that of
// what is gone.
func matchObjects(before, after []gitops.Object) []pair {
	m := matcher{after: make([]*gitops.Object, len(after)), partner: make([]*gitops.Object, len(after)), renamed: make([]bool, len(after))}
	for i := range after {
		m.after[i] = &after[i]
	}
	for i := range before {
		m.gone = append(m.gone, &before[i])
	}
	m.by(func(o gitops.Object) string { return id(o, name) }, false)
	m.by(func(o gitops.Object) string { return id(o, baseName) }, true)
	m.by(func(o gitops.Object) string { o.Namespace = ""; return id(o, baseName) }, true)
	m.byContent()
	return m.pairs()
}

// matcher holds what is matched so far.
type matcher struct {
	gone    []*gitops.Object // of the side before, without a partner yet
	after   []*gitops.Object
	partner []*gitops.Object // of after[i], nil when there is none yet
	renamed []bool
}

// by pairs what has the same key and no partner yet.
func (m *matcher) by(key func(gitops.Object) string, renamed bool) {
	if len(m.gone) == 0 {
		return
	}
	open := map[string][]int{}
	for i, o := range m.after {
		if m.partner[i] == nil {
			k := key(*o)
			open[k] = append(open[k], i)
		}
	}
	m.gone = slices.DeleteFunc(m.gone, func(o *gitops.Object) bool {
		k := key(*o)
		if len(open[k]) == 0 {
			return false
		}
		i := open[k][0]
		open[k] = open[k][1:]
		m.partner[i], m.renamed[i] = o, renamed
		return true
	})
}

// candidate is a possible match by content.
type candidate struct {
	gone, after int
	score       float64
}

// byContent pairs what is left by content: objects of one group and kind whose
// lines are similar, the most similar first, and the only two of their kind when
// they say nothing but their name. Secrets are never compared: a match would
// tell that two of them hold the same.
func (m *matcher) byContent() {
	found := m.candidates()
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(b.score, a.score) })
	taken := make([]bool, len(m.gone))
	for _, c := range found {
		if !taken[c.gone] && m.partner[c.after] == nil {
			taken[c.gone] = true
			m.partner[c.after], m.renamed[c.after] = m.gone[c.gone], true
		}
	}
	var rest []*gitops.Object
	for i, o := range m.gone {
		if !taken[i] {
			rest = append(rest, o)
		}
	}
	m.gone = rest
}

// candidates returns the pairs that are similar enough.
func (m *matcher) candidates() []candidate {
	kinds := map[string][]int{}
	for i, o := range m.after {
		if m.partner[i] == nil && o.Kind != "Secret" {
			k := group(o.APIVersion) + "\x00" + o.Kind
			kinds[k] = append(kinds[k], i)
		}
	}
	seed, prints := maphash.MakeSeed(), map[*gitops.Object]fingerprint{}
	of := func(o *gitops.Object) fingerprint {
		if prints[o] == nil {
			prints[o] = linesOf(seed, body(mask(*o, nil).text))
		}
		return prints[o]
	}
	var found []candidate
	budget := maxComparisons
	for i, o := range m.gone {
		for _, j := range kinds[group(o.APIVersion)+"\x00"+o.Kind] {
			if budget--; budget < 0 {
				return found
			}
			if score := of(o).similarity(of(m.after[j])); score >= similar {
				found = append(found, candidate{i, j, score})
			}
		}
	}
	return found
}

// pairs returns what differs, in order.
func (m *matcher) pairs() []pair {
	var out []pair
	for i, o := range m.after {
		if b := m.partner[i]; b == nil || string(b.YAML) != string(o.YAML) {
			out = append(out, pair{b, o, m.renamed[i]})
		}
	}
	for _, o := range m.gone {
		out = append(out, pair{before: o})
	}
	return out
}

// id identifies an object, its name seen through f.
func id(o gitops.Object, f func(string) string) string {
	return strings.Join([]string{group(o.APIVersion), o.Kind, o.Namespace, f(o.Name)}, "\x00")
}

// name returns a name as it is.
func name(s string) string { return s }

// group returns the group of an apiVersion, "" for the core.
func group(apiVersion string) string {
	g, _, ok := strings.Cut(apiVersion, "/")
	if !ok {
		return ""
	}
	return g
}

// body returns a manifest without the lines that every one of its kind has and
// those that name it.
func body(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		switch key, _, _ := strings.Cut(line, ":"); key {
		case "apiVersion", "kind", "metadata", "spec", "data", "  name", "  namespace":
			continue
		}
		b.WriteString(line)
	}
	return b.String()
}

// fingerprint counts the lines of a text by hash.
type fingerprint map[uint64]int

// linesOf returns the fingerprint of a text.
func linesOf(seed maphash.Seed, text string) fingerprint {
	f := fingerprint{}
	for line := range strings.Lines(text) {
		f[maphash.String(seed, line)]++
	}
	return f
}

// similarity returns the share of lines that two texts have in common, 0 to 1,
// and 0 for two empty ones.
func (f fingerprint) similarity(g fingerprint) float64 {
	common, total := 0, 0
	for h, n := range f {
		common += min(n, g[h])
		total += n
	}
	for _, n := range g {
		total += n
	}
	if total == 0 {
		return 0
	}
	return 2 * float64(common) / float64(total)
}
