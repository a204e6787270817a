package layout

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
)

// The limits of the lists of a configuration. They are in the schema too.
const (
	maxOverlayRules = 500
	maxPatterns     = 500 // of one list, and of all lists together
	maxChecks       = 200
	maxProblems     = 100
	maxName         = 100
)

// parser reads a configuration and collects the problems.
type parser struct {
	errs     []*gitops.Error
	patterns int // how many were compiled
}

// compile compiles a pattern and reports whether that worked.
func (p *parser) compile(n *yaml.Node, what, pattern string, captures bool) (glob, bool) {
	if p.patterns++; p.patterns > maxPatterns {
		if p.patterns == maxPatterns+1 {
			p.fail(n, "configuration has more than %d patterns", maxPatterns)
		}
		return glob{}, false
	}
	g, err := compileGlob(pattern, captures)
	if err != nil {
		p.fail(n, "%s %s: %v", what, gitops.Quote(pattern), err)
	}
	return g, err == nil
}

// fail adds a problem at a node.
func (p *parser) fail(n *yaml.Node, format string, args ...any) {
	if len(p.errs) < maxProblems {
		p.errs = append(p.errs, &gitops.Error{
			Code: gitops.Invalid, Message: fmt.Sprintf(format, args...), File: ConfigFile, Line: n.Line, Column: n.Column,
		})
	}
}

// sorted returns the problems in the order of the file.
func (p *parser) sorted() []*gitops.Error {
	slices.SortStableFunc(p.errs, func(a, b *gitops.Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return p.errs
}

// yamlLine finds the line in an error of the YAML library.
var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// document reads the one document of data, and returns nil when it is not one
// mapping free of aliases.
func (p *parser) document(data []byte) *yaml.Node {
	at := &yaml.Node{Line: 1, Column: 1}
	if len(data) > maxConfig {
		p.fail(at, "configuration is larger than 256 KiB")
		return nil
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	if err := d.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			p.fail(at, "configuration is empty: it needs \"version: 1\"")
			return nil
		}
		m := yamlLine.FindStringSubmatch(err.Error())
		if m != nil && m[1] != "" {
			at.Line, _ = strconv.Atoi(m[1])
		}
		p.fail(at, "invalid YAML: %s", gitops.Printable(yamlLine.ReplaceAllString(err.Error(), "")))
		return nil
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		p.fail(cmp.Or(firstNode(&more), at), "configuration has more than one document")
		return nil
	}
	root := firstNode(&doc)
	if root == nil || root.ShortTag() == "!!null" {
		p.fail(at, "configuration is empty: it needs \"version: 1\"")
		return nil
	}
	if !p.plain(root) {
		return nil
	}
	return root
}

// firstNode is the root of a document, nil for an empty one.
func firstNode(doc *yaml.Node) *yaml.Node {
	if len(doc.Content) == 0 {
		return nil
	}
	return doc.Content[0]
}

// plain reports whether a node is free of aliases, and says where one is.
// Without aliases a document is as large as its text.
func (p *parser) plain(n *yaml.Node) bool {
	if n.Kind == yaml.AliasNode {
		p.fail(n, "alias is not supported: write the value out")
		return false
	}
	ok := true
	for _, c := range n.Content {
		ok = p.plain(c) && ok
	}
	return ok
}

// field reads one key's value.
type field struct {
	key  string
	read func(*yaml.Node)
}

// mapping reads the fields of a mapping, and says which keys are unknown, twice
// there or have a node of another kind. what is the noun for messages.
func (p *parser) mapping(n *yaml.Node, what string, fields ...field) {
	if n.Kind != yaml.MappingNode {
		p.fail(n, "%s is %s, it must be a mapping", what, kindOf(n))
		return
	}
	for key, v := range p.unique(n) {
		i := slices.IndexFunc(fields, func(f field) bool { return f.key == key.Value })
		if i < 0 {
			var keys []string
			for _, f := range fields {
				keys = append(keys, f.key)
			}
			p.fail(key, "unknown key %s%s", gitops.Quote(key.Value), nearest(key.Value, keys))
			continue
		}
		fields[i].read(v)
	}
}

// unique yields the keys and values of a mapping, and says which keys are twice
// there or no strings.
func (p *parser) unique(n *yaml.Node) func(func(*yaml.Node, *yaml.Node) bool) {
	return func(yield func(*yaml.Node, *yaml.Node) bool) {
		first := map[string]int{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if key.Kind != yaml.ScalarNode {
				p.fail(key, "key is %s, it must be a string", kindOf(key))
				continue
			}
			if line, ok := first[key.Value]; ok {
				p.fail(key, "key %s is there twice, first in line %d", gitops.Quote(key.Value), line)
				continue
			}
			first[key.Value] = key.Line
			if !yield(key, n.Content[i+1]) {
				return
			}
		}
	}
}

// list reads the elements of a sequence.
func (p *parser) list(n *yaml.Node, what string, limit int, read func(*yaml.Node)) {
	if n.Kind != yaml.SequenceNode {
		p.fail(n, "%s is %s, it must be a list", what, kindOf(n))
		return
	}
	if len(n.Content) > limit {
		p.fail(n, "%s has more than %d elements", what, limit)
		return
	}
	for _, c := range n.Content {
		read(c)
	}
}

// text returns a string that is not empty.
func (p *parser) text(n *yaml.Node, what string) string {
	switch {
	case n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str":
		p.fail(n, "%s is %s, it must be a string", what, kindOf(n))
		return ""
	case n.Value == "":
		p.fail(n, "%s is empty", what)
		return ""
	}
	return n.Value
}

// name returns the name of an app or environment.
func (p *parser) name(n *yaml.Node, what string) string {
	s := p.text(n, what)
	if len(s) > maxName || !nameRE.MatchString(s) && s != "" {
		p.fail(n, "%s %s is not a name: letters, digits, \".\", \"_\" and \"-\", at most %d", what, gitops.Quote(s), maxName)
		return ""
	}
	return s
}

var nameRE = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// globs returns a list of patterns, as written and compiled.
func (p *parser) globs(n *yaml.Node, what string) (list []string, globs []glob) {
	p.list(n, what, maxPatterns, func(e *yaml.Node) {
		s := p.text(e, what+" pattern")
		if s == "" {
			return
		}
		if g, ok := p.compile(e, what, s, false); ok {
			list, globs = append(list, s), append(globs, g)
		}
	})
	return list, globs
}

// word returns a string that is one of a few.
func (p *parser) word(n *yaml.Node, what string, words ...gitops.Severity) gitops.Severity {
	var names []string
	for _, w := range words {
		names = append(names, string(w))
	}
	if n.Kind != yaml.ScalarNode {
		p.fail(n, "%s is %s, it must be one of %s", what, kindOf(n), strings.Join(names, ", "))
		return ""
	}
	if !slices.Contains(names, n.Value) || n.ShortTag() != "!!str" {
		p.fail(n, "%s is %s, it must be one of %s%s", what, gitops.Quote(n.Value), strings.Join(names, ", "), nearest(n.Value, names))
		return ""
	}
	return gitops.Severity(n.Value)
}

// kindOf names what is there, for messages about what should be there.
func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!null":
		return "empty"
	case "!!bool":
		return "a boolean"
	case "!!int", "!!float":
		return "a number"
	case "!!str":
		return "a string"
	}
	return "of another type"
}
