package chart

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
	"sigs.k8s.io/yaml"
)

// Version is the release of Helm whose output is reproduced.
const Version = "v3.22.0"

// KubeVersion is the Kubernetes version that charts see when nobody says another: the
// newest that the Helm here knows, as official builds of the helm command have it.
const KubeVersion = "v1.37.0"

// Release is what a chart is rendered as.
type Release struct {
	// Name and Namespace are those of the release.
	Name, Namespace string
	// Values are laid over the chart's own.
	Values Values
	// KubeVersion is that of the cluster, "" for [KubeVersion].
	KubeVersion string
	// APIVersions are those that the cluster has besides Kubernetes' own, such as
	// "monitoring.coreos.com/v1" or "monitoring.coreos.com/v1/ServiceMonitor".
	APIVersions []string
	// CRDs says that what is in crds/ of the charts belongs to the output, NoHooks that
	// hooks do not, NoTests that tests do not. Without NoSchema values must fit the
	// schemas of the charts.
	CRDs, NoHooks, NoTests, NoSchema bool
}

// Document is one object of the output.
type Document struct {
	// Template is the file of the chart that it comes from, such as
	// "web/templates/service.yaml", or a file in crds/.
	Template string
	// Text is YAML without the line that separates documents.
	Text string
	// Hook says that it is one.
	Hook bool
}

// once is the output of one render.
type once struct {
	docs []Document
	asks asks
}

// text is what `helm template` prints.
func text(docs []Document) []byte {
	var b bytes.Buffer
	for _, d := range docs {
		fmt.Fprintf(&b, "---\n# Source: %s\n%s\n", d.Template, d.Text)
	}
	return b.Bytes()
}

// render is one render of a chart that was just read. It follows RunWithContext of Helm's
// action.Install and the template command.
func render(c *chart.Chart, r Release, all bool) (*once, error) {
	if err := chartutil.ValidateReleaseName(r.Name); err != nil {
		return nil, fmt.Errorf("release name %q: %w", r.Name, err)
	}
	values, err := cloned(r.Values.of)
	if err != nil {
		return nil, err
	}
	if err := chartutil.ProcessDependenciesWithMerge(c, values); err != nil {
		return nil, err
	}
	caps, err := capabilities(r)
	if err != nil {
		return nil, err
	}
	if k := c.Metadata.KubeVersion; k != "" && !chartutil.IsCompatibleRange(k, caps.KubeVersion.String()) {
		return nil, fmt.Errorf("chart requires Kubernetes %s, and %s is assumed here", k, caps.KubeVersion.String())
	}
	options := chartutil.ReleaseOptions{Name: r.Name, Namespace: r.Namespace, Revision: 1, IsInstall: true}
	top, err := chartutil.ToRenderValuesWithSchemaValidation(c, values, options, caps, r.NoSchema)
	if err != nil {
		return nil, err
	}
	out := &once{}
	top["Capabilities"] = out.asks.capabilities(caps, all)
	files, err := engine.RenderWithClientProvider(c, top, &out.asks)
	if err != nil {
		return nil, err
	}
	for name := range files {
		if strings.HasSuffix(name, "NOTES.txt") {
			delete(files, name)
		}
	}
	hooks, manifests, err := releaseutil.SortManifests(files, nil, releaseutil.InstallOrder)
	if err != nil {
		return nil, err
	}
	out.collect(c, r, hooks, manifests)
	return out, nil
}

// collect takes the documents in the order of the command: resources of crds/ first, then
// by kind, hooks last.
func (o *once) collect(c *chart.Chart, r Release, hooks []*release.Hook, manifests []releaseutil.Manifest) {
	if r.CRDs {
		for _, crd := range c.CRDObjects() {
			o.docs = append(o.docs, Document{Template: crd.Filename, Text: string(crd.File.Data)})
		}
	}
	for _, m := range manifests {
		o.docs = append(o.docs, Document{Template: m.Name, Text: m.Content})
	}
	for _, h := range hooks {
		if r.NoHooks || r.NoTests && slices.Contains(h.Events, release.HookTest) {
			continue
		}
		o.docs = append(o.docs, Document{Template: h.Path, Text: h.Manifest, Hook: true})
	}
}

// cloned copies values: rendering changes them.
func cloned(v map[string]any) (map[string]any, error) {
	data, err := yaml.Marshal(v)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	return out, yaml.Unmarshal(data, &out)
}

// capabilities are what a release says of its cluster.
func capabilities(r Release) (*chartutil.Capabilities, error) {
	version := r.KubeVersion
	if version == "" {
		version = KubeVersion
	}
	parsed, err := chartutil.ParseKubeVersion(version)
	if err != nil {
		return nil, fmt.Errorf("version %q of Kubernetes: %w", version, err)
	}
	caps := chartutil.DefaultCapabilities.Copy()
	caps.KubeVersion = *parsed
	caps.APIVersions = slices.Concat(caps.APIVersions, r.APIVersions)
	return caps, nil
}
