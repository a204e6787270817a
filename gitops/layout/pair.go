package layout

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/sealift/sealift/gitops"
)

// Pair is a unit on both sides of a change; one of them is nil when it is not there.
type Pair struct{ Base, Head *gitops.Unit }

// Unit is the side that counts for people: the head, or what was there.
func (p Pair) Unit() *gitops.Unit {
	if p.Head != nil {
		return p.Head
	}
	return p.Base
}

// Pairs finds the units of base again in head: by who deploys them and from where the
// chain of deployers starts, then by who deploys them alone, then by the directory. Roots
// are found again as roots of their directory. What is left appears or disappears.
func Pairs(base, head *Layout) []Pair {
	p := pairing{base: base.Units, head: head.Units, found: make([]int, len(base.Units)), taken: make([]bool, len(head.Units))}
	for i := range p.found {
		p.found[i] = -1
	}
	full := func(u *gitops.Unit) string { return u.ID() + "\x00" + u.Entry + "\x00" + u.Path + "\x00" + u.Artifact }
	p.by(full)
	for _, key := range []func(u *gitops.Unit) string{
		func(u *gitops.Unit) string { return u.ID() + "\x00" + u.Entry },
		(*gitops.Unit).ID,
		source,
		func(u *gitops.Unit) string { return u.Path + "\x00" + u.DeployedBy.Cluster },
		func(u *gitops.Unit) string { return u.Path },
	} {
		p.by(func(u *gitops.Unit) string {
			if u.DeployedBy == nil {
				return ""
			}
			return key(u)
		})
	}
	return p.pairs()
}

// source is a key of the deployer without its cluster.
func source(u *gitops.Unit) string {
	return u.DeployedBy.Kind + "\x00" + u.DeployedBy.Namespace + "\x00" + u.DeployedBy.Name + "\x00" + strconv.Itoa(u.Source)
}

// pairing is the work on the pairs of two lists.
type pairing struct {
	base, head []gitops.Unit
	found      []int // of head, by index of base
	taken      []bool
}

// by pairs what is left by a key, where it tells them apart; units with an empty key are
// left alone. Of several with one key on both sides the first are paired with the first.
func (p *pairing) by(key func(*gitops.Unit) string) {
	at := map[string][]int{}
	for j := range p.head {
		if k := key(&p.head[j]); !p.taken[j] && k != "" {
			at[k] = append(at[k], j)
		}
	}
	for i := range p.base {
		k := key(&p.base[i])
		if p.found[i] >= 0 || k == "" || len(at[k]) == 0 {
			continue
		}
		p.found[i], p.taken[at[k][0]] = at[k][0], true
		at[k] = at[k][1:]
	}
}

// pairs lists all, sorted by path and deployer.
func (p *pairing) pairs() []Pair {
	var list []Pair
	for i := range p.base {
		pair := Pair{Base: &p.base[i]}
		if p.found[i] >= 0 {
			pair.Head = &p.head[p.found[i]]
		}
		list = append(list, pair)
	}
	for j := range p.head {
		if !p.taken[j] {
			list = append(list, Pair{Head: &p.head[j]})
		}
	}
	slices.SortStableFunc(list, func(a, b Pair) int {
		return cmp.Or(cmp.Compare(a.Unit().Path, b.Unit().Path), cmp.Compare(a.Unit().ID(), b.Unit().ID()))
	})
	return list
}
