package promote

import (
	"cmp"
	"net/url"
	"path"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
)

// kustomization collects what a kustomization says.
func (s *scanner) kustomization(root *yaml.Node, at trail) {
	for i, item := range items(get(root, "images")) {
		s.imageItem(item, at.key("images").item(i, item))
	}
	for _, field := range []string{"resources", "bases", "components"} {
		for i, item := range items(get(root, field)) {
			s.entry(item, at.key(field).item(i, item))
		}
	}
	for i, item := range items(get(root, "helmCharts")) {
		s.chart(item, "version", "name", at.key("helmCharts").item(i, item))
	}
	for i, item := range items(get(root, "helmChartInflationGenerator")) {
		s.chart(item, "chartVersion", "chartName", at.key("helmChartInflationGenerator").item(i, item))
	}
	for _, field := range []string{"patches", "patchesJson6902"} {
		for i, item := range items(get(root, field)) {
			s.embedded(get(item, "patch"), at.key(field).item(i, item).key("patch"), newPatchTarget(get(item, "target")))
		}
	}
	for i, item := range items(get(root, "patchesStrategicMerge")) {
		if strings.Contains(text(item), "\n") {
			s.embedded(item, at.key("patchesStrategicMerge").item(i, item), patchTarget{})
		}
	}
}

// imageItem is an entry of the field images.
func (s *scanner) imageItem(item *yaml.Node, at trail) {
	name := text(get(item, "name"))
	if name == "" {
		return
	}
	v := version{name: text(get(item, "newName")), tag: text(get(item, "newTag")), digest: text(get(item, "digest"))}
	written := v
	within, _ := parseImage(v.name) // some write the tag into the name
	if within.tag+within.digest != "" && v.tag+v.digest == "" {
		v = within
	}
	keys := []string{name, imageName(name)}
	if v.name != "" {
		keys = append(keys, imageName(v.name))
	}
	s.add(item, place{group: groupImage, keys: keys, at: at, value: v, image: true, write: func(to version) ([]Edit, error) {
		if v != written { // and so it stays
			to = version{name: imageString(to)}
		}
		var edits []Edit
		for _, f := range []struct {
			kind     EditKind
			key      string
			old, now string
		}{{ImageName, "newName", written.name, to.name}, {ImageTag, "newTag", written.tag, to.tag}, {ImageDigest, "digest", written.digest, to.digest}} {
			if f.old == f.now {
				continue
			}
			edits = append(edits, Edit{File: s.doc.name, Kind: f.kind, Key: name, Path: at.key(f.key).String(), Old: f.old, New: f.now})
			if err := s.setText(item, f.key, f.now); err != nil {
				return nil, err
			}
		}
		return edits, nil
	}, inName: v != written})
}

// setText gives a key of a mapping a text, adds it or, for "", removes it.
func (s *scanner) setText(mapping *yaml.Node, key, value string) error {
	n := get(mapping, key)
	switch {
	case value == "":
		return s.doc.file.RemoveKey(mapping, key)
	case n != nil:
		return s.doc.file.SetValue(n, value)
	}
	return s.doc.file.SetKey(mapping, key, scalarNode(value))
}

func scalarNode(value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
}

// entry is one of resources, bases and components.
func (s *scanner) entry(n *yaml.Node, at trail) {
	written := text(n)
	base, _, _ := strings.Cut(written, "?")
	spec, remote := gitops.ParseRemote(written)
	switch {
	case written == "":
	case remote && spec.Ref != "":
		s.add(n, place{group: groupBase, keys: []string{base, repoKey(spec)}, id: repoKey(spec), at: at, value: version{tag: spec.Ref}, write: func(v version) ([]Edit, error) {
			e := Edit{File: s.doc.name, Kind: BaseRef, Key: base, Path: at.String(), Old: spec.Ref, New: v.tag}
			return []Edit{e}, s.doc.file.SetValue(n, withRef(written, spec.Ref, v.tag))
		}})
	case remote && spec.File != "":
		if key := pointerKey(written); key != "" {
			s.scalar(n, groupBase, BaseRef, at, key)
		}
	case !remote:
		if key := pointerKey(written); key != "" {
			s.scalar(n, groupPointer, Pointer, at, pathKey(s.doc.name, key))
		}
	}
}

