package layout

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
)

// The limits of what is read from one file.
const (
	maxFile  = 1 << 20 // bytes; larger files are not read
	maxNodes = 200_000 // YAML nodes visited, aliases followed
	maxDepth = 64      // levels of nesting that are followed
)

// kustomizationNames are the three names that kustomize probes, in its order.
var kustomizationNames = [...]string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

func isKustomization(base string) bool { return slices.Contains(kustomizationNames[:], base) }

// facts are what one blob says, as far as the layout needs it. They depend on
// nothing but the blob and on whether it is a kustomization.
type facts struct {
	// Loads are the resources, bases and components of a kustomization as
	// written, in the order in which kustomize loads them.
	Loads []string
	// Refs are the other paths it names, as written.
	Refs []string
	// Plugins are those of Refs that configure a plugin, and may name further files.
	Plugins []string
	// Words are what may be paths in the configurations of plugins that stand in it.
	Words []string
	// Component says that its kind is Component.
	Component bool
	// Unknown says that it has a field that kustomize does not know, and so does
	// not render.
	Unknown bool
	// Loose says that it may name more than Loads and Refs, because it could
	// not be read or uses aliases or merge keys.
	Loose bool
	// Foreign says that it has a plugin which is none of kustomize itself.
	Foreign bool
	// Remote says that it loads something that is not in the repository, or a chart.
	Remote bool
	// Yields says of which deployers' objects it has a part, see mayYield.
	Yields yields
	// Maps are the names of ConfigMaps that it has or generates.
	Maps []string
	// Docs are the deployers' documents of another file.
	Docs []document
}

// empty says that a file has nothing to do with the layout, as most.
func (f *facts) empty() bool {
	return len(f.Loads) == 0 && len(f.Refs) == 0 && !f.Component && !f.Unknown && !f.Loose && !f.Foreign && !f.Remote && f.Yields == 0 && len(f.Plugins) == 0 && len(f.Words) == 0 && len(f.Maps) == 0 && len(f.Docs) == 0
}

// reader walks YAML nodes that nobody vouches for. It follows aliases, and gives
// up silently once it has visited maxNodes.
type reader struct{ left int }

// follow resolves aliases and spends one node of the budget. It returns nil when
// the budget is spent.
func (r *reader) follow(n *yaml.Node) *yaml.Node {
	for range maxDepth {
		if r.left--; n == nil || r.left < 0 {
			return nil
		}
		if n.Kind != yaml.AliasNode {
			return n
		}
		n = n.Alias
	}
	return nil
}

// pairs yields the keys and values of a mapping, with merge keys ignored.
func (r *reader) pairs(n *yaml.Node) func(func(string, *yaml.Node) bool) {
	return func(yield func(string, *yaml.Node) bool) {
		n = r.follow(n)
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			v := r.follow(n.Content[i+1])
			if v == nil {
				return
			}
			if !yield(n.Content[i].Value, v) {
				return
			}
		}
	}
}

// get returns the value of a key of a mapping, or nil.
func (r *reader) get(n *yaml.Node, key string) *yaml.Node {
	for k, v := range r.pairs(n) {
		if k == key {
			return v
		}
	}
	return nil
}

// fold is get in whatever case the key is: kustomize reads its files as JSON.
func (r *reader) fold(n *yaml.Node, key string) *yaml.Node {
	for k, v := range r.pairs(n) {
		if strings.EqualFold(k, key) {
			return v
		}
	}
	return nil
}

// items yields the elements of a sequence. A scalar counts as a sequence of it,
// which is what people write by mistake.
func (r *reader) items(n *yaml.Node) func(func(*yaml.Node) bool) {
	return func(yield func(*yaml.Node) bool) {
		n = r.follow(n)
		if n == nil {
			return
		}
		if n.Kind != yaml.SequenceNode {
			yield(n)
			return
		}
		for _, c := range n.Content {
			c = r.follow(c)
			if c == nil || !yield(c) {
				return
			}
		}
	}
}

// text returns a scalar's value, "" for anything else.
func (r *reader) text(n *yaml.Node) string {
	if n = r.follow(n); n == nil || n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return ""
	}
	return n.Value
}

// parseYAML reads the first document of data. It returns nil for invalid YAML.
func parseYAML(data []byte) *yaml.Node {
	var doc yaml.Node
	if yaml.Unmarshal(data, &doc) != nil || len(doc.Content) == 0 {
		return nil
	}
	return doc.Content[0]
}

// kustomizationFacts reads a kustomization. Invalid YAML has no facts: the
// renderer is the one to say so.
func kustomizationFacts(data []byte) facts {
	root := parseYAML(data)
	r := &reader{left: maxNodes}
	var f facts
	var bases, components []string
	for key, v := range r.pairs(root) {
		key = fieldOf(key)
		f.Unknown = f.Unknown || key == ""
		switch key {
		case "kind":
			f.Component = r.text(v) == "Component"
		case "resources":
			f.Loads = append(f.Loads, r.paths(v)...)
		case "bases":
			bases = append(bases, r.paths(v)...)
		case "components":
			components = append(components, r.paths(v)...)
		case "configMapGenerator":
			f.Maps = append(f.Maps, r.each(v, "name")...)
		case "helmCharts", "helmChartInflationGenerator":
			f.Remote = f.Remote || key != "helmCharts" || len(r.each(v, "repo")) > 0
			home := r.text(r.fold(r.fold(root, "helmGlobals"), "chartHome"))
			f.Refs = append(f.Refs, cmp.Or(home, defaultChartHome))
		case "generators", "transformers", "validators":
			f.Plugins = append(f.Plugins, r.paths(v)...)
			f.inlinePlugins(r, v)
		}
		f.Refs = append(f.Refs, r.refs(key, v)...)
	}
	f.Loads = slices.Concat(f.Loads, bases, components)
	f.Remote = f.Remote || slices.ContainsFunc(f.Loads, isRemote)
	f.Yields = yieldsOf(data)
	f.Loose = f.Loose || f.Unknown || r.left < 0 || root == nil && len(data) > 0 || loose(root)
	return f
}

