package promote

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// label is a version that may stand for the app, of an image, a base or a chart.
type label struct {
	score    int // how well its name is the app's
	name     string
	old, new string // in the target and in the source
}

// maxLabels is how many versions stand for one app at most.
const maxLabels = 3

// showVersion notes a version that may stand for the app.
func (m *maker) showVersion(p place, v version) {
	score := 1
	name := strings.ToLower(p.keys[0])
	last := name[strings.LastIndexByte(strings.TrimRight(name, "/"), '/')+1:]
	app := strings.ToLower(m.app.Name)
	switch {
	case last == app:
		score += 6
	case strings.Contains(last, app) || len(last) > 2 && strings.Contains(app, last):
		score += 3
	}
	switch p.group {
	case groupImage:
		score += 2
	case groupChart, groupChannel, groupBase, groupSource:
		score++
	}
	m.labels = append(m.labels, label{score, last, p.value.String(), v.String()})
}

// shownVersions returns the versions that stand for the app: those whose names are the
// app's best, and rather one that moves than one that does not. Where several are as
// good and differ, each comes with its name.
func (m *maker) shownVersions() (old, new string) {
	top, moving := 0, 0
	for _, l := range m.labels {
		top = max(top, l.score)
		if l.old != l.new {
			moving = max(moving, l.score)
		}
	}
	if moving >= top-3 && moving > 0 {
		top = moving
	}
	best := slices.DeleteFunc(slices.Clone(m.labels), func(l label) bool { return l.score != top })
	slices.SortStableFunc(best, func(a, b label) int { return cmp.Compare(a.name, b.name) })
	best = slices.CompactFunc(best, func(a, b label) bool { return a.name == b.name })
	if len(best) == 0 {
		return "", ""
	}
	same := func(l label) bool { return l.old == best[0].old && l.new == best[0].new }
	if !slices.ContainsFunc(best, func(l label) bool { return !same(l) }) {
		return best[0].old, best[0].new
	}
	var olds, news []string
	for _, l := range best[:min(len(best), maxLabels)] {
		olds, news = append(olds, l.name+" "+l.old), append(news, l.name+" "+l.new)
	}
	if n := len(best) - maxLabels; n > 0 {
		more := fmt.Sprintf("%d more", n)
		olds, news = append(olds, more), append(news, more)
	}
	return strings.Join(olds, ", "), strings.Join(news, ", ")
}
