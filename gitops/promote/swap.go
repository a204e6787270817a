package promote

import (
	"slices"
	"strings"
)

// swap leads from the paths of one environment to those of another. Elements of
// a path that name the environment are replaced; everything else stays.
type swap struct {
	// to has, for each element that names the source, that of the target.
	to map[string]string
	// from is the reverse.
	from map[string]string
	// words are what names the source in values, with what takes its place: the
	// names themselves, and the parts in which they differ.
	words [][2]string
	// others are more words that mean the source, and not the target.
	others []string
	// source and target are the directories of the environments that the overlays
	// are in.
	source, target roots
}

// roots are directories that belong to one environment as a whole, sorted.
type roots []string

// newRoots cuts overlays off behind the element that names the environment. One
// without is a root itself.
func newRoots(overlays []string, names map[string]string) roots {
	var list roots
	for _, dir := range overlays {
		elems := strings.Split(dir, "/")
		at := slices.IndexFunc(elems, func(e string) bool { _, ok := names[e]; return ok })
		if at < 0 {
			at = len(elems) - 1
		}
		list = append(list, strings.Join(elems[:at+1], "/"))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// of returns the root that a path is in, "" for none.
func (r roots) of(p string) string {
	for _, root := range r {
		if p == root || strings.HasPrefix(p, root+"/") || root == "." {
			return root
		}
	}
	return ""
}

// newSwap finds the elements in which the overlays of an app differ. They are the
// environments' names where the paths have those; otherwise they are read off
// overlays of both sides that differ in few elements.
func newSwap(a App, from, to string) swap {
	s := swap{to: map[string]string{}, from: map[string]string{}}
	s.learn(a, from, to)
	s.words, s.others = envWords(from, to), also(from, to)
	for e, other := range s.to {
		if e != from {
			s.words = append(s.words, envWords(e, other)...)
			s.others = append(s.others, also(e, other)...)
		}
	}
	s.source, s.target = newRoots(a.From, s.to), newRoots(a.To, s.from)
	return s
}

// learn finds out which names of the source stand for which of the target, from the
// directories of one app: the environments themselves, and what else differs at their
// place.
func (s swap) learn(a App, from, to string) {
	if hasName(a.From, from) && (len(a.To) == 0 || hasName(a.To, to)) || len(a.From) == 0 {
		s.add(from, to)
		return
	}
	for _, dir := range a.From {
		s.align(dir, a.To, from, to)
	}
}

// add keeps the first pair of a name.
func (s swap) add(from, to string) {
	if _, ok := s.to[from]; !ok {
		s.to[from], s.from[to] = to, from
	}
}

// align compares a directory with the most similar one of the target. Without
// any, words of its elements are replaced.
func (s swap) align(dir string, targets []string, from, to string) {
	elems := strings.Split(dir, "/")
	best := []string(nil)
	for _, t := range targets {
		other := strings.Split(t, "/")
		if len(other) == len(elems) && (best == nil || differ(elems, other) < differ(elems, best)) {
			best = other
		}
	}
	for i, e := range elems {
		switch {
		case best != nil && best[i] != e:
			s.add(e, best[i])
		case best == nil:
			if renamed := replaceWord(e, from, to); renamed != e {
				s.add(e, renamed)
			}
		}
	}
}

// differ counts the elements that differ; both have the same number.
func differ(a, b []string) int {
	n := 0
	for i := range a {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

func hasName(dirs []string, name string) bool { return hasElement(dirs, map[string]string{name: ""}) }

// hasElement reports whether a directory has an element of some name.
func hasElement(dirs []string, names map[string]string) bool {
	return slices.ContainsFunc(dirs, func(dir string) bool {
		return slices.ContainsFunc(strings.Split(dir, "/"), func(e string) bool { _, ok := names[e]; return ok })
	})
}

// path returns where a file of the source is in the target: with every element
// replaced that names the source.
func (s swap) path(p string) string {
	elems := strings.Split(p, "/")
	for i, e := range elems {
		if to, ok := s.to[e]; ok {
			elems[i] = to
		}
	}
	return strings.Join(elems, "/")
}

// envWords returns two names, and the parts of them in which they differ when
// they have as many: rt-dev and rt-stage, dev and stage. Numbers alone say nothing.
func envWords(from, to string) [][2]string {
	words := [][2]string{{from, to}}
	split := func(s string) []string {
		return strings.FieldsFunc(s, func(c rune) bool { return strings.ContainsRune("-_.", c) })
	}
	a, b := split(from), split(to)
	for i := range a {
		if len(a) > 1 && len(a) == len(b) && a[i] != b[i] && strings.Trim(a[i], "0123456789") != "" {
			words = append(words, [2]string{a[i], b[i]})
		}
	}
	return words
}

// named reports whether a value has the name of the source in it.
func (s swap) named(value string) bool {
	value = devices(value)
	return hasSynonym(value, s.others) || slices.ContainsFunc(s.words, func(w [2]string) bool { return hasWord(value, w[0]) })
}

// resembles reports whether a value may have the name of the source in it, within a word.
func (s swap) resembles(value string) bool { return hasGlued(devices(value), s.others) }

// rename turns a value of the source into that of the target, the whole names
// before their parts.
func (s swap) rename(value string) string {
	for _, w := range s.words {
		value = replaceWord(value, w[0], w[1])
	}
	return value
}

// hasWord reports whether a value has a name as a word of its own, such as dev in
// "web-dev.example.com" and not in "device".
func hasWord(value, name string) bool {
	_, ok := wordAt(value, name, 0)
	return ok
}

// replaceWord replaces a name where it is a word of its own.
func replaceWord(value, name, by string) string {
	var b strings.Builder
	for at := 0; ; {
		i, ok := wordAt(value, name, at)
		if !ok {
			b.WriteString(value[at:])
			return b.String()
		}
		b.WriteString(value[at:i] + by)
		at = i + len(name)
	}
}

// wordAt returns where a name is a word of its own, from an offset on.
func wordAt(value, name string, from int) (int, bool) {
	if name == "" {
		return 0, false
	}
	lower, name := strings.ToLower(value), strings.ToLower(name)
	for at := from; at <= len(lower)-len(name) && len(lower) == len(value); at++ {
		i := strings.Index(lower[at:], name)
		if i < 0 {
			return 0, false
		}
		at += i
		end := at + len(name)
		if (at == 0 || !wordByte(lower[at-1])) && (end == len(lower) || !wordByte(lower[end])) {
			return at, true
		}
	}
	return 0, false
}

// wordByte reports whether a byte continues a word. Bytes of other scripts do.
func wordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c >= 0x80
}
