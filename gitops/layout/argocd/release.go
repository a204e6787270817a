package argocd

import (
	"cmp"
	"context"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	sigs "sigs.k8s.io/yaml"

	"github.com/sealift/sealift/gitops"
)

// release is how a chart in a directory of the tree is rendered (helmTemplate of the
// repo-server). why says why that is not known, "" when it is.
func (a *app) release(ctx context.Context, s source, dir string) (b *gitops.ChartBuild, why string, err error) {
	h := mapping(s.spec, toolHelm)
	b = &gitops.ChartBuild{
		Name:        cmp.Or(text(h, "releaseName"), a.deployer.Name),
		Namespace:   cmp.Or(text(h, "namespace"), a.namespace),
		KubeVersion: text(h, "kubeVersion"),
		APIVersions: texts(h, "apiVersions"),
		SkipCRDs:    truth(h, "skipCrds"), SkipTests: truth(h, "skipTests"), SkipSchema: truth(h, "skipSchemaValidation"),
	}
	if unfilled(b.Name + b.Namespace + b.KubeVersion + strings.Join(b.APIVersions, "")) {
		return nil, "as a release that is not known here", nil
	}
	env := a.env(s)
	if why, err = a.valueFiles(ctx, b, h, dir, env); why != "" || err != nil {
		return nil, why, err
	}
	given := text(h, "values")
	if v := at(h, "valuesObject"); v != nil {
		data, err := sigs.Marshal(v)
		if err != nil {
			return nil, "with values that cannot be read", nil
		}
		given = string(data)
	}
	if unfilled(given) && unfilled(a.deployer.Name+a.namespace+a.deployer.Cluster) {
		return nil, "with values that are not known here", nil
	}
	if given != "" {
		b.Values = append(b.Values, gitops.ChartValues{Text: given})
	}
	why, err = a.parameters(ctx, b, h, dir, env)
	return b, why, err
}

// valueFiles adds the value files in their order (getResolvedValueFiles).
func (a *app) valueFiles(ctx context.Context, b *gitops.ChartBuild, h object, dir string, env map[string]string) (string, error) {
	files := texts(h, "valueFiles")
	if len(files) > maxValues {
		return "with more value files than are read", nil
	}
	optional := truth(h, "ignoreMissingValueFiles")
	for _, f := range files {
		p, why, err := a.valuePath(ctx, f, dir, env)
		if why != "" || err != nil {
			return why, err
		}
		matches := []string{p}
		if strings.ContainsAny(p, "*?[") && a.room.Tree.Lookup(p).Kind == gitops.Missing {
			if matches = a.matching(p); len(matches) == 0 && !optional {
				matches = []string{p} // nothing is there: the render says so
			}
		}
		for _, m := range matches {
			b.Values = append(b.Values, gitops.ChartValues{File: m, Optional: optional})
		}
	}
	return "", nil
}

// matching returns the files of the tree that a pattern matches, in the order of their
// paths.
func (a *app) matching(pattern string) []string {
	var out []string
	base, _ := doublestar.SplitPattern(pattern)
	for e := range a.room.below(base) {
		if !a.spend(1) || len(out) > maxValues {
			break
		}
		if ok, err := doublestar.Match(pattern, e.Path); ok && err == nil && e.Kind != gitops.Submodule {
			out = append(out, e.Path)
		}
	}
	slices.Sort(out)
	return out
}

// valuePath returns the path in the tree of a value file or of the file of a parameter. It
// lies beside the chart, at the root of the repository after a slash, or in the source of
// another name after "$NAME/". why says why it is not known.
func (a *app) valuePath(_ context.Context, file, dir string, env map[string]string) (p, why string, err error) {
	name, rest, _ := strings.Cut(file, "/")
	ref, named := a.refs[name]
	if named {
		if a.reach(text(ref, "repoURL"), text(ref, "targetRevision")) != gitops.Here {
			return "", "with values of another repository or revision, " + gitops.Quote(file), nil
		}
		file = "/" + rest
	}
	file = expand(file, env)
	switch u, err := url.Parse(file); {
	case unfilled(file):
		return "", "with values that are not known here, " + gitops.Quote(file), nil
	case err == nil && u.Scheme != "":
		return "", "with values from an address, " + gitops.Quote(file), nil
	}
	if dir == "" && !named { // within the chart, which is not here
		return "", "with values of the chart itself, " + gitops.Quote(file), nil
	}
	if !path.IsAbs(file) {
		file = path.Join(dir, file)
	}
	if p = strings.TrimLeft(path.Clean(file), "/"); p == ".." || strings.HasPrefix(p, "../") || p == "" {
		return "", "with values outside of the repository, " + gitops.Quote(file), nil
	}
	return p, "", nil
}

// parameters adds those that are set one by one. Argo CD has them in a map: of one name
// the last counts, and their order is no order.
func (a *app) parameters(ctx context.Context, b *gitops.ChartBuild, h object, dir string, env map[string]string) (string, error) {
	byName := map[string]gitops.ChartParameter{}
	add := func(kind string, p gitops.ChartParameter) { byName[kind+"\x00"+p.Name] = p }
	for _, p := range list(h, "parameters") {
		value := expand(text(p, "value"), env)
		if unfilled(text(p, "name") + text(p, "value")) {
			return "with parameters that are not known here", nil
		}
		one := gitops.ChartParameter{Name: text(p, "name"), Value: escapeCommas(value), Text: truth(p, "forceString")}
		kind := "typed"
		if one.Text {
			kind = "text"
		}
		add(kind, one)
	}
	for _, p := range list(h, "fileParameters") {
		file, why, err := a.valuePath(ctx, text(p, "path"), dir, env)
		if why != "" || err != nil {
			return why, err
		}
		add("whole", gitops.ChartParameter{Name: text(p, "name"), File: file})
	}
	for _, key := range slices.Sorted(keysOf(byName)) {
		b.Parameters = append(b.Parameters, byName[key])
	}
	return "", nil
}

// escapeCommas escapes the commas of a value that is no list, because the helm command
// would begin another parameter there (cleanSetParameters).
func escapeCommas(value string) string {
	if strings.HasPrefix(value, "{") && strings.HasSuffix(value, "}") {
		return value
	}
	var b strings.Builder
	before := rune(0)
	for _, r := range value {
		if r == ',' && before != '\\' {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
		before = r
	}
	return b.String()
}
