package main

import (
	"errors"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
)

// parseConfig reads the file of settings: one mapping of names to values. It
// returns what it understood and every problem.
func parseConfig(name string, data []byte) (map[string]given, []*gitops.Error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, []*gitops.Error{place{file: name, line: lineOf(err)}.problem("configuration file is not YAML")}
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	root := doc.Content[0]
	at := func(n *yaml.Node) place { return place{name, n.Line, n.Column} }
	if root.Kind != yaml.MappingNode {
		return nil, []*gitops.Error{at(root).problem("configuration file is not a mapping of names to values")}
	}
	out, known := map[string]given{}, fileKeys()
	var problems []*gitops.Error
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		s, ok := known[key.Value]
		_, twice := out[key.Value]
		text, fits := valueText(value, s.list)
		switch {
		case !ok:
			problems = append(problems, at(key).problem("unknown setting %s%s", gitops.Quote(key.Value), nearestSetting(key.Value, known)))
		case twice:
			problems = append(problems, at(key).problem("setting %s is there twice", gitops.Quote(key.Value)))
		case !fits:
			problems = append(problems, at(value).problem("%s: want %s", key.Value, formOf(s)))
		case text != "":
			out[key.Value] = given{text: text, from: key.Value, at: at(value)}
		}
	}
	return out, problems
}

// fileKeys are the names that the file may have.
func fileKeys() map[string]setting {
	keys := map[string]setting{}
	for _, s := range configTable() {
		keys[s.name] = s
		if s.inFile {
			keys[s.name+"-file"] = setting{name: s.name + "-file"}
		}
	}
	return keys
}

func formOf(s setting) string {
	if s.list {
		return "a value or a list of values"
	}
	return "a single value"
}

// valueText returns a scalar as it is written, and a list of scalars as lines. An
// empty value counts as not given.
func valueText(n *yaml.Node, list bool) (string, bool) {
	switch {
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		return "", true
	case n.Kind == yaml.ScalarNode:
		return n.Value, true
	case n.Kind != yaml.SequenceNode || !list:
		return "", false
	}
	var lines []string
	for _, item := range n.Content {
		if item.Kind != yaml.ScalarNode {
			return "", false
		}
		lines = append(lines, item.Value)
	}
	return strings.Join(lines, "\n"), true
}

// lineOf finds the line in an error of the YAML parser, which has it in its text
// only. The text itself may quote a secret.
func lineOf(err error) int {
	text := err.Error()
	if t, ok := errors.AsType[*yaml.TypeError](err); ok && len(t.Errors) > 0 {
		text = t.Errors[0]
	}
	_, rest, found := strings.Cut(text, "line ")
	if !found {
		return 0
	}
	digits, _, _ := strings.Cut(rest, ":")
	n, _ := strconv.Atoi(digits) // 0: unknown
	return n
}

// nearestSetting returns "; did you mean …?" for a name that is nearly right.
func nearestSetting(name string, known map[string]setting) string {
	best, at := "", max(2, len(name)/3)+1
	if len(name) > 64 {
		return ""
	}
	for k := range known {
		if d := gitops.Distance(strings.ReplaceAll(strings.ToLower(name), "_", "-"), k); d < at || d == at && k < best {
			best, at = k, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + gitops.Quote(best) + "?"
}
