package promote

import (
	"regexp"
	"slices"
	"strings"
)

// version is what is carried of one thing. For an image it is tag, digest and the
// name that it is pulled by; for everything else only tag.
type version struct {
	name, tag, digest string
}

// String returns the version as it is written: a tag, a digest or both.
func (v version) String() string {
	switch {
	case v.digest != "" && v.tag != "":
		return v.tag + "@" + v.digest
	case v.digest != "":
		return v.digest
	}
	return v.tag
}

// reference is the grammar of image references, as in package reference of
// github.com/distribution/reference, less the length limits.
var reference = regexp.MustCompile(`^((?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]+)?/)?[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?$`)

// parseImage reads an image reference.
func parseImage(s string) (v version, ok bool) {
	if len(s) > 1024 || strings.ContainsAny(s, " \n\t") {
		return v, false
	}
	m := reference.FindStringSubmatch(s)
	if m == nil {
		return v, false
	}
	return version{name: m[1], tag: m[2], digest: m[3]}, true
}

// imageString is the reverse of parseImage.
func imageString(v version) string {
	s := v.name
	if v.tag != "" {
		s += ":" + v.tag
	}
	if v.digest != "" {
		s += "@" + v.digest
	}
	return s
}

// imageName returns a name as Docker completes it, so that the same image is found
// by either.
func imageName(name string) string {
	for _, prefix := range []string{"docker.io/library/", "index.docker.io/library/", "docker.io/", "index.docker.io/", "library/"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			return rest
		}
	}
	return name
}

// hasHost reports whether an image's name starts with a registry, which no other
// word with a colon in it does.
func hasHost(name string) bool {
	host, rest, ok := strings.Cut(name, "/")
	return ok && rest != "" && strings.ContainsAny(host, ".:")
}

// movingWords are tags that name no release but the newest of some kind. A tag that ends
// with one, such as "1.27-dev", is as such a tag, and one that begins with one and has no
// number behind it, such as "stable-alpine": "main-7f3a9c2" is a build.
var movingWords = []string{
	"latest", "stable", "unstable", "edge", "nightly", "canary", "rolling", "snapshot", "next",
	"main", "master", "head", "develop", "development", "dev", "trunk",
}

// pullRequestTag is what builds of a pull request are tagged with: the next push to it
// makes another one.
var pullRequestTag = regexp.MustCompile(`^(?:pr|pull|mr)[-_]?[0-9]+$`)

// moves reports whether a version can mean something else tomorrow, so that
// carrying it carries nothing certain.
func moves(tag string) bool {
	tag = strings.ToLower(tag)
	words := strings.FieldsFunc(tag, func(c rune) bool { return strings.ContainsRune("-_.", c) })
	if len(words) == 0 {
		return false
	}
	first, last := words[0], words[len(words)-1]
	return pullRequestTag.MatchString(tag) || slices.Contains(movingWords, last) || first == "latest" ||
		slices.Contains(movingWords, first) && !strings.ContainsAny(tag, "0123456789")
}
