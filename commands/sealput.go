package commands

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/seal"
)

// PutSealed commits sealed secrets to a branch, once, and says so. It fails with code
// stale when the branch moved since Parent.
type PutSealed struct {
	// Key is what it answers; the same key is done once.
	Key string
	// Branch is moved from Parent to the commit. With Base it is one of ours, which
	// is made when Create says so, and has a pull request into Base.
	Branch, Parent, Base string
	Create               bool
	Edits                []gitops.FileEdit
	// Sealed is what the comment says; its commit and address are filled in.
	Sealed reply.Sealed
}

// describe is the record of a seal: which keys, with which certificate.
func (p PutSealed) describe() string {
	s := p.Sealed
	return gitops.Printable(fmt.Sprintf("seal %s/%s (%s) for %s with certificate %s", s.Namespace, s.Name, strings.Join(s.Keys, ", "), s.Environment, s.Fingerprint))
}

func (p PutSealed) act(ctx context.Context, a *actor) error { return a.put(ctx, a.host, a.event, p) }

func (p PutSealed) message() string {
	s := p.Sealed
	return fmt.Sprintf("%s\n\nKeys: %s\n\nRequested-by: %s\n%s %s\n", p.title(), gitops.Printable(strings.Join(s.Keys, ", ")), s.Login, sealTrailer, trailerKey(p.Key))
}

// title is the first line of the commit, and the title of a pull request of its own.
func (p PutSealed) title() string {
	return gitops.Printable(fmt.Sprintf("Seal %s for %s", p.Sealed.Name, p.Sealed.Environment))
}

// sealTrailer names in a commit what it answers, so that it is found again.
const sealTrailer = "Sealift-Answers:"

func trailerKey(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:12])
}

// put carries out a PutSealed.
func (s *Service) put(ctx context.Context, host Host, e gitops.Event, p PutSealed) error {
	changes, err := s.Change(ctx, e.Repo)
	if err != nil {
		return err
	}
	out, err := s.putSealed(ctx, changes, e, p)
	if err != nil {
		return err
	}
	key := p.Key + " said"
	_, err = s.once(ctx, e, key, "reply", func(ctx context.Context) (string, error) {
		return s.reply(ctx, host, e, Reply{key, p.said(out)})
	})
	return err
}

// said is the comment about what was done.
func (p PutSealed) said(out placed) string {
	said := p.Sealed
	said.Commit, said.URL, said.Number = out.Commit, out.URL, out.own
	return reply.SealDone(said)
}

// placed is where a secret is.
type placed struct {
	seal.Outcome
	own int // the number of a pull request of its own, 0 for the one it was asked on
}

// putSealed writes the commit, and opens its pull request, once.
func (s *Service) putSealed(ctx context.Context, changes Changes, e gitops.Event, p PutSealed) (placed, error) {
	result, err := s.once(ctx, e, p.Key, p.describe(), func(ctx context.Context) (string, error) {
		commit, err := s.commitSealed(ctx, changes, e, p)
		if err != nil || p.Base == "" {
			return commit, err
		}
		number, err := keepPull(ctx, changes, p.pull(e.Number))
		return fmt.Sprintf("%s %d", commit, number), err
	})
	commit, own, _ := strings.Cut(result, " ")
	out := placed{seal.Outcome{Commit: commit, File: p.Sealed.File, URL: s.pullURL(e.Repo, e.Number)}, 0}
	if own != "" {
		out.own, _ = strconv.Atoi(own)
		out.URL = s.pullURL(e.Repo, out.own)
	}
	return out, err
}

// pull is the pull request of a branch of ours, which keeps the text that it has.
func (p PutSealed) pull(asked int) Publish {
	return Publish{
		Branch: p.Branch, Base: p.Base, Title: p.title(),
		Body: func(old string, _ int) string { return cmp.Or(old, reply.SealPull(p.Sealed, asked)) },
	}
}

// commitSealed writes the commit, unless it is at the tip of the branch already.
func (s *Service) commitSealed(ctx context.Context, changes Changes, e gitops.Event, p PutSealed) (string, error) {
	if done, err := s.answered(ctx, changes, e.Repo, p.Branch, p.Key); done != "" || err != nil {
		return done, err
	}
	commit, err := changes.CreateCommit(ctx, p.Parent, p.message(), p.Edits)
	if err != nil {
		return "", err
	}
	if commit == p.Parent {
		return "", gitops.Errorf(gitops.Invalid, "that is there already, nothing changes")
	}
	if err := s.made(ctx, e, commit, p.Branch); err != nil {
		return "", err
	}
	if !p.Create {
		return commit, changes.MoveBranch(ctx, p.Branch, commit)
	}
	if err = changes.CreateBranch(ctx, p.Branch, commit); exists(err) {
		err = moved(p.Branch)
	}
	return commit, err
}

// answered returns the commit at the tip of a branch when it is ours and answers key. The
// trailer alone says nothing: anybody can write it.
func (s *Service) answered(ctx context.Context, changes Changes, repo gitops.Repository, branch, key string) (string, error) {
	state, err := s.lookAt(ctx, changes, repo, branch)
	if err != nil || !state.Ours || !strings.Contains(state.Message, sealTrailer+" "+trailerKey(key)) {
		return "", err
	}
	return state.Tip, nil
}

// pullURL is the page of a pull request.
func (s *Service) pullURL(repo gitops.Repository, number int) string {
	return strings.TrimSuffix(s.Options.WebURL, "/") + "/" + repo.String() + "/pull/" + strconv.Itoa(number)
}

// log is where decisions go.
func (s *Service) log() *slog.Logger {
	if s.Options.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Options.Log
}
