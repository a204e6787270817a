package edit

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxDepth is how deep the nodes that are written may be nested.
const maxDepth = 200

// printer lays out new nodes.
type printer struct {
	step int // of a mapping below its key
	list int // of a list below its key
	// keep allows a text that ends with empty lines: they are ambiguous where
	// others follow.
	keep bool
	// quoted writes no blocks of text.
	quoted bool
}

// Scalar returns a node for a string.
func Scalar(value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: strTag, Value: value}
}

// value writes what follows a key: the rest of its line, and the lines below.
// Mappings and text are indented by indent there, lists by list.
func (p printer) value(n *yaml.Node, indent, list, depth int) (head string, tail []string, err error) {
	if !blockNode(n) {
		if n.Kind == yaml.ScalarNode {
			head, tail, err = p.scalar(n, inBlock)
			return head, indented(tail, indent), err
		}
		head, err = p.flow(n, depth)
		return head, nil, err
	}
	if err := plainNode(n, depth); err != nil {
		return "", nil, err
	}
	if n.Style&yaml.TaggedStyle != 0 {
		head = tagText(n.Tag)
	}
	if n.Kind == yaml.SequenceNode {
		tail, err = p.items(n, list, depth)
	} else {
		tail, err = p.pairs(n, indent, depth)
	}
	return head, tail, err
}

// root writes a scalar or a flow collection that is a document.
func (p printer) root(n *yaml.Node) (string, error) {
	if n.Kind != yaml.ScalarNode {
		return p.flow(n, 0)
	}
	head, _, err := p.scalar(n, inRoot)
	return head, err
}

// blockNode reports whether n is written on lines of its own.
func blockNode(n *yaml.Node) bool {
	return (n.Kind == yaml.MappingNode || n.Kind == yaml.SequenceNode) && len(n.Content) > 0 && n.Style&yaml.FlowStyle == 0
}

// plainNode refuses what cannot be written at another place than its own: an alias may
// have no anchor there.
func plainNode(n *yaml.Node, depth int) error {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		return fmt.Errorf("value has an anchor or an alias")
	case depth > maxDepth:
		return fmt.Errorf("value is nested more than %d deep", maxDepth)
	}
	return nil
}

// pairs are the lines of a mapping.
func (p printer) pairs(n *yaml.Node, indent, depth int) (lines []string, err error) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		head, tail, err := p.pair(n.Content[i], n.Content[i+1], indent, depth)
		if err != nil {
			return nil, err
		}
		lines = append(append(lines, strings.Repeat(" ", indent)+head), tail...)
	}
	return lines, nil
}

// pair writes a key and its value, the first line without its indentation.
func (p printer) pair(key, value *yaml.Node, indent, depth int) (head string, tail []string, err error) {
	if key.Kind != yaml.ScalarNode {
		return "", nil, fmt.Errorf("key is not a scalar")
	}
	name, _, err := p.scalar(key, inKey)
	if err != nil {
		return "", nil, err
	}
	head, tail, err = p.value(value, indent+p.step, indent+p.list, depth+1)
	if head != "" {
		head = " " + head
	}
	return name + ":" + head, tail, err
}

// items are the lines of a list.
func (p printer) items(n *yaml.Node, indent, depth int) (lines []string, err error) {
	for _, c := range n.Content {
		head, tail, err := p.item(c, indent, 2, depth)
		if err != nil {
			return nil, err
		}
		lines = append(append(lines, strings.Repeat(" ", indent)+head), tail...)
	}
	return lines, nil
}

// item writes an item of a list, the first line without its indentation; offset
// is how far its text is behind its dash.
func (p printer) item(n *yaml.Node, indent, offset, depth int) (head string, tail []string, err error) {
	head, tail, err = p.value(n, indent+offset, indent+offset, depth+1)
	if err != nil {
		return "", nil, err
	}
	if head == "" { // the first line of a block stands behind the dash
		head, tail = strings.TrimLeft(tail[0], " "), tail[1:]
	}
	return "-" + strings.Repeat(" ", offset-1) + head, tail, nil
}

// flow writes a node on one line.
func (p printer) flow(n *yaml.Node, depth int) (string, error) {
	if err := plainNode(n, depth); err != nil {
		return "", err
	}
	tag := ""
	if n.Style&yaml.TaggedStyle != 0 && n.Kind != yaml.ScalarNode {
		tag = tagText(n.Tag) + " "
	}
	switch n.Kind {
	case yaml.ScalarNode:
		head, _, err := p.scalar(n, inFlow)
		return head, err
	case yaml.SequenceNode:
		items, err := p.flowItems(n, depth)
		return tag + "[" + strings.Join(items, ", ") + "]", err
	case yaml.MappingNode:
		pairs, err := p.flowPairs(n, depth)
		return tag + "{" + strings.Join(pairs, ", ") + "}", err
	}
	return "", fmt.Errorf("value is of no kind")
}

// flowItems are the elements of a list in brackets.
func (p printer) flowItems(n *yaml.Node, depth int) (items []string, err error) {
	for _, c := range n.Content {
		text, err := p.flow(c, depth+1)
		if err != nil {
			return nil, err
		}
		items = append(items, text)
	}
	return items, nil
}

// flowPairs are the pairs of a mapping in brackets.
func (p printer) flowPairs(n *yaml.Node, depth int) (pairs []string, err error) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		text, err := p.flowPair(n.Content[i], n.Content[i+1], depth)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, text)
	}
	return pairs, nil
}

// flowPair is one of them. Keys are scalars: others would need a question mark.
func (p printer) flowPair(key, value *yaml.Node, depth int) (string, error) {
	if key.Kind != yaml.ScalarNode {
		return "", fmt.Errorf("key is not a scalar")
	}
	name, _, err := p.scalar(key, inFlowKey)
	if err != nil {
		return "", err
	}
	text, err := p.flow(value, depth+1)
	return name + ": " + text, err
}

// indented puts spaces before lines that are not empty.
func indented(lines []string, indent int) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		if line != "" {
			out[i] = strings.Repeat(" ", indent) + line
		}
	}
	return out
}
