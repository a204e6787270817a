package promote

import (
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
)

// trail is the way from the root of a file to a field. It is never changed: steps
// make a new one.
type trail []gitops.FieldStep

// document begins the trail of a document of a file that has several.
func document(i, of int) trail {
	if of < 2 {
		return nil
	}
	return trail{{Item: true, Index: i}}
}

// key is the place of a value by its key. t itself is not changed.
func (t trail) key(name string) trail {
	return append(t[:len(t):len(t)], gitops.FieldStep{Key: name})
}

// item is the place of an element, which may be asked for its fields: that is how a
// path says "the container named web". t itself is not changed.
func (t trail) item(i int, n *yaml.Node) trail {
	return append(t[:len(t):len(t)], gitops.FieldStep{Item: true, Index: i, Value: func(key string) (string, bool) {
		v := get(n, key)
		if v == nil || v.Kind != yaml.ScalarNode {
			return "", false
		}
		return v.Value, true
	}})
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_/-]+$`)

// String returns it as gitops.FieldPath has it, such as "images[0].newTag".
func (t trail) String() string {
	var b strings.Builder
	for i, s := range t {
		switch {
		case s.Item:
			b.WriteString("[" + strconv.Itoa(s.Index) + "]")
		case !plainKey.MatchString(s.Key):
			b.WriteString("[" + strconv.Quote(s.Key) + "]")
		default:
			if i > 0 {
				b.WriteByte('.')
			}
			b.WriteString(s.Key)
		}
	}
	return b.String()
}

// inDocument returns the steps without that of the document.
func (t trail) inDocument() []gitops.FieldStep {
	if len(t) > 0 && t[0].Item {
		return t[1:]
	}
	return t
}

// get returns the value of a key of a mapping, with aliases followed; nil when it
// is not there.
func get(n *yaml.Node, key string) *yaml.Node {
	n = follow(n)
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return follow(n.Content[i+1])
		}
	}
	return nil
}

// follow returns what an alias stands for. An alias of an alias does not exist.
func follow(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// text returns a scalar's value, "" for anything else.
func text(n *yaml.Node) string {
	if n = follow(n); n == nil || n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		return ""
	}
	return n.Value
}

// items returns the elements of a list, with aliases followed.
func items(n *yaml.Node) []*yaml.Node {
	if n = follow(n); n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	list := make([]*yaml.Node, len(n.Content))
	for i, c := range n.Content {
		list[i] = follow(c)
	}
	return list
}