// repoKey names a directory of a repository in one form.
func repoKey(spec gitops.RemoteSpec) string {
	return strings.TrimSuffix(spec.Repo, ".git") + "//" + strings.Trim(path.Clean("/"+spec.Dir), "/")
}

// withRef puts another ref into the query of an address. The rest stays as it is
// written.
func withRef(entry, old, ref string) string {
	base, query, _ := strings.Cut(entry, "?")
	parts := strings.Split(query, "&")
	for i, part := range parts {
		key, value, _ := strings.Cut(part, "=")
		if plain, err := url.QueryUnescape(value); (key == "ref" || key == "version") && err == nil && plain == old {
			parts[i] = key + "=" + escapeRef(ref)
		}
	}
	return base + "?" + strings.Join(parts, "&")
}

// escapeRef escapes what would end a value in a query, and leaves the slashes of
// branches readable.
func escapeRef(ref string) string {
	return strings.ReplaceAll(url.QueryEscape(ref), "%2F", "/")
}

// versioned matches an element of a path that is a version: v3.0, 2.5.1 or a
// commit id.
var versioned = regexp.MustCompile(`^(v?[0-9]+(\.[0-9x]+)*([-+.][0-9A-Za-z.-]+)?|[0-9a-f]{40})$`)

// pointerKey is an entry with its version left out, "" when it has none.
func pointerKey(entry string) string {
	elems := strings.Split(entry, "/")
	found := false
	for i, e := range elems {
		if versioned.MatchString(e) {
			elems[i], found = "*", true
		}
	}
	if !found {
		return ""
	}
	return strings.Join(elems, "/")
}

// pathKey names the place that a relative entry leads to, for entries of one
// directory to be told from those of another.
func pathKey(file, entry string) string { return path.Join(path.Dir(file), entry) }

// chartKeys are what a chart is found by: its name, and its name with its repository.
func chartKeys(item *yaml.Node, field string) []string {
	keys := []string{text(get(item, field))}
	if repo := text(get(item, "repo")); repo != "" {
		keys = append(keys, repo+" "+keys[0])
	}
	return keys
}

// chart is the version of a chart. Two of one name are told apart by their releases.
func (s *scanner) chart(item *yaml.Node, field, named string, at trail) {
	n := follow(get(item, field))
	if text(n) == "" {
		return
	}
	keys, at := chartKeys(item, named), at.key(field)
	p := s.text(n, groupChart, Chart, at, keys...)
	p.release = text(get(item, "releaseName"))
	p.id = "chart " + keys[0] + " " + p.release
	s.add(n, p)
}

// manifest collects what a manifest, a patch of one or a JSON6902 patch says.
func (s *scanner) manifest(root *yaml.Node, at trail) {
	switch kind := text(get(root, "kind")); {
	case root.Kind == yaml.SequenceNode:
		s.operations(root, at)
		return
	case kind == "HelmChartInflationGenerator":
		name := "name"
		if get(root, name) == nil {
			name = "chartName"
		}
		for _, field := range []string{"version", "chartVersion"} {
			s.chart(root, field, name, at)
		}
	case kind == "Subscription" && operators(root):
		s.subscription(get(root, "spec"), at.key("spec"), cmp.Or(text(get(get(root, "spec"), "name")), text(get(get(root, "metadata"), "name"))))
	}
	s.deployed(root, at)
	if overridesFile(s.doc.name) {
		s.overrides(root, at)
	}
	s.walk(root, at, "")
}

// operators reports whether a Subscription is one of the Operator Lifecycle
// Manager: other groups have that kind too.
func operators(root *yaml.Node) bool {
	return strings.HasPrefix(text(get(root, "apiVersion")), "operators.coreos.com/")
}

func (s *scanner) subscription(spec *yaml.Node, at trail, name string) {
	s.scalar(get(spec, "channel"), groupChannel, Channel, at.key("channel"), name)
	s.scalar(get(spec, "startingCSV"), groupCSV, Channel, at.key("startingCSV"), name)
}

