package promote

import (
	"fmt"
	"path"
)

// repository decides where the target pulls an image from. That is the target's own: it
// follows the source only when that changed it since the last promotion, and the target
// had what the source had then. Tags of another repository than the target's may be of
// another line, so that is said, and those of one with another name do not move.
func (m *maker) repository(v *move) {
	if v.forked != "" { // its tag comes along with others
		m.withhold(v.file, v.at.key("newName").String(), m.From+" has it from "+v.forked+": check")
		return
	}
	if !v.found || !v.image || !v.from.image {
		return
	}
	name := v.at.key("newName").String()
	was, known := m.pulledThen(v.from)
	switch now := v.from.pulled(); {
	case m.taken(v) == TakeSource:
		v.to.name = v.from.value.name
	case known && was.pulled() != now && m.swap.rename(now) == v.pulled(): // it is there already
	case known && was.pulled() != now && was.pulled() == v.pulled() && m.swap.named(now):
		v.block(fmt.Sprintf("%s pulls it from %s now, which names %s: check", m.From, now, m.From))
	case known && was.pulled() != now && was.pulled() == v.pulled():
		v.to.name = v.from.value.name
	case known && was.pulled() != now:
		v.block(fmt.Sprintf("%s pulls it from %s now, and did from %s; %s has %s: check", m.From, now, was.pulled(), m.To, v.pulled()))
	case !v.fork():
	case !m.swap.sameName(path.Base(now), path.Base(v.pulled())):
		v.block(fmt.Sprintf("%s pulls it from %s, %s from %s: their tags may not be of one line", m.From, now, m.To, v.pulled()))
	case !m.swap.sameName(repositoryPath(now), repositoryPath(v.pulled())) && v.to != v.value:
		m.check(v.file, name, fmt.Sprintf("%s pulls it from %s, %s from %s: see that %s is there", m.From, now, m.To, v.pulled(), v.to))
	}
}

// block leaves an entry as it is, tag and all: they are one.
func (v *move) block(why string) {
	if v.to.String() != v.value.String() || v.to.name != v.value.name {
		v.held, v.moved = why, true
	}
}

// taken is what was decided about the entry of an image, by its tag or by its name.
func (m *maker) taken(v *move) string {
	return m.Options.Take[v.file+":"+v.at.key("newName").String()]
}

// pulledThen returns the same entry of the source at the last promotion.
func (m *maker) pulledThen(p place) (place, bool) {
	for _, q := range m.then {
		if q.image && q.file == p.file && q.id == p.id {
			return q, true
		}
	}
	return place{}, false
}
