package render

import (
	"strings"

	"github.com/sealift/sealift/gitops"
	"sigs.k8s.io/kustomize/kyaml/openapi"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// scopes knows which kinds have no namespace.
type scopes map[kind]bool

// kind is a group and a kind: which version an object is of says nothing about its scope.
type kind struct{ group, kind string }

// kindOf returns the kind of an object.
func kindOf(m manifest) kind {
	group, _, grouped := strings.Cut(m.GetApiVersion(), "/")
	if !grouped {
		group = ""
	}
	return kind{group, m.GetKind()}
}

// scopesOf reads the scope of the kinds that CustomResourceDefinitions among objects
// define.
func scopesOf(list []manifest) scopes {
	s := scopes{}
	for _, m := range list {
		if kindOf(m) != (kind{"apiextensions.k8s.io", "CustomResourceDefinition"}) {
			continue
		}
		group, _ := m.value("spec", "group").(string)
		name, _ := m.value("spec", "names", "kind").(string)
		scope, _ := m.value("spec", "scope").(string)
		s[kind{group, name}] = scope == "Cluster"
	}
	return s
}

// versions are those that Kubernetes gave its own kinds, newest first: a manifest may be
// of one that the schema at hand has no more, or not yet.
var versions = [...]string{"v1", "v2", "v1beta1", "v2beta2", "v1beta2", "v1beta3", "v2beta1", "v1alpha1", "v1alpha2", "v1alpha3"}

// cluster reports whether objects of a kind belong to the cluster and not to a
// namespace. A kind that nobody knows counts as namespaced, as for Argo CD
// (IsNamespacedOrUnknown of its gitops-engine).
func (s scopes) cluster(k kind, apiVersion string) bool {
	if is, ok := s[k]; ok {
		return is
	}
	if is, ok := openapi.IsNamespaceScoped(yaml.TypeMeta{APIVersion: apiVersion, Kind: k.kind}); ok {
		return !is
	}
	for _, v := range versions {
		if k.group != "" {
			v = k.group + "/" + v
		}
		if is, ok := openapi.IsNamespaceScoped(yaml.TypeMeta{APIVersion: v, Kind: k.kind}); ok {
			return !is
		}
	}
	return false
}

// namespaceOf is where the objects of an Application go that name no namespace.
func namespaceOf(argo *gitops.ArgoBuild) string {
	if argo == nil {
		return ""
	}
	return argo.Namespace
}

// toDestination returns what Argo CD compares with the cluster (DeduplicateTargetObjects of its
// controller/state.go): namespaced objects without a namespace have that of the
// destination, the others none, and of several objects with one name the last counts.
// Whose name the API server makes is another each time.
func toDestination(list []manifest, namespace string) []manifest {
	type key struct {
		kind
		namespace, name string
	}
	keyOf := func(m manifest) key { return key{kindOf(m), m.GetNamespace(), m.GetName()} }
	s := scopesOf(list)
	last := make(map[key]int, len(list))
	for i, m := range list {
		if s.cluster(kindOf(m), m.GetApiVersion()) {
			m.setNamespace("")
		} else if m.GetNamespace() == "" {
			m.setNamespace(namespace)
		}
		last[keyOf(m)] = i
	}
	out := make([]manifest, 0, len(list))
	for i, m := range list {
		if m.GetName() == "" && m.generateName() != "" || last[keyOf(m)] == i {
			out = append(out, m)
		}
	}
	return out
}
