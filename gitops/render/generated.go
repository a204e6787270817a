package render

import (
	"path"
	"path/filepath"

	"github.com/sealift/sealift/gitops"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"
)

// generated builds a source whose deployer names the files, as a kustomization would.
func generated(fs *files, dir string, b gitops.Build) ([]manifest, error) {
	own, err := fs.own(dir)
	if err != nil {
		return nil, err
	}
	own = made{file: own.file}
	text, err := listing(path.Dir(own.file), b.Files)
	if err != nil {
		return nil, err
	}
	fs.put(own, text)
	return kustomize(fs, dir, b)
}

// listing is the text of a kustomization in dir of which files of the tree are the
// resources.
func listing(dir string, names []string) ([]byte, error) {
	k := types.Kustomization{TypeMeta: kustomizationType}
	for _, name := range names {
		entry, err := filepath.Rel(dir, path.Join(treeRoot, name))
		if err != nil {
			return nil, &failure{cause: gitops.CauseOutside, message: "path leads out of the repository: " + gitops.Quote(name)}
		}
		k.Resources = append(k.Resources, "./"+entry)
	}
	return yaml.Marshal(k)
}
