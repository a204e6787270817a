package hub

import (
	"net/http"
	"strings"
	"time"
)

func (h *Hub) gitRoutes() []route {
	return []route{
		{"GET /repos/{owner}/{repo}/git/ref/{ref...}", anyone, "contents:read", (*call).getRef},
		{"GET /repos/{owner}/{repo}/git/matching-refs/{ref...}", anyone, "contents:read", (*call).matchingRefs},
		{"POST /repos/{owner}/{repo}/git/refs", asToken, "contents:write", (*call).createRef},
		{"PATCH /repos/{owner}/{repo}/git/refs/{ref...}", asToken, "contents:write", (*call).updateRef},
		{"DELETE /repos/{owner}/{repo}/git/refs/{ref...}", asToken, "contents:write", (*call).deleteRef},
		{"GET /repos/{owner}/{repo}/git/commits/{sha}", anyone, "contents:read", (*call).getGitCommit},
		{"POST /repos/{owner}/{repo}/git/commits", asToken, "contents:write", (*call).createCommit},
		{"GET /repos/{owner}/{repo}/git/trees/{sha...}", anyone, "contents:read", (*call).getTree},
		{"POST /repos/{owner}/{repo}/git/trees", asToken, "contents:write", (*call).createTree},
		{"GET /repos/{owner}/{repo}/git/blobs/{sha}", anyone, "contents:read", (*call).getBlob},
		{"POST /repos/{owner}/{repo}/git/blobs", asToken, "contents:write", (*call).createBlob},
	}
}

func (c *call) getGitCommit() *answer {
	cm, err := c.repo.git.commit(c.ctx, c.r.PathValue("sha"))
	if err != nil {
		return failed(err)
	}
	return ok(c.h.gitCommit(c.repo, cm))
}

// createCommit writes a commit. Without author and committer it is GitHub's own for the
// App's bot, and signed; with either it is not.
func (c *call) createCommit() *answer {
	var req struct {
		Message, Tree     string
		Parents           []string
		Author, Committer *signature
	}
	if a := c.decode(&req); a != nil {
		return a
	}
	if req.Message == "" {
		return unprocessable("Invalid request.\n\n\"message\" wasn't supplied.")
	}
	if c.repo.git.kind(c.ctx, req.Tree) != "tree" {
		return unprocessable("Tree SHA does not exist")
	}
	for _, p := range req.Parents {
		if c.repo.git.kind(c.ctx, p) != "commit" {
			return unprocessable("Parent SHA does not exist or is not a commit object")
		}
	}
	cm := commit{tree: req.Tree, parents: req.Parents, message: req.Message}
	signed := c.sign(&cm, req.Author, req.Committer)
	sha, err := c.repo.git.newCommit(c.ctx, cm)
	if err != nil {
		return failed(err)
	}
	if signed {
		c.repo.signed[sha] = true
	}
	cm, err = c.repo.git.commit(c.ctx, sha)
	if err != nil {
		return failed(err)
	}
	return created(c.h.gitCommit(c.repo, cm))
}

// sign fills in who made a commit; it reports whether GitHub signs it.
func (c *call) sign(cm *commit, author, committer *signature) bool {
	own := author == nil && committer == nil && c.who.tok.in != nil
	cm.author, cm.committer = c.h.signatureOf(c.who.account()), c.h.botSignature()
	if author != nil {
		cm.author, cm.committer = *author, *author
	}
	if committer != nil {
		cm.committer = *committer
	}
	for _, s := range []*signature{&cm.author, &cm.committer} {
		if s.Date.IsZero() {
			s.Date = c.h.now()
		}
		s.Date = s.Date.Truncate(time.Second)
	}
	return own
}

// treeEntry is one line of a tree to be made: with content, a file that is stored
// first; with neither content nor sha, one that is taken out.
type treeEntry struct {
	Path    string  `json:"path"`
	Mode    string  `json:"mode"`
	Type    string  `json:"type"`
	SHA     *string `json:"sha"`
	Content *string `json:"content"`
}

// createTree makes a tree from entries on top of base_tree. An entry whose sha is null
// is removed.
func (c *call) createTree() *answer {
	var req struct {
		BaseTree string      `json:"base_tree"`
		Tree     []treeEntry `json:"tree"`
	}
	if a := c.decode(&req); a != nil {
		return a
	}
	if len(req.Tree) == 0 {
		return unprocessable("Invalid request.\n\n\"tree\" wasn't supplied.")
	}
	if req.BaseTree != "" {
		if kind := c.repo.git.kind(c.ctx, req.BaseTree); kind != "tree" && kind != "commit" {
			return unprocessable("base_tree is not a valid tree oid")
		}
	}
	var leaves []leaf
	for _, e := range req.Tree {
		l, a := c.leaf(e)
		if a != nil {
			return a
		}
		leaves = append(leaves, l)
	}
	sha, err := c.repo.git.graft(c.ctx, req.BaseTree, leaves)
	if err != nil {
		return unprocessable("GitRPC::BadObjectState")
	}
	return c.tree(sha, false, http.StatusCreated)
}

