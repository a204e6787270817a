package render

import (
	"bytes"
	"path"

	"github.com/sealift/sealift/gitops"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"
)

// postDir is where a post-renderer finds the output of a chart: beside nothing, so that it
// reads nothing else.
const postDir = treeRoot + "/.sealift-post-renderer"

// postRendered changes objects by patches and images, as the post-renderer kustomize of
// helm-controller does.
func (r *chartRun) postRendered(list []manifest, b *gitops.ChartBuild) ([]manifest, error) {
	if len(b.Patches)+len(b.Images) == 0 {
		return list, nil
	}
	var text bytes.Buffer
	for _, m := range list {
		y, err := m.AsYAML()
		if err != nil {
			return nil, err
		}
		text.WriteString("---\n")
		text.Write(y)
	}
	k := types.Kustomization{TypeMeta: kustomizationType, Resources: []string{"all.yaml"}}
	for _, p := range b.Patches {
		k.Patches = append(k.Patches, types.Patch{Patch: p.Patch, Target: selector(p.Target)})
	}
	for _, im := range b.Images {
		k.Images = append(k.Images, types.Image{Name: im.Name, NewName: im.NewName, NewTag: im.NewTag, Digest: im.Digest})
	}
	kustomization, err := yaml.Marshal(k)
	if err != nil {
		return nil, err
	}
	fs := newFiles(func([]question) ([]found, error) { return nil, nil })
	fs.seen[postDir] = &found{kind: gitops.Dir, path: postDir}
	for _, name := range kustomizationNames {
		fs.seen[path.Join(postDir, name)] = &found{}
	}
	for name, content := range map[string][]byte{kustomizationNames[0]: kustomization, "all.yaml": text.Bytes()} {
		p := path.Join(postDir, name)
		fs.seen[p] = &found{kind: gitops.File, path: p, content: content}
	}
	m, err := krusty.MakeKustomizer(kustomizeOptions(gitops.Build{})).Run(fs, postDir)
	if err != nil {
		why := classify(fs, postDir, err)
		why.message, why.file, why.line, why.column = "post-renderer: "+why.message, "", 0, 0
		return nil, &why
	}
	return manifestsOf(m), nil
}
