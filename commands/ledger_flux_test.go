package commands

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"

	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"
)

// cluster is what Flux makes of a cluster, of the documents that it begins with: what it
// renders takes their place, until nothing changes.
func (s *witness) cluster(out map[string]deployed, cluster string, begin []map[string]any) {
	key := func(doc map[string]any) string {
		return field(doc, "kind") + " " + field(doc, "metadata", "namespace") + "/" + field(doc, "metadata", "name")
	}
	known := map[string]map[string]any{}
	for _, doc := range begin {
		known[key(doc)] = doc
	}
	var units map[string]deployed
	for range 6 {
		units = map[string]deployed{}
		next := map[string]map[string]any{}
		for _, doc := range begin {
			next[key(doc)] = doc
		}
		for _, id := range slices.Sorted(maps.Keys(known)) {
			doc := known[id]
			if field(doc, "kind") != "Kustomization" || group(doc) != "kustomize.toolkit.fluxcd.io" {
				continue
			}
			d, docs := s.kustomization(doc, known)
			if d == nil {
				continue
			}
			d.cluster = cluster
			units[cluster+" "+id] = *d
			for _, doc := range docs {
				next[key(doc)] = doc
			}
		}
		if same := canonical(next) == canonical(known); same {
			break
		}
		known = next
	}
	maps.Copy(out, units)
}

// kustomization renders a Kustomization of Flux, nil when it does not deploy from here.
func (s *witness) kustomization(doc map[string]any, known map[string]map[string]any) (*deployed, []map[string]any) {
	ns := field(doc, "metadata", "namespace")
	from := field(doc, "spec", "sourceRef", "namespace")
	if from == "" {
		from = ns
	}
	repo := known[field(doc, "spec", "sourceRef", "kind")+" "+from+"/"+field(doc, "spec", "sourceRef", "name")]
	if group(repo) != "source.toolkit.fluxcd.io" || field(repo, "spec", "url") != worldURL || field(repo, "spec", "ref", "branch") != worldBranch {
		return nil, nil
	}
	dir := path.Clean("./" + field(doc, "spec", "path"))
	d := &deployed{kind: "Kustomization", name: field(doc, "metadata", "name"), path: dir}
	vars := map[string]string{}
	sources, _ := below(doc, "spec", "postBuild", "substituteFrom").([]any)
	for _, e := range sources {
		data, _ := below(known[field(e, "kind")+" "+ns+"/"+field(e, "name")], "data").(map[string]any)
		for k, v := range data {
			vars[k] = fmt.Sprint(v)
		}
	}
	inline, _ := below(doc, "spec", "postBuild", "substitute").(map[string]any)
	for k, v := range inline {
		vars[k] = fmt.Sprint(v)
	}
	at := filepath.Join(s.plain, dir)
	switch {
	case !isDir(at):
		d.text = "fails"
		return d, nil
	case kustomizationIn(at) == "":
		file := filepath.Join(at, "kustomization.yaml")
		text, err := yaml.Marshal(types.Kustomization{Resources: s.listed(at)})
		s.must(err)
		s.must(os.WriteFile(file, text, 0o600))
		defer os.Remove(file)
	}
	docs := s.built(d, s.plain, dir, true, fluxOptions(doc))
	if d.objects != nil {
		if docs = substituted(docs, vars); docs == nil {
			d.objects, d.text = nil, "fails"
		} else {
			d.show(docs, "")
		}
	}
	suspended, _ := below(doc, "spec", "suspend").(bool)
	prune, _ := below(doc, "spec", "prune").(bool)
	d.text += fmt.Sprint("\nprune ", prune, " suspended ", suspended)
	return d, docs
}

// listed is what Flux makes the resources of a directory without a kustomization.
func (s *witness) listed(top string) (list []string) {
	err := filepath.WalkDir(top, func(p string, e os.DirEntry, err error) error {
		rel, _ := filepath.Rel(top, p)
		switch {
		case err != nil:
			return err
		case e.IsDir() && p != top && kustomizationIn(p) != "":
			list = append(list, rel)
			return filepath.SkipDir
		case !e.IsDir() && (filepath.Ext(p) == ".yaml" || filepath.Ext(p) == ".yml"):
			list = append(list, rel)
		}
		return nil
	})
	s.must(err)
	return list
}

// fluxOptions is what a Kustomization adds.
func fluxOptions(doc map[string]any) func(*types.Kustomization) {
	spec := doc["spec"]
	return func(k *types.Kustomization) {
		set := func(at *string, name string) {
			if v := field(spec, name); v != "" {
				*at = v
			}
		}
		set(&k.Namespace, "targetNamespace")
		set(&k.NamePrefix, "namePrefix")
		set(&k.NameSuffix, "nameSuffix")
		k.Patches = append(k.Patches, patchesOf(below(spec, "patches"))...)
		k.Components = append(k.Components, texts(below(spec, "components"))...)
		images, _ := below(spec, "images").([]any)
		for _, im := range images {
			k.Images = append(k.Images, types.Image{Name: field(im, "name"), NewTag: field(im, "newTag")})
		}
		if len(k.Resources) == 0 && len(k.Components) == 0 {
			k.Namespace = "placeholder"
		}
	}
}

var variable = regexp.MustCompile(`\$\{(\w+)\}`)

// substituted puts values into documents, nil when one cannot be read then.
func substituted(docs []map[string]any, vars map[string]string) []map[string]any {
	out := []map[string]any{}
	for _, doc := range docs {
		text, err := yaml.Marshal(doc)
		if err != nil {
			return nil
		}
		if len(vars) > 0 {
			text = variable.ReplaceAllFunc(text, func(m []byte) []byte { return []byte(vars[string(m[2:len(m)-1])]) })
		}
		var read map[string]any
		if yaml.Unmarshal(text, &read) != nil {
			return nil
		}
		out = append(out, read)
	}
	return out
}
