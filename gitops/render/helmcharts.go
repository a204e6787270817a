package render

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/provider"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
	"sigs.k8s.io/kustomize/kyaml/yaml/merge2"
	sigs "sigs.k8s.io/yaml"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/chart"
)

// kustomize renders the charts of a kustomization with the helm command. Here the
// worker renders them before kustomize sees the kustomization, and puts the objects where
// that command would: behind those of the other generators and before the components.
// That place is a component of its own, the first one, whose only resource are they.

// helmChart is an entry of helmCharts, or the configuration of a generator
// (HelmChartInflationGenerator of kustomize).
type helmChart struct {
	types.HelmGlobals
	types.HelmChart
}

// charts renders the charts of a kustomization and takes them out of it.
func (r *rewriter) charts(m *yaml.Node) {
	if m.Kind != yaml.MappingNode || r.files.noCharts || r.refused != nil {
		return
	}
	list, at := r.helmCharts(m)
	if len(list) == 0 {
		return
	}
	if r.files.origins {
		r.refuse(at[0], gitops.CauseHelm, "buildMetadata cannot show the origin of what a chart renders to here")
		return
	}
	var objects []byte
	for i, c := range list {
		out, err := r.inflate(c)
		if err == nil {
			objects = append(objects, out...)
			continue
		}
		why := &failure{cause: gitops.CauseChart, message: err.Error()}
		if own, ok := errors.AsType[*failure](err); ok {
			why = own
		}
		if why.file == "" {
			from := r.files.place(r.kustomization, at[i])
			why.file, why.line, why.column = from.file, from.line, from.column
		}
		r.refused = why
		return
	}
	r.changed = true
	setField(m, "helmGlobals", &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}) // says nothing, and is not nothing
	if len(objects) > 0 {
		r.component(m, objects)
	}
}

// helmCharts takes the charts out of a kustomization, with the nodes that say where they
// stand. Generators that are mixed with others stay, and fail in kustomize.
func (r *rewriter) helmCharts(m *yaml.Node) (list []helmChart, at []*yaml.Node) {
	var globals types.HelmGlobals
	if n := field(m, "helmGlobals"); n != nil {
		_ = n.Decode(&globals)
	}
	if n := field(m, "helmCharts"); n != nil {
		for _, item := range n.Content {
			c := helmChart{HelmGlobals: globals}
			if !decodeStrictly(item, &c.HelmChart) {
				return nil, nil
			}
			c.Namespace = cmp.Or(c.Namespace, scalar(m, "namespace"), r.files.inherited(r.dir))
			list, at = append(list, c), append(at, item)
		}
		if field(m, "generators") != nil && len(list) > 0 {
			return nil, nil // their order is kustomize's to know
		}
		dropField(m, "helmCharts")
	}
	if n := field(m, "generators"); n != nil && len(list) == 0 {
		list, at = r.generators(n)
		if len(list) > 0 {
			dropField(m, "generators")
		}
	}
	return list, at
}

// generators reads files of generators, when all of them are charts.
func (r *rewriter) generators(n *yaml.Node) (list []helmChart, at []*yaml.Node) {
	for _, item := range n.Content {
		text := []byte(item.Value)
		if !strings.Contains(item.Value, "\n") {
			found, err := r.files.look(path.Join(r.dir, item.Value))
			if err != nil || found.kind != gitops.File {
				return nil, nil
			}
			text = found.content
		}
		for _, doc := range strings.Split("\n"+string(text), "\n---") {
			var c helmChart
			var head types.TypeMeta
			switch {
			case strings.TrimSpace(doc) == "":
				continue
			case sigs.Unmarshal([]byte(doc), &head) != nil || head.Kind != "HelmChartInflationGenerator" || sigs.Unmarshal([]byte(doc), &c) != nil:
				return nil, nil
			}
			list, at = append(list, c), append(at, item)
		}
	}
	return list, at
}

// decodeStrictly reads an entry as kustomize does: what it does not know is for kustomize
// to refuse.
func decodeStrictly(n *yaml.Node, to any) bool {
	text, err := yaml.Marshal(n)
	return err == nil && sigs.UnmarshalStrict(text, to) == nil
}

