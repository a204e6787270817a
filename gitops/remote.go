package gitops

import (
	"net/url"
	"path"
	"regexp"
	"strings"
)

// RemoteSpec is what a kustomization names outside of its repository: a
// directory of a git repository, or one file by its address.
type RemoteSpec struct {
	Repo string // clone URL; "" for a file
	Ref  string // branch, tag or commit; "" for the default branch
	Dir  string // directory in the repository, "" for its root
	File string // http or https address of a single file
}

// ParseRemoteGit reads an entry as a git repository. It mirrors kustomize's NewRepoSpecFromURL (api/internal/git/repospec.go
// v0.21.2): ok says that kustomize would clone. What it parses further (timeout,
// submodules) does not change what is read: submodules are never fetched here.
func ParseRemoteGit(entry string) (spec RemoteSpec, ok bool) {
	if path.IsAbs(entry) {
		return spec, false
	}
	rest, query, _ := strings.Cut(entry, "?")
	spec.Ref = refOf(query)
	host, rest, ok := cutHost(rest)
	if !ok {
		return spec, false
	}
	repo, dir, ok := cutRepo(rest, strings.HasPrefix(host, "file://"))
	if !ok || repo == "" || leavesRepo(dir) {
		return spec, false
	}
	spec.Repo, spec.Dir = host+repo, strings.TrimPrefix(dir, "/")
	return spec, true
}

// refOf is ?ref=, else ?version=, as kustomize reads them.
func refOf(query string) string {
	values, err := url.ParseQuery(query)
	if err != nil {
		return ""
	}
	if ref := values.Get("ref"); ref != "" {
		return ref
	}
	return values.Get("version")
}

var userPart = regexp.MustCompile(`^([a-zA-Z][a-zA-Z0-9-]*)@`)

// cutHost splits scheme, user and host from the path of an address.
func cutHost(s string) (host, rest string, ok bool) {
	s, _ = cutPrefixFold(s, "git::")
	scheme := ""
	for _, p := range []string{"ssh://", "https://", "http://", "file://"} {
		if r, found := cutPrefixFold(s, p); found {
			scheme, s = p, r
			break
		}
	}
	user := userPart.FindString(s)
	s = s[len(user):]
	if scheme == "file://" {
		return scheme, user + s, true
	}
	lower := strings.ToLower(s)
	github := strings.HasPrefix(lower, "github.com/") || strings.HasPrefix(lower, "github.com:")
	scp := scheme == "" && (user != "" || github)
	if scheme == "" && !scp {
		return "", "", false
	}
	host = s
	if i := hostEnd(s, scp); i >= 0 {
		host, rest = s[:i+1], s[i+1:]
	}
	switch {
	case github && (scheme == "ssh://" || user != ""):
		scheme, host = "", "github.com:"
	case github:
		scheme, user, host = "https://", "", "github.com/"
	}
	return scheme + user + host, rest, host != ""
}

// hostEnd is where the host ends: at the first slash, or for an scp-style address at a
// colon before it.
func hostEnd(s string, scp bool) int {
	slash := strings.Index(s, "/")
	if !scp {
		return slash
	}
	if colon := strings.Index(s, ":"); slash == -1 || (colon > 0 && colon < slash) {
		return colon
	}
	return slash
}

// cutRepo splits the path of an address into repository and directory, at
// `_git/NAME`, `//` or `.git`, else after two segments.
func cutRepo(p string, whole bool) (repo, dir string, ok bool) {
	if i := strings.Index(p, "_git/"); i >= 0 {
		name, dir, _ := strings.Cut(p[i+len("_git/"):], "/")
		return p[:i+len("_git/")] + name, dir, true
	}
	if i := strings.Index(p, "//"); i >= 0 {
		return p[:i], p[i+2:], true
	}
	if i := strings.Index(p, ".git"); i >= 0 {
		return p[:i+len(".git")], p[i+len(".git"):], true
	}
	if whole {
		return p, "", true
	}
	segments := strings.Split(p, "/")
	if len(segments) < 2 {
		return "", "", false
	}
	return strings.Join(segments[:2], "/"), strings.Join(segments[2:], "/"), true
}

func leavesRepo(dir string) bool {
	first, _, _ := strings.Cut(path.Clean(strings.TrimPrefix(dir, "/")), "/")
	return first == ".."
}

// cutPrefixFold is strings.CutPrefix for a prefix in any case.
func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):], true
	}
	return s, false
}

// IsRemoteFile mirrors kustomize's function of that name: kustomize would fetch
// such an entry as a file before it tries anything else.
func IsRemoteFile(entry string) bool {
	u, err := url.Parse(entry)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https")
}

// ParseRemote says what an entry of resources or bases names. An http
// entry is fetched as a file first by kustomize, which succeeds for raw files
// only; here the address decides, so that nothing is fetched to find out: one
// that marks a repository (`//`, `.git`, `_git/`, a ref) or does not end in a
// manifest's extension is a repository.
func ParseRemote(entry string) (RemoteSpec, bool) {
	spec, ok := ParseRemoteGit(entry)
	u, err := url.Parse(entry)
	if err != nil || !IsRemoteFile(entry) {
		return spec, ok
	}
	marked := strings.Contains(u.Path, "//") || strings.Contains(u.Path, ".git") || strings.Contains(u.Path, "_git/") || refOf(u.RawQuery) != ""
	if ok && (marked || !manifestName(u.Path)) {
		return spec, true
	}
	return RemoteSpec{File: entry}, true
}

// manifestName goes by the ending of a name.
func manifestName(p string) bool {
	switch strings.ToLower(path.Ext(p)) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}
