package ghapp

import (
	"context"
	"errors"
	"net/url"

	"github.com/google/go-github/v60/github"

	"github.com/sealift/sealift/gitops"
)

// Comments returns the comments of an issue or pull request, oldest first.
func (r *Repo) Comments(ctx context.Context, number int) ([]gitops.Comment, error) {
	var out []gitops.Comment
	for c, err := range pages[*github.IssueComment](ctx, r.c, r.path+"/issues/"+itoa(number)+"/comments", url.Values{}) {
		if err != nil {
			return nil, err
		}
		out = append(out, commentOf(c))
	}
	return out, nil
}

// CreateComment writes a comment. It fails with an error that is [TooLong] when
// the body is longer than GitHub takes.
func (r *Repo) CreateComment(ctx context.Context, number int, body string) (gitops.Comment, error) {
	c, _, err := r.c.Issues.CreateComment(ctx, r.repo.Owner, r.repo.Name, number, &github.IssueComment{Body: &body})
	return commentOf(c), problem(err)
}

// UpdateComment replaces the body of a comment. It fails with code not_found when
// the comment was deleted.
func (r *Repo) UpdateComment(ctx context.Context, id int64, body string) error {
	_, _, err := r.c.Issues.EditComment(ctx, r.repo.Owner, r.repo.Name, id, &github.IssueComment{Body: &body})
	return problem(err)
}

// DeleteComment deletes a comment. One that is gone already is a success.
func (r *Repo) DeleteComment(ctx context.Context, id int64) error {
	_, err := r.c.Issues.DeleteComment(ctx, r.repo.Owner, r.repo.Name, id)
	return unlessGone(problem(err))
}

// unlessGone takes not found for done: what is to be deleted is gone already.
func unlessGone(err error) error {
	if e, ok := errors.AsType[*gitops.Error](err); ok && e.Code == gitops.NotFound {
		return nil
	}
	return err
}

func commentOf(c *github.IssueComment) gitops.Comment {
	return gitops.Comment{ID: c.GetID(), Author: userOf(c.GetUser()), Body: c.GetBody(), Created: c.GetCreatedAt().Time, URL: c.GetHTMLURL()}
}

// React adds a reaction to a comment, such as "eyes" or "rocket". One that we gave
// before is a success.
func (r *Repo) React(ctx context.Context, comment int64, content string) error {
	_, _, err := r.c.Reactions.CreateIssueCommentReaction(ctx, r.repo.Owner, r.repo.Name, comment, content)
	return problem(err)
}

// Unreact takes back our own reaction. One that is gone already is a success.
func (r *Repo) Unreact(ctx context.Context, comment int64, content string) error {
	self, err := r.app.Self(ctx)
	if err != nil {
		return err
	}
	type reaction struct {
		ID   int64
		User user
	}
	path := r.path + "/issues/comments/" + itoa(comment) + "/reactions"
	for re, err := range pages[reaction](ctx, r.c, path, url.Values{"content": {content}}) {
		if err != nil {
			return unlessGone(err)
		}
		if re.User.ID == self.Bot.ID {
			_, err := r.c.Reactions.DeleteIssueCommentReaction(ctx, r.repo.Owner, r.repo.Name, comment, re.ID)
			return unlessGone(problem(err))
		}
	}
	return nil
}
