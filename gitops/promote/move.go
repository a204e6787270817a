package promote

import (
	"cmp"
	"regexp"
	"strings"
)

// move is a place of the target with what it shall have.
type move struct {
	place
	answer
	// found says that the source has a version of it, to.
	found bool
	to    version
	// old says that the source has it since before what is promoted.
	old bool
	// forked is the other repository that the source pulls an image from, when that
	// is not carried.
	forked string
	// held is why it does not move unless somebody asks for it; moved says that nobody
	// can, since the source pulls it from elsewhere now.
	held  string
	moved bool
}

// newMove looks for the version that a place of the target gets. Of several candidates
// that do not agree none is taken.
func newMove(known *known, p place) *move {
	v := &move{place: p, answer: known.lookup(p)}
	if v.found = v.ok; v.found {
		v.to = newVersion(p, v.from)
	}
	return v
}

// path is the field that moves, for people and for their decisions.
func (v *move) path() string {
	switch {
	case !v.image:
		return v.at.String()
	case v.inName:
		return v.at.key("newName").String()
	case v.to.tag == v.value.tag && v.to.digest != v.value.digest:
		return v.at.key("digest").String()
	}
	return v.at.key("newTag").String()
}

// pulled is the repository that an entry of the field images pulls from.
func (p place) pulled() string { return imageName(cmp.Or(p.value.name, p.keys[0])) }

// fork reports whether the source pulls an image from another repository than the
// target, so that the tags of the two may not be of one line. Another registry alone is
// none: each environment may have its own.
func (v *move) fork() bool {
	return v.found && v.image && v.from.image && repositoryPath(v.from.pulled()) != repositoryPath(v.pulled())
}

// repositoryPath is the name of an image without its registry.
func repositoryPath(name string) string {
	if hasHost(name) {
		_, name, _ = strings.Cut(name, "/")
	}
	return name
}

// commitID is a version that nothing else has by chance.
var commitID = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)

// along moves places along that the source says nothing about, or of a fork, and
// that have the commit id of others in the target: one value in several places.
// They go where all of these go.
func along(moves []*move) {
	next := map[string]string{}
	for _, v := range moves {
		if old := v.value.tag; commitID.MatchString(old) && v.found && !v.old && !v.fork() && commitID.MatchString(v.to.tag) {
			if to, ok := next[old]; ok && to != v.to.tag {
				next[old] = ""
				continue
			}
			next[old] = v.to.tag
		}
	}
	for _, v := range moves {
		to := next[v.value.tag]
		if to == "" || v.found && !v.old && !v.fork() {
			continue
		}
		if v.found && v.fork() {
			v.forked = v.from.pulled()
		}
		v.found, v.old, v.several, v.elsewhere = true, false, nil, nil
		v.to = v.value
		v.to.tag = to
	}
}

// apart holds refs of remote bases that the target has at another commit than the
// image they belong to, while the source has both at one commit: somebody holds
// them there.
func apart(moves []*move) {
	type group struct{ file, to string }
	lead := map[group]*move{}
	for _, v := range moves {
		if at := (group{v.file, v.to.tag}); v.found && v.group == groupImage && commitID.MatchString(v.to.tag) && lead[at] == nil {
			lead[at] = v
		}
	}
	for _, v := range moves {
		first := lead[group{v.file, v.to.tag}]
		if v.found && v.group == groupBase && first != nil && first.value.tag != v.value.tag {
			v.held = "is held at another commit than " + first.keys[0] + ": take the source to move it"
		}
	}
}
