package render

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/sealift/sealift/gitops"
	"sigs.k8s.io/kustomize/api/pkg/util"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"
)

// Each function here is one `kustomize edit` of the command v5.8 (its commands/edit), or
// what Argo CD does to the text itself.

// edited is an edit of the command: it reads the file, changes it and writes it.
func edited(change func(*types.Kustomization) *failure) func([]byte) ([]byte, error) {
	return func(text []byte) ([]byte, error) {
		var k types.Kustomization
		if err := k.Unmarshal(text); err != nil {
			return nil, err
		}
		k.FixKustomization()
		if why := change(&k); why != nil {
			return nil, why
		}
		return yaml.Marshal(k)
	}
}

// badOption is an option that the command refuses before anything is built. It has no
// place: nobody here knows in which file the deployer has it.
func badOption(format string, args ...any) *failure {
	return &failure{cause: gitops.CauseField, message: fmt.Sprintf(format, args...)}
}

// noFlags refuses what the command would take for an option of its own: Argo CD gives it
// these values without a `--` before them.
func noFlags(args []string) *failure {
	for _, a := range args {
		if len(a) > 1 && a[0] == '-' {
			return badOption("value begins with a dash: %s", gitops.Quote(a))
		}
	}
	return nil
}

// setName is `edit set nameprefix` and `edit set namesuffix`, which take the place of what
// the kustomization has.
func setName(prefix, suffix *string) func([]byte) ([]byte, error) {
	return edited(func(k *types.Kustomization) *failure {
		if prefix != nil {
			k.NamePrefix = *prefix
		}
		if suffix != nil {
			k.NameSuffix = *suffix
		}
		return nil
	})
}

// setNamespace is `edit set namespace`. The command looks at the name no further: what
// validates it in kustomize is empty.
func setNamespace(ns string) func([]byte) ([]byte, error) {
	return edited(func(k *types.Kustomization) *failure {
		k.Namespace = ns
		return nil
	})
}

// keep stands in an image for what the kustomization has.
const keep = "*"

// setImages is `edit set image`. An entry takes the place of the whole one of that name,
// but for what it keeps.
func setImages(args []string) func([]byte) ([]byte, error) {
	return edited(func(k *types.Kustomization) *failure {
		if why := noFlags(args); why != nil {
			return why
		}
		all := map[string]types.Image{}
		for _, arg := range args {
			im, why := parseImage(arg)
			if why != nil {
				return why
			}
			all[im.Name] = im
		}
		for _, old := range k.Images {
			im, ok := all[old.Name]
			if !ok {
				im = old
			}
			all[old.Name] = kept(im, old)
		}
		k.Images = nil
		for _, name := range slices.Sorted(maps.Keys(all)) {
			k.Images = append(k.Images, kept(all[name], types.Image{}))
		}
		return nil
	})
}

// kept fills in what an image keeps of an old entry.
func kept(im, old types.Image) types.Image {
	fill := func(value, had string) string {
		if value == keep {
			return had
		}
		return value
	}
	// An entry that keeps nothing is left with all its fields.
	if im.NewName != keep && im.NewTag != keep && im.Digest != keep {
		return im
	}
	return types.Image{Name: im.Name, NewName: fill(im.NewName, old.NewName), NewTag: fill(im.NewTag, old.NewTag), Digest: fill(im.Digest, old.Digest)}
}

// parseImage reads NAME[=NEWNAME][:TAG][@DIGEST].
func parseImage(arg string) (types.Image, *failure) {
	key, value, keyed := strings.Cut(arg, "=")
	if !keyed {
		value = arg
	}
	name, tag, digest := util.SplitImageName(value)
	if name == arg {
		return types.Image{}, badOption("image has neither a new name nor a tag nor a digest: %s", gitops.Quote(arg))
	}
	if !keyed || key == "" {
		return types.Image{Name: name, NewTag: tag, Digest: digest}, nil
	}
	return types.Image{Name: key, NewName: name, NewTag: tag, Digest: digest}, nil
}

// setReplicas is `edit set replicas`. They are written in the order of names, which is the
// order in which kustomize then misses one.
func setReplicas(list []gitops.ArgoReplicas) func([]byte) ([]byte, error) {
	return edited(func(k *types.Kustomization) *failure {
		all := map[string]types.Replica{}
		for _, r := range list {
			count, why := replicaCount(r)
			if why != nil {
				return why
			}
			if strings.Contains(r.Name, "=") {
				return badOption("name of a workload has an equals sign: %s", gitops.Quote(r.Name))
			}
			if why := noFlags([]string{r.Name + "="}); why != nil {
				return why
			}
			all[r.Name] = types.Replica{Name: r.Name, Count: count}
		}
		for _, old := range k.Replicas {
			if _, ok := all[old.Name]; !ok {
				all[old.Name] = old
			}
		}
		k.Replicas = slices.Collect(maps.Values(all))
		sort.Slice(k.Replicas, func(i, j int) bool { return k.Replicas[i].Name < k.Replicas[j].Name })
		return nil
	})
}

