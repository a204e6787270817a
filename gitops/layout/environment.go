package layout

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// maxEnvironments is how many environments a list may have.
const maxEnvironments = 1_000

// wordRank returns the place in the chain that a name says by a word in it, such
// as "staging-eu" and "kc-dev", from 1 for dev to 8 for prod, and 0 when it says
// none. Of several words the furthest counts.
func wordRank(name string) int {
	rank := 0
	tokens := strings.FieldsFunc(strings.ToLower(name), func(c rune) bool { return strings.ContainsRune("-_. ", c) })
	for i, t := range tokens {
		r := tokenRank(strings.TrimRight(t, "0123456789"))
		if r == rankProd && i > 0 {
			switch tokens[i-1] {
			case "pre":
				r = rankPreprod
			case "non":
				r = rankTest
			}
		}
		rank = max(rank, r)
	}
	return rank
}

// The ranks of environments.
const (
	rankDev = iota + 1
	rankTest
	rankQA
	rankInt
	rankStage
	rankUAT
	rankPreprod
	rankProd
)

// tokenRank is where a word stands among environments, 0 for one that names none.
func tokenRank(t string) int {
	switch t {
	case "dev", "develop", "development":
		return rankDev
	case "test", "testing", "nonprod":
		return rankTest
	case "qa":
		return rankQA
	case "int", "integ", "integration":
		return rankInt
	case "stage", "staging", "stg":
		return rankStage
	case "uat", "acceptance":
		return rankUAT
	case "preprod", "preproduction":
		return rankPreprod
	case "prod", "production", "prd", "live":
		return rankProd
	}
	return 0
}

// certain reports whether a name is an environment by itself, wherever it stands.
// "test", "int" and "integration" are often something else, and "stage" too.
func certain(name string) bool {
	switch strings.TrimRight(strings.ToLower(name), "0123456789") {
	case "dev", "development", "qa", "stage", "staging", "stg", "uat",
		"preprod", "pre-prod", "preproduction", "prod", "production", "prd":
		return true
	}
	return false
}

// order returns all environments in the order of the chain. Those that are
// listed keep their order. The others go before the first listed one that is
// further along by its word, and those without a word to the end.
func (n *namer) order(overlays []gitops.Overlay) []string {
	type place struct{ listed, rank, index int }
	places := map[string]place{}
	ranks := make([]int, len(n.listed))
	for i, name := range n.listed {
		ranks[i] = wordRank(name)
		places[name] = place{listed: i, rank: -1, index: i}
	}
	for _, o := range overlays {
		if _, ok := places[o.Environment]; ok || o.Environment == "" {
			continue
		}
		rank := wordRank(o.Environment)
		at := len(n.listed)
		if rank > 0 {
			if i := slices.IndexFunc(ranks, func(r int) bool { return r > rank }); i >= 0 {
				at = i
			}
		} else {
			rank = rankProd + 1
		}
		places[o.Environment] = place{listed: at, rank: rank}
	}
	return slices.SortedFunc(maps.Keys(places), func(a, b string) int {
		pa, pb := places[a], places[b]
		listed := func(p place) int { // unlisted ones go before the listed one of their place
			if p.rank < 0 {
				return 1
			}
			return 0
		}
		return cmp.Or(cmp.Compare(pa.listed, pb.listed), cmp.Compare(listed(pa), listed(pb)),
			cmp.Compare(pa.rank, pb.rank), natural(a, b))
	})
}

// natural compares names with their numbers by value: ring-2 before ring-10.
func natural(a, b string) int {
	whole := strings.Compare(a, b)
	for a != "" && b != "" {
		da, db := digits(a), digits(b)
		if da > 0 && db > 0 {
			na, nb := strings.TrimLeft(a[:da], "0"), strings.TrimLeft(b[:db], "0")
			if c := cmp.Or(cmp.Compare(len(na), len(nb)), strings.Compare(na, nb)); c != 0 {
				return c
			}
			a, b = a[da:], b[db:]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Or(cmp.Compare(len(a), len(b)), whole)
}

// digits returns how many digits s starts with.
func digits(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }
