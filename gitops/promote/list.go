package promote

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// listKeys are the fields that tell the items of a list apart, by the name of the
// list: the patchMergeKey and x-kubernetes-list-map-keys of the Kubernetes API, and
// what kustomize goes by. The first alternative that all items have counts.
var listKeys = map[string][][]string{
	"ports":                     {{"containerPort", "protocol"}, {"port", "protocol"}, {"name"}},
	"volumeMounts":              {{"mountPath"}},
	"volumeDevices":             {{"devicePath"}},
	"hostAliases":               {{"ip"}},
	"topologySpreadConstraints": {{"topologyKey", "whenUnsatisfiable"}},
	"conditions":                {{"type"}},
	"subjects":                  {{"kind", "namespace", "name"}},
	"rules":                     {{"host"}},
	"paths":                     {{"path", "pathType"}},
	"patches":                   {{"path"}, {"target"}, {"path", "target"}},
	"patchesJson6902":           {{"target"}},
	"replacements":              {{"path"}},
	"":                          {{"op", "path"}}, // a JSON patch, which is a whole document
}

// optional are the merge keys that an item may be without, with what they are then.
var optional = map[string]string{"protocol": "TCP", "namespace": "", "pathType": "", "target": "", "path": ""}

// byIndex are lists whose items have a number in paths, as kustomize counts them.
var byIndex = map[string]bool{"images": true, "replicas": false}

// ordered are lists of scalars whose order counts and that may repeat an item.
var ordered = map[string]bool{"args": true, "command": true}

// element is one item of a list with what it is known by.
type element struct {
	key  string
	node *yaml.Node
	at   int
}

// keying says how the items of a list are told apart.
type keying struct {
	fields []string // nil for scalars
	pairs  bool     // scalars of the form key=value
}

// keysOf finds out how the items of a list are told apart, in all of its versions;
// ok is false when nothing does.
func keysOf(name string, lists ...*yaml.Node) (k keying, ok bool) {
	if scalars(lists) {
		if ordered[name] {
			return k, false
		}
		k.pairs = name == "literals"
		return k, k.distinct(lists)
	}
	for _, fields := range append(slices.Clone(listKeys[name]), []string{"name"}) {
		if k.fields = fields; k.distinct(lists) {
			return k, true
		}
	}
	return k, false
}

func scalars(lists []*yaml.Node) bool {
	for _, l := range lists {
		for _, n := range items(l) {
			if n.Kind != yaml.ScalarNode {
				return false
			}
		}
	}
	return true
}

// distinct reports whether each item of each list has a key of its own.
func (k keying) distinct(lists []*yaml.Node) bool {
	for _, l := range lists {
		seen := map[string]bool{}
		for _, n := range items(l) {
			key, ok := k.of(n)
			if !ok || seen[key] {
				return false
			}
			seen[key] = true
		}
	}
	return true
}

// of returns the key of an item; ok is false when it has none.
func (k keying) of(n *yaml.Node) (key string, ok bool) {
	if k.fields == nil {
		if name, _, found := strings.Cut(n.Value, "="); k.pairs && found {
			return name, true
		}
		return n.ShortTag() + n.Value, true
	}
	if n.Kind != yaml.MappingNode {
		return "", false
	}
	var b strings.Builder
	for _, field := range k.fields {
		v := get(n, field)
		standard, may := optional[field]
		switch {
		case v != nil && v.Kind == yaml.ScalarNode:
			b.WriteString(v.Value)
		case v != nil:
			b.WriteString(flat(v))
		case may:
			b.WriteString(standard)
		default:
			return "", false
		}
		b.WriteByte(0)
	}
	return b.String(), strings.Trim(b.String(), "\x00") != ""
}

// elements are the items of a list by their keys.
func (k keying) elements(l *yaml.Node) (list []element, by map[string]*yaml.Node) {
	by = map[string]*yaml.Node{}
	if l = follow(l); l == nil {
		return nil, by
	}
	for i, n := range l.Content {
		key, _ := k.of(follow(n))
		list = append(list, element{key, n, i})
		by[key] = n
	}
	return list, by
}

// label is the field that names an item in a path, "" for its index.
func (k keying) label(name string) string {
	if len(k.fields) != 1 || byIndex[name] || k.fields[0] == "target" {
		return ""
	}
	return k.fields[0]
}

// list merges item by item where items can be told apart, and as a whole otherwise.
func (m *merger) list(at spot, b, s, t *yaml.Node) *yaml.Node {
	name := at.last()
	k, ok := keysOf(name, b, s, follow(t))
	if !ok {
		if ordered[name] && scalars([]*yaml.Node{b, s, follow(t)}) {
			return m.sequence(at, b, s, t)
		}
		return m.leaf(at, b, s, t)
	}
	_, inBase := k.elements(b)
	source, inSource := k.elements(s)
	target, inTarget := k.elements(t)
	var out []element
	for _, e := range target {
		value := m.node(at.item(e.at, e.node, k.label(name)), inBase[e.key], inSource[e.key], e.node)
		if value != nil {
			out = append(out, element{e.key, value, e.at})
		}
	}
	for _, e := range source {
		if inTarget[e.key] != nil {
			continue
		}
		value := m.node(at.item(e.at, e.node, k.label(name)), inBase[e.key], e.node, nil)
		if value != nil {
			out = slices.Insert(out, after(out, source, e), element{e.key, value, e.at})
		}
	}
	return m.relist(t, out)
}

// relist is the list with other items, t itself when they are its own.
func (m *merger) relist(t *yaml.Node, items []element) *yaml.Node {
	target := follow(t)
	out := bare(target)
	for _, e := range items {
		out.Content = append(out.Content, e.node)
	}
	if slices.Equal(out.Content, target.Content) {
		return t
	}
	m.origin[out] = t
	return out
}

// after is where an item of the source comes among those of the target: behind
// its nearest predecessor, or else before its nearest successor.
func after(out, source []element, e element) int {
	index := func(key string) int {
		return slices.IndexFunc(out, func(o element) bool { return o.key == key })
	}
	for i := e.at - 1; i >= 0; i-- {
		if at := index(source[i].key); at >= 0 {
			return at + 1
		}
	}
	for _, next := range source[e.at+1:] {
		if at := index(next.key); at >= 0 {
			return at
		}
	}
	return len(out)
}