// pairs reads what the command gets as KEY:VALUE. A value in double quotes loses them.
func pairs(values map[string]string) (map[string]string, *failure) {
	out := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		arg := key + ":" + values[key]
		if why := noFlags([]string{arg}); why != nil {
			return nil, why
		}
		name, value, _ := strings.Cut(arg, ":")
		if name == "" {
			return nil, badOption("key is empty")
		}
		if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
			value = value[1 : len(value)-1]
		}
		out[name] = value
	}
	return out, nil
}

// put sets values of a map. One that is there already is refused unless it is forced.
func put(m map[string]string, key, value, what string, force bool) *failure {
	if _, ok := m[key]; ok && !force {
		return badOption("%s %s is in the kustomization already, and is not forced", what, gitops.Quote(key))
	}
	m[key] = value
	return nil
}

// putAll sets several, in order, so that the same one is refused each time.
func putAll(m *map[string]string, values map[string]string, what string, force bool) *failure {
	if *m == nil {
		*m = map[string]string{}
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if why := put(*m, key, values[key], what, force); why != nil {
			return why
		}
	}
	return nil
}

// addLabels is `edit add label`.
func addLabels(o *gitops.ArgoKustomize, values map[string]string) func([]byte) ([]byte, error) {
	return edited(func(k *types.Kustomization) *failure {
		if o.LabelIncludeTemplates && !o.LabelWithoutSelector {
			return badOption("labelIncludeTemplates needs labelWithoutSelector")
		}
		values, why := pairs(values)
		if why != nil {
			return why
		}
		if !o.LabelWithoutSelector {
			//lint:ignore SA1019 this is the field that the command puts them into
			return putAll(&k.CommonLabels, values, "label", o.ForceCommonLabels)
		}
		// They go to the first entry of the same kind, which is made if there is none.
		i := slices.IndexFunc(k.Labels, func(l types.Label) bool {
			return !l.IncludeSelectors && l.IncludeTemplates == o.LabelIncludeTemplates
		})
		if i < 0 {
			i = len(k.Labels)
			k.Labels = append(k.Labels, types.Label{IncludeTemplates: o.LabelIncludeTemplates, Pairs: map[string]string{}})
		}
		if k.Labels[i].Pairs == nil {
			return badOption("entry of labels in the kustomization has no pairs, which kustomize cannot add to")
		}
		return putAll(&k.Labels[i].Pairs, values, "label", o.ForceCommonLabels)
	})
}

// addAnnotations is `edit add annotation`, which has no kinds as labels do.
func addAnnotations(force bool, values map[string]string) func([]byte) ([]byte, error) {
	return edited(func(k *types.Kustomization) *failure {
		values, why := pairs(values)
		if why != nil {
			return why
		}
		return putAll(&k.CommonAnnotations, values, "annotation", force)
	})
}

// addPatches appends to the text as it is, whatever else is in it: no command does this,
// so Argo CD does, and does not read the text as a kustomization.
func addPatches(patches []gitops.Patch) func([]byte) ([]byte, error) {
	return func(text []byte) ([]byte, error) {
		var doc any
		if err := yaml.Unmarshal(text, &doc); err != nil {
			return nil, err
		}
		k, ok := doc.(map[string]any)
		if !ok {
			return nil, badOption("kustomization is no map")
		}
		var list []any
		if old, there := k["patches"]; there {
			if list, ok = old.([]any); !ok {
				return nil, badOption("patches of the kustomization is no list")
			}
		}
		for _, p := range patches {
			list = append(list, p)
		}
		k["patches"] = list
		return yaml.Marshal(k)
	}
}

// addComponents is `edit add component`, without those that are not there if they are
// ignored.
func (a *application) addComponents(o *gitops.ArgoKustomize) func([]byte) ([]byte, error) {
	return func(text []byte) ([]byte, error) {
		var list []string
		for _, c := range o.Components {
			if o.IgnoreMissingComponents && !a.fs.exists(path.Join(a.dir, c)) {
				continue
			}
			list = append(list, c)
		}
		if len(list) == 0 {
			return text, nil
		}
		if why := noFlags(list); why != nil {
			return nil, why
		}
		var matched []string
		for _, c := range list {
			more, why := a.components(c)
			if why != nil {
				return nil, why
			}
			matched = append(matched, more...)
		}
		return edited(func(k *types.Kustomization) *failure {
			for _, c := range matched {
				if c != path.Base(a.own.file) && !slices.Contains(k.Components, c) {
					k.Components = append(k.Components, c)
				}
			}
			return nil
		})(text)
	}
}

// components returns what an entry names: itself, or what is there that it matches.
func (a *application) components(entry string) ([]string, *failure) {
	if path.IsAbs(entry) {
		return nil, badOption("component must be relative: %s", gitops.Quote(entry))
	}
	if matched := a.fs.glob(path.Dir(a.own.file), entry); len(matched) > 0 {
		return matched, nil
	}
	if _, remote := gitops.ParseRemoteGit(entry); remote {
		return []string{entry}, nil
	}
	return nil, &failure{cause: gitops.CauseMissing, message: "no such directory: " + gitops.Quote(entry)}
}

// exists reports whether something is at a path of the tree, without remembering that a
// path leads out of it.
func (f *files) exists(virtual string) bool {
	before := f.fail
	at, err := f.look(virtual)
	f.fail = before
	return err == nil && at.kind != gitops.Missing
}
