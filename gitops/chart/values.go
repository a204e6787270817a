package chart

import (
	"fmt"
	"strings"

	"helm.sh/helm/v3/pkg/strvals"
	"sigs.k8s.io/yaml"
)

// Values are given to a chart over its own. The zero value has none.
type Values struct{ of map[string]any }

// Layer lays a document of values over those that are there, as a further `--values`
// does: mappings key by key, anything else as a whole. What names the document in errors.
func (v *Values) Layer(what string, text []byte) error {
	layer := map[string]any{}
	if err := yaml.Unmarshal(text, &layer); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	v.of = merge(v.of, layer)
	return nil
}

// merge is mergeMaps of Helm's cli/values.
func merge(under, over map[string]any) map[string]any {
	out := make(map[string]any, len(under)+len(over))
	for k, v := range under {
		out[k] = v
	}
	for k, v := range over {
		if m, ok := v.(map[string]any); ok {
			if below, ok := out[k].(map[string]any); ok {
				out[k] = merge(below, m)
				continue
			}
		}
		out[k] = v
	}
	return out
}

// Kind is how a parameter's value is read.
type Kind uint8

// The kinds of parameters.
const (
	Typed Kind = iota // --set: numbers, booleans, null and lists have their types
	Text              // --set-string
	Whole             // --set-file: the value is the content of a file
)

// Set sets one value by its path, such as "image.tag" or "hosts[0]". A value that is
// Whole is taken as it is; one that is not may have the syntax of lists and of several
// values.
func (v *Values) Set(kind Kind, name, value string) error {
	if v.of == nil {
		v.of = map[string]any{}
	}
	var err error
	switch kind {
	case Typed:
		err = strvals.ParseInto(name+"="+value, v.of)
	case Text:
		err = strvals.ParseIntoString(name+"="+value, v.of)
	case Whole:
		err = strvals.ParseIntoFile(name+"=file", v.of, func([]rune) (any, error) { return value, nil })
	}
	if err != nil {
		return fmt.Errorf("parameter %s: %w", strings.TrimSpace(name), err)
	}
	return nil
}

// YAML prints the values.
func (v *Values) YAML() []byte { return marshal(v.of) }

// ValuesFile is the name of a chart's own values.
const ValuesFile = "values.yaml"
