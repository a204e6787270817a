package render

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/chart"
)

// release renders a chart in a directory as a deployer does (helmTemplate of the repo-server
// of argo-cd v3.3, and the install action of helm-controller).
func release(fs *files, dir string, b gitops.Build) ([]manifest, error) {
	r := &chartRun{fs: fs, dir: dir}
	list, err := r.build(b)
	if err != nil {
		return nil, r.failure(err)
	}
	return list, nil
}

// chartRun is the render of one chart.
type chartRun struct {
	fs  *files
	dir string // virtual, of the chart
	// packed are the files of a chart that is not in the tree.
	packed []chart.File
	// input is the hash of what goes into the render.
	input []byte
}

// build returns the objects of a release.
func (r *chartRun) build(b gitops.Build) ([]manifest, error) {
	if b.Chart == nil {
		return nil, &failure{cause: gitops.CauseOther, message: "chart without a release"}
	}
	if b.Chart.Repo != "" {
		var err error
		if r.packed, err = r.fs.remoteChart(b.Chart.Repo, b.Chart.Chart, b.Chart.Version); err != nil {
			return nil, err
		}
	}
	c, err := r.load(b.Chart.Own)
	if err != nil {
		return nil, err
	}
	values, err := r.values(b.Chart)
	if err != nil {
		return nil, err
	}
	rel := chart.Release{
		Name: b.Chart.Name, Namespace: b.Chart.Namespace, Values: values,
		KubeVersion: cmp.Or(b.Chart.KubeVersion, b.KubeVersion), APIVersions: b.Chart.APIVersions,
		CRDs: !b.Chart.SkipCRDs, NoTests: b.Chart.SkipTests, NoSchema: b.Chart.SkipSchema,
	}
	if len(rel.APIVersions) == 0 {
		rel.APIVersions = b.APIVersions
	}
	out, err := c.Render(rel)
	if err != nil {
		return nil, err
	}
	r.doubt(out, b.Chart)
	list, err := objectsOf(out, false)
	if err != nil {
		return nil, err
	}
	if list, err = r.postRendered(list, b.Chart); err != nil {
		return nil, err
	}
	hooks, err := objectsOf(out, true)
	if err != nil {
		return nil, err
	}
	list = append(list, hooks...)
	namespace := b.Chart.Namespace
	if b.Argo != nil {
		namespace = b.Argo.Namespace
	}
	list = toDestination(list, namespace)
	for field, values := range map[string]map[string]string{"labels": b.Chart.Labels, "annotations": b.Chart.Annotations} {
		for _, m := range list {
			if len(values) == 0 {
				break
			}
			if err := m.addMetadata(field, values); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

// load reads the chart. Values files that stand for its own are put in their place.
func (r *chartRun) load(own []gitops.ChartValues) (*chart.Chart, error) {
	list := r.packed
	if list == nil {
		var err error
		if list, err = r.fs.chartFiles(r.dir); err != nil {
			return nil, err
		}
	}
	if len(own) > 0 {
		values, err := r.layers(own)
		if err != nil {
			return nil, err
		}
		list = slices.DeleteFunc(list, func(f chart.File) bool { return f.Name == chart.ValuesFile })
		list = append(list, chart.File{Name: chart.ValuesFile, Data: values.YAML()})
	}
	r.count(list)
	return chart.Load(list, r.dependency)
}

// count adds files to the hash of the input.
func (r *chartRun) count(list []chart.File) {
	h := sha256.New()
	h.Write(r.input)
	for _, f := range list {
		fmt.Fprintf(h, "%q %d\n", f.Name, len(f.Data))
		h.Write(f.Data)
	}
	r.input = h.Sum(nil)
}

// file returns the content of a file of the tree.
func (r *chartRun) file(name, what string) ([]byte, error) {
	virtual := path.Join(treeRoot, name)
	at, err := r.fs.look(virtual)
	switch {
	case r.fs.fail != nil:
		return nil, err
	case err != nil:
		return nil, &failure{cause: gitops.CauseMissing, message: "no such " + what + ": " + gitops.Quote(name)}
	case at.kind != gitops.File:
		return nil, &failure{cause: gitops.CauseMissing, message: what + " is a directory: " + gitops.Quote(name)}
	}
	return at.content, nil
}

// values lays the values of a release over each other, and sets its parameters.
func (r *chartRun) values(b *gitops.ChartBuild) (chart.Values, error) {
	values, err := r.layers(b.Values)
	if err != nil {
		return values, err
	}
	if err := r.parameters(&values, b.Parameters); err != nil {
		return values, err
	}
	r.count([]chart.File{{Name: "values", Data: values.YAML()}})
	return values, nil
}

// layers lays documents of values over each other.
func (r *chartRun) layers(list []gitops.ChartValues) (chart.Values, error) {
	var values chart.Values
	var ask []string
	for _, v := range list {
		if v.File != "" {
			ask = append(ask, path.Join(treeRoot, v.File))
		}
	}
	if err := r.fs.prefetch(ask); err != nil {
		return values, err
	}
	for _, v := range list {
		if v.At != "" {
			if err := setAt(&values, v.At, v.Text); err != nil {
				return values, err
			}
			continue
		}
		what, text := "values", []byte(v.Text)
		if v.File != "" {
			if at := r.fs.seen[path.Join(treeRoot, v.File)]; v.Optional && at != nil && at.kind == gitops.Missing && at.fail == nil {
				continue
			}
			var err error
			if what, text, err = r.valuesFile(v.File); err != nil {
				return values, err
			}
		}
		if err := values.Layer(what, text); err != nil {
			return values, &failure{cause: gitops.CauseYAML, file: v.File, line: firstNumber(err.Error()), message: "values: " + withoutValues(err.Error())}
		}
	}
	return values, nil
}

// setAt sets one value, of which quotes say that it is text (ReplacePathValue of
// fluxcd/pkg/chartutil).
func setAt(values *chart.Values, at, text string) error {
	for _, quote := range []string{"'", `"`} {
		if strings.HasPrefix(text, quote) && strings.HasSuffix(text, quote) {
			return values.Set(chart.Text, at, strings.Trim(text, quote))
		}
	}
	return values.Set(chart.Typed, at, text)
}

// valuesFile returns the name and the content of a file of values.
func (r *chartRun) valuesFile(name string) (string, []byte, error) {
	text, err := r.file(name, "values file")
	return name, text, err
}

// parameters sets values in the order of the helm command: --set, --set-string, --set-file.
func (r *chartRun) parameters(values *chart.Values, list []gitops.ChartParameter) error {
	order := func(p gitops.ChartParameter) chart.Kind {
		switch {
		case p.File != "":
			return chart.Whole
		case p.Text:
			return chart.Text
		}
		return chart.Typed
	}
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b gitops.ChartParameter) int { return int(order(a)) - int(order(b)) })
	for _, p := range list {
		value := p.Value
		if p.File != "" {
			text, err := r.file(p.File, "file of a parameter")
			if err != nil {
				return err
			}
			value = string(text)
		}
		if err := values.Set(order(p), p.Name, value); err != nil {
			return err
		}
	}
	return nil
}

// doubt notes what the output depends on that is not known here.
func (r *chartRun) doubt(out *chart.Output, b *gitops.ChartBuild) {
	input := hex.EncodeToString(r.input)
	for _, from := range b.Unknown {
		r.fs.doubts = append(r.fs.doubts, gitops.Doubt{Message: "values come from " + from + ", which are not known here", Key: input})
	}
	if len(out.Documents) == 0 {
		r.fs.doubts = append(r.fs.doubts, gitops.Doubt{Message: "the chart renders to no object here", Key: input})
	}
	if len(out.Lookups) > 0 && b.Cluster {
		r.fs.doubts = append(r.fs.doubts, gitops.Doubt{Message: "templates look up objects in the cluster (" + strings.Join(out.Lookups, ", ") + "), which are not known here", Key: input})
	}
	r.noteVersions(out)
}

// noteVersions notes API versions that would change the output, and random values.
func (r *chartRun) noteVersions(out *chart.Output) {
	quoted := func(list []string) string {
		var names []string
		for _, s := range list[:min(len(list), 5)] {
			names = append(names, gitops.Quote(s))
		}
		if more := len(list) - len(names); more > 0 {
			names = append(names, fmt.Sprintf("%d more", more))
		}
		return strings.Join(names, ", ")
	}
	if len(out.Versions) > 0 {
		r.fs.doubts = append(r.fs.doubts, gitops.Doubt{
			Message: "templates ask whether the cluster has " + quoted(out.Versions) + ", which is not known here (charts.api-versions of .sealift.yaml says so)", Key: out.Otherwise,
		})
	}
	if len(out.Random) > 0 {
		why := gitops.Doubt{Message: "values are others in each render and not compared: " + quoted(out.Random)}
		if out.Hidden {
			why.Key = hex.EncodeToString(r.input)
		}
		r.fs.doubts = append(r.fs.doubts, why)
	}
}

// objectsOf reads the documents of a chart as Argo CD does, its hooks or all others. One
// that is no object is the chart's fault.
func objectsOf(out *chart.Output, hooks bool) ([]manifest, error) {
	var list []manifest
	for _, d := range out.Documents {
		if d.Hook != hooks {
			continue
		}
		docs, why := readStream([]byte(d.Text))
		for _, doc := range docs {
			if why != nil {
				break
			}
			var items []plain
			items, why = doc.items()
			for _, o := range items {
				list = append(list, o)
			}
		}
		if why != nil {
			return nil, &templateError{template: d.Template, message: why.message}
		}
	}
	return list, nil
}

// templateError is a template that renders to something else than objects.
type templateError struct{ template, message string }

// Error names the template.
func (e *templateError) Error() string { return e.template + ": " + e.message }

// The places in what Helm says: a template, whose path begins with the name of the chart,
// with a line and maybe a column.
var (
	templatePlace = regexp.MustCompile(`([\w.-]+)/((?:charts/[\w.-]+/)*(?:templates|crds)/[^\s:)]+)(?::(\d+))?(?::(\d+))?`)
	// unloaded is a file that Helm cannot read.
	unloaded = regexp.MustCompile(`^cannot load ([\w./-]+): `)
	// given are values in what Helm and schemas say.
	given = regexp.MustCompile(`(cannot parse template|error during tpl function execution for|wrong type for value; expected \w+; got|got) "(?:[^"\\]|\\.)*"|'[^'/][^']*'`)
)

// withoutValues takes values out of a message: they may be secret.
func withoutValues(message string) string {
	return given.ReplaceAllStringFunc(message, func(m string) string {
		if word := given.FindStringSubmatch(m)[1]; word != "" {
			return word + " a text"
		}
		return "…"
	})
}

// failure says what is wrong with a chart, and where.
func (r *chartRun) failure(err error) error {
	if why, ok := errors.AsType[*failure](err); ok {
		if r.fs.fail == nil && why.cause == gitops.CauseYAML && why.file == "" {
			why.cause = gitops.CauseChart
		}
		return why
	}
	if r.fs.fail != nil {
		return err
	}
	f := &failure{cause: gitops.CauseChart, message: tidy(withoutValues(err.Error()))}
	if _, ok := errors.AsType[*chart.LimitError](err); ok {
		f.cause = gitops.CauseLimit
	}
	if _, ok := errors.AsType[*chart.MissingError](err); ok {
		f.cause = gitops.CauseHelm
		f.file = relative(path.Join(r.dir, "Chart.yaml"))
	}
	if m := unloaded.FindStringSubmatch(err.Error()); m != nil {
		f.file, f.line = relative(path.Join(r.dir, m[1])), firstNumber(err.Error())
	} else if m := templatePlace.FindStringSubmatch(err.Error()); m != nil {
		f.file = relative(path.Join(r.dir, m[2]))
		f.line, _ = strconv.Atoi(m[3])
		f.column, _ = strconv.Atoi(m[4])
	}
	f.message = "chart does not render: " + f.message
	return f
}
