package chart

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// words are the parts of a line: what stands between the signs that separate, and these.
var words = regexp.MustCompile("[^\\s\"'`:,;()<>\\[\\]{}@|&=-]+|.")

// joints are signs within what is random as a whole, such as the hyphens of a UUID.
const joints = "-:=+/._"

// text weaves texts: keys and certificates as a whole, then line by line where all have as
// many, then word by word.
func (w *weave) text(texts []string) string {
	if equal(texts) {
		return texts[0]
	}
	if shown, ok := w.withoutKeys(texts); ok {
		return w.text(shown)
	}
	lines := each(texts, func(t string) []string { return strings.Split(t, "\n") })
	if len(lines[0]) == 1 || !sameLength(lines) {
		return w.line(each(texts, func(t string) []string { return words.FindAllString(t, -1) }))
	}
	ordered := each(lines, func(l []string) string { return strings.Join(slices.Sorted(slices.Values(l)), "\n") })
	if equal(ordered) {
		return ordered[0]
	}
	out := make([]string, len(lines[0]))
	for i := range out {
		out[i] = w.text(each(lines, func(l []string) string { return l[i] }))
	}
	return strings.Join(out, "\n")
}

// line weaves the words of one line. Where there is another number of them each time, all
// from the first that differs to the last is masked.
func (w *weave) line(list [][]string) string {
	var out strings.Builder
	if !sameLength(list) {
		first, last := alikeAt(list)
		out.WriteString(strings.Join(list[0][:first], ""))
		out.WriteString(w.mask(each(list, func(l []string) string { return strings.Join(l[first:len(l)-last], "") })))
		out.WriteString(strings.Join(list[0][len(list[0])-last:], ""))
		return out.String()
	}
	differs := func(i int) bool {
		return i < len(list[0]) && !equal(each(list, func(l []string) string { return l[i] }))
	}
	for i := 0; i < len(list[0]); i++ {
		if !differs(i) {
			out.WriteString(list[0][i])
			continue
		}
		end := i + 1
		for differs(end) || differs(end+1) && strings.Contains(joints, list[0][end]) {
			end++
		}
		out.WriteString(w.mask(each(list, func(l []string) string { return strings.Join(l[i:end], "") })))
		i = end - 1
	}
	return out.String()
}

// alikeAt is how many words all lists begin with and end with.
func alikeAt(list [][]string) (first, last int) {
	shortest := len(slices.MinFunc(list, func(a, b []string) int { return len(a) - len(b) }))
	for first < shortest && equal(each(list, func(l []string) string { return l[first] })) {
		first++
	}
	for last < shortest-first && equal(each(list, func(l []string) string { return l[len(l)-1-last] })) {
		last++
	}
	return first, last
}

// mask returns what stands for random texts. Random texts have nothing in common: where
// these do, something that is not random stands among them.
func (w *weave) mask(texts []string) string {
	for i, t := range texts {
		w.masked[i] = append(w.masked[i], t)
	}
	w.hidden = w.hidden || shared(texts)
	if n := len(texts[0]); n <= maxCounted && !slices.ContainsFunc(texts, func(t string) bool { return len(t) != n }) {
		return fmt.Sprintf("(random, %d characters)", n)
	}
	return Random
}

// How long a text must be that is in all of several texts before that is no chance. Of three
// texts of 100 letters and digits one in a million has three in common, of three of 10,000
// one in a thousand five.
const (
	sharedShort = 3
	sharedLong  = 5
	shortText   = 100
)

// shared reports whether something stands in all texts.
func shared(texts []string) bool {
	size := sharedShort
	if slices.ContainsFunc(texts, func(t string) bool { return len(t) > shortText }) {
		size = sharedLong
	}
	in := pieces(texts[0], size)
	for _, t := range texts[1:] {
		other := pieces(t, size)
		for p := range in {
			if !other[p] {
				delete(in, p)
			}
		}
	}
	return len(in) > 0
}

// pieces are all parts of a text of one size.
func pieces(text string, size int) map[string]bool {
	in := map[string]bool{}
	for i := 0; i+size <= len(text); i++ {
		in[text[i:i+size]] = true
	}
	return in
}