// inlinePlugins takes the configurations of plugins that stand in the kustomization itself.
// What a chart reads is not collected.
func (f *facts) inlinePlugins(r *reader, v *yaml.Node) {
	for item := range r.items(v) {
		text := r.text(item)
		if !strings.Contains(text, "\n") {
			continue
		}
		f.Loose = f.Loose || strings.Contains(text, "HelmChartInflationGenerator")
		for doc := range splitDocuments([]byte(text)) {
			root := parseYAML(doc)
			f.Foreign = f.Foreign || r.foreign(root)
			f.Words = append(f.Words, pathWords(r.scalars(root, nil))...)
		}
	}
}

// foreign reports whether the configuration of a plugin is none of kustomize itself: what
// such a plugin reads, it alone knows.
func (r *reader) foreign(config *yaml.Node) bool {
	return config != nil && r.text(r.get(config, "apiVersion")) != "builtin"
}

// pathWords returns the words of texts that may be paths: the texts, and their parts, since a
// path may stand behind a key or in a command line.
func pathWords(texts []string) []string {
	const most = 500
	var list []string
	add := func(s string) {
		if s != "" && s != "." && s != ".." && len(s) < 4096 && !strings.ContainsAny(s, "\n\x00") && len(list) < most {
			list = append(list, s)
		}
	}
	for _, text := range texts {
		add(text)
		words := strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune(" \t\r\n,;:=|\"'`[]{}()<>", c) })
		for _, w := range words {
			if w != text {
				add(w)
			}
		}
	}
	return list
}

// loose reports whether there is an alias or a merge key below n. Neither is
// followed when paths are collected.
func loose(n *yaml.Node) bool {
	if n == nil {
		return false
	}
	if n.Kind == yaml.AliasNode || n.Kind == yaml.ScalarNode && n.Tag == "!!merge" {
		return true
	}
	return slices.ContainsFunc(n.Content, loose)
}

// fieldOf returns the field of a kustomization that a key means, "" for none. kustomize
// reads them as JSON, whatever their case.
func fieldOf(key string) string {
	for _, field := range fields() {
		if strings.EqualFold(field, key) {
			return field
		}
	}
	return ""
}

// fields returns the fields of a kustomization that kustomize v5 knows, the
// deprecated ones included.
func fields() []string {
	return []string{
		"apiVersion", "kind", "metadata", "openapi", "namePrefix", "nameSuffix", "namespace", "commonLabels", "labels",
		"commonAnnotations", "patchesStrategicMerge", "patchesJson6902", "patches", "images", "imageTags", "replacements",
		"replicas", "vars", "sortOptions", "resources", "components", "crds", "bases", "configMapGenerator",
		"secretGenerator", "helmGlobals", "helmCharts", "helmChartInflationGenerator", "generatorOptions",
		"configurations", "generators", "transformers", "validators", "inventory", "buildMetadata",
	}
}

// refs returns the paths that a field of a kustomization names, other than what
// it loads.
func (r *reader) refs(field string, v *yaml.Node) []string {
	switch field {
	case "generators", "transformers", "validators", "configurations", "crds", "patchesStrategicMerge":
		return r.paths(v)
	case "patches", "patchesJson6902", "replacements":
		return r.each(v, "path")
	case "openapi":
		return r.paths(r.fold(v, "path"))
	case "configMapGenerator", "secretGenerator":
		return r.each(v, "files", "envs", "env")
	case "helmCharts":
		return r.each(v, "valuesFile", "additionalValuesFiles")
	case "helmChartInflationGenerator":
		return r.each(v, "values")
	}
	return nil
}

// each returns the paths under some keys of each element of a sequence.
func (r *reader) each(v *yaml.Node, keys ...string) []string {
	var out []string
	for item := range r.items(v) {
		for _, key := range keys {
			out = append(out, r.paths(r.fold(item, key))...)
		}
	}
	return out
}

// paths returns the elements of a sequence that may be paths: one line, not
// empty. Those of generators have the form "key=path".
func (r *reader) paths(v *yaml.Node) []string {
	var out []string
	for item := range r.items(v) {
		s := r.text(item)
		if s == "" || len(s) > 4096 || strings.ContainsAny(s, "\n\x00") {
			continue
		}
		out = append(out, s)
	}
	return out
}

// blobFacts reads what a blob says.
func blobFacts(data []byte, kustomization bool) facts {
	if len(data) > maxFile { // it is looked through, and not taken apart
		return facts{Loose: kustomization, Yields: yieldsOf(data)}
	}
	if kustomization {
		return kustomizationFacts(data)
	}
	f := facts{Yields: yieldsOf(data)}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if pointsSomewhere.Match(data) {
		f.Docs = documents(data)
	}
	if bytes.Contains(data, []byte("ConfigMap")) {
		f.Maps = configMaps(data)
	}
	return f
}

// defaultChartHome is where kustomize looks for charts (HelmDefaultHome of its api/types).
const defaultChartHome = "charts"

// isRemote reports whether an entry names something outside of the repository.
func isRemote(entry string) bool { _, ok := gitops.ParseRemote(entry); return ok }
