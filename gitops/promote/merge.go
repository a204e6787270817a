package promote

import (
	"encoding/json"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/edit"
)

// policy is what decides where the merge of structure alone does not.
type policy struct {
	// keep and carry report whether a field is never or always carried; the steps
	// are those within its document. Keep wins. Nil is none.
	keep, carry func(at []gitops.FieldStep) bool
	// take decides the conflicts of a path, or of the whole file for "":
	// TakeSource, TakeTarget or "". Nil decides none.
	take func(path string) string
	// asked says that something of the file was decided that the source may not have
	// changed.
	asked bool
	// names returns the environment that a value names as a word, "" for none. Nil
	// finds none.
	names func(value string) string
	// resembles reports whether a value may name the source within a word, so that it
	// is carried and to be looked at. Nil finds none.
	resembles func(value string) bool
	// rename turns the name of an object in the source into that in the target.
	// Nil leaves it.
	rename func(name string) string
	// secret says that the values of the file must not be shown.
	secret bool
}

// merged is one file of the target after a three-way merge.
type merged struct {
	// data is the target's own bytes where nothing is carried.
	data      []byte
	edits     []Edit
	withheld  []Withheld
	conflicts []Conflict
	// only is what the source changed and the target never had.
	only []Withheld
	// checks is what is carried and to be looked at, without a reason.
	checks []Withheld
}

// The reasons for which something is withheld.
const (
	reasonKept      = "the configuration keeps it"
	reasonSealed    = "is encrypted for the source: it cannot be read elsewhere"
	reasonNames     = "names %s: check"
	reasonForm      = "anchors share values that differ now, or the YAML has an unusual form: change it by hand"
	reasonAmbiguous = "lines repeat, so that what belongs where is not certain: change it by hand"
	reasonJSON      = "would not be JSON any more: change it by hand"
	reasonDocuments = "documents have no names of their own: change them by hand"
	reasonSecret    = "is a Secret of the source in plain text: make one for the target"
	reasonOnly      = "was in the source only, and changed there"
	reasonSize      = "the file has too many values to merge them"
)

// mergeFile gives the target's file what the source changed since base: what the
// source did not change is never touched, what both changed to the same is there
// already, and what both changed differently is a conflict. A file that is not YAML
// is merged by lines. Base is nil when the file was not there; source and target
// are. A file of which more would be carried a second time, as happens among lines
// that repeat, is withheld.
func mergeFile(name string, base, source, target []byte, p policy) merged {
	out := mergeOnce(name, base, source, target, p)
	reason := ""
	switch {
	case len(out.edits) == 0:
	case json.Valid(target) && !json.Valid(out.data):
		reason = reasonJSON
	case len(mergeOnce(name, base, source, out.data, p).edits) > 0:
		reason = reasonAmbiguous
	}
	if reason == "" {
		return out
	}
	return merged{
		data:      target,
		withheld:  append(out.withheld, Withheld{File: name, Reason: reason}),
		conflicts: out.conflicts,
		only:      out.only,
	}
}

// mergeOnce merges a file, whatever a second time would do.
func mergeOnce(name string, base, source, target []byte, p policy) merged {
	m := &merger{file: name, policy: p, origin: newOrigin()}
	if !isYAML(name) {
		return m.text(base, source, target)
	}
	var docs [3][]*yaml.Node
	var file *edit.File
	for i, data := range [][]byte{base, source, target} {
		f, err := edit.Parse(name, data)
		if err != nil {
			return m.text(base, source, target)
		}
		docs[i], file = f.Documents(), f
		if !bounded(docs[i]) {
			m.withhold(spot{}, reasonSize)
			return m.unchanged(target)
		}
	}
	return m.structure(file, docs[0], docs[1], docs[2], target)
}

// isYAML reports whether a file is merged by structure, if it can be parsed.
func isYAML(name string) bool {
	switch path.Ext(name) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return isKustomization(name)
}

// merger merges one file.
type merger struct {
	policy
	file   string // of the target, for what is reported
	kind   string // of the document at hand
	origin origin // which node of the target each merged one comes from
	// bytes says that values are nothing to show but how long they are.
	bytes bool
	// embedded says that it is a document within a text of the file.
	embedded bool
	out      merged // so far
}

// structure merges the documents and writes what changed into the target's file.
func (m *merger) structure(file *edit.File, base, source, target []*yaml.Node, data []byte) merged {
	list, ok := m.match(base, source, target)
	if !ok {
		if !sameDocuments(base, source) && !sameDocuments(source, target) {
			m.withhold(spot{}, reasonDocuments)
		}
		return m.unchanged(data)
	}
	w := &rewriter{File: file, origin: m.origin}
	for _, v := range list {
		w.document(v.at, v.target, m.document(v))
	}
	if len(m.out.edits) == 0 {
		return m.unchanged(data)
	}
	out, ok := w.finish(m.file)
	if !ok {
		m.withhold(spot{}, reasonForm)
		return m.unchanged(data)
	}
	m.out.data = out
	return m.out
}

// unchanged is the target as it is, with nothing carried.
func (m *merger) unchanged(target []byte) merged {
	m.out.data, m.out.edits = target, nil
	return m.out
}

// document merges one document.
func (m *merger) document(v versions) *yaml.Node {
	at := spot{prefix: v.prefix}
	m.kind = text(get(present(v.source, v.target), "kind"))
	if sealed(v.base) || sealed(v.source) || sealed(v.target) {
		if !equal(v.base, v.source) && !equal(v.source, v.target) {
			m.withhold(at, reasonSealed)
		}
		return v.target
	}
	if v.base == nil && v.target == nil && plain(v.source) {
		m.withhold(at, reasonSecret)
		return nil
	}
	return m.node(at, v.base, v.source, v.target)
}

// present is the first node that is not nil.
func present(nodes ...*yaml.Node) *yaml.Node {
	for _, n := range nodes {
		if n != nil {
			return n
		}
	}
	return nil
}

// sealed reports whether a document is encrypted: a SealedSecret, or a file of sops.
func sealed(root *yaml.Node) bool {
	return text(get(root, "kind")) == "SealedSecret" || get(root, "sops") != nil
}

// encrypted reports whether a value has ciphertext of sops, Ansible or PGP.
func encrypted(n *yaml.Node) bool {
	found := false
	each(n, func(n *yaml.Node) { found = found || n.Kind == yaml.ScalarNode && cipherText(n.Value) })
	return found
}

// cipherText reports whether a text has what SOPS, Ansible Vault, PGP or age encrypted.
func cipherText(s string) bool {
	for _, mark := range []string{"ENC[AES256", "$ANSIBLE_VAULT;", "-----BEGIN PGP MESSAGE-----", "-----BEGIN AGE ENCRYPTED FILE-----"} {
		if strings.Contains(s, mark) {
			return true
		}
	}
	return strings.HasPrefix(s, "ENC[")
}
