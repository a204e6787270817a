package promote

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// unordered reports whether lists of some name are sets by the Kubernetes API, although
// nothing names their items: tolerations, expressions of selectors, and the rules of
// roles.
func unordered(name string, lists []*yaml.Node) bool {
	switch name {
	case "tolerations", "matchExpressions":
		return true
	case "rules":
		return !slices.ContainsFunc(lists, func(l *yaml.Node) bool {
			return slices.ContainsFunc(items(l), func(n *yaml.Node) bool { return get(n, "verbs") == nil })
		})
	}
	return false
}

// replaced reports whether both sides put other items in the place of one that the base
// has: it is not certain then that theirs are not one and the same.
func (k keying) replaced(b, s, t *yaml.Node) bool {
	_, inBase := k.elements(b)
	_, inSource := k.elements(s)
	_, inTarget := k.elements(t)
	lacks := func(of, in map[string]*yaml.Node, not map[string]*yaml.Node) bool {
		for key := range of {
			if in[key] == nil && not[key] == nil {
				return true
			}
		}
		return false
	}
	return lacks(inBase, inSource, inTarget) && lacks(inSource, inBase, inTarget) && lacks(inTarget, inBase, inSource)
}

// content is all that an item says, in one form; ok is false for one with aliases.
func content(n *yaml.Node) (text string, ok bool) {
	var parts []string
	step := 1
	switch n.Kind {
	case yaml.AliasNode:
		return "", false
	case yaml.ScalarNode:
		return n.ShortTag() + strconv.Quote(n.Value), true
	case yaml.MappingNode:
		step = 2
	}
	for i := 0; i < len(n.Content); i += step {
		var part strings.Builder
		for _, c := range n.Content[i : i+step] {
			text, ok := content(c)
			if !ok {
				return "", false
			}
			part.WriteString(text + " ")
		}
		parts = append(parts, part.String())
	}
	if step == 2 {
		slices.Sort(parts)
		return "{" + strings.Join(parts, ",") + "}", true
	}
	return "[" + strings.Join(parts, ",") + "]", true
}
