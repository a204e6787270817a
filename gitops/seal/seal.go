package seal

import (
	"maps"
	"slices"

	"sigs.k8s.io/yaml"

	"github.com/sealift/sealift/gitops"
)

// Scope says where a SealedSecret may be decrypted.
type Scope string

// The scopes, tightest first.
const (
	// Strict binds a value to a namespace and a name.
	Strict Scope = "strict"
	// NamespaceWide binds it to a namespace.
	NamespaceWide Scope = "namespace-wide"
	// ClusterWide binds it to nothing but the cluster's key.
	ClusterWide Scope = "cluster-wide"
)

// Scopes returns the scopes, tightest first.
func Scopes() []Scope { return []Scope{Strict, NamespaceWide, ClusterWide} }

// ParseScope reads the name of a scope; "" is [Strict].
func ParseScope(s string) (Scope, error) {
	if s == "" {
		return Strict, nil
	}
	if slices.Contains(Scopes(), Scope(s)) {
		return Scope(s), nil
	}
	return "", &gitops.Error{Code: gitops.Invalid, Message: "unknown scope " + gitops.Quote(s), Hint: "use strict, namespace-wide or cluster-wide"}
}

// The annotations that say the scope, on the SealedSecret and on its template, with
// the value "true". A strict one has neither; with both, cluster-wide counts.
const (
	ClusterWideAnnotation   = "sealedsecrets.bitnami.com/cluster-wide"
	NamespaceWideAnnotation = "sealedsecrets.bitnami.com/namespace-wide"
)

// annotations returns what says the scope, nil for a strict one.
func (s Scope) annotations() map[string]string {
	switch s {
	case ClusterWide:
		return map[string]string{ClusterWideAnnotation: "true"}
	case NamespaceWide:
		return map[string]string{NamespaceWideAnnotation: "true"}
	}
	return nil
}

// scopeOf returns the scope that annotations say.
func scopeOf(annotations map[string]string) Scope {
	switch {
	case annotations[ClusterWideAnnotation] == "true":
		return ClusterWide
	case annotations[NamespaceWideAnnotation] == "true":
		return NamespaceWide
	}
	return Strict
}

// Label is what a value is bound to when it is encrypted: decryption under another
// label fails. It is empty for a cluster-wide scope. The format is that of
// EncryptionLabel in sealed-secrets.
func (s Scope) Label(namespace, name string) []byte {
	switch s {
	case ClusterWide:
		return nil
	case NamespaceWide:
		return []byte(namespace)
	}
	return []byte(namespace + "/" + name)
}

// Secret is a SealedSecret: whom it is for and its ciphertext.
type Secret struct {
	Name, Namespace string
	// Type is that of the Secret it becomes, "" for Kubernetes' default, Opaque.
	Type  string
	Scope Scope
	// Items are keys with base64 ciphertext.
	Items map[string]string
	// Labels and Annotations are those of the Secret it becomes; the annotation
	// of the scope is not among them.
	Labels, Annotations map[string]string
	// Immutable says that the Secret may not be changed once it is there.
	Immutable bool
}

// manifest is a SealedSecret as kubeseal writes it.
type manifest struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Metadata   metadata `json:"metadata"`
	Spec       spec     `json:"spec"`
}

// metadata is that of the SealedSecret, and of the Secret in its template.
type metadata struct {
	Annotations map[string]string `json:"annotations,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	Name        string            `json:"name,omitempty"`
	Namespace   string            `json:"namespace,omitempty"`
}

// spec is that of a SealedSecret.
type spec struct {
	EncryptedData map[string]string `json:"encryptedData"`
	Template      template          `json:"template"`
}

// template is what the controller makes the Secret of.
type template struct {
	Immutable bool     `json:"immutable,omitempty"`
	Metadata  metadata `json:"metadata"`
	Type      string   `json:"type,omitempty"`
}

// The apiVersion and kind of a SealedSecret.
const (
	apiVersion = "bitnami.com/v1alpha1"
	kind       = "SealedSecret"
)

// manifest is what kubeseal writes: the scope stands in both metadata, because the
// controller reads the one and re-encrypting the other.
func (s *Secret) manifest() manifest {
	return manifest{
		APIVersion: apiVersion, Kind: kind,
		Metadata: metadata{Name: s.Name, Namespace: s.Namespace, Annotations: s.Scope.annotations()},
		Spec: spec{
			EncryptedData: s.Items,
			Template: template{
				Immutable: s.Immutable, Type: s.Type,
				Metadata: metadata{Name: s.Name, Namespace: s.Namespace, Annotations: union(s.Annotations, s.Scope.annotations()), Labels: s.Labels},
			},
		},
	}
}

// ordering are the annotations by which Argo CD orders and applies an object
// (argo-cd v3, common/common.go). They are for what is in the repository, which is the
// SealedSecret, and not for the Secret that the controller makes of it.
var ordering = []string{
	"argocd.argoproj.io/sync-wave", "argocd.argoproj.io/hook", "argocd.argoproj.io/hook-delete-policy",
	"argocd.argoproj.io/sync-options", "argocd.argoproj.io/compare-options",
}

// New returns the manifest of a SealedSecret, the same bytes as kubeseal's apart
// from the ciphertext, and from annotations that order a sync of Argo CD: they stand in
// the metadata of the SealedSecret too, or it would be in wave 0. It checks names and keys and that the keys that the type
// needs are there; the ciphertext itself is checked by [Secret.Check].
func New(s Secret) ([]byte, error) {
	if err := s.CheckNames(); err != nil {
		return nil, err
	}
	if err := CheckKeys(s.Type, slices.Collect(maps.Keys(s.Items))); err != nil {
		return nil, err
	}
	m := s.manifest()
	for _, key := range ordering {
		if v, ok := s.Annotations[key]; ok {
			m.Metadata.Annotations = union(m.Metadata.Annotations, map[string]string{key: v})
		}
	}
	text, err := yaml.Marshal(m)
	if err != nil {
		return nil, gitops.Errorf(gitops.Internal, "SealedSecret: %w", err)
	}
	return append([]byte("---\n"), text...), nil
}