// inflate renders one chart to objects as text.
func (r *rewriter) inflate(c helmChart) ([]byte, error) {
	home := path.Join(r.dir, cmp.Or(c.ChartHome, types.HelmDefaultHome))
	if filepath.IsAbs(c.ChartHome) {
		return nil, &failure{cause: gitops.CauseOutside, message: "chartHome is an absolute path: " + gitops.Quote(c.ChartHome)}
	}
	if c.Version != "" && c.Repo != "" {
		home = path.Join(home, c.Name+"-"+c.Version)
	}
	if c.Name == "" || strings.HasPrefix(c.Name, "-") || strings.HasPrefix(c.ReleaseName, "-") || strings.Contains(c.NameTemplate, "{{") || c.NameTemplate != "" && c.ReleaseName != "" {
		return nil, &failure{cause: gitops.CauseField, message: "chart has no name or release name that can be used here: " + gitops.Quote(c.Name)}
	}
	run := &chartRun{fs: r.files, dir: path.Join(home, c.Name)}
	at, err := r.files.look(run.dir)
	if err != nil && r.files.fail != nil {
		return nil, err
	}
	if missing := err != nil || at.kind != gitops.Dir; missing && c.Repo != "" {
		if run.packed, err = r.files.remoteChart(c.Repo, c.Name, c.Version); err != nil {
			return nil, err
		}
	} else if missing {
		return nil, &failure{cause: gitops.CauseHelm, message: "Helm chart " + gitops.Quote(c.Name) + " is not in the repository: there is no directory " + gitops.Quote(relative(run.dir))}
	}
	if run.packed == nil {
		run.dir = at.path
	}
	out, err := run.inflate(r, c)
	if err != nil {
		return nil, run.failure(err)
	}
	return out, nil
}

// inflate is the render itself.
func (r *chartRun) inflate(w *rewriter, c helmChart) ([]byte, error) {
	list := r.packed
	var err error
	if list == nil {
		if list, err = r.fs.chartFiles(r.dir); err != nil {
			return nil, err
		}
	}
	r.count(list)
	loaded, err := chart.Load(list, nil) // the command builds no dependencies
	if err != nil {
		return nil, err
	}
	values, err := w.chartValues(c, r)
	if err != nil {
		return nil, err
	}
	r.count([]chart.File{{Name: "values", Data: values.YAML()}})
	out, err := loaded.Render(chart.Release{
		Name:      cmp.Or(c.ReleaseName, c.NameTemplate, "release-name"),
		Namespace: cmp.Or(c.Namespace, "default"), Values: values,
		KubeVersion: cmp.Or(c.KubeVersion, r.fs.kubeVersion), APIVersions: slices.Concat(c.ApiVersions, r.fs.apiVersions),
		CRDs: c.IncludeCRDs, NoHooks: c.SkipHooks, NoTests: c.SkipTests,
	})
	if err != nil {
		return nil, err
	}
	r.doubt(out, &gitops.ChartBuild{})
	return marked(out.Text())
}

// chartValues are the values files and inline values, in kustomize's order.
func (r *rewriter) chartValues(c helmChart, run *chartRun) (chart.Values, error) {
	var values chart.Values
	first := path.Join(run.dir, chart.ValuesFile)
	if c.ValuesFile != "" {
		first = path.Join(r.dir, c.ValuesFile)
	}
	var text []byte
	var err error
	if len(c.ValuesInline) == 0 || c.ValuesMerge != "replace" {
		if i := slices.IndexFunc(run.packed, func(f chart.File) bool { return f.Name == chart.ValuesFile }); i >= 0 && c.ValuesFile == "" {
			text = run.packed[i].Data
		} else if text, err = r.load(first); err != nil {
			return values, err
		}
	}
	if len(c.ValuesInline) > 0 {
		if text, err = inlined(text, c); err != nil {
			return values, err
		}
	}
	if err := values.Layer(relative(first), text); err != nil {
		return values, err
	}
	for _, name := range c.AdditionalValuesFiles {
		if text, err = r.load(path.Join(r.dir, name)); err != nil {
			return values, err
		}
		if err := values.Layer(name, text); err != nil {
			return values, err
		}
	}
	return values, nil
}

