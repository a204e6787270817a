package flux

import (
	"fmt"
	"maps"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// options are what a Kustomization adds to its source.
func (j *job) options() *gitops.FluxBuild {
	b := &gitops.FluxBuild{
		Name:                    j.doc.Name,
		Namespace:               j.doc.Namespace,
		TargetNamespace:         j.spec.text("targetNamespace"),
		NamePrefix:              j.spec.text("namePrefix"),
		NameSuffix:              j.spec.text("nameSuffix"),
		Patches:                 j.patches(),
		Components:              j.spec.texts("components"),
		IgnoreMissingComponents: j.spec.is("ignoreMissingComponents"),
		Labels:                  j.spec.strings("commonMetadata", "labels"),
		Annotations:             j.spec.strings("commonMetadata", "annotations"),
		BuildMetadata:           j.spec.texts("buildMetadata"),
	}
	for image := range j.spec.all("images") {
		b.Images = append(b.Images, gitops.FluxImage{
			Name: image.text("name"), NewName: image.text("newName"), NewTag: image.text("newTag"), Digest: image.text("digest"),
		})
	}
	j.substitute(b)
	return b
}

// patches are spec.patches, of which Flux takes text and target and no options, and before
// v1 of the API spec.patchesStrategicMerge and spec.patchesJson6902, which have values.
func (j *job) patches() []gitops.Patch {
	var list []gitops.Patch
	for p := range j.spec.all("patches") {
		list = append(list, gitops.Patch{Patch: p.text("patch"), Target: selector(p.at("target"))})
	}
	if strings.HasSuffix(j.doc.APIVersion, "/v1") {
		return list
	}
	for p := range j.spec.all("patchesStrategicMerge") {
		if text, ok := asYAML(p); ok {
			list = append(list, gitops.Patch{Patch: text})
		}
	}
	for p := range j.spec.all("patchesJson6902") {
		if text, ok := asYAML(p.at("patch")); ok {
			list = append(list, gitops.Patch{Patch: text, Target: selector(p.at("target"))})
		}
	}
	return list
}

// selector reads what a patch is for, nil when it does not say.
func selector(v value) *gitops.Selector {
	if !v.there() {
		return nil
	}
	return &gitops.Selector{
		Group: v.text("group"), Version: v.text("version"), Kind: v.text("kind"),
		Name: v.text("name"), Namespace: v.text("namespace"),
		LabelSelector: v.text("labelSelector"), AnnotationSelector: v.text("annotationSelector"),
	}
}

// substitute fills in the variables of spec.postBuild (LoadVariables and
// SubstituteVariables of fluxcd/pkg/kustomize): those of substituteFrom in their order,
// later ones before earlier ones, and those that stand in the document before all. New
// lines are taken out of values. A variable that a known Secret gives stands for itself.
func (j *job) substitute(b *gitops.FluxBuild) {
	post := j.spec.at("postBuild")
	if !post.there() {
		return
	}
	vars := map[string]string{}
	for from := range post.all("substituteFrom") {
		kind, name, optional := from.text("kind"), from.text("name"), from.is("optional")
		if kind != kindConfigMap && kind != kindSecret {
			continue
		}
		k := j.world.find(kind, j.doc.Namespace, name)
		if k == nil {
			b.Unknown = b.Unknown || !optional || kind == kindSecret
			j.missing(kind, name, optional)
			continue
		}
		for key, v := range k.data {
			if vars[key] = strings.ReplaceAll(v, "\n", ""); kind == kindSecret {
				vars[key] = "${" + key + "}"
			}
		}
	}
	for key, v := range post.strings("substitute") {
		vars[key] = strings.ReplaceAll(v, "\n", "")
	}
	if len(vars) > 0 {
		b.Vars = maps.Clone(vars)
	}
	b.Substitute = len(vars) > 0 || b.Unknown || post.text("substituteStrategy") == "Always"
	b.Strict = b.Substitute && j.Options.Strict
}

// missing says once for a world that variables come from an object that is not here. An
// optional ConfigMap may well not be there; a Secret is mostly made by something else.
func (j *job) missing(kind, name string, optional bool) {
	if optional {
		return
	}
	at := strings.TrimPrefix(j.doc.Namespace+"/"+name, "/")
	message := fmt.Sprintf("%s %s, from which Flux substitutes variables, is not in the repository: they stay as they are written", kind, gitops.Quote(at))
	if j.world.once(message) {
		j.note("", message)
	}
}
