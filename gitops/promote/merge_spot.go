package promote

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// spot is where the merge is: the steps for rules, and the path for people.
type spot struct {
	prefix string // "[1]" in a file with several documents
	trail  trail
	path   string
}

// String returns the path with the document before it.
func (s spot) String() string {
	if s.prefix != "" && s.path != "" && s.path[0] != '[' {
		return s.prefix + "." + s.path
	}
	return s.prefix + s.path
}

// key is the spot of a value below this one, by its key.
func (s spot) key(name string) spot {
	s.trail = s.trail.key(name)
	switch {
	case !plainKey.MatchString(name):
		s.path += "[" + strconv.Quote(name) + "]"
	case s.path == "":
		s.path = name
	default:
		s.path += "." + name
	}
	return s
}

var plainValue = regexp.MustCompile(`^[^\]\["]+$`)

// item is the item of a list with a merge key, or the one with an index when
// field is "".
func (s spot) item(index int, n *yaml.Node, field string) spot {
	s.trail = s.trail.item(index, n)
	switch value := text(get(n, field)); {
	case field == "":
		s.path += "[" + strconv.Itoa(index) + "]"
	case plainValue.MatchString(value):
		s.path += "[" + field + "=" + value + "]"
	default:
		s.path += "[" + field + "=" + strconv.Quote(value) + "]"
	}
	return s
}

// line is a line of a text, from 1.
func (s spot) line(n int) spot {
	s.path = strings.TrimPrefix(s.path+", line "+strconv.Itoa(n), ", ")
	return s
}

// last is the key that the spot ends with, "" for an item.
func (s spot) last() string {
	if len(s.trail) == 0 {
		return ""
	}
	return s.trail[len(s.trail)-1].Key
}

// secretName are keys whose values are not shown, publicName those among them that
// only point to one, and secretPair is a text with such a key and its value.
var (
	secretName = regexp.MustCompile(`(?i)passw|secret|token|api_?key|private_?key|credential`)
	secretPair = regexp.MustCompile(`(?i)(?:passw|secret|token|api_?key|private_?key|credential)[A-Za-z0-9_.-]*["']?\s*[=:]|-----BEGIN [A-Z ]*PRIVATE KEY`)
	publicName = regexp.MustCompile(`(?:[Nn]ame|[Rr]ef|[Ss]ecrets|[Kk]ind|existing_?[Ss]ecret)$`)
)

const hidden = "(secret)"

// maxShown is how many bytes of a value an edit or a conflict shows.
const maxShown = 1000

// show is a value as people see it: a scalar as it is, anything else on one line,
// and secrets not at all.
func (m *merger) show(at spot, n *yaml.Node) string {
	n = follow(n)
	switch {
	case n == nil:
		return ""
	case m.secret || m.inSecret(at) || m.secretIn(at, n):
		return hidden
	case m.bytes:
		sum := sha256.Sum256([]byte(n.Value))
		return fmt.Sprintf("(%d bytes, sha256 %x…)", len(n.Value), sum[:4])
	}
	s := n.Value
	if n.Kind != yaml.ScalarNode {
		s = flat(n)
	}
	if len(s) > maxShown {
		s = strings.ToValidUTF8(s[:maxShown], "") + "…"
	}
	return s
}

// inSecret reports whether a spot is in the data of a Secret.
func (m *merger) inSecret(at spot) bool {
	kind := m.kind
	for _, step := range at.trail {
		if step.Key == "secretGenerator" || kind == "Secret" && (step.Key == "data" || step.Key == "stringData") {
			return true
		}
		if step.Value != nil {
			kind, _ = step.Value("kind")
		}
	}
	return false
}

// newSecret reports whether a value that is new is one in the data of a Secret, or has
// literals of one.
func (m *merger) newSecret(at spot, n *yaml.Node) bool {
	if len(at.trail) == 0 || n == nil {
		return false
	}
	switch at.trail[0].Key {
	case "data", "stringData":
		return m.kind == "Secret" && (len(at.trail) > 1 || len(n.Content) > 0)
	case "secretGenerator":
		found := len(at.trail) > 2 && at.trail[2].Key == "literals"
		each(n, func(n *yaml.Node) { found = found || get(n, "literals") != nil })
		return found
	}
	return false
}

// secretIn reports whether a value is one that must not be shown by its name, or
// has one.
func (m *merger) secretIn(at spot, n *yaml.Node) bool {
	if n.Kind == yaml.ScalarNode {
		named := !references(m.kind) && (secretKey(at.last()) || at.last() == "value" && secretName.MatchString(at.owner()))
		return n.ShortTag() == "!!str" && (named || secretPair.MatchString(n.Value))
	}
	found := text(get(n, "kind")) == "Secret"
	for i, c := range n.Content {
		switch {
		case n.Kind == yaml.SequenceNode:
			found = found || m.secretIn(at.item(i, c, ""), follow(c))
		case i%2 == 1:
			below := at.key(n.Content[i-1].Value)
			found = found || m.inSecret(below) || m.secretIn(below, follow(c))
		}
	}
	return found
}

// references reports whether objects of a kind only say where a secret is.
func references(kind string) bool {
	switch kind {
	case "ExternalSecret", "ClusterExternalSecret", "SecretStore", "ClusterSecretStore", "PushSecret", "SecretProviderClass", "VaultStaticSecret":
		return true
	}
	return false
}

// secretKey reports whether a name says that its value is not to be shown.
func secretKey(name string) bool {
	return secretName.MatchString(name) && !publicName.MatchString(name)
}

// owner is the name of the item that the spot is in.
func (s spot) owner() string {
	for i := len(s.trail) - 1; i >= 0; i-- {
		if s.trail[i].Value != nil {
			name, _ := s.trail[i].Value("name")
			return name
		}
	}
	return ""
}

// flat writes a collection on one line.
func flat(n *yaml.Node) string {
	c := clone(n)
	each(c, func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode {
			n.Style |= yaml.FlowStyle
		} else if strings.Contains(n.Value, "\n") {
			n.Style = yaml.DoubleQuotedStyle
		}
	})
	data, err := yaml.Marshal(c)
	if err != nil {
		return "(not shown)"
	}
	return strings.Join(strings.Fields(string(data)), " ")
}

// edited notes an edit, with both values as they may be shown.
func (m *merger) edited(at spot, before, after *yaml.Node) {
	m.out.edits = append(m.out.edits, Edit{
		File: m.file, Kind: Field, Path: at.String(), Old: m.show(at, before), New: m.show(at, after),
	})
}

// withhold notes that a value is left as the target has it, and why.
func (m *merger) withhold(at spot, reason string, args ...any) {
	m.out.withheld = append(m.out.withheld, Withheld{File: m.file, Path: at.String(), Reason: fmt.Sprintf(reason, args...)})
}

// only notes that the source changed what the target never had.
func (m *merger) only(at spot) {
	m.out.only = append(m.out.only, Withheld{File: m.file, Path: at.String(), Reason: reasonOnly})
}

// conflict notes that both sides changed a value, with all three as they may be shown.
func (m *merger) conflict(at spot, b, s, t *yaml.Node) {
	m.out.conflicts = append(m.out.conflicts, Conflict{
		File: m.file, Path: at.String(), Base: m.show(at, b), Source: m.show(at, s), Target: m.show(at, t),
	})
}
