package render

import (
	"fmt"
	"os"
	"strconv"

	"github.com/sealift/sealift/gitops"
)

// argo builds a kustomization as an Application does: its options are added in the order
// of util/kustomize/kustomize.go of argo-cd v3.3.
func argo(fs *files, dir string, b gitops.Build) ([]manifest, error) {
	list, err := argoKustomize(fs, dir, b)
	if err != nil {
		return nil, err
	}
	if list, err = takeApart(list); err != nil {
		return nil, err
	}
	return toDestination(list, namespaceOf(b.Argo)), nil
}

// argoKustomize builds with the options, if there are any. Without one the kustomization
// is read as it is, not written anew, so that places in it are exact.
func argoKustomize(fs *files, dir string, b gitops.Build) ([]manifest, error) {
	a := &application{fs: fs, dir: dir, argo: b.Argo}
	if k := b.Argo.Kustomize; k != nil {
		a.collect(k)
	}
	if len(a.options) == 0 {
		return kustomize(fs, dir, b)
	}
	var err error
	if a.own, err = fs.own(dir); err != nil {
		return nil, err
	}
	if a.own.text == nil {
		return nil, &failure{cause: gitops.CauseMissing,
			message: fmt.Sprintf("%s of the Application: directory has no kustomization: %s", a.options[0].name, gitops.Quote(relative(dir)))}
	}
	adding := &adding{deployer: "Application", dir: dir, made: a.own, text: a.own.text, options: a.options, build: kustomizeOptions(b)}
	m, err := adding.run(fs)
	if err != nil {
		return nil, err
	}
	return manifestsOf(m), nil
}

// application collects what an Application adds to a kustomization.
type application struct {
	fs      *files
	dir     string // as the Application says it, which may lead through links
	argo    *gitops.ArgoBuild
	own     made
	options []option
}

// collect brings the options into the order in which Argo CD edits the kustomization.
func (a *application) collect(k *gitops.ArgoKustomize) {
	add := func(set bool, name string, edit func([]byte) ([]byte, error)) {
		if set {
			a.options = append(a.options, option{"kustomize." + name, edit})
		}
	}
	add(k.NamePrefix != "", "namePrefix", setName(&k.NamePrefix, nil))
	add(k.NameSuffix != "", "nameSuffix", setName(nil, &k.NameSuffix))
	add(len(k.Images) > 0, "images", setImages(a.substituted(k.Images)))
	add(len(k.Replicas) > 0, "replicas", setReplicas(k.Replicas))
	add(len(k.CommonLabels) > 0, "commonLabels", addLabels(k, a.substitutedMap(k.CommonLabels)))
	annotations := k.CommonAnnotations
	if k.AnnotationsEnvsubst {
		annotations = a.substitutedMap(annotations)
	}
	add(len(k.CommonAnnotations) > 0, "commonAnnotations", addAnnotations(k.ForceCommonAnnotations, annotations))
	add(k.Namespace != "", "namespace", setNamespace(k.Namespace))
	add(len(k.Patches) > 0, "patches", addPatches(k.Patches))
	add(len(k.Components) > 0, "components", a.addComponents(k))
}

// substituted puts the variables of the Application into values: $$ is a dollar, and one
// that is not there is nothing (Envsubst of its Env).
func (a *application) substituted(values []string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = a.substitute(v)
	}
	return out
}

// substitutedMap is substituted for the values of a map. Keys are as they are.
func (a *application) substitutedMap(values map[string]string) map[string]string {
	out := make(map[string]string, len(values))
	for k, v := range values {
		out[k] = a.substitute(v)
	}
	return out
}

// substitute reads a value as os.Expand does, which is what Argo CD calls: it takes $NAME
// and ${NAME}, and special names of the shell such as $1 and $? too.
func (a *application) substitute(value string) string {
	return os.Expand(value, func(name string) string {
		if name == "$" {
			return "$"
		}
		return a.argo.Env[name]
	})
}

// replicaCount reads the count of a workload, as Argo CD reads text.
func replicaCount(r gitops.ArgoReplicas) (int64, *failure) {
	n, err := strconv.Atoi(r.Count)
	if err != nil {
		return 0, &failure{cause: gitops.CauseField, message: fmt.Sprintf("count of %s is no whole number: %s", gitops.Quote(r.Name), gitops.Quote(r.Count))}
	}
	return int64(n), nil
}

// takeApart replaces each object that has items by them, as Argo CD does with what
// kustomize prints.
func takeApart(list []manifest) ([]manifest, error) {
	out := make([]manifest, 0, len(list))
	for _, m := range list {
		b, ok := m.(built)
		if !ok || b.Field("items") == nil {
			out = append(out, m)
			continue
		}
		content, err := b.Map()
		if err != nil {
			return nil, err
		}
		d := document{object: content}
		if !d.isList() {
			out = append(out, m)
			continue
		}
		items, why := d.items()
		if why != nil {
			why.message = gitops.Quote(b.GetKind()+"/"+b.GetName()) + ": " + why.message
			return nil, why
		}
		for _, item := range items {
			out = append(out, item)
		}
	}
	return out, nil
}