// load reads a file as kustomize's loader lets it: in or below the directory of the
// kustomization, unless that is lifted.
func (r *rewriter) load(virtual string) ([]byte, error) {
	at, err := r.files.look(virtual)
	switch {
	case r.files.fail != nil:
		return nil, err
	case err != nil || at.kind != gitops.File:
		return nil, &failure{cause: gitops.CauseMissing, message: "no such values file: " + gitops.Quote(relative(virtual))}
	case !r.files.unrestricted && !within(at.path, r.dir):
		return nil, &failure{cause: gitops.CauseField,
			message: fmt.Sprintf("file %s is not in or below %s, and kustomize reads no others from there", gitops.Quote(relative(at.path)), gitops.Quote(relative(r.dir)))}
	}
	return at.content, nil
}

// inlined merges inline values with those of a file (replaceValuesInline).
func inlined(text []byte, c helmChart) ([]byte, error) {
	if c.ValuesMerge != "" && c.ValuesMerge != "override" && c.ValuesMerge != "merge" {
		if c.ValuesMerge != "replace" {
			return nil, &failure{cause: gitops.CauseField, message: "valuesMerge must be merge, override or replace, and is " + gitops.Quote(c.ValuesMerge)}
		}
		return sigs.Marshal(c.ValuesInline)
	}
	file, err := kyaml.Parse(string(text))
	if err != nil {
		return nil, err
	}
	inline, err := kyaml.FromMap(c.ValuesInline)
	if err != nil {
		return nil, err
	}
	var out *kyaml.RNode
	if c.ValuesMerge == "merge" {
		out, err = merge2.Merge(file, inline.Copy(), kyaml.MergeOptions{})
	} else {
		out, err = merge2.Merge(inline, file.Copy(), kyaml.MergeOptions{})
	}
	if err != nil {
		return nil, err
	}
	m, err := out.Map()
	if err != nil {
		return nil, err
	}
	return sigs.Marshal(m)
}

// marked reads the output of a chart as kustomize does, and prints it with the mark by
// which kustomize leaves namespaces alone that Helm has set.
func marked(text []byte) ([]byte, error) {
	m, err := resmap.NewFactory(provider.NewDefaultDepProvider().GetResourceFactory()).NewResMapFromBytes(text)
	if err != nil {
		return nil, err
	}
	var out []byte
	for _, o := range m.Resources() {
		if err := o.PipeE(kyaml.SetAnnotation(konfig.HelmGeneratedAnnotation, "true")); err != nil {
			return nil, err
		}
		y, err := o.AsYAML()
		if err != nil {
			return nil, err
		}
		out = append(append(out, "---\n"...), y...)
	}
	return out, nil
}

// component adds a component with objects to a kustomization, before all others. It exists
// for this render only.
func (r *rewriter) component(m *yaml.Node, objects []byte) {
	f := r.files
	name := fmt.Sprintf(".sealift-charts-%d", f.components)
	f.components++
	dir := path.Join(r.dir, name)
	f.seen[dir] = &found{virtual: dir, kind: gitops.Dir, path: dir}
	for _, k := range kustomizationNames {
		f.seen[path.Join(dir, k)] = &found{}
	}
	text := []byte("apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [objects.yaml]\n")
	for file, content := range map[string][]byte{kustomizationNames[0]: text, "objects.yaml": objects} {
		p := path.Join(dir, file)
		f.seen[p] = &found{virtual: p, kind: gitops.File, path: p, content: content}
	}
	first := &yaml.Node{Kind: yaml.ScalarNode, Value: "./" + name}
	if n := field(m, "components"); n != nil && n.Kind == yaml.SequenceNode {
		n.Content = append([]*yaml.Node{first}, n.Content...)
		return
	}
	setField(m, "components", &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{first}})
}

// field returns the value of a key of a mapping, nil when there is none.
func field(m *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return m.Content[i+1]
		}
	}
	return nil
}

// scalar returns the text of a key, "" when there is none.
func scalar(m *yaml.Node, key string) string {
	if n := field(m, key); n != nil && n.Kind == yaml.ScalarNode {
		return n.Value
	}
	return ""
}

// setField sets a key of a mapping.
func setField(m *yaml.Node, key string, value *yaml.Node) {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			m.Content[i+1] = value
			return
		}
	}
	m.Content = append(m.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, value)
}

// dropField takes a key out of a mapping.
func dropField(m *yaml.Node, key string) {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			m.Content = append(m.Content[:i:i], m.Content[i+2:]...)
			return
		}
	}
}
