package flux

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"path"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// released makes a unit of a release whose chart is a directory of the tree, and reports
// whether it is one.
func (j *job) released(chart, ref value) (bool, error) {
	written := chart.text("chart")
	if !ref.there() || strings.Contains(written+chart.text("version"), "${") {
		return false, nil
	}
	if ref.text("kind") == kindHelmRepo {
		return j.releasedRemotely(chart, ref), nil
	}
	o := j.origin(ref)
	dir := path.Join(o.cut.rootDir(), clean(written))
	if o.reach != gitops.Here || o.included(clean(written)) || strings.Contains(dir, "\x00") || j.Tree.Lookup(dir).Kind != gitops.Dir {
		return false, nil
	}
	o.cut.Files = j.ignored(j.ctx, o.cut.rootDir())
	near, err := j.chartDirs(dir)
	if err != nil {
		return false, err
	}
	u := gitops.Unit{
		Overlay:    gitops.Overlay{Path: dir},
		DeployedBy: &gitops.Deployer{Kind: kindHelmRelease, Namespace: j.doc.Namespace, Name: j.doc.Name},
		Artifact:   o.cut.key(),
		Namespace:  j.targetNamespace(),
		Revision:   o.revision,
		Removed:    gitops.PruneDelete, Dropped: gitops.PruneDelete,
		Suspended: j.spec.is("suspend") || o.suspended,
		File:      j.doc.File, Line: j.doc.Line,
		Build: gitops.Build{Engine: gitops.Helm, Chart: j.releaseBuild(chart, o.cut.rootDir())},
	}
	if _, err := j.Artifact(j.ctx, u.Artifact); err != nil {
		if gitops.CodeOf(err) == gitops.Invalid {
			return false, nil
		}
		return false, err
	}
	for _, p := range near {
		u.Near = append(u.Near, unescaped.Replace(strings.TrimSuffix(p, "/**")))
	}
	for _, v := range u.Build.Chart.Own {
		u.Near = append(u.Near, v.File)
	}
	if slices.Sort(u.Near); j.spec.is("suspend") {
		u.Removed, u.Dropped = gitops.PruneKeep, gitops.PruneKeep
		j.say("", "is suspended: a change is not applied until it is resumed")
	}
	j.out.Units = append(j.out.Units, u)
	return true, nil
}

// releasedRemotely makes a unit of a release whose chart is one of a repository of charts,
// where such may be fetched. One that asks for a password is not.
func (j *job) releasedRemotely(chart, ref value) bool {
	k := j.world.find(kindHelmRepo, cmp.Or(ref.text("namespace"), j.doc.Namespace), ref.text("name"))
	if !j.Remotes || k == nil {
		return false
	}
	repo := k.root.at("spec")
	url := repo.text("url")
	if strings.Contains(url, "${") || !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") || repo.at("secretRef").there() || len(chart.texts("valuesFiles")) > 0 {
		return false
	}
	b := j.releaseBuild(chart, "")
	b.Repo, b.Chart, b.Version = url, chart.text("chart"), chart.text("version")
	u := gitops.Unit{
		Overlay:    gitops.Overlay{Path: path.Dir(j.doc.File)}, // where it is deployed from
		DeployedBy: &gitops.Deployer{Kind: kindHelmRelease, Namespace: j.doc.Namespace, Name: j.doc.Name},
		Namespace:  j.targetNamespace(), Revision: b.Version,
		Removed: gitops.PruneDelete, Dropped: gitops.PruneDelete,
		Suspended: j.spec.is("suspend") || repo.is("suspend"),
		File:      j.doc.File, Line: j.doc.Line,
		Build: gitops.Build{Engine: gitops.Helm, Chart: b},
	}
	if u.Suspended {
		u.Removed, u.Dropped = gitops.PruneKeep, gitops.PruneKeep
	}
	j.out.Units = append(j.out.Units, u)
	return true
}

