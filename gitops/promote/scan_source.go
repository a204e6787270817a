package promote

import (
	"cmp"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// exactVersion matches one version or commit. Ranges, branches and templates are not
// carried as versions: what they mean is often different in each environment by intent.
var exactVersion = regexp.MustCompile(`^(v?[0-9]+(\.[0-9]+)*([-+][0-9A-Za-z.+-]+)?|[0-9a-f]{40}([0-9a-f]{24})?)$`)

// exact adds a scalar that is one version of what key names, "" for nothing.
func (s *scanner) exact(n *yaml.Node, g group, kind EditKind, at trail, key string) {
	if key == "" || !exactVersion.MatchString(text(n)) {
		return
	}
	p := s.text(follow(n), g, kind, at, key)
	if _, name, ok := strings.Cut(s.object, " "); ok && g == groupChart {
		p.release = name
	}
	s.add(follow(n), p)
}

// deployed collects what objects of Argo CD and Flux say about the versions that those
// deploy: https://argo-cd.readthedocs.io/en/stable/operator-manual/application.yaml,
// https://fluxcd.io/flux/components/helm/api/v2 and …/source/api/v1. A patch that
// does not say what of goes by the name of the object.
func (s *scanner) deployed(root *yaml.Node, at trail) {
	spec, name := get(root, "spec"), text(get(get(root, "metadata"), "name"))
	group, _, _ := strings.Cut(text(get(root, "apiVersion")), "/")
	at = at.key("spec")
	switch kind := text(get(root, "kind")); {
	case group == "argoproj.io" && kind == "Application":
		s.application(spec, at, name)
	case group == "argoproj.io" && kind == "ApplicationSet":
		s.application(get(get(spec, "template"), "spec"), at.key("template").key("spec"), name)
	case group == "helm.toolkit.fluxcd.io" && kind == "HelmRelease":
		chart := get(get(spec, "chart"), "spec")
		s.exact(get(chart, "version"), groupChart, Chart, at.key("chart").key("spec").key("version"), cmp.Or(text(get(chart, "chart")), name))
	case group == "kustomize.toolkit.fluxcd.io" && kind == "Kustomization":
		for i, item := range items(get(spec, "images")) {
			s.imageItem(item, at.key("images").item(i, item))
		}
	case group == "source.toolkit.fluxcd.io" && (kind == "OCIRepository" || kind == "GitRepository"):
		for _, field := range []string{"tag", "commit"} {
			s.exact(get(get(spec, "ref"), field), groupSource, BaseRef, at.key("ref").key(field), cmp.Or(sourceURL(text(get(spec, "url"))), name))
		}
	}
}

// application is the spec of an Argo CD Application.
func (s *scanner) application(spec *yaml.Node, at trail, name string) {
	s.source(get(spec, "source"), at.key("source"), name)
	for i, item := range items(get(spec, "sources")) {
		s.source(item, at.key("sources").item(i, item), "")
	}
}

// source is one source of an Argo CD Application: a chart, else a revision of a
// repository, and what is said about the images that they have.
func (s *scanner) source(n *yaml.Node, at trail, name string) {
	s.overrides(n, at)
	revision, at := get(n, "targetRevision"), at.key("targetRevision")
	if chart := text(get(n, "chart")); chart != "" {
		s.exact(revision, groupChart, Chart, at, chart)
		return
	}
	s.exact(revision, groupSource, BaseRef, at, cmp.Or(sourceURL(text(get(n, "repoURL"))), name))
}

// overrides is what a source says beside what it deploys: images of kustomize, parameters
// and values of Helm. The file .argocd-source.yaml has the same; see
// https://argo-cd.readthedocs.io/en/stable/user-guide/parameters/#store-overrides-in-git.
func (s *scanner) overrides(n *yaml.Node, at trail) {
	kustomize, helm := get(n, "kustomize"), get(n, "helm")
	for i, item := range items(get(kustomize, "images")) {
		s.override(item, at.key("kustomize").key("images").item(i, item))
	}
	for i, item := range items(get(helm, "parameters")) {
		s.parameter(item, at.key("helm").key("parameters").item(i, item))
	}
	s.embedded(get(helm, "values"), at.key("helm").key("values"), patchTarget{})
}

// override is an image as Argo CD writes it: name=new:tag, name=new or name:tag.
func (s *scanner) override(n *yaml.Node, at trail) {
	alias, image, renamed := strings.Cut(text(n), "=")
	if !renamed {
		alias, image = "", text(n)
	}
	v, ok := parseImage(image)
	if !ok || v.tag+v.digest == "" {
		return
	}
	name := v.name
	keys := []string{name, imageName(name)}
	p := place{group: groupImage, keys: keys, at: at, value: v}
	if renamed {
		p.keys = []string{alias, imageName(alias), name, imageName(name)}
		alias += "="
	}
	p.id = s.object + "|images " + p.keys[0]
	p.write = func(to version) ([]Edit, error) {
		to.name = name
		return s.imageEdits(p.keys[0], at.String(), at.String(), v, to), s.doc.file.SetValue(n, alias+imageString(to))
	}
	s.add(n, p)
}

// tagParameter is the name of a parameter whose value is the tag of an image.
var tagParameter = regexp.MustCompile(`(?i)(?:^|[._-])(?:image[._-]?)?(?:tag|version)$`)

// parameter is one parameter of Helm: a tag, or an image.
func (s *scanner) parameter(item *yaml.Node, at trail) {
	name, value := text(get(item, "name")), get(item, "value")
	switch {
	case text(value) == "":
	case tagParameter.MatchString(name):
		p := s.text(value, groupImage, ImageTag, at.key("value"), name)
		p.id = s.object + "|parameter " + name
		s.add(value, p)
	default:
		s.image(value, at.key("value"), imageField(name))
	}
}

// sourceURL is the same for both spellings of a repository.
func sourceURL(url string) string { return strings.TrimSuffix(url, ".git") }
