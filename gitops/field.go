package gitops

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
)

// The limits of a field path.
const (
	maxFieldPath  = 512 // bytes
	maxFieldSteps = 64
)

// FieldPath is a pattern of fields in a YAML document, such as
//
//	spec.replicas
//	spec.containers[name=web].image
//	images[*].newTag
//	metadata.annotations["example.com/owner"]
//	data.*
//	**.host
//
// A name is a key of a mapping; one with other characters than letters, digits, "_",
// "-" and "/" is put into brackets and double quotes. "*" is any one key, "[*]" any
// item of a list, "[3]" the item at that place, and "[name=web]" the items whose field
// has that value. "**" is any number of keys and items, none included. A path stands
// for the field and all that is below it.
type FieldPath struct{ steps []fieldStep }

// fieldStep is one step of a pattern.
type fieldStep struct {
	kind  fieldKind
	key   string // of a mapping, or the field of an item
	value string // of the field of an item
	index int
}

type fieldKind int

const (
	stepKey   fieldKind = iota // a key of a mapping
	stepAny                    // any key
	stepItem                   // any item
	stepIndex                  // the item at a place
	stepWhere                  // items with a field of some value
	stepDeep                   // any number of steps
)

// FieldStep is one step on the way from the root of a document to a field: a key of a
// mapping, or an item of a list.
type FieldStep struct {
	// Key is the key of a mapping, when Item is false.
	Key string
	// Item says that it is an item of a list, at Index, from 0.
	Item  bool
	Index int
	// Value returns what a field of the item is, when it has that one and it is a
	// scalar. Nil is an item without fields.
	Value func(key string) (string, bool)
}

// The tokens of a field path.
var (
	fieldName  = regexp.MustCompile(`^[A-Za-z0-9_/-]+`)
	fieldIndex = regexp.MustCompile(`^\[([0-9]{1,6})\]`)
	fieldWhere = regexp.MustCompile(`^\[([A-Za-z0-9_/-]+)=([^\]\["]+|"(?:[^"\\]|\\.)*")\]`)
	fieldQuote = regexp.MustCompile(`^\[("(?:[^"\\]|\\.)*")\]`)
)

// ParseFieldPath reads a field path. The error says what is wrong, without the path.
func ParseFieldPath(s string) (FieldPath, error) {
	switch {
	case s == "":
		return FieldPath{}, errors.New("path is empty")
	case len(s) > maxFieldPath:
		return FieldPath{}, errors.New("path is longer than 512 bytes")
	case s[0] == '$':
		return FieldPath{}, errors.New(`path starts with "$": write it from the first key on`)
	}
	var p FieldPath
	for rest := s; rest != ""; {
		step, n, err := nextField(rest, len(p.steps) == 0)
		if err != nil {
			return FieldPath{}, err
		}
		p.steps, rest = append(p.steps, step), rest[n:]
	}
	switch last := len(p.steps) - 1; {
	case len(p.steps) > maxFieldSteps:
		return FieldPath{}, errors.New("path has more than 64 steps")
	case p.steps[last].kind == stepDeep:
		return FieldPath{}, errors.New(`path ends with "**": what is below a field belongs to it anyhow`)
	}
	return p, nil
}

// nextField reads one step and returns its length. Keys but the first have a dot
// before them.
func nextField(s string, first bool) (fieldStep, int, error) {
	if s[0] == '[' {
		return nextItem(s)
	}
	dot := 0
	if !first {
		if s[0] != '.' {
			return fieldStep{}, 0, errors.New("path has " + Quote(string([]rune(s)[:1])) + " where a dot or a bracket must be")
		}
		dot = 1
	}
	switch name := fieldName.FindString(s[dot:]); {
	case name != "":
		return fieldStep{kind: stepKey, key: name}, dot + len(name), nil
	case strings.HasPrefix(s[dot:], "**"):
		return fieldStep{kind: stepDeep}, dot + 2, nil
	case strings.HasPrefix(s[dot:], "*"):
		return fieldStep{kind: stepAny}, dot + 1, nil
	case s[dot:] == "" || s[dot] == '.':
		return fieldStep{}, 0, errors.New("path has an empty name")
	}
	return fieldStep{}, 0, errors.New(`path has a name with other characters than letters, digits, "_", "-" and "/": write it as ["name"]`)
}

// nextItem reads a step in brackets.
func nextItem(s string) (fieldStep, int, error) {
	if strings.HasPrefix(s, "[*]") {
		return fieldStep{kind: stepItem}, 3, nil
	}
	if m := fieldIndex.FindStringSubmatch(s); m != nil {
		index, err := strconv.Atoi(m[1])
		return fieldStep{kind: stepIndex, index: index}, len(m[0]), err
	}
	if m := fieldWhere.FindStringSubmatch(s); m != nil {
		value, err := unquoteField(m[2])
		return fieldStep{kind: stepWhere, key: m[1], value: value}, len(m[0]), err
	}
	if m := fieldQuote.FindStringSubmatch(s); m != nil {
		key, err := unquoteField(m[1])
		return fieldStep{kind: stepKey, key: key}, len(m[0]), err
	}
	return fieldStep{}, 0, errors.New(`path has a malformed bracket: there are [*], [3], [name=web] and ["key"]`)
}

// unquoteField reads a name in quotes, and anything else as it is. s is not empty.
func unquoteField(s string) (string, error) {
	if s[0] != '"' {
		return s, nil
	}
	text, err := strconv.Unquote(s)
	if err != nil {
		return "", errors.New("path has a malformed string " + Quote(s))
	}
	return text, nil
}

// Covers reports whether a field, given by the steps to it from the root of its
// document, is one that the path stands for or is below one. The zero FieldPath covers
// everything.
func (p FieldPath) Covers(at []FieldStep) bool {
	// reached[i] says that the first i steps of the pattern can be behind us.
	reached := make([]bool, len(p.steps)+1)
	reached[0] = true
	p.skip(reached)
	for _, step := range at {
		if reached[len(p.steps)] {
			return true
		}
		next := make([]bool, len(p.steps)+1)
		for i, s := range p.steps {
			if !reached[i] {
				continue
			}
			if s.kind == stepDeep {
				next[i] = true
			} else if s.matches(step) {
				next[i+1] = true
			}
		}
		p.skip(next)
		reached = next
	}
	return reached[len(p.steps)]
}

// skip lets "**" stand for no step at all.
func (p FieldPath) skip(reached []bool) {
	for i, s := range p.steps {
		if reached[i] && s.kind == stepDeep {
			reached[i+1] = true
		}
	}
}

// matches reports whether one step of a path is this one. A key is never an element:
// "[0]" does not match a mapping with the key 0.
func (s fieldStep) matches(at FieldStep) bool {
	switch s.kind {
	case stepKey:
		return !at.Item && at.Key == s.key
	case stepAny:
		return !at.Item
	case stepItem:
		return at.Item
	case stepIndex:
		return at.Item && at.Index == s.index
	case stepWhere:
		if !at.Item || at.Value == nil {
			return false
		}
		value, ok := at.Value(s.key)
		return ok && value == s.value
	}
	return false
}
