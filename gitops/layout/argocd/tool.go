package argocd

import (
	"context"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// The tools that a source may have options of, in the order of ExplicitType.
const (
	toolKustomize = "kustomize"
	toolHelm      = "helm"
	toolDirectory = "directory"
	toolPlugin    = "plugin"
)

// tools are all of them.
var tools = [...]string{toolKustomize, toolHelm, toolDirectory, toolPlugin}

// normalized returns a source without the options that say nothing, as the controller
// makes of spec.source (NormalizeSource in util/argo). Those of spec.sources it leaves as
// they are, so that "directory: {}" chooses a tool there and none in spec.source.
func normalized(spec object) object {
	out := maps.Clone(spec)
	for _, tool := range tools {
		options, ok := out[tool].(object)
		if ok && tool != toolPlugin && zero(tool, options) {
			delete(out, tool)
		}
	}
	return out
}

// zero reports whether the options of a tool say nothing (IsZero of its type). Options
// that only go with others, such as forceCommonLabels, are none by themselves.
func zero(tool string, options object) bool {
	for key, v := range options {
		switch {
		case tool == toolKustomize && slices.Contains(kustomizeModifiers[:], key):
		case tool == toolDirectory && key == "jsonnet":
			if len(list(v, "extVars"))+len(list(v, "tlas"))+len(list(v, "libs")) > 0 {
				return false
			}
		case !empty(v):
			return false
		}
	}
	return true
}

// kustomizeModifiers do not count for ApplicationSourceKustomize.IsZero.
var kustomizeModifiers = [...]string{"forceCommonLabels", "forceCommonAnnotations", "commonAnnotationsEnvsubst", "labelWithoutSelector", "labelIncludeTemplates"}

// empty reports whether a value is the zero value of its type.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case string:
		return v == ""
	case float64:
		return v == 0
	case []any:
		return len(v) == 0
	case object:
		return len(v) == 0
	}
	return false
}

// explicit returns the tools that a source chooses by having options of them
// (ApplicationSource.ExplicitType).
func explicit(spec object) []string {
	var out []string
	for _, tool := range tools {
		if _, ok := spec[tool].(object); ok {
			out = append(out, tool)
		}
	}
	return out
}

// tool finds out what a directory is, as GetAppSourceType of the repo-server does, and
// takes it for that. link says that the path itself is a symbolic link: Argo CD walks
// none, so that it finds neither what is there nor any manifest.
func (a *app) tool(ctx context.Context, s source, dir string, link bool) error {
	ok, err := a.override(ctx, &s, dir)
	if err != nil || !ok {
		return err
	}
	chosen := explicit(s.spec)
	if len(chosen) > 1 {
		names := strings.Join(chosen, " and ")
		a.say(gitops.SeverityError, s.line, "has options of %s for one source, which Argo CD refuses: %s", names, gitops.Quote(s.path))
		a.opaque(gitops.ReasonPointer, s.line, dirPatterns(dir), a.key(s), "has options of %s for one source: %s", names, gitops.Quote(s.path))
		return nil
	}
	tool := toolDirectory
	if len(chosen) == 1 {
		tool = chosen[0]
	} else if !link {
		tool = a.discover(dir)
	}
	switch tool {
	case toolKustomize:
		a.kustomize(s, dir)
	case toolHelm:
		return a.chart(ctx, s, dir)
	case toolPlugin:
		a.plugin(s, dir)
	default:
		return a.directory(ctx, s, dir, link)
	}
	return nil
}

// kustomizations are the names of a kustomization (KustomizationNames).
var kustomizations = [...]string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

// discover finds out what a directory is by its files (util/app/discovery, AppType): the
// last one in it that tells, in the order of a walk. A name that only ends in Chart.yaml
// makes a chart too.
func (a *app) discover(dir string) string {
	tool := toolDirectory
	for e := range a.room.children(dir) {
		if e.Kind == gitops.Submodule {
			continue // a directory
		}
		switch base := path.Base(e.Path); {
		case slices.Contains(kustomizations[:], base):
			tool = toolKustomize
		case strings.HasSuffix(base, "Chart.yaml"):
			tool = toolHelm
		}
	}
	return tool
}

// kustomize takes a source that kustomize builds, whether there is a kustomization or not:
// where there is none the build fails, as Argo CD's does.
func (a *app) kustomize(s source, dir string) {
	options := cloneOf(mapping(s.spec, toolKustomize))
	for _, name := range kustomizeParsed {
		if unfilled(encode(options[name])) { // with them the build would only fail
			a.opaque(gitops.ReasonPointer, s.line, nil, a.key(s), "has kustomize.%s that are not known here, without which it is compared: %s", name, gitops.Quote(s.path))
			delete(options, name)
		}
	}
	u := a.unit(s, dir)
	u.Build.Unrestricted = unrestricted(a.room.Options.BuildOptions)
	u.Build.Argo.Kustomize = kustomizeOptions(options)
	a.out.Units = append(a.out.Units, u)
}

// kustomizeParsed are the options of kustomize that are more than text: with a place that
// only a cluster fills in they cannot be read.
var kustomizeParsed = [...]string{"components", "patches", "replicas"}

// unrestricted reports whether options of kustomize build lift the load restrictor.
// Flags may be given as one word or as two; the last one counts.
func unrestricted(options string) bool {
	const flag, none = "--load-restrictor", "LoadRestrictionsNone"
	out := false
	words := strings.Fields(options)
	for i, w := range words {
		switch name, value, joined := strings.Cut(w, "="); {
		case name != flag:
		case joined:
			out = value == none
		case i+1 < len(words):
			out = words[i+1] == none
		}
	}
	return out
}

// plugin takes a source that a plugin renders. The annotation by which Argo CD is told
// what to watch says what else it is made of.
func (a *app) plugin(s source, dir string) {
	reads := &reads{}
	reads.add(dirPatterns(dir)...)
	reads.add(a.watched(s)...)
	a.opaque(gitops.ReasonPlugin, s.line, reads.list(), a.key(s), "deploys what a plugin makes of %s", gitops.Quote(s.path))
}

// watched are the patterns of the annotation manifest-generate-paths
// (GetSourceRefreshPaths in util/app/path).
func (a *app) watched(s source) []string {
	var out []string
	for p := range strings.SplitSeq(text(a.annotations, "argocd.argoproj.io/manifest-generate-paths"), ";") {
		switch {
		case p == "" || len(out) >= maxReads:
		case unfilled(p) || s.path != "" && unfilled(s.path):
			out = append(out, "**")
		default:
			if !path.IsAbs(p) {
				p = path.Join(s.path, p)
			}
			for _, g := range globPatterns(strings.TrimLeft(path.Clean(p), "/")) {
				out = append(out, g, strings.TrimSuffix(g, "/**")+"/**")
			}
		}
	}
	return out
}

// remote takes a source that is not of the tree: nothing of it can be read, and what it is
// deployed with is compared.
func (a *app) remote(_ context.Context, s source, from string) error {
	a.opaque(gitops.ReasonRemote, s.line, nil, a.key(s), "deploys %s", from)
	return nil
}
