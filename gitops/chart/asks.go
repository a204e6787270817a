package chart

import (
	"context"
	"fmt"
	"slices"

	"helm.sh/helm/v3/pkg/chartutil"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// asks notes what templates ask about the cluster.
type asks struct {
	lookups  []string
	versions []string // API versions that are not there
}

// note adds to a list once.
func note(list *[]string, what string) {
	if !slices.Contains(*list, what) {
		*list = append(*list, what)
	}
}

// GetClientFor implements [engine.ClientProvider] of Helm for a cluster without objects.
func (a *asks) GetClientFor(apiVersion, kind string) (dynamic.NamespaceableResourceInterface, bool, error) {
	note(&a.lookups, kind)
	return nothing{}, true, nil
}

// nothing is a kind of objects of which there are none.
type nothing struct {
	dynamic.NamespaceableResourceInterface
}

// Namespace returns a namespace, which has none either.
func (n nothing) Namespace(string) dynamic.ResourceInterface { return n }

// Get finds nothing: lookup then gives an empty map, as without a cluster.
func (nothing) Get(_ context.Context, name string, _ metav1.GetOptions, _ ...string) (*unstructured.Unstructured, error) {
	return nil, apierrors.NewNotFound(schema.GroupResource{}, name)
}

// List finds nothing either.
func (nothing) List(context.Context, metav1.ListOptions) (*unstructured.UnstructuredList, error) {
	return nil, apierrors.NewNotFound(schema.GroupResource{}, "")
}

// cluster is .Capabilities of the templates.
type cluster struct {
	*chartutil.Capabilities
	// APIVersions stands before that of chartutil.
	APIVersions versions
}

// versions are the API versions of a cluster, which note what they are asked for.
type versions struct {
	known chartutil.VersionSet
	asks  *asks
	all   bool
}

// Has reports whether a cluster has a version, or a kind of one.
func (v versions) Has(version string) bool {
	if v.known.Has(version) {
		return true
	}
	note(&v.asks.versions, version)
	return v.all
}

// String prints the versions as the set of Helm does.
func (v versions) String() string { return fmt.Sprint([]string(v.known)) }

// capabilities is what templates see of a cluster. With all it has each version that it
// is asked for.
func (a *asks) capabilities(caps *chartutil.Capabilities, all bool) *cluster {
	return &cluster{caps, versions{caps.APIVersions, a, all}}
}
