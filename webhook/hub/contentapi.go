package hub

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"net/url"
	"path"
	"strings"
)

func (h *Hub) contentRoutes() []route {
	return []route{
		{"GET /repos/{owner}/{repo}/contents/{path...}", anyone, "contents:read", (*call).getContents},
		{"PUT /repos/{owner}/{repo}/contents/{path...}", asToken, "contents:write", (*call).putContents},
		{"DELETE /repos/{owner}/{repo}/contents/{path...}", asToken, "contents:write", (*call).deleteContents},
	}
}

// The contents API gives files up to 1 MB in JSON, up to 100 MB raw.
const (
	maxContent = 1 << 20
	maxRaw     = 100 << 20
)

// entry is one line of git ls-tree.
type entry struct {
	mode, kind, sha, path string
	size                  int
}

// list returns what is at a path of a commit: the entry itself, or with a slash at the
// end the entries of a directory.
func (c *call) list(sha, p string) []entry {
	out, _ := c.repo.git.run(c.ctx, "ls-tree", "-l", "-z", sha, "--", p)
	var list []entry
	for line := range strings.SplitSeq(out, "\x00") {
		head, name, _ := strings.Cut(line, "\t")
		if f := strings.Fields(head); len(f) == 4 {
			list = append(list, entry{f[0], f[1], f[2], name, atoi(f[3])})
		}
	}
	return list
}

// commitOfRef is the commit of the ref parameter, or the default branch's.
func (c *call) commitOfRef() (string, bool) {
	ref := c.query("ref")
	if ref == "" {
		ref = c.repo.branch
	}
	return c.repo.resolve(c.ctx, ref)
}

// getContents answers with a list for a directory, and with one object for anything
// else.
func (c *call) getContents() *answer {
	p := strings.Trim(c.r.PathValue("path"), "/")
	sha, found := c.commitOfRef()
	if !found {
		return refuse(http.StatusNotFound, "No commit found for the ref "+c.query("ref"))
	}
	if !validPath(p) {
		return notFound()
	}
	list := c.list(sha, p)
	switch {
	case len(list) != 1:
		return notFound()
	case list[0].kind == "tree":
		return c.directory(sha, p+"/")
	}
	return c.file(sha, list[0])
}

func (c *call) directory(sha, p string) *answer {
	return ok(forms(c.list(sha, p), func(e entry) obj {
		out := c.contentJSON(sha, e)
		if e.kind == "commit" {
			out["type"] = "file" // as GitHub has it for submodules in lists
		}
		return out
	}))
}

// file is a file in JSON, or raw when the caller asks for it.
func (c *call) file(sha string, e entry) *answer {
	raw := strings.Contains(c.r.Header.Get("Accept"), "raw")
	if raw && e.size > maxRaw {
		return refuse(http.StatusForbidden, "This API returns blobs up to 100 MB in size.")
	}
	out := c.contentJSON(sha, e)
	if e.kind == "commit" {
		out["submodule_git_url"] = c.h.htmlURL(c.repo) + ".git"
		return ok(out)
	}
	if !raw && e.size > maxContent {
		out["encoding"], out["content"] = "none", ""
		return ok(out)
	}
	data, err := c.repo.git.pipe(c.ctx, nil, nil, "cat-file", "blob", e.sha)
	switch {
	case err != nil:
		return failed(err)
	case raw:
		return &answer{status: http.StatusOK, raw: data, header: http.Header{"Content-Type": {"application/vnd.github.raw; charset=utf-8"}}}
	case e.mode == "120000":
		out["target"] = string(data)
		return ok(out)
	}
	out["encoding"], out["content"] = "base64", wrap64(data)
	return ok(out)
}

// contentJSON is what files, directories, symlinks and submodules have in common.
func (c *call) contentJSON(sha string, e entry) obj {
	p, ref := escapePath(e.path), url.QueryEscape(sha)
	kind := map[string]string{"tree": "dir", "commit": "submodule"}[e.kind]
	if kind == "" {
		kind = "file"
	}
	if e.mode == "120000" {
		kind = "symlink"
	}
	self := c.h.repoURL(c.repo) + "/contents/" + p + "?ref=" + ref
	git := c.h.repoURL(c.repo) + "/git/" + e.kind + "s/" + e.sha
	html := c.h.htmlURL(c.repo) + "/" + e.kind + "/" + sha + "/" + p
	out := obj{
		"name": path.Base(e.path), "path": e.path, "sha": e.sha, "size": e.size, "type": kind, "url": self, "html_url": html, "git_url": git,
		"download_url": nil, "_links": obj{"self": self, "git": git, "html": html},
	}
	if kind == "file" {
		out["download_url"] = c.h.htmlURL(c.repo) + "/raw/" + sha + "/" + p
	}
	return out
}

