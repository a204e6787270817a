package check

import (
	"net/url"
	"path"
	"regexp"
	"strings"
)

// remote is an entry of a kustomization that leads out of the repository.
type remote struct {
	file bool   // one file by http, not a git repository
	ref  string // as written; for a file, the part of its path that looks like one
}

var userName = regexp.MustCompile(`^([a-zA-Z][a-zA-Z0-9-]*)@`)

// parseRemote reads an entry as kustomize v5.8 does (api/internal/git,
// NewRepoSpecFromURL; api/internal/loader, IsRemoteFile). It returns false for
// one that names a local path. A local file of the same name is found before
// a git base, a local directory is not: the caller looks for the file first.
func parseRemote(entry string, u use) (remote, bool) {
	isHTTP := isRemoteFile(entry)
	base, ok := parseBase(entry)
	switch {
	case u == asFile && isHTTP, isHTTP && !ok:
		return remote{file: true, ref: fileRef(entry)}, true
	case u == asFile || !ok:
		return remote{}, false
	case isHTTP && u == asResource && base.ref == "" && looksLikeFile(entry):
		return remote{file: true, ref: fileRef(entry)}, true
	}
	return base, true
}

func isRemoteFile(entry string) bool {
	u, err := url.Parse(entry)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https")
}

// parseBase mirrors NewRepoSpecFromURL: it says whether entry is a git base.
func parseBase(entry string) (remote, bool) {
	if strings.HasPrefix(entry, "/") {
		return remote{}, false
	}
	rest, query, _ := strings.Cut(entry, "?")
	rest = trimFold(rest, "git::")
	scheme, rest := cutScheme(rest)
	user := userName.FindString(rest)
	rest = rest[len(user):]
	github := trimFold(rest, "github.com/") != rest || trimFold(rest, "github.com:") != rest
	scp := scheme == "" && (user != "" || github)
	if scheme == "" && !scp {
		return remote{}, false
	}
	if scheme == "file://" {
		return remote{ref: refOf(query)}, user+rest != ""
	}
	sep := separator(rest, scp)
	if sep < 0 && !github {
		return remote{}, false
	}
	return remote{ref: refOf(query)}, hasRepo(rest[sep+1:])
}

func trimFold(s, prefix string) string {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):]
	}
	return s
}

func cutScheme(s string) (scheme, rest string) {
	for _, scheme := range []string{"ssh://", "https://", "http://", "file://"} {
		if rest := trimFold(s, scheme); rest != s {
			return scheme, rest
		}
	}
	return "", s
}

// separator returns where the host ends, -1 when it does not.
func separator(s string, scp bool) int {
	slash := strings.Index(s, "/")
	if colon := strings.Index(s, ":"); scp && (slash < 0 || colon > 0 && colon < slash) {
		return colon
	}
	return slash
}

// hasRepo reports whether s splits into a repository and a path inside it.
func hasRepo(s string) bool {
	repo, sub, ok := splitRepo(s)
	if !ok || repo == "" {
		return false
	}
	first, _, _ := strings.Cut(path.Clean(strings.TrimPrefix(sub, "/")), "/")
	return first != ".."
}

func splitRepo(s string) (repo, sub string, ok bool) {
	if before, after, ok := strings.Cut(s, "_git/"); ok {
		name, sub, _ := strings.Cut(after, "/")
		return before + "_git/" + name, sub, true
	}
	if repo, sub, ok := strings.Cut(s, "//"); ok {
		return repo, sub, true
	}
	if repo, sub, ok := strings.Cut(s, ".git"); ok {
		return repo + ".git", sub, true
	}
	parts := strings.SplitN(s, "/", 3)
	if len(parts) < 2 {
		return "", "", false
	}
	return parts[0] + "/" + parts[1], strings.Join(parts[2:], "/"), true
}

// refOf returns ?ref=, else ?version=, of a query.
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

// looksLikeFile reports whether an address names one manifest and not a
// repository. kustomize finds out by fetching it.
func looksLikeFile(entry string) bool {
	u, err := url.Parse(entry)
	return err == nil && isYAML(u.Path) && !strings.Contains(u.Path, "//") && !strings.Contains(u.Path, ".git/")
}

// fileRef returns the element of an address that pins it best: a commit, else
// a version.
func fileRef(entry string) string {
	u, err := url.Parse(entry)
	if err != nil {
		return ""
	}
	version := ""
	for e := range strings.SplitSeq(u.Path, "/") {
		if isCommit(e) {
			return e
		}
		if version == "" && isVersion(e) && !isYAML(e) {
			version = e
		}
	}
	return version
}

var (
	commitID = regexp.MustCompile(`^([0-9a-fA-F]{40}|[0-9a-fA-F]{64})$`)
	shortID  = regexp.MustCompile(`^[0-9a-f]{7,39}$`)
	// Three numbers: a branch is often called release-1.30, a tag rarely.
	version = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9._-]*[-_/])?v?[0-9]+\.[0-9]+\.[0-9]+([-+.][0-9A-Za-z.+-]*)?$`)
)

func isCommit(s string) bool  { return commitID.MatchString(s) }
func isVersion(s string) bool { return len(s) < 100 && version.MatchString(s) }
