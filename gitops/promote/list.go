package promote

import (
	"cmp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops/edit"
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

// indexed is the list whose items have a number in paths although they have names.
const indexed = "images"

// ordered reports whether a list of scalars has an order that counts, and may
// repeat an item.
func ordered(name string) bool { return name == "args" || name == "command" }

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
	whole  bool     // by all that they say
	patch  bool     // by what an inline patch is for
}

// keysOf finds out how the items of a list are told apart, in all of its versions;
// ok is false when nothing does.
func keysOf(name string, lists ...*yaml.Node) (k keying, ok bool) {
	if scalars(lists) {
		if ordered(name) {
			return k, false
		}
		if k.patch = name == "patchesStrategicMerge"; k.patch && k.distinct(lists) {
			return k, true
		}
		k = keying{pairs: name == "literals"}
		return k, k.distinct(lists)
	}
	for _, fields := range append(slices.Clone(listKeys[name]), []string{"name"}) {
		if k.fields = fields; k.distinct(lists) {
			return k, true
		}
	}
	if k = (keying{patch: true}); strings.HasPrefix(name, "patches") && k.distinct(lists) {
		return k, true
	}
	k = keying{whole: true}
	return k, unordered(name, lists) && k.distinct(lists)
}

// scalars reports whether lists have nothing but scalars.
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
	if k.whole {
		return content(n)
	}
	if k.patch {
		return patchKey(n)
	}
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

// patchKey is what a patch is for: its target, or the objects that it names itself.
func patchKey(n *yaml.Node) (key string, ok bool) {
	if n.Kind == yaml.ScalarNode {
		if key = patched(n.Value); key == "" {
			key = n.Value // a path
		}
		return key, key != ""
	}
	if n.Kind != yaml.MappingNode {
		return "", false
	}
	if target := get(n, "target"); target != nil {
		key = flat(target)
	} else {
		key = patched(text(get(n, "patch")))
	}
	key += text(get(n, "path"))
	return key, key != ""
}

// patched are the objects that an inline patch names.
func patched(patch string) (key string) {
	f, err := edit.Parse("", []byte(patch))
	if err != nil {
		return ""
	}
	for _, root := range f.Documents() {
		if object := objectOf(root); object != "" {
			key += object + "\x00"
		}
	}
	return key
}

// label is the field that names an item in a path, "" for its index.
func (k keying) label(name string) string {
	if len(k.fields) != 1 || name == indexed || k.fields[0] == "target" {
		return ""
	}
	return k.fields[0]
}

// list merges item by item where items can be told apart, and as a whole otherwise.
func (m *merger) list(at spot, b, s, t *yaml.Node) *yaml.Node {
	name := at.last()
	k, ok := keysOf(name, b, s, follow(t))
	if !ok || k.whole && (b == nil || m.carries(at) || m.taken(at.String()) != "" || k.replaced(b, s, t)) {
		if b != nil && !m.carries(at) && m.taken(at.String()) == "" && scalars([]*yaml.Node{b, s, follow(t)}) {
			return m.sequence(at, b, s, t)
		}
		return m.leaf(at, b, s, t)
	}
	base, inBase := k.elements(b)
	source, inSource := k.elements(s)
	target, inTarget := k.elements(t)
	r := m.replacements(at, k, base, source, target)
	var kept []element
	for _, e := range target {
		here := at.item(e.at, e.node, k.label(name))
		was, now, key := inBase[e.key], inSource[e.key], e.key
		if by, ok := r.inSource[e.key]; ok { // the source has another one in its place
			now, key = by.node, by.key
		} else if by, ok := r.inSource[r.own[e.key]]; ok && r.own[e.key] != "" { // and both have
			was, now = inBase[r.own[e.key]], by.node
		}
		if value := m.node(here, was, now, e.node); value == e.node {
			kept = append(kept, e)
		} else if value != nil {
			kept = append(kept, element{key, value, e.at})
		}
	}
	added, order := map[string]element{}, make([]string, len(source))
	for i, e := range source {
		order[i] = e.key
		here := at.item(e.at, e.node, k.label(name))
		was := r.fresh[e.key]
		switch {
		case inTarget[e.key] != nil || was.node != nil && (inTarget[was.key] != nil || r.inTarget[was.key].node != nil):
			continue // it is there, or was decided
		case was.node != nil:
			m.only(here)
			continue
		}
		value := m.node(here, inBase[e.key], e.node, nil)
		if value != nil {
			added[e.key] = element{e.key, value, e.at}
		}
	}
	return m.relist(t, weave(kept, added, order, func(e element) string { return e.key }))
}

// weave puts what is added among what is kept: behind what it follows in order, or
// else before what follows it, or else at the end. Kept things without a key are
// not in order.
func weave[T any](kept []T, added map[string]T, order []string, key func(T) string) []T {
	if len(added) == 0 {
		return kept
	}
	here := map[string]bool{}
	for _, e := range kept {
		here[key(e)] = true
	}
	var ahead []T // of the first that is kept
	behind := map[string][]T{}
	first, last := "", ""
	for _, k := range order {
		e, isNew := added[k]
		switch {
		case isNew && last == "":
			ahead = append(ahead, e)
		case isNew:
			behind[last] = append(behind[last], e)
		case here[k]:
			first, last = cmp.Or(first, k), k
		}
	}
	var out []T
	for _, e := range kept {
		if k := key(e); k != "" && k == first {
			out = append(out, ahead...)
		}
		out = append(out, e)
		if k := key(e); k != "" {
			out = append(out, behind[k]...)
		}
	}
	if first == "" {
		out = append(out, ahead...)
	}
	return out
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
	m.origin.set(out, t)
	return out
}
