package commands

import (
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/diff"
	"github.com/sealift/sealift/gitops/promote"
)

// driftPlace is a field of an object, as the second environment names both. An
// empty path is the object itself.
type driftPlace struct{ object, path string }

// driftCell is a value: as it is, and as the second environment would write it.
type driftCell struct{ shown, plain string }

// driftState is what two environments render to at one commit, field by field.
type driftState struct {
	places []driftPlace // of b, then those that only a has
	a, b   map[driftPlace]driftCell
	titles map[string]string // of objects, for people
}

// present is the value of an object itself.
const present = "present"

// newDriftState lines up the objects of two environments by kind and name, with
// namespaces and the words of the environments read as the same. What skip says is
// left out.
func newDriftState(a, b []gitops.Object, words [][2]string, skip func([]gitops.FieldStep) bool) driftState {
	s := driftState{a: map[driftPlace]driftCell{}, b: map[driftPlace]driftCell{}, titles: map[string]string{}}
	if from, to := onlyNamespace(a), onlyNamespace(b); from != "" && to != "" && from != to {
		words = append([][2]string{{from, to}}, words...)
	}
	names := map[string]string{}        // key without words -> key in b
	fields := map[string][]*driftLine{} // of b, by key
	for _, o := range diff.Show(b) {
		key := objectKey(o, o.Name)
		names[objectKey(o, bareName(o.Name, words))] = key
		lines := linesOf(o, skip)
		fields[key] = append(fields[key], lines...)
		s.add(s.b, o, key, lines, nil)
	}
	for _, o := range diff.Show(a) {
		key := objectKey(o, o.Name)
		for _, other := range []string{objectKey(o, promote.Rename(o.Name, words)), names[objectKey(o, bareName(o.Name, words))]} {
			_, there := s.b[driftPlace{key, ""}]
			_, better := s.b[driftPlace{other, ""}]
			_, taken := s.a[driftPlace{other, ""}]
			if !there && better && !taken {
				key = other
			}
		}
		lines := linesOf(o, skip)
		if theirs := fields[key]; len(theirs) > 0 && len(lines) > 0 {
			alignLists(lines, theirs, 0, words)
		}
		s.add(s.a, o, key, lines, words)
	}
	return s
}

// linesOf returns the fields of an object, without those to skip.
func linesOf(o diff.Shown, skip func([]gitops.FieldStep) bool) []*driftLine {
	var list []*driftLine
	for _, f := range o.Fields {
		if f.Path != "" && !skip(f.Steps) {
			list = append(list, newDriftLine(f))
		}
	}
	return list
}

// add enters the fields of one object. Words are replaced in its values, and in the
// paths that b does not have.
func (s *driftState) add(to map[driftPlace]driftCell, o diff.Shown, key string, lines []*driftLine, words [][2]string) {
	enter := func(at driftPlace, value string) {
		_, seen := s.b[at]
		if _, twice := to[at]; !seen && !twice {
			s.places = append(s.places, at)
		}
		to[at] = driftCell{value, promote.Rename(value, words)}
	}
	if s.titles[key] == "" {
		s.titles[key] = o.Kind + "/" + o.Name
	}
	enter(driftPlace{key, ""}, present)
	for _, l := range lines {
		at := driftPlace{key, l.path()}
		if _, there := s.b[at]; !there {
			at.path = promote.Rename(at.path, words)
		}
		enter(at, l.value)
	}
}

// equal reports whether both environments have the same at a place, or nothing.
func (s driftState) equal(at driftPlace) bool {
	a, hasA := s.a[at]
	b, hasB := s.b[at]
	return hasA == hasB && (a.shown == b.shown || a.plain == b.shown)
}

// different returns the places at which they differ; of an object that only one
// has, only itself.
func (s driftState) different() []driftPlace {
	var list []driftPlace
	for _, at := range s.places {
		if !s.equal(at) && (at.path == "" || s.equal(driftPlace{at.object, ""})) {
			list = append(list, at)
		}
	}
	return list
}

// objectKey identifies an object of an environment. Namespaces do not count.
func objectKey(o diff.Shown, name string) string {
	return strings.Join([]string{o.Group, o.Kind, name}, "\x00")
}

// bareName is a name without the words of either environment: prod-web is web.
func bareName(name string, words [][2]string) string {
	for _, w := range words {
		for _, word := range w {
			name = promote.Rename(name, [][2]string{{word, ""}})
		}
	}
	return strings.Trim(strings.ReplaceAll(name, "--", "-"), "-.")
}

// onlyNamespace returns the namespace of all objects that have one, "" when there
// are several.
func onlyNamespace(objects []gitops.Object) string {
	found := ""
	for _, o := range objects {
		if o.Namespace != "" && found != "" && o.Namespace != found {
			return ""
		}
		found = max(found, o.Namespace)
	}
	return found
}

// ownKeys are keys whose values belong to one environment.
var ownKeys = []string{"namespace", "replicas", "minReplicas", "maxReplicas", "encryptedData"}

// environmentOwn reports whether a field belongs to its environment: the name of
// the object, which was matched, and what stands under one of [ownKeys].
func environmentOwn(steps []gitops.FieldStep) bool {
	if len(steps) == 2 && steps[0].Key == "metadata" && steps[1].Key == "name" {
		return true
	}
	return slices.ContainsFunc(steps, func(s gitops.FieldStep) bool { return !s.Item && slices.Contains(ownKeys, s.Key) })
}
