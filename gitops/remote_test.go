package gitops_test

import (
	"io"
	"log"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"
	_ "unsafe" // for go:linkname

	"github.com/google/go-cmp/cmp"
	"github.com/sealift/sealift/gitops"
	_ "sigs.k8s.io/kustomize/api/krusty" // links the oracle
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// repoSpec has the fields of kustomize's git.RepoSpec (api v0.21.2, in their order).
type repoSpec struct {
	_, Host, RepoPath string
	Dir               filesys.ConfirmedDir
	KustRootPath, Ref string
	Submodules        bool
	Timeout           time.Duration
}

// kustomizeRepoSpec is kustomize's own parser, which is internal to it: the
// oracle of these tests.
//
//go:linkname kustomizeRepoSpec sigs.k8s.io/kustomize/api/internal/git.NewRepoSpecFromURL
func kustomizeRepoSpec(n string) (*repoSpec, error)

// quiet drops what kustomize logs about "git::".
func quiet(t testing.TB) {
	before := log.Writer()
	log.SetOutput(io.Discard)
	t.Cleanup(func() { log.SetOutput(before) })
}

// spellings are entries as kustomize's own tests have them, and some of those
// that it refuses.
var spellings = []string{
	"https://git-codecommit.us-east-2.amazonaws.com/someorg/somerepo/somedir?ref=testbranch",
	"https://fabrikops2.visualstudio.com/someorg/somerepo?ref=master",
	"http://github.com/someorg/somerepo/somedir", "gitHub.com/someorg/somerepo?ref=group/version", "github.com:someorg/somerepo",
	"hTTps://github.com/someorg/somerepo/README.md", "git@github.com:someorg/somerepo/somedir", "git@github.com/someorg/somerepo/somedir",
	"http://github.com/someorg/somerepo.git/somedir", "git@github.com:someorg/somerepo.git/somedir",
	"git@gitlab2.sqtools.ru:infra/kubernetes/thanos-base.git?ref=v0.1.0", "git@bitbucket.org:company/project.git//path?ref=branch",
	"git@bitbucket.org/company/project.git//path?ref=branch", "ssh://git@bitbucket.org/company/project.git//path?ref=branch",
	"https://itfs.mycompany.com/collection/project/_git/somerepos/somedir?version=v1.0.0",
	"git::https://itfs.mycompany.com/collection/project/_git/somerepos", "GIT::git@github.com:o/r",
	"https://bitbucket.example.com/scm/project/repository.git", "ssh://git-codecommit.us-east-2.amazonaws.com/someorg/somerepo/somepath",
	"https://github.com/kubernetes-sigs/kustomize//examples/multibases/dev/?ref=v1.0.6",
	"file://a/b/c/someRepo.git/somepath?ref=someBranch", "file://a/b/c/someRepo//somepath?ref=someBranch", "file:///a/b/c/someRepo", "file:///",
	"ssh://alice@example.com/path/to/repo//examples/multibases/dev", "https://authority/org/repo/?ref=includes_git/for_some_reason",
	"https://authority/org/repo/?ref=includes.git/for_some_reason", "https://authority/org/repo/%-invalid-uri-so-not-parsable-by-net/url.Parse",
	"file://git@home/path/to/repository.git//path?ref=branch", "https://git@home.com/path/to/repository.git//path?ref=branch",
	"ssh://git@ssh.github.com:443/YOUR-USERNAME/YOUR-REPOSITORY.git", "git@gitlab.com/user:name/YOUR-REPOSITORY.git/path",
	"https://username@dev.azure.com/org/project/_git/repo//path/to/kustomization/root", "org-12345@github.com/kubernetes-sigs/kustomize",
	"git@gist.github.com:bc7947cb727d7f9217e7862d961a1ffd.git", "ssh://git.example.com:7999/org/repo?ref=v1&timeout=61&submodules=false",
	"https://h/o/r?version=a&ref=b", "https://h/o/r?ref=", "https://h/o/r?ref=a;b", "https://h/o/r?ref=a?b", "https://h/o/r?ref=%2d%2dupload-pack%3dx",
	"", "/abs/dir", "../base", "base", "./github.com/o/r", "rbac.authorization.k8s.io/x", "https://", "https://h", "https://h/o", "github.com", "github.com/", "github.com/o",
	"git@h", "ssh://", "https://h/o/r//../..", "https://h/o/r/../../../x", "https://h/o/r.git/../x", "file://a//../..", "svn://h/o/r", "htxxxtp://github.com/", "a@b:c/d", "_@b:c/d", "1@b:c/d",
}

// TestParseRemoteGit compares with kustomize's own parser.
func TestParseRemoteGit(t *testing.T) {
	quiet(t)
	clones := 0
	for _, entry := range spellings {
		if sameAsKustomize(t, entry) {
			clones++
		}
	}
	if clones < 40 || clones == len(spellings) {
		t.Errorf("kustomize would clone %d of %d", clones, len(spellings))
	}
}

// TestParseRemoteGitCombined combines parts of addresses.
func TestParseRemoteGitCombined(t *testing.T) {
	quiet(t)
	for _, scheme := range []string{"", "https://", "HTTP://", "ssh://", "file://", "git::", "git::https://", "git+ssh://"} {
		for _, user := range []string{"", "git@", "org-1@", "a:b@", "@"} {
			for _, host := range []string{"github.com/", "GitHub.com:", "example.com/", "example.com:", "example.com:7999/", "/", "", "[::1]/"} {
				for _, p := range []string{"o/r", "o/r/d/e", "o/r.git", "o/r.git/d", "o/r//d", "p/_git/r/d", "o", "", "/o/r", "o/r//../x", ".git", "//", "_git/"} {
					for _, query := range []string{"", "?ref=v1", "?version=v1", "?ref=a&version=b", "?", "?ref=%zz"} {
						sameAsKustomize(t, scheme+user+host+p+query)
					}
				}
			}
		}
	}
}

// sameAsKustomize compares one entry and returns whether kustomize would clone.
func sameAsKustomize(t *testing.T, entry string) bool {
	t.Helper()
	got, ok := gitops.ParseRemoteGit(entry)
	want, err := kustomizeRepoSpec(entry)
	if ok != (err == nil) {
		t.Errorf("%q: ok %t, kustomize says %v", entry, ok, err)
		return err == nil
	}
	if err != nil {
		return false
	}
	spec := gitops.RemoteSpec{Repo: want.Host + want.RepoPath, Ref: want.Ref, Dir: want.KustRootPath}
	if diff := cmp.Diff(spec, got); diff != "" {
		t.Errorf("%q: -kustomize +ours\n%s", entry, diff)
	}
	return true
}

// TestParseRemote says which entries are files and which are repositories.
func TestParseRemote(t *testing.T) {
	repo := func(r, ref, dir string) *gitops.RemoteSpec {
		return &gitops.RemoteSpec{Repo: r, Ref: ref, Dir: dir}
	}
	file := func(address string) *gitops.RemoteSpec { return &gitops.RemoteSpec{File: address} }
	for entry, want := range map[string]*gitops.RemoteSpec{
		"https://raw.example.com/o/r/main/x.yaml":     file("https://raw.example.com/o/r/main/x.yaml"),
		"https://example.com/x.yml?token=a":           file("https://example.com/x.yml?token=a"),
		"http://example.com/crd.json":                 file("http://example.com/crd.json"),
		"https://example.com/x":                       file("https://example.com/x"), // too short for a repository
		"https://example.com/o/r":                     repo("https://example.com/o/r", "", ""),
		"https://example.com/o/r/x.yaml?ref=v1":       repo("https://example.com/o/r", "v1", "x.yaml"),
		"https://example.com/o/r.git/x.yaml":          repo("https://example.com/o/r.git", "", "x.yaml"),
		"https://example.com/o/r//x.yaml":             repo("https://example.com/o/r", "", "x.yaml"),
		"https://example.com/o/r?timeout=90s&ref=v1":  repo("https://example.com/o/r", "v1", ""),
		"https://example.com/o/r//../../x?ref=v1":     file("https://example.com/o/r//../../x?ref=v1"), // climbs out: no repository
		"github.com/o/r//d?version=v1":                repo("https://github.com/o/r", "v1", "d"),
		"git@example.com:o/r.git//d?ref=v1":           repo("git@example.com:o/r.git", "v1", "d"),
		"ssh://git@example.com/o/r?ref=--upload-pack": repo("ssh://git@example.com/o/r", "--upload-pack", ""),
		"file:///srv/x.git":                           repo("file:///srv/x.git", "", ""),
		"../base":                                     nil,
		"r.yaml":                                      nil,
		"example.com/o/r":                             nil,
		"ftp://example.com/o/r":                       nil,
		"":                                            nil,
	} {
		got, ok := gitops.ParseRemote(entry)
		switch {
		case want == nil && ok:
			t.Errorf("%q: %+v, want a local path", entry, got)
		case want != nil && (!ok || got != *want):
			t.Errorf("%q: %+v %t, want %+v", entry, got, ok, *want)
		}
	}
}

// FuzzParseRemote holds that every entry is read as kustomize reads it, and that
// no directory leaves its repository.
func FuzzParseRemote(f *testing.F) {
	quiet(f)
	for _, entry := range spellings {
		f.Add(entry)
	}
	f.Fuzz(func(t *testing.T, entry string) {
		sameAsKustomize(t, entry)
		spec, ok := gitops.ParseRemote(entry)
		if !ok {
			return
		}
		if (spec.Repo == "") == (spec.File == "") {
			t.Errorf("%q: not one of repository and file: %+v", entry, spec)
		}
		if clean := path.Clean(spec.Dir); clean == ".." || strings.HasPrefix(clean, "../") {
			t.Errorf("%q: leaves the repository: %+v", entry, spec)
		}
		if u, err := url.Parse(entry); err == nil && (u.Scheme == "http" || u.Scheme == "https") != gitops.IsRemoteFile(entry) {
			t.Errorf("%q: IsRemoteFile %t", entry, gitops.IsRemoteFile(entry))
		}
	})
}
