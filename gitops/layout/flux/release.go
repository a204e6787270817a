package flux

import (
	"cmp"
	"iter"
	"maps"
	"path"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/sealift/sealift/gitops"
)

// release reads a HelmRelease (HelmReleaseSpec of helm-controller v2). A chart of the tree
// is a unit; of any other nothing is rendered.
func (j *job) release() error {
	chart, ref := j.chart()
	if unit, err := j.released(chart, ref); unit || err != nil {
		return err
	}
	if strings.Contains(chart.text("chart"), "${") {
		j.opaque(gitops.ReasonChart, []string{below(prefixOf(chart.text("chart")))}, "is a Helm chart whose path %s has a variable in it, which is not compared", gitops.Quote(chart.text("chart")))
		return nil
	}
	var reads []string
	var key string
	if ref.there() {
		o := j.origin(ref)
		more, err := j.chartReads(o, chart, ref)
		if err != nil {
			return err
		}
		reads, key = more, o.key
	}
	j.opaque(gitops.ReasonChart, reads, "is a Helm chart, which is not compared")
	last := &j.out.Opaque[len(j.out.Opaque)-1]
	for text, k := range j.valuesFrom() {
		if k.From == nil {
			key += "\n" + text
		}
	}
	last.Key += key
	if name := j.chartName(chart, ref); name[strings.LastIndex(name, "/")+1:] == instanceChart {
		j.embedded(j.values())
	}
	return nil
}

// chart returns the spec of the chart of a release and the reference of its source: those
// that stand in the release, or those of the HelmChart that it refers to. A release that
// refers to another source has no spec of a chart, but the source is one.
func (j *job) chart() (spec, ref value) {
	if ref = j.spec.at("chartRef"); !ref.there() {
		spec = j.spec.at("chart", "spec")
		return spec, spec.at("sourceRef")
	}
	if ref.text("kind") != kindHelmChart {
		return value{}, ref
	}
	k := j.world.find(kindHelmChart, cmp.Or(ref.text("namespace"), j.doc.Namespace), ref.text("name"))
	if k == nil {
		return value{}, value{}
	}
	return k.root.at("spec"), k.root.at("spec", "sourceRef")
}

// chartName is what the chart is called, as far as it is known: by its name in a
// repository, its path, or the address of an artifact that is one.
func (j *job) chartName(chart, ref value) string {
	if name := chart.text("chart"); name != "" {
		return name
	}
	k := j.world.find(ref.text("kind"), cmp.Or(ref.text("namespace"), j.doc.Namespace), ref.text("name"))
	if k == nil {
		return ref.text("name")
	}
	return k.root.text("spec", "url")
}

// chartReads returns patterns of what a chart is made of in the tree: nothing when it comes
// from elsewhere. A repository of charts is always elsewhere.
func (j *job) chartReads(o origin, chart, ref value) ([]string, error) {
	if o.reach == gitops.Elsewhere || o.reach == gitops.OtherRevision || ref.text("kind") == kindHelmRepo {
		return nil, nil
	}
	root := o.cut.rootDir()
	dir := path.Join(root, clean(chart.text("chart")))
	if o.reach == gitops.Doubtful && j.Tree.Lookup(dir).Kind != gitops.Dir {
		return nil, nil
	}
	reads, err := j.chartDirs(dir)
	for _, file := range chart.texts("valuesFiles") { // relative to the source, not to the chart
		reads = append(reads, escape(path.Join(root, clean(file))))
	}
	if file := chart.text("valuesFile"); file != "" { // before v2 of the API
		reads = append(reads, escape(path.Join(root, clean(file))))
	}
	return reads, err
}

// maxCharts is how many charts one chart may be made of.
const maxCharts = 50

// chartDirs returns patterns of a chart and of those in the tree that it depends on, by
// `repository: file://../DIR` of its Chart.yaml.
func (j *job) chartDirs(dir string) ([]string, error) {
	var reads []string
	seen := map[string]bool{}
	for todo := []string{dir}; len(todo) > 0 && len(seen) < maxCharts; {
		dir, todo = todo[0], todo[1:]
		if seen[dir] {
			continue
		}
		seen[dir] = true
		reads = append(reads, below(dir))
		if j.Tree.Lookup(dir).Kind == gitops.File { // a chart that is packed
			reads[len(reads)-1] = escape(dir)
			continue
		}
		file := path.Join(dir, "Chart.yaml")
		if j.Tree.Lookup(file).Kind != gitops.File {
			continue
		}
		data, err := j.Tree.Read(j.ctx, file)
		if err != nil {
			return nil, err
		}
		chart, err := parse(data)
		if err != nil {
			continue // the pattern of its directory holds all the same
		}
		for d := range chart.all("dependencies") {
			if at, ok := strings.CutPrefix(d.text("repository"), "file://"); ok {
				todo = append(todo, clean(path.Join(dir, at)))
			}
		}
	}
	return reads, nil
}

// targetNamespace is where the objects of a release go.
func (j *job) targetNamespace() string {
	return cmp.Or(j.spec.text("targetNamespace"), j.doc.Namespace)
}

// valuesFrom yields the texts of values that come from ConfigMaps of the world, in order.
// Values of Secrets are not known.
func (j *job) valuesFrom() iter.Seq2[string, *known] {
	return func(yield func(string, *known) bool) {
		for from := range j.spec.all("valuesFrom") {
			k := j.world.find(from.text("kind"), j.doc.Namespace, from.text("name"))
			if k == nil || from.text("kind") != kindConfigMap {
				continue
			}
			if !yield(k.data[cmp.Or(from.text("valuesKey"), "values.yaml")], k) {
				return
			}
		}
	}
}

// values returns the values of a release as far as they are known: those of valuesFrom in
// their order, and those of the document over them.
func (j *job) values() map[string]any {
	all := map[string]any{}
	for text := range j.valuesFrom() {
		mergeValues(all, decode(text))
	}
	if text, ok := asYAML(j.spec.at("values")); ok {
		mergeValues(all, decode(text))
	}
	return all
}

// decode reads a mapping, nil when a text is none.
func decode(text string) map[string]any {
	var m map[string]any
	if len(text) > maxDocument || yaml.Unmarshal([]byte(text), &m) != nil {
		return nil
	}
	return m
}

// mergeValues merges the values of from into those of to, as Helm does: mappings key by
// key, anything else as a whole (MergeMaps of fluxcd/pkg/chartutil).
func mergeValues(to, from map[string]any) {
	for k, v := range from {
		a, isMap := to[k].(map[string]any)
		b, overMap := v.(map[string]any)
		if isMap && overMap {
			a = maps.Clone(a)
			mergeValues(a, b)
			v = a
		}
		to[k] = v
	}
}
