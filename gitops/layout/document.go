package layout

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// pointsSomewhere matches text that may hold a deployer's document. Comparing bytes
// first is what makes reading a whole repository cheap.
var pointsSomewhere = regexp.MustCompile(`apiVersion["']?[ \t]*:[ \t]*["']?(?:argoproj\.io|(?:kustomize|helm|source)\.toolkit\.fluxcd\.io|fluxcd\.controlplane\.io)/`)

// kindUnreadable is the kind of a document that looks like a deployer's and is no YAML,
// such as a template.
const kindUnreadable = "unreadable"

// maxDocuments is how many documents of one file are read.
const maxDocuments = 5_000

// document is an object of Argo CD or Flux as it stands in a file.
type document struct {
	APIVersion string `json:"v,omitempty"`
	Kind       string `json:"k"`
	Namespace  string `json:"s,omitempty"`
	Name       string `json:"n,omitempty"`
	// Line is where it begins in its file, and Text what stands there: its lines are
	// those of the file.
	Line int    `json:"l"`
	Text string `json:"y"`
	// Named are the repositories that it names, with directories where it does.
	Named []namedSource `json:"r,omitempty"`
}

// namedSource is a repository and a path that stand beside each other.
type namedSource struct {
	Repo string `json:"r"`
	Path string `json:"p,omitempty"`
}

// documents returns the deployers' documents of a file.
func documents(data []byte) []document {
	var out []document
	line := 1
	for doc := range splitDocuments(data) {
		if pointsSomewhere.Match(doc) && len(out) < maxDocuments {
			out = append(out, readDocument(doc, line)...)
		}
		line += bytes.Count(doc, []byte("\n"))
	}
	return out
}

// splitDocuments yields the documents of a file with their "---" lines, so that lines can
// be counted. Of JSON it yields the objects that follow each other.
func splitDocuments(data []byte) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		if objects := splitJSON(data); objects != nil {
			for _, o := range objects {
				if !yield(o) {
					return
				}
			}
			return
		}
		for len(data) > 0 {
			end := len(data)
			if i := bytes.Index(data[1:], []byte("\n---")); i >= 0 {
				end = i + 2
			}
			if !yield(data[:end]) {
				return
			}
			data = data[end:]
		}
	}
}

// splitJSON returns the objects of a file that is JSON and nothing else, each with what
// stands before it; nil for any other. Tabs become spaces, which YAML wants and which
// stand nowhere in the texts of JSON.
func splitJSON(data []byte) [][]byte {
	if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		return nil
	}
	var list [][]byte
	d := json.NewDecoder(bytes.NewReader(data))
	for start := int64(0); ; start = d.InputOffset() {
		var raw json.RawMessage
		err := d.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			return nil
		}
		list = append(list, bytes.ReplaceAll(data[start:d.InputOffset()], []byte("\t"), []byte(" ")))
	}
}

// readDocument reads one document that starts at a line of its file. The items of a List
// are documents of their own, printed anew: their lines are those of the List.
func readDocument(data []byte, line int) []document {
	root := parseYAML(data)
	r := &reader{left: maxNodes}
	if root == nil || root.Kind != yaml.MappingNode {
		if !unreadableKind.Match(data) {
			return nil
		}
		before := bytes.Count(data[:pointsSomewhere.FindIndex(data)[0]], []byte("\n"))
		return []document{{Kind: kindUnreadable, Line: line + before, Text: string(data)}}
	}
	if !strings.HasSuffix(r.text(r.get(root, "kind")), "List") {
		d, ok := r.document(root)
		if !ok {
			return nil
		}
		d.Line, d.Text = line+root.Line-1, string(fromLine(data, root.Line))
		return []document{d}
	}
	var out []document
	for item := range r.items(r.get(root, "items")) {
		d, ok := r.document(item)
		text, err := yaml.Marshal(item)
		if ok && err == nil && len(out) < maxDocuments && r.spend(len(item.Content)) {
			d.Line, d.Text = line+item.Line-1, string(text)
			out = append(out, d)
		}
	}
	return out
}

// fromLine returns a text from a line on, counted from 1: without the "---" and the comments
// before an object.
func fromLine(data []byte, line int) []byte {
	for ; line > 1; line-- {
		i := bytes.IndexByte(data, '\n')
		if i < 0 {
			return data
		}
		data = data[i+1:]
	}
	return data
}

// spend takes nodes off the budget, and reports whether there was enough.
func (r *reader) spend(n int) bool { r.left -= n; return r.left >= 0 }

// unreadableKind matches the kinds that make an unreadable document worth a word.
var unreadableKind = regexp.MustCompile(`kind["']?[ \t]*:[ \t]*["']?(?:Application|ApplicationSet|Kustomization|FluxInstance|HelmRelease)\b`)

// document returns the identity of one object when it is a deployer's.
func (r *reader) document(n *yaml.Node) (document, bool) {
	meta := r.get(n, "metadata")
	d := document{
		APIVersion: r.text(r.get(n, "apiVersion")), Kind: r.text(r.get(n, "kind")),
		Namespace: r.text(r.get(meta, "namespace")), Name: r.text(r.get(meta, "name")),
	}
	if !handled(d.APIVersion, d.Kind) {
		return d, false
	}
	d.Named = r.namedSources(n)
	return d, true
}

// configMaps returns the names of the ConfigMaps of a file.
func configMaps(data []byte) []string {
	var out []string
	for doc := range splitDocuments(data) {
		if !bytes.Contains(doc, []byte("ConfigMap")) || len(out) >= maxDocuments {
			continue
		}
		r := &reader{left: maxNodes}
		root := parseYAML(doc)
		if name := r.text(r.get(r.get(root, "metadata"), "name")); name != "" && r.text(r.get(root, "kind")) == "ConfigMap" {
			out = append(out, name)
		}
	}
	return out
}
