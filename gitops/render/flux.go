package render

import (
	"path"
	"strings"

	"github.com/sealift/sealift/gitops"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/resid"
	"sigs.k8s.io/yaml"
)

// flux builds a source as a Kustomization of Flux does (kustomize_generator.go of
// fluxcd/pkg/kustomize v1.41, and build of kustomize-controller). What SOPS encrypted
// stays so: its keys are not here.
func flux(fs *files, dir string, b gitops.Build) ([]manifest, error) {
	own, text, err := fluxText(fs, dir, b.Files)
	if err != nil {
		return nil, err
	}
	a := &adding{deployer: "Kustomization", dir: dir, made: own, text: text, options: fluxOptions(fs, dir, b.Flux), build: &krusty.Options{
		LoadRestrictions: types.LoadRestrictionsNone,
		PluginConfig:     types.DisabledPluginConfig(),
	}}
	m, err := a.run(fs)
	if err != nil {
		return nil, err
	}
	if err := substituteAll(m, b.Flux); err != nil {
		return nil, err
	}
	return applied(m, b.Flux)
}

// fluxText is the kustomization that Flux adds its options to: the source's own, else one
// that lists files. A field that kustomize does not know is left out and not an error,
// and one without resources gets something, so that it is never empty.
func fluxText(fs *files, dir string, list []string) (made, []byte, error) {
	own, err := fs.own(dir)
	if err != nil {
		return own, nil, err
	}
	if list != nil || own.text == nil {
		own.text = nil
		root := path.Dir(own.file)
		if len(list) == 0 {
			text, err := yaml.Marshal(types.Kustomization{TypeMeta: kustomizationType, Namespace: "_placeholder"})
			return own, text, err
		}
		text, err := listing(root, list)
		return own, text, err
	}
	fs.read[own.file] = own.text
	text, err := fluxEdited(func(k *types.Kustomization) *failure {
		if len(k.Resources) == 0 {
			k.BuildMetadata = []string{types.OriginAnnotations}
		}
		return nil
	})(own.text)
	return own, text, err
}

// kustomizationType is what a kustomization that says nothing of itself is.
var kustomizationType = types.TypeMeta{APIVersion: types.KustomizationVersion, Kind: types.KustomizationKind}

// fluxEdited is an edit of Flux, which reads less strictly than the kustomize command.
func fluxEdited(change func(*types.Kustomization) *failure) func([]byte) ([]byte, error) {
	return func(text []byte) ([]byte, error) {
		k := types.Kustomization{TypeMeta: kustomizationType}
		if err := yaml.Unmarshal(text, &k); err != nil {
			return nil, err
		}
		if why := change(&k); why != nil {
			return nil, why
		}
		return yaml.Marshal(k)
	}
}

// fluxOptions are the options in the order in which Flux adds them.
func fluxOptions(fs *files, dir string, o *gitops.FluxBuild) []option {
	var list []option
	add := func(set bool, name string, change func(*types.Kustomization) *failure) {
		if set {
			list = append(list, option{"spec." + name, fluxEdited(change)})
		}
	}
	text := func(set string, field func(*types.Kustomization) *string) func(*types.Kustomization) *failure {
		return func(k *types.Kustomization) *failure {
			*field(k) = set
			return nil
		}
	}
	add(o.TargetNamespace != "", "targetNamespace", text(o.TargetNamespace, func(k *types.Kustomization) *string { return &k.Namespace }))
	add(o.NamePrefix != "", "namePrefix", text(o.NamePrefix, func(k *types.Kustomization) *string { return &k.NamePrefix }))
	add(o.NameSuffix != "", "nameSuffix", text(o.NameSuffix, func(k *types.Kustomization) *string { return &k.NameSuffix }))
	add(len(o.Patches) > 0, "patches", func(k *types.Kustomization) *failure {
		// A patch of Flux has neither a file nor options.
		for _, p := range o.Patches {
			k.Patches = append(k.Patches, types.Patch{Patch: p.Patch, Target: selector(p.Target)})
		}
		return nil
	})
	add(len(o.Components) > 0, "components", func(k *types.Kustomization) *failure {
		for _, c := range o.Components {
			if !localPath(c) {
				return badOption("component must be a path in the repository: %s", gitops.Quote(c))
			}
			if !o.IgnoreMissingComponents || fs.exists(path.Join(dir, c)) {
				k.Components = append(k.Components, c)
			}
		}
		return nil
	})
	add(len(o.Images) > 0, "images", func(k *types.Kustomization) *failure {
		for _, im := range o.Images {
			mergeImage(k, im)
		}
		return nil
	})
	add(len(o.BuildMetadata) > 0, "buildMetadata", func(k *types.Kustomization) *failure {
		k.BuildMetadata = o.BuildMetadata
		return nil
	})
	return list
}

// mergeImage adds an image, or merges it into the first one of its name field by field. A
// tag and a digest are one: who sets either says both.
func mergeImage(k *types.Kustomization, im gitops.FluxImage) {
	for i := range k.Images { // more of one name are left alone: kustomize goes through all
		have := &k.Images[i]
		if have.Name != im.Name {
			continue
		}
		if im.NewName != "" {
			have.NewName = im.NewName
		}
		if im.NewTag != "" || im.Digest != "" {
			have.NewTag, have.Digest = im.NewTag, im.Digest
		}
		return
	}
	k.Images = append(k.Images, types.Image{Name: im.Name, NewName: im.NewName, NewTag: im.NewTag, Digest: im.Digest})
}

// selector is adaptSelector of fluxcd/pkg/kustomize. The fields have the same names.
func selector(s *gitops.Selector) *types.Selector {
	if s == nil {
		return nil
	}
	return &types.Selector{
		ResId:              resid.ResId{Gvk: resid.Gvk{Group: s.Group, Version: s.Version, Kind: s.Kind}, Name: s.Name, Namespace: s.Namespace},
		LabelSelector:      s.LabelSelector,
		AnnotationSelector: s.AnnotationSelector,
	}
}

// localPath is IsLocalRelativePath of fluxcd/pkg/kustomize.
func localPath(p string) bool {
	lower := strings.ToLower(p)
	for _, remote := range []string{"git::", "gh:", "ssh://", "https://", "http://", "git@", "github.com:", "github.com/"} {
		if strings.HasPrefix(lower, remote) && len(lower) > len(remote) {
			return false
		}
	}
	return !path.IsAbs(p) && !path.IsAbs(strings.TrimPrefix(lower, "file://"))
}

// applied returns what Flux applies of what it built, with the metadata that all of it
// gets (ReadObjects and SetCommonMetadata of fluxcd/pkg/ssa). A kustomization is none of
// it.
func applied(m resmap.ResMap, o *gitops.FluxBuild) ([]manifest, error) {
	var list []manifest
	for _, b := range manifestsOf(m) {
		if strings.EqualFold(b.GetKind(), "kustomization") && strings.HasPrefix(b.GetApiVersion(), "kustomize.config.k8s.io/") {
			continue
		}
		if items, ok := b.value("items").([]any); ok {
			more, why := document{object: plain{"items": items}}.items()
			if why != nil {
				why.message = gitops.Quote(b.GetKind()+"/"+b.GetName()) + ": " + why.message
				return nil, why
			}
			for _, item := range more {
				list = append(list, item)
			}
			continue
		}
		list = append(list, b)
	}
	for _, b := range list {
		for field, values := range map[string]map[string]string{"labels": o.Labels, "annotations": o.Annotations} {
			if len(values) == 0 {
				continue
			}
			if err := b.addMetadata(field, values); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}
