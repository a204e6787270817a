package check

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/node"
)

// sealedKind is the kind of a SealedSecret, in the API group bitnami.com.
const sealedKind = "SealedSecret"

// The scopes of a SealedSecret, and the annotations that say them. The
// controller reads those of the SealedSecret's own metadata; only "true" counts,
// and cluster-wide wins.
const (
	strict        = "strict"
	namespaceWide = "namespace-wide"
	clusterWide   = "cluster-wide"

	scopeAnnotations = "sealedsecrets.bitnami.com/"
)

// sealedSecret is a SealedSecret as one manifest has it.
type sealedSecret struct {
	file   string // "" for a manifest that was rendered
	node   *yaml.Node
	values []sealedValue // in the order of the manifest
}

// sealedValue is one encrypted value.
type sealedValue struct {
	key, cipher string
	node        *yaml.Node
}

// sealedIdentity is what ciphertext is bound to: the name and namespace, as far as the
// scope says. Fields are "" when they are not known.
type sealedIdentity struct{ scope, namespace, name string }

// newSealedSecret reads a manifest that says it is a SealedSecret. Values that are no
// scalars are left out: the API server refuses them.
func newSealedSecret(file string, n *yaml.Node) sealedSecret {
	s := sealedSecret{file: file, node: n}
	for k, v := range node.Pairs(n, "spec", "encryptedData") {
		if v.Kind == yaml.ScalarNode {
			s.values = append(s.values, sealedValue{k.Value, node.Text(v), v})
		}
	}
	return s
}

func (s *sealedSecret) meta() *yaml.Node { return node.Field(s.node, "metadata") }

func (s *sealedSecret) template() *yaml.Node {
	return node.Field(s.node, "spec", "template", "metadata")
}

// placed is where the controller finds it: what it decrypts with.
func (s *sealedSecret) placed() sealedIdentity {
	return sealedIdentity{scopeOf(s.meta()), node.Text(s.meta(), "namespace"), node.Text(s.meta(), "name")}
}

// scopeOf is the scope that the annotations of some metadata say, in the controller's
// order; no metadata says strict.
func scopeOf(meta *yaml.Node) string {
	for _, scope := range []string{clusterWide, namespaceWide} {
		if node.Text(scopeAnnotation(meta, scope)) == "true" {
			return scope
		}
	}
	return strict
}

// scopeAnnotation returns the value of a scope's annotation, nil without it.
func scopeAnnotation(meta *yaml.Node, scope string) *yaml.Node {
	return node.Field(meta, "annotations", scopeAnnotations+scope)
}

// bound is id without what its scope does not bind.
func (id sealedIdentity) bound() sealedIdentity {
	switch id.scope {
	case clusterWide:
		return sealedIdentity{scope: clusterWide}
	case namespaceWide:
		return sealedIdentity{scope: namespaceWide, namespace: id.namespace}
	}
	return id
}

// differs reports whether ciphertext for one cannot be decrypted for the other. A
// field that either does not know is not compared.
func (id sealedIdentity) differs(other sealedIdentity) bool {
	a, b := id.bound(), other.bound()
	return a.scope != b.scope || unequal(a.namespace, b.namespace) || unequal(a.name, b.name)
}

// unequal is no when either is not known.
func unequal(a, b string) bool { return a != "" && b != "" && a != b }

// String describes what is bound, as messages do.
func (id sealedIdentity) String() string {
	what := "any name"
	if id.scope == strict {
		what = "name " + gitops.Quote(id.name)
	}
	switch {
	case id.scope == clusterWide:
		return what + " in any namespace"
	case id.namespace == "":
		return what + " in a namespace that is not named"
	}
	return what + " in namespace " + gitops.Quote(id.namespace)
}

// rendered is a SealedSecret as an overlay renders it, or, without overlay, as a
// file has it that no overlay reads.
type rendered struct {
	sealedSecret
	overlay *Overlay
	// source is the manifest that its ciphertext comes from; nil when that is not
	// in a file of the repository.
	source *sealedSecret
	// places are the files and nodes of its values; the node is nil when unknown.
	places []place
}

// place is where a value stands; without a file it is not known.
type place struct {
	file string
	node *yaml.Node
}

// sealedFor is what it was sealed for, as far as the repository tells. kubeseal
// writes name and namespace twice; kustomize changes the ones in metadata only.
func (r *rendered) sealedFor() sealedIdentity {
	id := sealedIdentity{scope: scopeOf(r.meta())}
	id.namespace = node.Text(r.template(), "namespace")
	id.name = node.Text(r.template(), "name")
	if r.source == nil {
		return id
	}
	from := r.source.placed()
	if id.namespace == "" {
		id.namespace = from.namespace
	}
	if id.name == "" {
		id.name = from.name
	}
	return id
}

// at returns a finding at a node of the source's metadata, or at its manifest.
func (r *rendered) at(keys ...string) gitops.Finding {
	if r.source == nil {
		return r.finding(place{})
	}
	n := r.source.node
	for _, k := range keys {
		next := node.Field(n, k)
		if next == nil {
			break
		}
		n = next
	}
	return r.finding(place{r.source.file, n})
}

// finding returns a finding at a place, or at the overlay when it has none.
func (r *rendered) finding(at place) gitops.Finding {
	f := gitops.Finding{File: at.file, Overlays: r.overlays()}
	if at.node != nil {
		f.Line, f.Column = at.node.Line, at.node.Column
	}
	if f.File == "" && r.overlay != nil {
		f.File = r.overlay.Head.Path
	}
	return f
}

// overlays is what a finding names; nil lets report find out who reads the file.
func (r *rendered) overlays() []string {
	if r.overlay == nil {
		return nil
	}
	return []string{r.overlay.Head.Path}
}

// dir is the directory that says the environment.
func (r *rendered) dir() string {
	if r.overlay != nil {
		return r.overlay.Head.Path
	}
	return path.Dir(r.file)
}

// plainWord matches names, keys and environments that a command may hold.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$`)

// sealAgain is the command that seals keys for the place where r is, with the scope
// that it has.
func (p *pass) sealAgain(r *rendered, keys ...string) string {
	return p.sealAs(r, r.placed().scope, keys...)
}

// sealAs is sealAgain with another scope. What a command cannot hold is left out:
// the form asks for it.
func (p *pass) sealAs(r *rendered, scope string, keys ...string) string {
	command := "/seal"
	if name := r.placed().name; plainWord.MatchString(name) {
		command += " " + name
	}
	if env := p.in.environment(r.dir()); plainWord.MatchString(env) {
		command += " --env " + env
	} else if r.overlay != nil && plainPath.MatchString(r.dir()) {
		command += " --overlay " + r.dir()
	}
	if scope != strict {
		command += " --scope " + scope
	}
	keys = slices.Compact(slices.Sorted(slices.Values(keys)))
	if len(keys) > 0 && !slices.ContainsFunc(keys, func(k string) bool { return !plainKey.MatchString(k) }) {
		command += " --keys " + strings.Join(keys, ",")
	}
	return "`" + command + "`"
}

// plainKey matches the keys that Kubernetes takes in a Secret.
var plainKey = regexp.MustCompile(`^[A-Za-z0-9._-]{1,253}$`)

// environment is that of a directory, "" when it has none or nobody knows.
func (in *Input) environment(dir string) string {
	if in.Environment == nil {
		return ""
	}
	return in.Environment(dir)
}

// keys are those that the Secret will have from ciphertext, in the order of the
// manifest.
func (s *sealedSecret) keys() []string {
	var out []string
	for _, v := range s.values {
		out = append(out, v.key)
	}
	return out
}
