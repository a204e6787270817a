package render

import (
	"github.com/sealift/sealift/gitops"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
)

// build makes the objects of a source: those of its engine, and then what its deployer
// makes of them.
func build(fs *files, dir string, b gitops.Build) ([]manifest, error) {
	if err := fs.directory(dir); err != nil {
		return nil, err
	}
	fs.noCharts, fs.unrestricted = b.Flux != nil, b.Unrestricted // Flux builds without --enable-helm
	fs.kubeVersion, fs.apiVersions = b.KubeVersion, b.APIVersions
	switch b.Engine {
	case gitops.Kustomize:
		switch {
		case b.Flux != nil:
			return flux(fs, dir, b)
		case b.Argo != nil:
			return argo(fs, dir, b)
		case b.Files != nil:
			return generated(fs, dir, b)
		}
		return kustomize(fs, dir, b)
	case gitops.Directory:
		list, err := directory(fs, b.Files)
		if err != nil {
			return nil, err
		}
		return toDestination(list, namespaceOf(b.Argo)), nil
	case gitops.Helm:
		return release(fs, dir, b)
	}
	return nil, &failure{cause: gitops.CauseOther, message: "no such engine: " + gitops.Quote(string(b.Engine))}
}

// kustomize is `kustomize build`.
func kustomize(fs *files, dir string, b gitops.Build) ([]manifest, error) {
	m, err := krusty.MakeKustomizer(kustomizeOptions(b)).Run(fs, dir)
	if err != nil {
		return nil, err
	}
	return manifestsOf(m), nil
}

// kustomizeOptions are those that the command has by default, but for the load
// restriction, which a deployer may lift.
func kustomizeOptions(b gitops.Build) *krusty.Options {
	restriction := types.LoadRestrictionsRootOnly
	if b.Unrestricted {
		restriction = types.LoadRestrictionsNone
	}
	return &krusty.Options{
		Reorder:          krusty.ReorderOptionUnspecified,
		LoadRestrictions: restriction,
		PluginConfig:     types.DisabledPluginConfig(),
	}
}

// directory fails when a source is no directory. Nothing in the repository is to blame
// for that, so the failure has no place: it is that of the unit.
func (f *files) directory(dir string) error {
	switch at, err := f.look(dir); {
	case f.fail != nil:
		return err
	case err != nil:
		return &failure{cause: gitops.CauseMissing, message: "no such directory: " + gitops.Quote(relative(dir))}
	case at.kind != gitops.Dir:
		return &failure{cause: gitops.CauseMissing, message: "file is not a directory: " + gitops.Quote(relative(dir))}
	}
	return nil
}
