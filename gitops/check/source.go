package check

import (
	"bytes"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/node"
)

// MaxFile is the size in bytes above which a file is not parsed: a byte of YAML
// can cost a hundred bytes of memory.
const MaxFile = 2 << 20

const (
	maxDocs  = 10_000    // how many documents of one file are looked at
	maxNodes = 4_000_000 // how many nodes a document may have with its aliases expanded
)

// source is one file of the tree.
type source struct {
	data  []byte
	large bool // over a limit: data is not parsed and may be missing
	docs  []*yaml.Node
	done  bool // docs are parsed
}

// source returns the file at name; it is empty when there is none.
func (p *pass) source(name string) (*source, error) {
	if s, ok := p.sources[name]; ok {
		return s, nil
	}
	s, err := p.load(name)
	if err != nil {
		return nil, err
	}
	if !s.large {
		p.sources[name] = s
	}
	return s, nil
}

// load reads the file at name. What the tree refuses for its size counts as large, and
// anything else that goes wrong ends the pass: a file that could not be read must not
// pass for one without findings.
func (p *pass) load(name string) (*source, error) {
	if err := p.ctx.Err(); err != nil {
		return nil, err
	}
	if p.tree.Lookup(name).Kind != gitops.File {
		return &source{}, nil
	}
	data, err := p.tree.Read(p.ctx, name)
	switch {
	case err == nil:
		return &source{data: data, large: len(data) > MaxFile}, nil
	case gitops.CodeOf(err) == gitops.Invalid: // over the limit of the tree
		return &source{large: true}, nil
	default:
		return nil, err
	}
}

// documents returns the YAML documents up to the first that does not parse. A file that
// is too large has none.
func (s *source) documents() []*yaml.Node {
	if !s.done && !s.large {
		s.docs = parse(s.data)
	}
	s.done = true
	return s.docs
}

// parse reads YAML without expanding aliases. The parser is foreign code over
// foreign bytes in the parent process, so a panic in it counts as bad YAML.
func parse(data []byte) (docs []*yaml.Node) {
	defer func() { _ = recover() }()
	if bytes.IndexByte(data, 0) >= 0 {
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	for len(docs) < maxDocs {
		n := new(yaml.Node)
		if dec.Decode(n) != nil { // the end, or no YAML
			break
		}
		if len(n.Content) == 1 && expanded(n, map[*yaml.Node]int{}) < maxNodes {
			docs = append(docs, n.Content[0])
		}
	}
	return docs
}

// expanded counts the nodes of n with aliases expanded, up to maxNodes; a node that
// contains itself has that many. memo has the counts of anchors. That is what keeps an
// alias bomb of a few lines from being walked.
func expanded(n *yaml.Node, memo map[*yaml.Node]int) int {
	n = node.Deref(n)
	if count, ok := memo[n]; ok {
		return count
	}
	if n.Anchor != "" {
		memo[n] = maxNodes
	}
	count := 1
	for _, c := range n.Content {
		count = min(count+expanded(c, memo), maxNodes)
	}
	if n.Anchor != "" {
		memo[n] = count
	}
	return count
}

// isYAML goes by the name's ending, in any case.
func isYAML(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}
