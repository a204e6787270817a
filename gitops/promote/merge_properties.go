package promote

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops/edit"
)

// propertyLine is "key=value" or "key: value" of a properties or an env file.
var propertyLine = regexp.MustCompile(`^(\s*(?:export\s+)?([A-Za-z0-9_.\-/]+)\s*[=:]\s*)(.*)$`)

// property is a line of a properties file.
type property struct {
	key, head, value string
	at               int
}

// properties reads a text as properties; ok is false when it has other lines, or a
// key twice.
func properties(texts []string) (list []property, ok bool) {
	seen := map[string]bool{}
	for i, s := range texts {
		if s := strings.TrimSpace(s); s == "" || s[0] == '#' || s[0] == '!' {
			continue
		}
		p := propertyLine.FindStringSubmatch(s)
		if p == nil || seen[p[2]] || strings.HasSuffix(s, `\`) {
			return nil, false
		}
		seen[p[2]] = true
		list = append(list, property{p[2], p[1], p[3], i})
	}
	return list, true
}

// properties merges by keys.
func (m *merger) properties(at spot, b, s, t []property, texts []string) []row {
	values := func(list []property) map[string]*yaml.Node {
		by := map[string]*yaml.Node{}
		for _, p := range list {
			by[p.key] = edit.Scalar(p.value)
		}
		return by
	}
	base, source, target := values(b), values(s), values(t)
	rows := rowsOf(texts)
	keys, gone := map[int]string{}, map[int]bool{}
	for _, p := range t {
		keys[p.at] = p.key
		switch v := m.single(at.key(p.key), base[p.key], source[p.key], target[p.key]); v {
		case target[p.key]:
		case nil:
			gone[p.at] = true
		default:
			rows[p.at].text = p.head + v.Value
		}
	}
	added, order := map[string]row{}, make([]string, len(s))
	for i, p := range s {
		order[i] = p.key
		if target[p.key] != nil {
			continue
		}
		if v := m.single(at.key(p.key), base[p.key], source[p.key], nil); v != nil {
			added[p.key] = row{p.head + v.Value, -1}
		}
	}
	kept := slices.DeleteFunc(rows, func(r row) bool { return gone[r.at] })
	return weave(kept, added, order, func(r row) string { return keys[r.at] })
}
