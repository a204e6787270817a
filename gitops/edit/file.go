package edit

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
)

// MaxSize is the largest file that [Parse] reads, in bytes.
const MaxSize = 2 << 20

const byteOrderMark = "\ufeff"

// File is one YAML file and the edits asked for. It is not safe for concurrent
// use.
type File struct {
	name string
	mark string // the byte order mark, or ""
	text []byte // without the mark
	docs []*yaml.Node
	json bool // what is written is JSON

	src    *source // made with the first edit
	places map[*yaml.Node]*place
	// aliases are all of them, and keys those of the mappings that were asked for.
	aliases []*yaml.Node
	keys    map[*yaml.Node]map[string][]int

	replaced map[*yaml.Node]replacement
	removed  map[*yaml.Node]bool // keys of mappings, items of sequences
	added    map[*yaml.Node]*insertions

	removedDocs map[int]bool
	addedDocs   []*yaml.Node
}

// replacement is what stands for a node.
type replacement struct {
	node *yaml.Node
	// keep leaves the node's own anchor and tag where they are.
	keep bool
}

// insertion is a new child of a collection, before the child with index at.
type insertion struct {
	at    int
	key   *yaml.Node // nil in sequences
	value *yaml.Node
}

// insertions are all new children of one collection.
type insertions struct {
	list   []insertion
	keys   map[string]int // their indexes in list by key
	places map[int][]int  // and by at
}

// Parse reads a file; name is for messages. A file that is not YAML, not UTF-8
// or larger than [MaxSize] is an error with code invalid and the line.
func Parse(name string, data []byte) (*File, error) {
	if len(data) > MaxSize {
		return nil, &gitops.Error{Code: gitops.Invalid, File: name, Message: "file is larger than 2 MiB"}
	}
	text, marked := bytes.CutPrefix(data, []byte(byteOrderMark))
	f := &File{name: name, text: text}
	if marked {
		f.mark = byteOrderMark
	}
	f.json = isJSON(text)
	var err error
	if f.docs, err = parse(text); err != nil {
		return nil, invalidYAML(name, err)
	}
	return f, nil
}

// parse returns the document nodes of text.
func parse(text []byte) ([]*yaml.Node, error) {
	var docs []*yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var doc yaml.Node
		err := d.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return nil, err
		}
		docs = append(docs, &doc)
	}
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// invalidYAML has the line that the library names, and its message without it.
func invalidYAML(name string, err error) error {
	e := &gitops.Error{Code: gitops.Invalid, Cause: gitops.CauseYAML, File: name, Err: err}
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil && m[1] != "" {
		e.Line, _ = strconv.Atoi(m[1])
	}
	e.Message = "invalid YAML: " + gitops.Printable(yamlLine.ReplaceAllString(err.Error(), ""))
	return e
}

// Documents returns the root node of each document, nil for an empty one.
func (f *File) Documents() []*yaml.Node {
	roots := make([]*yaml.Node, len(f.docs))
	for i, d := range f.docs {
		if len(d.Content) > 0 && !implied(d.Content[0]) {
			roots[i] = d.Content[0]
		}
	}
	return roots
}

// implied reports whether a node has no text of its own: a key without value, an
// empty document.
func implied(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Value == "" && n.Style&^yaml.TaggedStyle == 0
}

// Edited reports whether something was asked for that changes the file.
func (f *File) Edited() bool {
	return len(f.replaced)+len(f.removed)+len(f.added)+len(f.removedDocs)+len(f.addedDocs) > 0
}

// Bytes returns the file with all edits. A file without edits gives its own
// bytes. Edits of what another edit removes or replaces are an error with code
// invalid, and so are those of YAML in a form that cannot be edited: a result that
// does not mean what was asked is never returned.
func (f *File) Bytes() ([]byte, error) {
	if !f.Edited() {
		return append([]byte(f.mark), f.text...), nil
	}
	text, err := f.attempt()
	if errors.Is(err, errMeaning) {
		err = f.culprit()
	}
	if err != nil {
		return nil, err
	}
	return append([]byte(f.mark), text...), nil // never nil: an empty file is one
}

// attempt makes the edits with as much left as it is as can be, else in the usual way, and
// else with care for the blocks of text around them. It fails with errMeaning when none
// gives what was asked for.
func (f *File) attempt() ([]byte, error) {
	var text []byte
	err := errMeaning
	for _, how := range []manner{{within: true}, {}, {careful: true}} {
		if text, err = f.write(how); !errors.Is(err, errMeaning) {
			return text, err
		}
	}
	return text, err
}

// manner is how edits are written: within changes parts of texts only; careful writes no
// blocks of text, which the comments below would belong to, and lets one that ends without
// a line break go on to do so.
type manner struct{ within, careful bool }

// maxTried bounds, in bytes of files, how many edits are tried one by one to find one
// that is impossible.
const maxTried = 2 * MaxSize

// culprit is the error about the first edit that is impossible on its own, or else
// about the first.
func (f *File) culprit() error {
	nodes := f.touched()
	for _, n := range nodes[:min(len(nodes), maxTried/max(len(f.text), 1))] {
		if _, err := f.only(n).attempt(); err != nil {
			return f.refuse(n, errForm)
		}
	}
	return f.refuse(append(nodes, f.docs[0])[0], errForm)
}

// only is the file with the edits of one node.
func (f *File) only(n *yaml.Node) *File {
	one := *f
	one.replaced, one.removed, one.added, one.removedDocs, one.addedDocs = nil, nil, nil, nil, nil
	if r, ok := f.replaced[n]; ok {
		one.replaced = map[*yaml.Node]replacement{n: r}
	}
	if a, ok := f.added[n]; ok {
		one.added = map[*yaml.Node]*insertions{n: a}
	}
	one.removed = map[*yaml.Node]bool{}
	for _, c := range n.Content {
		if f.removed[c] {
			one.removed[c] = true
		}
	}
	return &one
}

// write makes the edits and checks the result.
func (f *File) write(how manner) ([]byte, error) {
	splices, err := f.splices(how)
	if err != nil {
		return nil, err
	}
	text, err := f.apply(splices)
	if err != nil {
		return nil, err
	}
	err = f.verify(text)
	if err != nil && !bytes.HasSuffix(text, []byte("\n")) {
		// A block of text that is last now may need the end of its line.
		text = append(text, f.src.newline...)
		err = f.verify(text)
	}
	return text, err
}

// refuse is an error about a node that cannot be edited.
func (f *File) refuse(n *yaml.Node, err error) error {
	e := &gitops.Error{Code: gitops.Invalid, File: f.name, Line: n.Line, Column: n.Column, Message: err.Error(), Err: err}
	if errors.Is(err, errForm) {
		e.Hint = "change it by hand, or first write it as plain lines of `key: value` and `- item`"
	}
	return e
}

// fail is an error at a node.
func (f *File) fail(code gitops.Code, n *yaml.Node, message string) error {
	return &gitops.Error{Code: code, File: f.name, Line: n.Line, Column: n.Column, Message: message}
}
