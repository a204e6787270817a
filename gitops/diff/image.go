package diff

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v2"

	"github.com/sealift/sealift/gitops"
)

// imageRef is a reference to a container image, as the distribution project
// defines it: name, tag, digest.
var imageRef = regexp.MustCompile(`^((?:[a-zA-Z0-9][a-zA-Z0-9.-]*(?::[0-9]+)?/)?[a-zA-Z0-9][a-zA-Z0-9._-]*(?:/[a-zA-Z0-9._-]+)*)(?::([\w][\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$`)

// images appends the image references of a masked tree: every string under
// "image", and pairs of repository and tag.
func images(to []string, v any) []string {
	switch v := v.(type) {
	case yaml.MapSlice:
		repository, tag := stringAt(v, "repository"), stringAt(v, "tag")
		if repository != "" && tag != "" {
			to = append(to, repository+":"+tag)
		}
		for _, item := range v {
			if s, ok := item.Value.(string); ok {
				if item.Key == "image" {
					to = append(to, s)
				}
				continue
			}
			to = images(to, item.Value)
		}
	case []any:
		for _, item := range v {
			to = images(to, item)
		}
	}
	return to
}

// splitImage splits a reference into its name and its tag, digest or both.
func splitImage(ref string) (name, version string, ok bool) {
	parts := imageRef.FindStringSubmatch(ref)
	if parts == nil {
		return "", "", false
	}
	version = parts[2]
	if parts[3] != "" {
		version = strings.TrimPrefix(version+"@"+parts[3], "@")
	}
	return parts[1], version, true
}

// imageChanges compares the images of the changed objects of the two sides.
func imageChanges(before, after []string) []gitops.ImageChange {
	old, now := versions(before), versions(after)
	var names []string
	for name := range old {
		names = append(names, name)
	}
	for name := range now {
		if old[name] == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var out []gitops.ImageChange
	for _, name := range names {
		gone, come := without(old[name], now[name]), without(now[name], old[name])
		for i := range max(len(gone), len(come)) {
			out = append(out, gitops.ImageChange{Name: name, Old: at(gone, i), New: at(come, i)})
		}
	}
	return out
}

// versions returns the versions of each image, sorted and unique. An image
// without one has "latest", as the runtimes do.
func versions(refs []string) map[string][]string {
	all := map[string][]string{}
	for _, ref := range refs {
		name, version, ok := splitImage(ref)
		if !ok {
			continue
		}
		if version == "" {
			version = "latest"
		}
		all[name] = append(all[name], version)
	}
	for name, v := range all {
		slices.Sort(v)
		all[name] = slices.Compact(v)
	}
	return all
}

// without returns the elements of a that the sorted b lacks.
func without(a, b []string) []string {
	var out []string
	for _, s := range a {
		if _, found := slices.BinarySearch(b, s); !found {
			out = append(out, s)
		}
	}
	return out
}

// at returns s[i], "" beyond the end.
func at(s []string, i int) string {
	if i < len(s) {
		return s[i]
	}
	return ""
}
