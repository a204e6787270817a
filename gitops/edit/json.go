package edit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// isJSON reports whether a text is a JSON object or list. What is edited there is JSON
// afterwards: a reader of it may know nothing of YAML.
func isJSON(text []byte) bool {
	trimmed := bytes.TrimSpace(text)
	return len(trimmed) > 0 && (trimmed[0] == '{' || trimmed[0] == '[') && json.Valid(trimmed)
}

// jsonScalar writes a scalar as JSON.
func jsonScalar(n *yaml.Node) (string, error) {
	switch n.ShortTag() {
	case nullTag:
		return "null", nil
	case strTag, "!!timestamp", "!!binary":
		return jsonText(n.Value)
	case "!!bool":
		if lower := strings.ToLower(n.Value); lower == "true" || lower == "false" {
			return lower, nil
		}
	default:
		if json.Valid([]byte(n.Value)) {
			return n.Value, nil
		}
	}
	return "", fmt.Errorf("value %q has no form in JSON", n.Value)
}

// jsonText quotes a text as JSON has it, without escapes that are only for HTML.
func jsonText(s string) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return "", fmt.Errorf("value: %w", err)
	}
	var out strings.Builder
	for _, r := range strings.TrimSuffix(b.String(), "\n") {
		if r > 0x7f && r <= 0xffff && !unicode.IsPrint(r) { // YAML has line breaks among them
			fmt.Fprintf(&out, `\u%04x`, r)
		} else {
			out.WriteRune(r)
		}
	}
	return out.String(), nil
}

// jsonValue writes a value as JSON: on one line, or with each child on a line of its own
// that begins with indent and unit.
func (p printer) jsonValue(n *yaml.Node, lines bool, newline, indent, unit string, depth int) (string, error) {
	if err := plainNode(n, depth); err != nil {
		return "", err
	}
	if n.Kind == yaml.ScalarNode {
		return jsonScalar(n)
	}
	open, end := "[", "]"
	if n.Kind == yaml.MappingNode {
		open, end = "{", "}"
	}
	var parts []string
	for i := 0; i < len(n.Content); i += stride(n) {
		key := ""
		if n.Kind == yaml.MappingNode {
			text, err := jsonText(n.Content[i].Value)
			if err != nil || n.Content[i].Kind != yaml.ScalarNode {
				return "", fmt.Errorf("key is not a text")
			}
			key = text + ": "
		}
		text, err := p.jsonValue(n.Content[i+stride(n)-1], lines, newline, indent+unit, unit, depth+1)
		if err != nil {
			return "", err
		}
		parts = append(parts, key+text)
	}
	if !lines || len(parts) == 0 {
		return open + strings.Join(parts, ", ") + end, nil
	}
	inner := newline + indent + unit
	return open + inner + strings.Join(parts, ","+inner) + newline + indent + end, nil
}

// ownLines reports whether each child of a collection in brackets begins a line, and with
// what. What stands behind a child on its line, such as a comment, stays behind it: then
// nothing may be put there.
func (w *writer) ownLines(n *yaml.Node, spans []span) (indent string, ok bool) {
	for i, s := range spans {
		start := w.src.lineStart(s.start)
		lead := string(w.text[start:s.start])
		if strings.Trim(lead, " \t") != "" || i > 0 && lead != indent {
			return "", false
		}
		indent = lead
		behind := strings.TrimLeft(string(w.text[s.end:w.src.lineEnd(s.end)]), ", \t")
		if behind != "" && w.src.line(s.end) != w.src.line(w.places[n].end) {
			return "", false
		}
	}
	return indent, len(spans) > 0
}

// unit is what one level of JSON is indented by: as the first child of the file is.
func (w *writer) unit() string {
	if root := w.docs[0].Content[0]; len(root.Content) > 0 {
		at := w.places[root.Content[0]].start
		if lead := string(w.text[w.src.lineStart(at):at]); lead != "" && strings.Trim(lead, " \t") == "" {
			return lead
		}
	}
	return "  "
}