// operations is a JSON6902 patch.
func (s *scanner) operations(root *yaml.Node, at trail) {
	for i, op := range items(root) {
		field, value := text(get(op, "path")), get(op, "value")
		here := at.item(i, op).key("value")
		s.operation = field
		switch {
		case value == nil:
		case field == "/spec/channel":
			s.scalar(value, groupChannel, Channel, here, cmp.Or(s.target.name, field))
		case field == "/spec/startingCSV":
			s.scalar(value, groupCSV, Channel, here, cmp.Or(s.target.name, field))
		case value.Kind == yaml.ScalarNode:
			s.image(value, here, imageField(path.Base(field)))
		default:
			s.walk(value, here, path.Base(field))
		}
	}
	s.operation = ""
}

// imageField reports whether a field of that name holds an image.
func imageField(name string) bool { return strings.HasSuffix(strings.ToLower(name), "image") }

// walk looks at every field below n. Aliases are not followed into: what they
// stand for is looked at where it is written.
func (s *scanner) walk(n *yaml.Node, at trail, field string) {
	switch n.Kind {
	case yaml.MappingNode:
		s.repository(n, at)
		for i := 0; i+1 < len(n.Content); i += 2 {
			name := n.Content[i].Value
			s.walk(n.Content[i+1], at.key(name), name)
		}
	case yaml.SequenceNode:
		for i, c := range n.Content {
			s.walk(c, at.item(i, c), field)
		}
	case yaml.AliasNode:
		if n.Alias.Kind == yaml.ScalarNode {
			s.image(n.Alias, at, imageField(field))
		}
	case yaml.ScalarNode:
		s.image(n, at, imageField(field))
	}
}

// image adds a scalar that is an image reference with a tag or digest.
func (s *scanner) image(n *yaml.Node, at trail, strong bool) {
	if n.ShortTag() != "!!str" {
		return
	}
	v, ok := parseImage(n.Value)
	if !ok || v.tag == "" && v.digest == "" {
		return
	}
	name := v.name
	s.add(n, place{group: groupImage, keys: []string{name, imageName(name)}, at: at, value: v, weak: !strong, write: func(to version) ([]Edit, error) {
		to.name = name
		return s.imageEdits(name, at.String(), at.String(), v, to), s.doc.file.SetValue(n, imageString(to))
	}})
}

// repository is a mapping with an image's repository and its tag apart, as values
// of charts have it.
func (s *scanner) repository(n *yaml.Node, at trail) {
	repository, tag, digest := get(n, "repository"), text(get(n, "tag")), text(get(n, "digest"))
	if tagged := get(n, "tag"); repository == nil && tag != "" && len(at) > 0 && imageField(at[len(at)-1].Key) && (s.object != "" || valuesFile(s.doc.name)) {
		s.add(n, s.text(tagged, groupImage, ImageTag, at.key("tag"), strings.TrimPrefix(at[min(s.before, len(at)):].names(), ".")))
		return
	}
	v, ok := parseImage(text(repository))
	if !ok || v.tag != "" || v.digest != "" || tag == "" && digest == "" {
		return
	}
	if registry := text(get(n, "registry")); registry != "" {
		v.name = registry + "/" + v.name
	}
	v.tag, v.digest = tag, digest
	name := v.name
	s.add(n, place{group: groupImage, keys: []string{name, imageName(name)}, at: at, value: v, write: func(to version) ([]Edit, error) {
		for key, value := range map[string]string{"tag": to.tag, "digest": to.digest} {
			if old := text(get(n, key)); old != value {
				if err := s.setText(n, key, value); err != nil {
					return nil, err
				}
			}
		}
		return s.imageEdits(name, at.key("tag").String(), at.key("digest").String(), v, to), nil
	}})
}

// valuesFile reports whether a file has values of a chart by its name.
func valuesFile(name string) bool { return strings.HasPrefix(path.Base(name), "values") }

// imageEdits are the edits of tag and digest, each only where it changes.
func (s *scanner) imageEdits(name, tagPath, digestPath string, old, to version) []Edit {
	var edits []Edit
	if old.tag != to.tag {
		edits = append(edits, Edit{File: s.doc.name, Kind: ImageTag, Key: name, Path: tagPath, Old: old.tag, New: to.tag})
	}
	if old.digest != to.digest {
		edits = append(edits, Edit{File: s.doc.name, Kind: ImageDigest, Key: name, Path: digestPath, Old: old.digest, New: to.digest})
	}
	return edits
}
