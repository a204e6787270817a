package argocd

import (
	"encoding/json"
	"errors"
	"strconv"

	"go.yaml.in/yaml/v3"
	sigs "sigs.k8s.io/yaml"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/node"
)

// maxDocument is how long a document or a file of parameters may be, in bytes. The API
// server of Kubernetes takes objects of 1.5 MiB (etcd's --max-request-bytes).
const maxDocument = 1536 << 10

// object is a mapping, as JSON is decoded. Numbers are float64, as Argo CD has them: its
// templates print 1000000 as "1e+06".
type object = map[string]any

// page is a document, read twice: for what it says as kubectl would, and for its lines.
type page struct {
	object
	root *yaml.Node // nil when the lines are not known
	doc  gitops.Document
}

// readPage reads a document. The error says what is wrong, without its place.
func readPage(d gitops.Document) (page, error) {
	p := page{doc: d}
	v, err := decode(d.YAML)
	if err != nil {
		return p, err
	}
	m, ok := v.(object)
	if !ok {
		return p, errors.New("it is no mapping")
	}
	p.object = m
	var root yaml.Node
	if d.From == nil && yaml.Unmarshal(d.YAML, &root) == nil && len(root.Content) == 1 {
		p.root = root.Content[0]
	}
	return p, nil
}

// line is where the value at a path of keys and indices stands, or as much of the way to it
// as there is, else the document.
func (p page) line(path ...any) int {
	line, at := 0, p.root
	for _, step := range path {
		switch step := step.(type) {
		case string:
			at = node.Field(at, step)
		case int:
			if at != nil && at.Kind == yaml.SequenceNode && step < len(at.Content) {
				at = node.Deref(at.Content[step])
			} else {
				at = nil
			}
		}
		if at == nil || at.Line == 0 {
			break
		}
		line = at.Line
	}
	if line == 0 || p.doc.Line == 0 {
		return p.doc.Line
	}
	return p.doc.Line + line - 1
}

// decode reads YAML as kubectl and Argo CD do: YAML 1.1, of a key that stands twice the
// last counts, with merge keys, as JSON.
func decode(data []byte) (v any, err error) {
	if len(data) > maxDocument {
		return nil, errors.New("it is longer than 1.5 MiB")
	}
	defer func() { // the library panics on some documents, and says what is wrong with others at length
		if recover() != nil || err != nil {
			v, err = nil, errors.New("it is not valid YAML")
		}
	}()
	err = sigs.Unmarshal(data, &v)
	return v, err
}

// encode writes a value as JSON, the keys sorted.
func encode(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return "" // not for what was decoded
	}
	return string(data)
}

// at returns the value at a path of keys, nil when there is none.
func at(v any, keys ...string) any {
	for _, key := range keys {
		m, _ := v.(object)
		v = m[key]
	}
	return v
}

// mapping is empty for anything else, as list and text are.
func mapping(v any, keys ...string) object { m, _ := at(v, keys...).(object); return m }

// list returns a list, nil for anything else.
func list(v any, keys ...string) []any { l, _ := at(v, keys...).([]any); return l }

// text returns a scalar as it would be written. Where Argo CD wants a string and a number
// stands, it refuses the document: what was meant is no worse.
func text(v any, keys ...string) string {
	switch v := at(v, keys...).(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// truth reports whether a value is true, and not just a text that says so.
func truth(v any, keys ...string) bool { return at(v, keys...) == true }

// texts returns the scalars of a list.
func texts(v any, keys ...string) []string {
	var out []string
	for _, e := range list(v, keys...) {
		out = append(out, text(e))
	}
	return out
}

// textMap returns a mapping of scalars.
func textMap(v any, keys ...string) map[string]string {
	m := mapping(v, keys...)
	if len(m) == 0 {
		return nil
	}
	out := make(map[string]string, len(m))
	for k, e := range m {
		out[k] = text(e)
	}
	return out
}
