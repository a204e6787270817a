package diff

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v2"

	"github.com/sealift/sealift/gitops"
)

// Shown is an object as anybody may see it: secrets are masked, and the hash
// suffixes of generated names are left out, in its own name and where it is named.
type Shown struct {
	// Group is that of the apiVersion, "" for the core.
	Group, Kind, Namespace, Name string
	// Fields are its scalars and what is empty, in the order of the manifest.
	Fields []Field
}

// Field is one value of an object.
type Field struct {
	// Steps lead to it from the root of the manifest; Path is the same in the
	// form that [gitops.ParseFieldPath] reads. Both are empty for a manifest that
	// cannot be read.
	Steps []gitops.FieldStep
	Path  string
	// Value is the text of a scalar; "{}" and "[]" are an empty mapping and list.
	Value string
}

// Show returns the objects of a render, in its order. The mask is a constant, so
// that two secrets cannot be compared by it.
func Show(objects []gitops.Object) []Shown {
	generated := hashes{}
	for _, o := range objects {
		if base := baseName(o.Name); base != o.Name {
			generated[o.Name[len(base):]] = ""
		}
	}
	list := make([]Shown, len(objects))
	for i, o := range objects {
		m := &masker{hidden: places{}, kind: o.Kind}
		text, tree := m.print(o.YAML)
		list[i] = Shown{Group: group(o.APIVersion), Kind: o.Kind, Namespace: o.Namespace, Name: baseName(o.Name)}
		if tree == nil {
			tree = text
		}
		shower{&list[i], generated}.walk(nil, "", tree)
	}
	return list
}

// shower collects the fields of one object.
type shower struct {
	object    *Shown
	generated hashes
}

// walk adds a line for each value below v, in the order of the manifest; an empty
// collection is one value.
func (s shower) walk(steps []gitops.FieldStep, path string, v any) {
	switch v := v.(type) {
	case yaml.MapSlice:
		for _, item := range v {
			key := s.generated.mask(fmt.Sprint(item.Key))
			s.walk(append(slices.Clip(steps), gitops.FieldStep{Key: key}), path+keyStep(key, path == ""), item.Value)
		}
		if len(v) == 0 {
			s.add(steps, path, "{}")
		}
	case []any:
		for i, item := range v {
			step := gitops.FieldStep{Item: true, Index: i, Value: func(key string) (string, bool) { return scalarAt(item, key) }}
			s.walk(append(slices.Clip(steps), step), path+itemStep(v, i), item)
		}
		if len(v) == 0 {
			s.add(steps, path, "[]")
		}
	case nil:
		s.add(steps, path, "null")
	default:
		s.add(steps, path, s.generated.mask(fmt.Sprint(v)))
	}
}

func (s shower) add(steps []gitops.FieldStep, path, value string) {
	s.object.Fields = append(s.object.Fields, Field{steps, path, value})
}

// plainName is what a field path takes without quotes.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_/-]+$`)

// keyStep is how a path goes on by a key.
func keyStep(key string, first bool) string {
	switch {
	case !plainName.MatchString(key):
		return "[" + strconv.Quote(key) + "]"
	case first:
		return key
	}
	return "." + key
}

// itemStep names an item by its name when it is the only one of that name, so that
// it keeps its path when others come before it.
func itemStep(list []any, i int) string {
	name, _ := scalarAt(list[i], "name")
	same := 0
	for _, item := range list {
		if other, _ := scalarAt(item, "name"); other == name {
			same++
		}
	}
	if name == "" || same > 1 {
		return "[" + strconv.Itoa(i) + "]"
	}
	if !plainName.MatchString(name) {
		name = strconv.Quote(name)
	}
	return "[name=" + name + "]"
}

// scalarAt returns the text of a scalar of a mapping.
func scalarAt(v any, key string) (string, bool) {
	fields, _ := v.(yaml.MapSlice)
	for _, f := range fields {
		switch value := f.Value.(type) {
		case yaml.MapSlice, []any, nil:
		default:
			if f.Key == key {
				return fmt.Sprint(value), true
			}
		}
	}
	return "", false
}
