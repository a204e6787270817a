package layout

import "go.yaml.in/yaml/v3"

// value turns a node into nil, bool, string, []any and map[string]any. Numbers
// stay as written, as strings. It reports whether the node is within the limits.
func (r *reader) value(n *yaml.Node, depth int) (any, bool) {
	if n = r.follow(n); n == nil || depth > maxDepth {
		return nil, false
	}
	switch n.Kind {
	case yaml.MappingNode:
		return r.mapping(n, depth)
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, c := range n.Content {
			v, ok := r.value(c, depth+1)
			if !ok {
				return nil, false
			}
			list = append(list, v)
		}
		return list, true
	case yaml.ScalarNode:
		return scalar(n), true
	}
	return nil, false
}

// mapping returns a mapping as Go has it; of a key that stands twice the last counts.
func (r *reader) mapping(n *yaml.Node, depth int) (any, bool) {
	m := make(map[string]any, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		v, ok := r.value(n.Content[i+1], depth+1)
		if !ok {
			return nil, false
		}
		m[n.Content[i].Value] = v
	}
	return m, true
}

// scalar keeps numbers as they are written: as text they go into paths unchanged.
func scalar(n *yaml.Node) any {
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		var b bool
		if n.Decode(&b) == nil {
			return b
		}
	}
	return n.Value
}
