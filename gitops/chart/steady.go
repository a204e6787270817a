package chart

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
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
	}
	return nil
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
	w := &weave{secret: first["kind"] == "Secret"}
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
}

// value returns what values have in common.
func (w *weave) value(at string, vs []any) any {
	switch vs[0].(type) {
	case map[string]any:
		if maps, ok := all[map[string]any](vs); ok && sameKeys(maps) {
			out := make(map[string]any, len(maps[0]))
			for _, k := range sortedKeys(maps[0]) {
				out[k] = w.value(strings.TrimPrefix(at+"."+k, "."), each(maps, func(m map[string]any) any { return m[k] }))
			}
			return out
		}
	case []any:
		if lists, ok := all[[]any](vs); ok && sameLength(lists) {
			out := make([]any, len(lists[0]))
			for i := range out {
				out[i] = w.value(fmt.Sprintf("%s[%d]", at, i), each(lists, func(l []any) any { return l[i] }))
			}
			return out
		}
	case string:
		if texts, ok := all[string](vs); ok {
			return w.string(at, texts)
		}
	default:
		if !slices.ContainsFunc(vs, func(v any) bool { return !reflect.DeepEqual(v, vs[0]) }) {
			return vs[0]
		}
	}
	w.paths = append(w.paths, at)
	return Random
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

func sameKeys(list []map[string]any) bool {
	keys := sortedKeys(list[0])
	return !slices.ContainsFunc(list, func(m map[string]any) bool { return !slices.Equal(sortedKeys(m), keys) })
}

func sameLength[T any](list [][]T) bool {
	return !slices.ContainsFunc(list, func(l []T) bool { return len(l) != len(list[0]) })
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }

// string weaves text, and what text in base64 stands for in data of a Secret.
func (w *weave) string(at string, texts []string) string {
	if equal(texts) {
		return texts[0]
	}
	w.paths = append(w.paths, at)
	if w.secret && strings.HasPrefix(at, "data.") {
		plain, bad := make([]string, len(texts)), false
		for i, t := range texts {
			data, err := base64.StdEncoding.DecodeString(t)
			plain[i], bad = string(data), bad || err != nil
		}
		if !bad {
			return base64.StdEncoding.EncodeToString([]byte(common(plain)))
		}
	}
	return common(texts)
}

func equal(texts []string) bool {
	return !slices.ContainsFunc(texts, func(t string) bool { return t != texts[0] })
}

// keys are keys and certificates, whose length is not always the same either.
var keys = regexp.MustCompile(`(?s)-----BEGIN [^-]+-----.*?-----END [^-]+-----`)

// words are the parts of a line: what stands between the signs that separate, and these.
var words = regexp.MustCompile("[^\\s\"'`:,;()<>\\[\\]{}@|&=-]+|.")

// common returns text of which what differs is [Random]: in each line, where all have as
// many, from the first word that differs to the last.
func common(texts []string) string {
	if equal(texts) {
		return texts[0]
	}
	if keys.MatchString(texts[0]) && !equal(each(texts, func(t string) string { return strings.Join(keys.FindAllString(t, -1), "\n") })) {
		return common(each(texts, func(t string) string { return keys.ReplaceAllLiteralString(t, Random) }))
	}
	if lines := each(texts, func(t string) []string { return strings.Split(t, "\n") }); len(lines[0]) > 1 && sameLength(lines) {
		out := make([]string, len(lines[0]))
		for i := range out {
			out[i] = common(each(lines, func(l []string) string { return l[i] }))
		}
		return strings.Join(out, "\n")
	}
	return line(each(texts, func(t string) []string { return words.FindAllString(t, -1) }))
}

// line is common for the words of one line.
func line(list [][]string) string {
	shortest := len(slices.MinFunc(list, func(a, b []string) int { return len(a) - len(b) }))
	first, last := 0, 0
	for first < shortest && equal(each(list, func(l []string) string { return l[first] })) {
		first++
	}
	for last < shortest-first && equal(each(list, func(l []string) string { return l[len(l)-1-last] })) {
		last++
	}
	middles := each(list, func(l []string) string { return strings.Join(l[first:len(l)-last], "") })
	mark := Random
	if n := len(middles[0]); n <= maxCounted && !slices.ContainsFunc(middles, func(m string) bool { return len(m) != n }) {
		mark = fmt.Sprintf("(random, %d characters)", n)
	}
	return strings.Join(list[0][:first], "") + mark + strings.Join(list[0][len(list[0])-last:], "")
}
