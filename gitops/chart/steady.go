package chart

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// Random stands in the output for what is another each time. Up to sixty-four characters
// it says how many there are, because their number is the chart's choice.
const Random = "(random)"

// maxCounted is up to which length a random value is one of a length that somebody chose.
const maxCounted = 64

// errVaries is an output that has other objects each time.
var errVaries = errors.New("chart renders to other objects each time, so that nothing of it can be compared")

// steady puts [Random] where other renders of the same input differ.
func (o *Output) steady(others [][]Document) error {
	names := map[string]int{}
	masked := make([][]string, len(others)+1)
	for i := range o.Documents {
		d := &o.Documents[i]
		same, texts := true, []string{d.Text}
		for _, other := range others {
			if len(o.Documents) != len(other) || d.Template != other[i].Template {
				return errVaries
			}
			texts = append(texts, other[i].Text)
			same = same && d.Text == other[i].Text
		}
		if same {
			continue
		}
		w, out, err := woven(texts)
		if err != nil {
			return err
		}
		unique(out, names)
		d.Text = strings.TrimSuffix(string(marshal(out)), "\n")
		for _, p := range w.paths {
			note(&o.Random, objectName(out)+": "+p)
		}
		o.Hidden = o.Hidden || w.hidden
		for i, list := range w.masked {
			masked[i] = append(masked[i], list...)
		}
	}
	o.Hidden = o.Hidden || recurs(masked)
	return nil
}

// recurs reports whether what is masked in one render stands in another one too, at some
// other place: then it is not random, and comes in another order.
func recurs(masked [][]string) bool {
	first := map[string]bool{}
	for _, m := range masked[0] {
		first[m] = len(m) > 1
	}
	for _, list := range masked[1:] {
		if slices.ContainsFunc(list, func(m string) bool { return first[m] }) {
			return true
		}
	}
	return false
}

// woven is the object that renders of one document have in common.
func woven(texts []string) (*weave, map[string]any, error) {
	var objects []any
	for _, t := range texts {
		var o map[string]any
		if yaml.Unmarshal([]byte(t), &o) != nil || len(objects) > 0 && !alike(objects[0], o) {
			return nil, nil, errVaries
		}
		objects = append(objects, o)
	}
	first, _ := objects[0].(map[string]any)
	w := &weave{secret: first["kind"] == "Secret", masked: make([][]string, len(objects))}
	out, ok := w.value("", objects).(map[string]any)
	if !ok {
		return nil, nil, errVaries
	}
	return w, out, nil
}

// alike reports whether two objects are of one kind.
func alike(first any, o map[string]any) bool {
	m, _ := first.(map[string]any)
	return m["kind"] == o["kind"] && m["apiVersion"] == o["apiVersion"]
}

// objectName is an object in words.
func objectName(o map[string]any) string {
	meta, _ := o["metadata"].(map[string]any)
	return fmt.Sprintf("%v %v", o["kind"], cmp.Or(meta["name"], any("?")))
}

// unique keeps objects of one kind apart whose names are random.
func unique(o map[string]any, names map[string]int) {
	meta, _ := o["metadata"].(map[string]any)
	name, _ := meta["name"].(string)
	if !strings.Contains(name, "(random") {
		return
	}
	key := fmt.Sprint(o["kind"], " ", meta["namespace"], " ", name)
	if names[key]++; names[key] > 1 {
		meta["name"] = fmt.Sprintf("%s#%d", name, names[key])
	}
}

// marshal prints a value that came from YAML or JSON, which never fails.
func marshal(v any) []byte {
	data, err := yaml.Marshal(v)
	if err != nil {
		return nil
	}
	return data
}

// weave makes one value of several.
type weave struct {
	secret bool
	paths  []string // of what differs
	// hidden says that something else may stand where the mark is, which nobody sees.
	hidden bool
	// masked are the texts that have the mark in their place, by render.
	masked [][]string
}

