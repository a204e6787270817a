package diff

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v2"

	"github.com/sealift/sealift/gitops"
)

// The words in place of a value.
const (
	secretLabel = "secret" // a value that must not be shown
	sealedLabel = "sealed" // ciphertext: no secret, but long and meaningless
)

// lastApplied is the annotation in which kubectl repeats a whole manifest.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// places are the hidden values of one manifest: under each place, the values
// found there, in order.
type places map[string][]string

// manifest is an object as the report may show it.
type manifest struct {
	text    string
	hidden  places
	changed bool // a hidden secret differs from the other side's
	images  []string
}

// mask prints o with its secrets masked. Those that differ from the value at the
// same place of old are marked as changed; old is nil for the first of two sides.
func mask(o gitops.Object, old places) manifest {
	m := &masker{old: old, hidden: places{}, kind: o.Kind}
	text, tree := m.print(o.YAML)
	return manifest{text: text, hidden: m.hidden, changed: m.changed, images: images(nil, tree)}
}

// masker walks one manifest.
type masker struct {
	old, hidden places
	kind        string
	path        []string
	changed     bool
	odd         bool // a key was replaced
}

// print returns the masked text and tree of a manifest. One that cannot be read
// is masked as a whole, since nobody can say what it holds.
func (m *masker) print(text []byte) (string, any) {
	tree, err := parse(text)
	if err == nil {
		tree = m.root(tree)
		if m.intact() && !bytes.ContainsRune(text, '#') {
			return string(text), tree // marshalling would give the same
		}
		if out, err := marshal(tree); err == nil {
			return out, tree
		}
	}
	return m.hide(string(text), secretLabel) + "\n", nil
}

// intact reports whether everything in the manifest may be shown as it is.
func (m *masker) intact() bool { return len(m.hidden) == 0 && !m.odd }

// parse reads exactly one document. Mappings become [yaml.MapSlice], which keeps
// their order and every repeated key. The parser has panicked on hostile input
// before, so a panic counts as a document that cannot be read.
func parse(text []byte) (tree yaml.MapSlice, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("manifest: %v", r)
		}
	}()
	d := yaml.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&tree); err != nil {
		return nil, err
	}
	var more any
	if err := d.Decode(&more); err != io.EOF {
		return nil, fmt.Errorf("manifest: more than one document")
	}
	return tree, nil
}

// marshal prints a tree as kustomize does, with the same library.
func marshal(tree any) (out string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("manifest: %v", r)
		}
	}()
	b, err := yaml.Marshal(tree)
	return string(b), err
}

// hide records a hidden value at the current place and returns what to print.
func (m *masker) hide(value, label string) string {
	return m.hideAt("", value, label)
}

// hideAt is hide for a part of the value at the current place.
func (m *masker) hideAt(part, value, label string) string {
	place := strings.Join(append(m.path, label, part), "\x00")
	n := len(m.hidden[place])
	m.hidden[place] = append(m.hidden[place], value)
	if before := m.old[place]; n >= len(before) || before[n] == value {
		return "(" + label + ")"
	}
	if label == secretLabel {
		m.changed = true
	}
	return "(" + label + ", changed)"
}

// root masks a whole manifest. What the render says about its kind counts as
// much as what the text says.
func (m *masker) root(tree yaml.MapSlice) yaml.MapSlice {
	if m.kind == "Secret" || stringAt(tree, "kind") == "Secret" {
		return m.secret(tree)
	}
	return m.mapping(tree)
}

// walk masks a value that stands under key.
func (m *masker) walk(key string, v any) any {
	switch v := v.(type) {
	case yaml.MapSlice:
		if stringAt(v, "kind") == "Secret" {
			return m.secret(v)
		}
		return m.mapping(v)
	case []any:
		return m.sequence(key, v)
	case string:
		return m.scalar(key, v)
	case nil, bool:
		return v
	}
	if text := fmt.Sprint(v); secretKey(key) && !counted(key, text) {
		return m.hide(text, secretLabel)
	}
	return v
}

// mapping masks the values of a mapping, and the value of a name and value pair
// by its name.
func (m *masker) mapping(v yaml.MapSlice) yaml.MapSlice {
	name := stringAt(v, "name")
	if name == "" {
		name = stringAt(v, "key")
	}
	out := make(yaml.MapSlice, len(v))
	for i, item := range v {
		key := fmt.Sprint(item.Key)
		under := key
		if key == "value" && secretKey(name) {
			under = name
		}
		m.path = append(m.path, key)
		out[i] = yaml.MapItem{Key: m.plainKey(item.Key), Value: m.field(under, item.Value)}
		m.path = m.path[:len(m.path)-1]
	}
	return out
}

