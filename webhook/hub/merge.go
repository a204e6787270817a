package hub

import (
	"context"
	"net/http"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// mergeable computes what merging would give and moves refs/pull/N/merge to it. known
// is false when GitHub would still be computing, as it is the first time
// somebody asks after a change.
func (h *Hub) mergeable(ctx context.Context, is *issue) (t trial, known bool) {
	p, base := is.pull, is.repo.head(is.pull.base)
	if base == "" || is.state != "open" {
		return trial{}, false
	}
	if p.trial.head == p.headSHA && p.trial.base == base {
		if p.trial.asked {
			return p.trial, true
		}
	} else {
		p.trial = h.try(ctx, is, base)
	}
	known = h.opts.EagerMerge || p.trial.asked
	p.trial.asked = true
	return p.trial, known
}

// try merges head into base as GitHub does for its test merge. A conflict leaves the
// old merge ref behind.
func (h *Hub) try(ctx context.Context, is *issue, base string) trial {
	p := is.pull
	t := trial{head: p.headSHA, base: base}
	sha, err := h.mergeCommit(ctx, is, base, "Merge "+p.headSHA+" into "+base, h.botSignature())
	if err != nil || sha == "" {
		return t
	}
	t.sha, t.ok = sha, is.repo.git.setRef(ctx, is.mergeRef(), sha, "") == nil
	return t
}

// mergeCommit makes a merge commit of head into base; "" is a conflict.
func (h *Hub) mergeCommit(ctx context.Context, is *issue, base, message string, by signature) (string, error) {
	g := is.repo.git
	tree, ok, err := g.merge(ctx, base, is.pull.headSHA)
	if err != nil || !ok {
		return "", err
	}
	return g.newCommit(ctx, commit{tree: tree, parents: []string{base, is.pull.headSHA}, author: by, committer: h.botSignature(), message: message})
}

// botSignature is what GitHub signs its own commits with.
func (h *Hub) botSignature() signature {
	return signature{Name: "GitHub", Email: "noreply@github.com", Date: h.now()}
}

// MergeOptions say how to merge.
type MergeOptions struct {
	// Method is merge, squash or rebase; "" is merge.
	Method string
	// Title and Message replace GitHub's own.
	Title, Message string
	// SHA is the head that must still be current, when not empty.
	SHA string
}

// refusal is an answer of the REST API in place of a result.
type refusal struct {
	status  int
	message string
	errors  []obj
}

// Error returns GitHub's message.
func (r *refusal) Error() string { return r.message }

// merge merges a pull request and returns the new tip of the base. Refusals
// have GitHub's statuses.
func (h *Hub) merge(ctx context.Context, is *issue, by *account, o MergeOptions) (string, error) {
	p := is.pull
	if why := h.mergeRefusal(ctx, is, o); why != nil {
		return "", why
	}
	base := is.repo.head(p.base)
	sha, err := h.mergeBy(ctx, is, by, base, o)
	if err != nil {
		return "", err
	}
	if sha == "" {
		return "", &refusal{status: http.StatusMethodNotAllowed, message: "Pull Request is not mergeable"}
	}
	if err := is.repo.git.setRef(ctx, "refs/heads/"+p.base, sha, base); err != nil {
		return "", &refusal{status: http.StatusMethodNotAllowed, message: "Base branch was modified. Review and try the merge again."}
	}
	is.repo.signed[sha] = true
	h.markMerged(ctx, is, by, sha)
	return sha, h.sync(ctx, is.repo, by)
}

// mergeRefusal returns why a pull request may not be merged now.
func (h *Hub) mergeRefusal(ctx context.Context, is *issue, o MergeOptions) error {
	p, rules := is.pull, is.repo.rules[is.pull.base]
	refuse := func(status int, msg string) error { return &refusal{status: status, message: msg} }
	switch {
	case !p.merged.IsZero() || is.state != "open":
		return refuse(http.StatusMethodNotAllowed, "Pull Request is not mergeable")
	case p.draft:
		return refuse(http.StatusMethodNotAllowed, "Pull Request is still a draft")
	case o.SHA != "" && o.SHA != p.headSHA:
		return refuse(http.StatusConflict, "Head branch was modified. Review and try the merge again.")
	case is.repo.noMergeMethod[o.Method]:
		return refuse(http.StatusMethodNotAllowed, "Merge method "+o.Method+" merging is not allowed on this repository")
	case rules.Queue:
		return refuse(http.StatusMethodNotAllowed, "Changes must be made through the merge queue")
	}
	for _, context := range rules.Checks {
		if state := h.contextState(is.repo, p.headSHA, context); state != "success" {
			return refuse(http.StatusMethodNotAllowed, `Required status check "`+context+`" is expected.`)
		}
	}
	return nil
}

// mergeBy makes the commit or commits of one merge method; "" is a conflict.
func (h *Hub) mergeBy(ctx context.Context, is *issue, by *account, base string, o MergeOptions) (string, error) {
	p, n := is.pull, itoa(is.number)
	switch o.Method {
	case "", "merge":
		title := "Merge pull request #" + n + " from " + p.headUser.login + "/" + p.head
		return h.mergeCommit(ctx, is, base, message(o, title, is.title), h.signatureOf(by))
	case "squash":
		return h.squash(ctx, is, by, base, message(o, is.title+" (#"+n+")", ""))
	case "rebase":
		return h.rebase(ctx, is, base)
	}
	return "", &refusal{status: http.StatusUnprocessableEntity, message: "Invalid merge method " + gitops.Quote(o.Method)}
}

// message is that of a merge: what was asked for, else GitHub's default.
func message(o MergeOptions, title, body string) string {
	if o.Title != "" {
		title = o.Title
	}
	if o.Message != "" {
		body = o.Message
	}
	return strings.TrimSpace(title + "\n\n" + body)
}

// squash makes one commit of a pull request on top of base, by its author. It returns
// "" when they conflict.
func (h *Hub) squash(ctx context.Context, is *issue, by *account, base, msg string) (string, error) {
	g := is.repo.git
	tree, ok, err := g.merge(ctx, base, is.pull.headSHA)
	if err != nil || !ok {
		return "", err
	}
	return g.newCommit(ctx, commit{tree: tree, parents: []string{base}, author: h.signatureOf(is.user), committer: h.botSignature(), message: msg})
}

// rebase puts the commits of the pull request on top of base one by one. Each is
// merged with a stand-in that has base's tree and the commit's own parent, so that
// the merge base is that parent: a cherry-pick without a work tree.
func (h *Hub) rebase(ctx context.Context, is *issue, base string) (string, error) {
	g := is.repo.git
	list, err := g.commits(ctx, "--reverse", "--topo-order", "--no-merges", is.pull.headSHA, "^"+base)
	if err != nil {
		return "", err
	}
	tip := base
	for _, c := range list {
		top, err := g.commit(ctx, tip)
		if err != nil {
			return "", err
		}
		standIn, err := g.newCommit(ctx, commit{tree: top.tree, parents: c.parents, author: c.author, committer: c.committer, message: "stand-in"})
		if err != nil {
			return "", err
		}
		tree, ok, err := g.merge(ctx, standIn, c.sha)
		if err != nil || !ok {
			return "", err
		}
		tip, err = g.newCommit(ctx, commit{tree: tree, parents: []string{tip}, author: c.author, committer: h.botSignature(), message: c.message})
		if err != nil {
			return "", err
		}
	}
	return tip, nil
}

// markMerged records that a pull request was merged as sha.
func (h *Hub) markMerged(ctx context.Context, is *issue, by *account, sha string) {
	p := is.pull
	p.merged, p.mergedBy, p.mergeSHA, p.auto = h.now(), by, sha, ""
	h.closePull(ctx, is, by)
}

// tryAuto merges every pull request with auto-merge that has become mergeable, or puts
// it into the merge queue of its base.
func (h *Hub) tryAuto(ctx context.Context, r *repo) {
	for _, is := range r.issues {
		p := is.pull
		if p == nil || p.auto == "" || is.state != "open" {
			continue
		}
		if r.rules[p.base].Queue && h.groupState(r, p.base, p.headSHA) == "success" {
			by := p.autoBy
			p.auto, p.autoBy = "", nil
			_ = h.enqueue(ctx, is, by) // refused: it conflicts, and is out
			continue
		}
		_, _ = h.merge(ctx, is, p.autoBy, MergeOptions{Method: p.auto}) // refused: it waits on
	}
}
