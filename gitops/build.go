package gitops

import "encoding/json"

// Engine names what turns a source into objects.
type Engine string

// The engines. The zero value is Kustomize.
const (
	Kustomize Engine = ""
	Directory Engine = "directory" // plain manifests, each file by itself
	Helm      Engine = "helm"
)

// Build is how a source is rendered: by what, and with what its deployer adds. It is
// handed to the worker as JSON, and part of the key of the cache. The zero value is
// `kustomize build` as the command line does it.
type Build struct {
	Engine Engine `json:"engine,omitempty"`
	// Files are the manifests of a source that lists none itself, relative to the root of
	// the tree, in the deployer's order. With Kustomize they are the resources of a
	// generated kustomization, and may be directories.
	Files []string `json:"files,omitempty"`
	// Unrestricted lifts kustomize's rule that files are read only in or below the
	// directory of the kustomization that names them (LoadRestrictionsNone).
	Unrestricted bool `json:"unrestricted,omitempty"`
	// KubeVersion and APIVersions are what charts see of the cluster, where nothing else
	// says it; "" is the newest Kubernetes that is known here.
	KubeVersion string   `json:"kubeVersion,omitempty"`
	APIVersions []string `json:"apiVersions,omitempty"`
	// Chart is how a chart is rendered, with engine Helm.
	Chart *ChartBuild `json:"chart,omitempty"`
	// Argo and Flux are what the deployer adds. At most one is there.
	Argo *ArgoBuild `json:"argo,omitempty"`
	Flux *FluxBuild `json:"flux,omitempty"`
}

// JSON is the build as the worker reads it. Two builds that render alike have the same.
func (b Build) JSON() string {
	data, err := json.Marshal(b)
	if err != nil {
		panic("gitops: a build is text, numbers and flags: " + err.Error())
	}
	return string(data)
}

// Same reports whether two builds are the same, whether what is empty is nil or not.
func (b Build) Same(o Build) bool { return b.JSON() == o.JSON() }

// ChartBuild is a release of a Helm chart: of a directory of the tree, or of a repository
// of charts.
type ChartBuild struct {
	// Repo is the address of a repository of charts, Chart the name of one there and
	// Version its version or a range; they are "" for a chart of the tree.
	Repo    string `json:"repo,omitempty"`
	Chart   string `json:"chart,omitempty"`
	Version string `json:"version,omitempty"`
	// Name and Namespace are those of the release.
	Name      string `json:"name"`
	Namespace string `json:"namespace,omitempty"`
	// Values are laid over the chart's own, one over the other; Own are those that stand
	// for the chart's own.
	Values []ChartValues `json:"values,omitempty"`
	Own    []ChartValues `json:"own,omitempty"`
	// Parameters are set last, those that are Text after the others, those of a File after
	// these.
	Parameters []ChartParameter `json:"parameters,omitempty"`
	// KubeVersion and APIVersions are what its deployer says of the cluster.
	KubeVersion string   `json:"kubeVersion,omitempty"`
	APIVersions []string `json:"apiVersions,omitempty"`
	// What is left out: definitions in crds/, tests, and that values fit the chart's schema.
	SkipCRDs   bool `json:"skipCRDs,omitempty"`
	SkipTests  bool `json:"skipTests,omitempty"`
	SkipSchema bool `json:"skipSchema,omitempty"`
	// Cluster says that the deployer renders with the cluster at hand: what templates look
	// up there is not known here.
	Cluster bool `json:"cluster,omitempty"`
	// Unknown says of values that are not in the repository where they come from, each in
	// words, such as those of a Secret.
	Unknown []string `json:"unknown,omitempty"`
	// Patches and Images are what a post-renderer changes in the output with kustomize.
	Patches []Patch     `json:"patches,omitempty"`
	Images  []FluxImage `json:"images,omitempty"`
	// Labels and Annotations are set on every object at last.
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// ChartValues is one document of values: a text, or a file of the tree.
type ChartValues struct {
	Text string `json:"text,omitempty"`
	// File is its path in the tree. With Optional it may be missing.
	File     string `json:"file,omitempty"`
	Optional bool   `json:"optional,omitempty"`
	// At is the path of the one value that Text is, read as a parameter is; "" for a
	// document.
	At string `json:"at,omitempty"`
}

// ChartParameter sets one value by its path. Its value is read as the helm command reads
// --set, or is text, or the content of a file of the tree.
type ChartParameter struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"`
	Text  bool   `json:"text,omitempty"`
	File  string `json:"file,omitempty"`
}