// unescaped takes back what escape does.
var unescaped = strings.NewReplacer(`\\`, `\`, `\*`, `*`, `\?`, `?`, `\[`, `[`, `\]`, `]`, `\{`, `{`, `\}`, `}`)

// releaseBuild is how a release renders its chart.
func (j *job) releaseBuild(chart value, root string) *gitops.ChartBuild {
	install := j.spec.at("install")
	b := &gitops.ChartBuild{
		Name:       j.releaseName(),
		Namespace:  j.targetNamespace(),
		SkipCRDs:   install.text("crds") == "Skip" || install.is("skipCRDs"),
		SkipTests:  !j.spec.is("test", "enable"),
		SkipSchema: install.is("disableSchemaValidation"),
		Cluster:    true,
		Labels:     j.spec.strings("commonMetadata", "labels"), Annotations: j.spec.strings("commonMetadata", "annotations"),
	}
	files := chart.texts("valuesFiles")
	if file := chart.text("valuesFile"); file != "" { // before v2 of the API
		files = append(files, file)
	}
	for _, file := range files { // relative to the source, not to the chart
		b.Own = append(b.Own, gitops.ChartValues{File: path.Join(root, clean(file)), Optional: chart.is("ignoreMissingValuesFiles")})
	}
	j.references(b)
	if text, ok := asYAML(j.spec.at("values")); ok {
		b.Values = append(b.Values, gitops.ChartValues{Text: text})
	}
	for p := range j.spec.all("postRenderers") {
		j.postRenderer(b, p.at("kustomize"))
	}
	return b
}

// postRenderer adds what a post-renderer changes.
func (j *job) postRenderer(b *gitops.ChartBuild, k value) {
	for p := range k.all("patches") {
		b.Patches = append(b.Patches, gitops.Patch{Patch: p.text("patch"), Target: selector(p.at("target"))})
	}
	for p := range k.all("patchesStrategicMerge") {
		if text, ok := asYAML(p); ok {
			b.Patches = append(b.Patches, gitops.Patch{Patch: text})
		}
	}
	for p := range k.all("patchesJson6902") {
		if text, ok := asYAML(p.at("patch")); ok {
			b.Patches = append(b.Patches, gitops.Patch{Patch: text, Target: selector(p.at("target"))})
		}
	}
	for image := range k.all("images") {
		b.Images = append(b.Images, gitops.FluxImage{
			Name: image.text("name"), NewName: image.text("newName"), NewTag: image.text("newTag"), Digest: image.text("digest"),
		})
	}
}

// references adds the values of spec.valuesFrom in their order. Those of Secrets, and of
// what is not in the repository, are not known.
func (j *job) references(b *gitops.ChartBuild) {
	for from := range j.spec.all("valuesFrom") {
		kind, name, key := from.text("kind"), from.text("name"), cmp.Or(from.text("valuesKey"), "values.yaml")
		k := j.world.find(kind, j.doc.Namespace, name)
		if kind != kindConfigMap || k == nil {
			if k == nil && kind == kindConfigMap && from.is("optional") {
				continue
			}
			b.Unknown = append(b.Unknown, kind+" "+gitops.Quote(strings.TrimPrefix(j.doc.Namespace+"/"+name, "/")))
			continue
		}
		text, has := k.data[key]
		switch {
		case !has && from.is("optional"):
		case !has:
			b.Unknown = append(b.Unknown, "key "+gitops.Quote(key)+" of ConfigMap "+gitops.Quote(name)+", which has none of that name")
		default:
			b.Values = append(b.Values, gitops.ChartValues{Text: text, At: from.text("targetPath")})
		}
	}
}

// maxReleaseName is the length of the name of a release, which Helm limits.
const maxReleaseName = 53

// releaseName is what the release is called (GetReleaseName and ShortenName of
// helm-controller).
func (j *job) releaseName() string {
	name := j.spec.text("releaseName")
	if name == "" {
		name = j.doc.Name
		if ns := j.spec.text("targetNamespace"); ns != "" {
			name = ns + "-" + name
		}
	}
	if len(name) <= maxReleaseName {
		return name
	}
	const short = 12
	sum := sha256.Sum256([]byte(name))
	return name[:maxReleaseName-1-short] + "-" + hex.EncodeToString(sum[:])[:short]
}