// field masks the value of a mapping. The ciphertext of a SealedSecret is
// shortened; the secretKey of an ExternalSecret is the name of a key.
func (m *masker) field(key string, v any) any {
	switch {
	case key == "encryptedData" && m.kind == "SealedSecret":
		return m.values(v, sealedLabel, new([]string))
	case key == "secretKey" && strings.HasSuffix(m.kind, "ExternalSecret"):
		return v
	}
	return m.walk(key, v)
}

// sequence masks the items of a list. An item after a flag such as "--password"
// is its value.
func (m *masker) sequence(key string, v []any) []any {
	out := make([]any, len(v))
	flag := ""
	for i, item := range v {
		under := key
		if flag != "" {
			under = flag
		}
		flag = ""
		if s, ok := item.(string); ok && strings.HasPrefix(s, "-") && secretKey(s) {
			flag = s
		}
		m.path = append(m.path, itemName(item, i))
		out[i] = m.walk(under, item)
		m.path = m.path[:len(m.path)-1]
	}
	return out
}

// itemName names an item of a list by its name, as strategic merge does, so that
// an item keeps its place when others come before it.
func itemName(item any, i int) string {
	if v, ok := item.(yaml.MapSlice); ok {
		if name := stringAt(v, "name"); name != "" {
			return "name=" + name
		}
	}
	return strconv.Itoa(i)
}

// secret masks a Secret: everything but what names it.
func (m *masker) secret(v yaml.MapSlice) yaml.MapSlice {
	var values []string
	out := make(yaml.MapSlice, len(v))
	for i, item := range v {
		key := fmt.Sprint(item.Key)
		out[i] = item
		switch key {
		case "apiVersion", "kind", "metadata", "type", "immutable":
			continue
		}
		m.path = append(m.path, key)
		out[i] = yaml.MapItem{Key: m.plainKey(item.Key), Value: m.values(item.Value, secretLabel, &values)}
		m.path = m.path[:len(m.path)-1]
	}
	for i, item := range out {
		switch key := fmt.Sprint(item.Key); key {
		case "apiVersion", "kind", "metadata", "type", "immutable":
			m.path = append(m.path, key)
			out[i].Value = m.walk(key, m.repeated(item.Value, values))
			m.path = m.path[:len(m.path)-1]
		}
	}
	return out
}

// values masks each value of a mapping as one, whatever it holds, and collects
// the texts of what was masked. The keys stay.
func (m *masker) values(v any, label string, seen *[]string) any {
	entries, ok := v.(yaml.MapSlice)
	if !ok {
		*seen = append(*seen, spellings(v)...)
		return m.hide(source(v), label)
	}
	out := make(yaml.MapSlice, len(entries))
	for i, e := range entries {
		*seen = append(*seen, spellings(e.Value)...)
		m.path = append(m.path, fmt.Sprint(e.Key))
		out[i] = yaml.MapItem{Key: m.plainKey(e.Key), Value: m.hide(source(e.Value), label)}
		m.path = m.path[:len(m.path)-1]
	}
	return out
}

// repeated masks the strings of v in which one of values occurs again, as in
// annotations that repeat the content.
func (m *masker) repeated(v any, values []string) any {
	switch v := v.(type) {
	case yaml.MapSlice:
		out := make(yaml.MapSlice, len(v))
		for i, item := range v {
			m.path = append(m.path, fmt.Sprint(item.Key))
			out[i] = yaml.MapItem{Key: m.plainKey(item.Key), Value: m.repeated(item.Value, values)}
			m.path = m.path[:len(m.path)-1]
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			m.path = append(m.path, strconv.Itoa(i))
			out[i] = m.repeated(item, values)
			m.path = m.path[:len(m.path)-1]
		}
		return out
	case string:
		for _, value := range values {
			if strings.Contains(v, value) {
				return m.hide(v, secretLabel)
			}
		}
	}
	return v
}

// stringAt returns the string under key, "" when there is none.
func stringAt(v yaml.MapSlice, key string) string {
	for _, item := range v {
		if item.Key == key {
			s, _ := item.Value.(string)
			return s
		}
	}
	return ""
}

// plainKey returns a key that may be shown: a short scalar.
func (m *masker) plainKey(key any) any {
	switch key.(type) {
	case string, int, bool:
		return key
	}
	m.odd = true
	return "(" + secretLabel + ")"
}

// spellings returns the texts by which a value of a Secret may be repeated: as
// it is and decoded. Those under 4 bytes occur everywhere and say little.
func spellings(v any) []string {
	s, ok := v.(string)
	if !ok {
		return nil
	}
	all := []string{s}
	if b, err := base64.StdEncoding.DecodeString(s); err == nil {
		all = append(all, string(b), strings.TrimSpace(string(b)))
	}
	return slices.DeleteFunc(all, func(s string) bool { return len(s) < 4 })
}

// source returns a text that differs when v differs.
func source(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return fmt.Sprintf("%#v", v)
}