// value returns what values have in common.
func (w *weave) value(at string, vs []any) any {
	switch vs[0].(type) {
	case map[string]any:
		if maps, ok := all[map[string]any](vs); ok {
			return w.mapping(at, maps)
		}
	case []any:
		if lists, ok := all[[]any](vs); ok && sameLength(lists) {
			return w.list(at, lists)
		}
	case string:
		if texts, ok := all[string](vs); ok {
			return w.string(at, texts)
		}
	default:
		if !slices.ContainsFunc(vs, func(v any) bool { return !reflect.DeepEqual(v, vs[0]) }) {
			return vs[0]
		}
		if !slices.ContainsFunc(vs, compound) {
			w.paths = append(w.paths, at)
			w.mask(each(vs, func(v any) string { return fmt.Sprint(v) }))
			return Random
		}
	}
	w.paths, w.hidden = append(w.paths, at), true // of a number of things, or of another kind
	return Random
}

// compound reports whether a value has others in it.
func compound(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

// mapping weaves what has the same keys. Keys that are others each time become one.
func (w *weave) mapping(at string, maps []map[string]any) map[string]any {
	out := make(map[string]any, len(maps[0]))
	common := 0
	for _, k := range sortedKeys(maps[0]) {
		if slices.ContainsFunc(maps, func(m map[string]any) bool { _, ok := m[k]; return !ok }) {
			continue
		}
		common++
		out[k] = w.value(strings.TrimPrefix(at+"."+k, "."), each(maps, func(m map[string]any) any { return m[k] }))
	}
	if slices.ContainsFunc(maps, func(m map[string]any) bool { return len(m) > common }) {
		w.paths, w.hidden = append(w.paths, strings.TrimPrefix(at+"."+Random, ".")), true
		out[Random] = Random
	}
	return out
}

// list weaves lists of one length. One that is only in another order each time, as the keys
// of a map are, is put into one.
func (w *weave) list(at string, lists [][]any) []any {
	ordered := each(lists, func(l []any) []any {
		l = slices.Clone(l)
		slices.SortFunc(l, func(a, b any) int { return strings.Compare(string(marshal(a)), string(marshal(b))) })
		return l
	})
	if !slices.ContainsFunc(ordered, func(l []any) bool { return !reflect.DeepEqual(l, ordered[0]) }) {
		if slices.ContainsFunc(lists, func(l []any) bool { return !reflect.DeepEqual(l, lists[0]) }) {
			w.paths = append(w.paths, at+" (its order)")
			return ordered[0]
		}
		return lists[0]
	}
	out := make([]any, len(lists[0]))
	for i := range out {
		out[i] = w.value(fmt.Sprintf("%s[%d]", at, i), each(lists, func(l []any) any { return l[i] }))
	}
	return out
}

// all returns values as values of one type, if they are.
func all[T any](vs []any) ([]T, bool) {
	out := make([]T, len(vs))
	for i, v := range vs {
		var ok bool
		if out[i], ok = v.(T); !ok {
			return nil, false
		}
	}
	return out, true
}

// each calls f for each of a list.
func each[A, B any](list []A, f func(A) B) []B {
	out := make([]B, len(list))
	for i, a := range list {
		out[i] = f(a)
	}
	return out
}

func sameLength[T any](list [][]T) bool {
	return !slices.ContainsFunc(list, func(l []T) bool { return len(l) != len(list[0]) })
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }

// string weaves text, and what text in base64 stands for in data of a Secret, or where that
// is a key.
func (w *weave) string(at string, texts []string) string {
	if equal(texts) {
		return texts[0]
	}
	w.paths = append(w.paths, at)
	plain, bad := make([]string, len(texts)), false
	for i, t := range texts {
		data, err := base64.StdEncoding.DecodeString(t)
		plain[i], bad = string(data), bad || err != nil
	}
	if !bad && (w.secret && strings.HasPrefix(at, "data.") || len(pemBlocks(plain[0])) > 0) {
		return base64.StdEncoding.EncodeToString([]byte(w.text(plain)))
	}
	return w.text(texts)
}

func equal(texts []string) bool {
	return !slices.ContainsFunc(texts, func(t string) bool { return t != texts[0] })
}
