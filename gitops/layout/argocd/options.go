package argocd

import (
	"github.com/sealift/sealift/gitops"
)

// kustomizeOptions reads the options of a kustomize source, nil for none.
func kustomizeOptions(k object) *gitops.ArgoKustomize {
	if len(k) == 0 || zero(toolKustomize, k) {
		return nil
	}
	out := &gitops.ArgoKustomize{
		NamePrefix: text(k, "namePrefix"), NameSuffix: text(k, "nameSuffix"), Namespace: text(k, "namespace"),
		Images: texts(k, "images"), Components: texts(k, "components"), IgnoreMissingComponents: truth(k, "ignoreMissingComponents"),
		CommonLabels: textMap(k, "commonLabels"), ForceCommonLabels: truth(k, "forceCommonLabels"),
		LabelWithoutSelector: truth(k, "labelWithoutSelector"), LabelIncludeTemplates: truth(k, "labelIncludeTemplates"),
		CommonAnnotations: textMap(k, "commonAnnotations"), ForceCommonAnnotations: truth(k, "forceCommonAnnotations"),
		AnnotationsEnvsubst: truth(k, "commonAnnotationsEnvsubst"),
	}
	for _, e := range list(k, "replicas") {
		out.Replicas = append(out.Replicas, gitops.ArgoReplicas{Name: text(e, "name"), Count: text(e, "count")})
	}
	for _, e := range list(k, "patches") {
		out.Patches = append(out.Patches, gitops.Patch{
			Patch: text(e, "patch"), Path: text(e, "path"), Target: selector(mapping(e, "target")), Options: switches(mapping(e, "options")),
		})
	}
	return out
}

// selector reads the target of a patch.
func selector(t object) *gitops.Selector {
	if t == nil {
		return nil
	}
	return &gitops.Selector{
		Group: text(t, "group"), Version: text(t, "version"), Kind: text(t, "kind"), Name: text(t, "name"), Namespace: text(t, "namespace"),
		LabelSelector: text(t, "labelSelector"), AnnotationSelector: text(t, "annotationSelector"),
	}
}

// switches reads options that are on or off.
func switches(m object) map[string]bool {
	if len(m) == 0 {
		return nil
	}
	out := make(map[string]bool, len(m))
	for k, v := range m {
		out[k] = v == true
	}
	return out
}