// contentRequest is the body of both calls that write a file. Content is missing for
// one that is deleted.
type contentRequest struct {
	Message   string     `json:"message"`
	Content   *string    `json:"content"`
	SHA       string     `json:"sha"`
	Branch    string     `json:"branch"`
	Author    *signature `json:"author"`
	Committer *signature `json:"committer"`
}

func (c *call) putContents() *answer    { return c.change(true) }
func (c *call) deleteContents() *answer { return c.change(false) }

// change writes or deletes one file in a commit of its own. The file must be at the
// blob that the caller names.
func (c *call) change(put bool) *answer {
	var req contentRequest
	if a := c.decode(&req); a != nil {
		return a
	}
	if req.Branch == "" {
		req.Branch = c.repo.branch
	}
	p, tip := c.r.PathValue("path"), c.repo.head(req.Branch)
	switch {
	case tip == "":
		return refuse(http.StatusNotFound, "Branch "+req.Branch+" not found")
	case !validPath(p):
		return unprocessable("path contains a malformed path component")
	}
	old := ""
	if list := c.list(tip, p); len(list) == 1 {
		old = list[0].sha
	}
	switch {
	case old != "" && req.SHA == "":
		return unprocessable("Invalid request.\n\n\"sha\" wasn't supplied.")
	case old != req.SHA && req.SHA != "":
		return refuse(http.StatusConflict, p+" does not match "+req.SHA)
	case !put && old == "":
		return notFound()
	}
	return c.commitFile(req, p, tip, put, old == "")
}

// commitFile puts one file into a commit on a branch, or takes it out. The ref moves
// only if nobody moved it meanwhile; a commit that lost is left behind, and harms
// nobody. fresh says that the file is new, which is another status.
func (c *call) commitFile(req contentRequest, p, tip string, put, fresh bool) *answer {
	l := leaf{path: p}
	if put {
		if req.Content == nil {
			return unprocessable("Invalid request.\n\n\"content\" wasn't supplied.")
		}
		data, err := unwrap64(*req.Content)
		if err != nil {
			return unprocessable("content is not valid Base64")
		}
		sha, err := c.repo.git.blob(c.ctx, data)
		if err != nil {
			return failed(err)
		}
		l = leaf{"100644", sha, p}
	}
	tree, err := c.repo.git.graft(c.ctx, tip, []leaf{l})
	if err != nil {
		return failed(err)
	}
	cm := commit{tree: tree, parents: []string{tip}, message: req.Message}
	signed := c.sign(&cm, req.Author, req.Committer)
	sha, err := c.repo.git.newCommit(c.ctx, cm)
	if err != nil {
		return failed(err)
	}
	if a := c.guardRef("refs/heads/"+req.Branch, tip, sha); a != nil {
		return a
	}
	c.repo.signed[sha] = signed
	if err := c.h.setRef(c.ctx, c.repo, c.who.account(), "refs/heads/"+req.Branch, sha, tip); err != nil {
		return refuse(http.StatusConflict, "Branch moved")
	}
	cm, err = c.repo.git.commit(c.ctx, sha)
	if err != nil {
		return failed(err)
	}
	out := obj{"content": nil, "commit": c.h.gitCommit(c.repo, cm)}
	if list := c.list(sha, p); put && len(list) == 1 {
		out["content"] = c.contentJSON(sha, list[0])
	}
	if fresh {
		return created(out)
	}
	return ok(out)
}

// wrap64 is base64 in lines of 60, as GitHub sends it.
func wrap64(data []byte) string {
	s := base64.StdEncoding.EncodeToString(data)
	var b bytes.Buffer
	for ; len(s) > 60; s = s[60:] {
		b.WriteString(s[:60] + "\n")
	}
	if s != "" {
		b.WriteString(s + "\n")
	}
	return b.String()
}

// unwrap64 takes base64 with line breaks in it, as GitHub does.
func unwrap64(s string) ([]byte, error) {
	return base64.StdEncoding.DecodeString(strings.NewReplacer("\n", "", "\r", "").Replace(s))
}
