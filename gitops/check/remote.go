package check

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// remote is an entry of a kustomization that leads out of the repository.
type remote struct {
	file bool   // one file by http, not a git repository
	ref  string // as written; for a file, the part of its path that looks like one
}

// parseRemote reads an entry as kustomize does. It returns false for one that
// names a local path. A local file of the same name is found before a git base,
// a local directory is not: the caller looks for the file first.
func parseRemote(entry string, u use) (remote, bool) {
	var spec gitops.RemoteSpec
	var ok bool
	switch u {
	case asFile:
		spec.File, ok = entry, gitops.IsRemoteFile(entry)
	case asDirectory:
		spec, ok = gitops.ParseRemoteGit(entry)
	default:
		spec, ok = gitops.ParseRemote(entry)
	}
	if ok && spec.File != "" {
		return remote{file: true, ref: fileRef(entry)}, true
	}
	return remote{ref: spec.Ref}, ok
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
