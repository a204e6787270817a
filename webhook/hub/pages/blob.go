package pages

import (
	"net/http"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/sealift/sealift/gitops"
)

// blobView is a file at a commit.
type blobView struct {
	Repo, SHA, Path string
	Lines           []string
	Binary, Cut     bool
}

// blob shows a file at a commit or branch; its lines have anchors as on GitHub, #L12.
func (p *pages) blob(w http.ResponseWriter, r *http.Request) {
	repo, err := p.repo(r)
	if err != nil {
		p.failWith(w, r, err)
		return
	}
	sha := r.PathValue("ref")
	if !isSHA(sha) {
		sha = p.hub.Tip(repo, sha)
	}
	name := path.Clean("/" + r.PathValue("path"))[1:]
	if sha == "" || name == "" {
		p.failWith(w, r, gitops.Errorf(gitops.NotFound, "file %s is not there", gitops.Quote(name)))
		return
	}
	a, err := p.git(r.Context(), repo, "cat-file", "blob", sha+":"+name)
	if err != nil {
		p.failWith(w, r, gitops.Errorf(gitops.NotFound, "file %s is not in commit %s", gitops.Quote(name), sha[:7]))
		return
	}
	v := blobView{Repo: repo, SHA: sha, Path: name, Cut: a.cut, Binary: !utf8.ValidString(a.out) || strings.Contains(a.out, "\x00")}
	if !v.Binary {
		v.Lines = strings.Split(strings.TrimSuffix(a.out, "\n"), "\n")
	}
	p.show(w, r, http.StatusOK, "blob", layout{Title: name + " · " + repo, Repo: repo, Body: v})
}