// Patch is a patch that a deployer adds to a kustomization. Patch is its text, Path a
// file relative to the source; one of them is empty.
type Patch struct {
	Patch   string          `json:"patch,omitempty"`
	Path    string          `json:"path,omitempty"`
	Target  *Selector       `json:"target,omitempty"`
	Options map[string]bool `json:"options,omitempty"`
}

// Selector chooses the objects that a patch is for, as kustomize's does.
type Selector struct {
	Group              string `json:"group,omitempty"`
	Version            string `json:"version,omitempty"`
	Kind               string `json:"kind,omitempty"`
	Name               string `json:"name,omitempty"`
	Namespace          string `json:"namespace,omitempty"`
	LabelSelector      string `json:"labelSelector,omitempty"`
	AnnotationSelector string `json:"annotationSelector,omitempty"`
}

// ArgoBuild is what an Application of Argo CD adds to its source.
type ArgoBuild struct {
	// Namespace is destination.namespace, which namespaced objects without one get.
	Namespace string `json:"namespace,omitempty"`
	// Env are the variables that its options may use, such as ARGOCD_APP_NAME.
	Env map[string]string `json:"env,omitempty"`
	// Kustomize are the options of a kustomize source, nil for none.
	Kustomize *ArgoKustomize `json:"kustomize,omitempty"`
}

// ArgoKustomize is spec.source.kustomize of an Application
// (ApplicationSourceKustomize of argo-cd v3), with images and labels as written.
type ArgoKustomize struct {
	NamePrefix              string            `json:"namePrefix,omitempty"`
	NameSuffix              string            `json:"nameSuffix,omitempty"`
	Images                  []string          `json:"images,omitempty"`
	Replicas                []ArgoReplicas    `json:"replicas,omitempty"`
	CommonLabels            map[string]string `json:"commonLabels,omitempty"`
	ForceCommonLabels       bool              `json:"forceCommonLabels,omitempty"`
	LabelWithoutSelector    bool              `json:"labelWithoutSelector,omitempty"`
	LabelIncludeTemplates   bool              `json:"labelIncludeTemplates,omitempty"`
	CommonAnnotations       map[string]string `json:"commonAnnotations,omitempty"`
	ForceCommonAnnotations  bool              `json:"forceCommonAnnotations,omitempty"`
	AnnotationsEnvsubst     bool              `json:"commonAnnotationsEnvsubst,omitempty"`
	Namespace               string            `json:"namespace,omitempty"`
	Patches                 []Patch           `json:"patches,omitempty"`
	Components              []string          `json:"components,omitempty"`
	IgnoreMissingComponents bool              `json:"ignoreMissingComponents,omitempty"`
}

// ArgoReplicas sets how many replicas a workload has; Count is a number, or text that
// Argo CD reads as one.
type ArgoReplicas struct {
	Name  string `json:"name"`
	Count string `json:"count"`
}

// FluxBuild is what a Kustomization of Flux adds to its source
// (KustomizationSpec of kustomize-controller v1).
type FluxBuild struct {
	// Name and Namespace are the Kustomization's own.
	Name                    string            `json:"name"`
	Namespace               string            `json:"namespace"`
	TargetNamespace         string            `json:"targetNamespace,omitempty"`
	NamePrefix              string            `json:"namePrefix,omitempty"`
	NameSuffix              string            `json:"nameSuffix,omitempty"`
	Patches                 []Patch           `json:"patches,omitempty"`
	Images                  []FluxImage       `json:"images,omitempty"`
	Components              []string          `json:"components,omitempty"`
	IgnoreMissingComponents bool              `json:"ignoreMissingComponents,omitempty"`
	Labels                  map[string]string `json:"labels,omitempty"`
	Annotations             map[string]string `json:"annotations,omitempty"`
	// BuildMetadata replaces that of the kustomization when it is not empty.
	BuildMetadata []string `json:"buildMetadata,omitempty"`
	// Substitute says whether variables are substituted at all, Vars what they are, by
	// then of all sources together.
	Substitute bool              `json:"substitute,omitempty"`
	Vars       map[string]string `json:"vars,omitempty"`
	// Unknown says that there are variables whose values are not in the repository, such
	// as those of a Secret: what is not in Vars stays as it is written.
	Unknown bool `json:"unknown,omitempty"`
	// Strict says that a variable that is not in Vars and has no default fails the build.
	Strict bool `json:"strict,omitempty"`
}

// FluxImage is an entry of spec.images.
type FluxImage struct {
	Name    string `json:"name"`
	NewName string `json:"newName,omitempty"`
	NewTag  string `json:"newTag,omitempty"`
	Digest  string `json:"digest,omitempty"`
}