// leaf checks one entry and stores its content.
func (c *call) leaf(e treeEntry) (leaf, *answer) {
	if !validPath(e.Path) {
		return leaf{}, unprocessable("tree.path contains a malformed path component")
	}
	switch {
	case e.Content != nil:
		sha, err := c.repo.git.blob(c.ctx, []byte(*e.Content))
		if err != nil {
			return leaf{}, failed(err)
		}
		return leaf{e.Mode, sha, e.Path}, nil
	case e.SHA == nil:
		return leaf{path: e.Path}, nil
	case e.Mode != "160000" && c.repo.git.kind(c.ctx, *e.SHA) == "":
		return leaf{}, unprocessable("tree.sha " + *e.SHA + " is not a valid object")
	case e.Mode == "040000":
		return leaf{}, unprocessable("the hub takes no trees within trees")
	}
	return leaf{e.Mode, *e.SHA, e.Path}, nil
}

// validPath reports whether git takes a path into a tree.
func validPath(p string) bool {
	for part := range strings.SplitSeq(p, "/") {
		if part == "" || part == "." || part == ".." || strings.EqualFold(part, ".git") || strings.ContainsRune(part, 0) {
			return false
		}
	}
	return true
}

// getTree takes the id of a tree, or anything that names a commit.
func (c *call) getTree() *answer {
	sha := c.r.PathValue("sha")
	if kind := c.repo.git.kind(c.ctx, sha); kind != "tree" {
		var found bool
		if sha, found = c.repo.resolve(c.ctx, sha); !found {
			return notFound()
		}
		sha, _ = c.repo.git.run(c.ctx, "rev-parse", sha+"^{tree}")
	}
	return c.tree(sha, c.query("recursive") != "", http.StatusOK)
}

// maxTree is how many entries a tree answer holds.
const maxTree = 100_000

// tree is the form of a tree. One with more than maxTree entries is cut there and says
// so, as at GitHub: a client that does not look takes half of it for all.
func (c *call) tree(sha string, recursive bool, status int) *answer {
	args := []string{"ls-tree", "-l", "-z", sha}
	if recursive {
		args = []string{"ls-tree", "-l", "-z", "-r", "-t", sha}
	}
	out, err := c.repo.git.run(c.ctx, args...)
	if err != nil {
		return failed(err)
	}
	list, truncated := []obj{}, false
	for line := range strings.SplitSeq(out, "\x00") {
		head, path, _ := strings.Cut(line, "\t")
		f := strings.Fields(head)
		if len(f) < 4 {
			continue
		}
		if truncated = len(list) == maxTree; truncated {
			break
		}
		e := obj{"path": path, "mode": f[0], "type": f[1], "sha": f[2], "url": c.h.repoURL(c.repo) + "/git/" + f[1] + "s/" + f[2]}
		if f[1] == "blob" {
			e["size"] = atoi(f[3])
		}
		list = append(list, e)
	}
	return &answer{status: status, body: obj{"sha": sha, "url": c.h.repoURL(c.repo) + "/git/trees/" + sha, "tree": list, "truncated": truncated}}
}

func (c *call) getBlob() *answer {
	sha := c.r.PathValue("sha")
	if c.repo.git.kind(c.ctx, sha) != "blob" {
		return notFound()
	}
	data, err := c.repo.git.pipe(c.ctx, nil, nil, "cat-file", "blob", sha)
	if err != nil {
		return failed(err)
	}
	return ok(obj{"sha": sha, "node_id": "B_" + sha, "size": len(data), "url": c.h.repoURL(c.repo) + "/git/blobs/" + sha, "encoding": "base64", "content": wrap64(data)})
}

func (c *call) createBlob() *answer {
	var req struct{ Content, Encoding string }
	if a := c.decode(&req); a != nil {
		return a
	}
	data := []byte(req.Content)
	if req.Encoding == "base64" {
		var err error
		if data, err = unwrap64(req.Content); err != nil {
			return unprocessable("content is not valid Base64")
		}
	}
	sha, err := c.repo.git.blob(c.ctx, data)
	if err != nil {
		return failed(err)
	}
	return created(obj{"sha": sha, "url": c.h.repoURL(c.repo) + "/git/blobs/" + sha})
}
