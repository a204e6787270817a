package promote

import (
	"encoding/json"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/edit"
)

// inner merges a text that is a document itself, such as an inline patch or JSON in a
// ConfigMap, by its structure; ok is false for any other text.
func (m *merger) inner(at spot, b, s, t *yaml.Node) (merged *yaml.Node, ok bool) {
	target := follow(t)
	if !m.documents(at, b, s, target) || m.carries(at) || m.taken(at.String()) != "" {
		return nil, false
	}
	var docs [3]*yaml.Node
	var file *edit.File
	for i, n := range []*yaml.Node{b, s, target} {
		f, err := edit.Parse(m.file, []byte(n.Value))
		if err != nil || len(f.Documents()) != 1 || f.Documents()[0] == nil || f.Documents()[0].Kind == yaml.ScalarNode || !bounded(f.Documents()) {
			return nil, false
		}
		docs[i], file = f.Documents()[0], f
	}
	sub := m.within(at)
	out := sub.structure(file, docs[:1], docs[1:2], docs[2:], []byte(target.Value))
	m.adopt(at, out)
	if len(out.edits) == 0 {
		return t, true
	}
	value := bare(target)
	value.Value = string(out.data)
	m.origin.set(value, t)
	return value, true
}

// documents reports whether all are texts that stand for documents: patches of a
// kustomization, JSON, or texts under the name of a file of YAML or JSON.
func (m *merger) documents(at spot, nodes ...*yaml.Node) bool {
	isJSON := true
	for _, n := range nodes {
		if n == nil || n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" || encrypted(n) {
			return false
		}
		trimmed := strings.TrimSpace(n.Value)
		isJSON = isJSON && (strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "[")) && json.Valid([]byte(trimmed))
	}
	last := at.last()
	ext := path.Ext(last)
	inPatch := last == "patch" && strings.HasPrefix(at.path, "patches") || last == "" && strings.HasPrefix(at.path, "patchesStrategicMerge")
	return isJSON || isKustomization(m.file) && inPatch || strings.HasSuffix(at.path, "helm.values") || ext == ".yaml" || ext == ".yml" || ext == ".json"
}

// within is a merger for a document at a spot: what it says has the spot before it.
func (m *merger) within(at spot) *merger {
	sub := &merger{policy: m.policy, file: m.file, origin: newOrigin(), embedded: true}
	sub.secret = m.secret || m.inSecret(at) || secretKey(at.last())
	below := func(covers func([]gitops.FieldStep) bool) func([]gitops.FieldStep) bool {
		if covers == nil {
			return nil
		}
		return func(steps []gitops.FieldStep) bool {
			return covers(append(at.trail[:len(at.trail):len(at.trail)], steps...))
		}
	}
	sub.keep, sub.carry = below(m.keep), below(m.carry)
	if m.take != nil {
		sub.take = func(p string) string {
			if p != "" {
				p = joined(at, p)
			}
			return m.take(p)
		}
	}
	return sub
}

// joined is the path of something within a text at a spot.
func joined(at spot, inside string) string {
	if inside == "" || inside[0] == '[' {
		return at.String() + inside
	}
	return at.String() + "." + inside
}

// adopt takes over what the merge of a text at a spot says.
func (m *merger) adopt(at spot, sub merged) {
	for _, e := range sub.edits {
		e.Path = joined(at, e.Path)
		m.out.edits = append(m.out.edits, e)
	}
	for _, c := range sub.conflicts {
		c.Path = joined(at, c.Path)
		m.out.conflicts = append(m.out.conflicts, c)
	}
	for _, part := range []struct{ to, from *[]Withheld }{{&m.out.withheld, &sub.withheld}, {&m.out.only, &sub.only}, {&m.out.checks, &sub.checks}} {
		for _, w := range *part.from {
			w.Path = joined(at, w.Path)
			*part.to = append(*part.to, w)
		}
	}
}
