package hub

import (
	"context"
	"slices"
	"time"
	"unicode/utf8"
)

// issue is an issue or a pull request; GitHub numbers both in one row.
type issue struct {
	id        int64
	number    int
	repo      *repo
	title     string
	body      string
	state     string // open or closed
	locked    bool
	user      *account
	labels    []*label
	comments  []*comment
	reactions []*reaction
	created   time.Time
	updated   time.Time
	closed    time.Time
	pull      *pull // nil for a plain issue
}

// label is a label of a repository.
type label struct {
	id                       int64
	name, color, description string
}

// comment is a comment on an issue or pull request.
type comment struct {
	id        int64
	issue     *issue
	user      *account
	body      string
	created   time.Time
	updated   time.Time
	reactions []*reaction
	history   []string // bodies before the present one, oldest first
}

// reaction is one person's reaction.
type reaction struct {
	id      int64
	user    *account
	content string
	created time.Time
}

// newIssue adds an issue to a repository.
func (h *Hub) newIssue(r *repo, by *account, title, body string) *issue {
	is := &issue{id: h.id(), number: len(r.issues) + 1, repo: r, title: title, body: body, state: "open", user: by, created: h.now(), updated: h.now()}
	r.issues = append(r.issues, is)
	return is
}

// label returns the label of that name, created when it is new.
func (h *Hub) label(r *repo, name string) *label {
	for _, l := range r.labels {
		if l.name == name {
			return l
		}
	}
	l := &label{id: h.id(), name: name, color: "ededed"}
	r.labels = append(r.labels, l)
	return l
}

// comment returns the comment of that id, nil when there is none.
func (r *repo) comment(id int64) *comment {
	for _, is := range r.issues {
		for _, c := range is.comments {
			if c.id == id {
				return c
			}
		}
	}
	return nil
}

// addComment writes a comment and tells those who listen.
func (h *Hub) addComment(is *issue, by *account, body string) *comment {
	c := &comment{id: h.id(), issue: is, user: by, body: body, created: h.now(), updated: h.now()}
	is.comments = append(is.comments, c)
	is.updated = c.created
	h.emitComment(c, by, "created", nil)
	return c
}

// editComment replaces a comment's body. GitHub says nothing when it stays the same.
func (h *Hub) editComment(c *comment, by *account, body string) {
	if c.body == body {
		return
	}
	old := c.body
	c.history = append(c.history, old)
	c.body, c.updated = body, h.now()
	h.emitComment(c, by, "edited", obj{"body": obj{"from": old}})
}

// deleteComment removes a comment.
func (h *Hub) deleteComment(c *comment, by *account) {
	for i, other := range c.issue.comments {
		if other == c {
			c.issue.comments = append(c.issue.comments[:i:i], c.issue.comments[i+1:]...)
		}
	}
	h.emitComment(c, by, "deleted", nil)
}

// validReaction reports whether GitHub has a reaction.
func validReaction(content string) bool {
	return slices.Contains([]string{"+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"}, content)
}

// react adds a reaction; created is false when it was there.
func (h *Hub) react(list *[]*reaction, by *account, content string) (r *reaction, created bool) {
	for _, r := range *list {
		if r.user == by && r.content == content {
			return r, false
		}
	}
	r = &reaction{id: h.id(), user: by, content: content, created: h.now()}
	*list = append(*list, r)
	return r, true
}

// bodyError returns what GitHub says about a body that is empty or too long, "" when it
// is neither.
func (h *Hub) bodyError(body string) string {
	if body == "" {
		return "Body can't be blank"
	}
	return h.lengthError(body)
}

// lengthError is GitHub's message for a text that is too long, "" for one that is not.
// It counts characters and not bytes.
func (h *Hub) lengthError(body string) string {
	if utf8.RuneCountInString(body) > h.opts.CommentLimit {
		return "Body is too long (maximum is " + itoa(h.opts.CommentLimit) + " characters)"
	}
	return ""
}

// addLabel puts a label on an issue.
func (h *Hub) addLabel(ctx context.Context, is *issue, by *account, name string) {
	l := h.label(is.repo, name)
	if slices.Contains(is.labels, l) {
		return
	}
	is.labels = append(is.labels, l)
	if is.pull != nil {
		h.emitPull(ctx, is, by, "labeled", obj{"label": h.labelJSON(is.repo, l)})
	}
}
