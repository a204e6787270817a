package commands

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/seal"
	"github.com/sealift/sealift/gitops/tree"
)

// target is where a secret goes, and as what.
type target struct {
	environment, overlay string
	// existing is the file of the SealedSecret to change, "" for a new one.
	existing string
	secret   seal.Secret
	login    string // who asked
}

// prepare checks where a secret goes and who asks, chooses the certificate, and
// returns the change without its edits and key.
func (w *sealing) prepare(ctx context.Context, t target) (PutSealed, *seal.Certificate, error) {
	if !slices.ContainsFunc(w.layout.Overlays, func(o gitops.Overlay) bool { return o.Path == t.overlay && o.Environment == t.environment }) {
		return PutSealed{}, nil, notThere("overlay of "+t.environment, t.overlay, w.layout.Paths())
	}
	if err := w.allowed(ctx, t.environment, t.login); err != nil {
		return PutSealed{}, nil, err
	}
	if err := w.unshared(ctx, t); err != nil {
		return PutSealed{}, nil, err
	}
	c, err := w.certificate(ctx, t.environment)
	if err != nil {
		return PutSealed{}, nil, err
	}
	return PutSealed{Branch: w.pull.Head.Ref, Parent: w.parent, Sealed: w.says(t, c)}, c, nil
}

// says is what there is to say of a secret.
func (w *sealing) says(t target, c *seal.Certificate) reply.Sealed {
	return reply.Sealed{
		Login: t.login, Environment: t.environment, Overlay: t.overlay, Namespace: t.secret.Namespace, Name: t.secret.Name, Scope: string(t.secret.Scope),
		File: t.existing, Keys: slices.Sorted(maps.Keys(t.secret.Items)), Fingerprint: c.Fingerprint, Expires: c.X509.NotAfter, Warnings: c.Warnings(w.service.now()),
	}
}

// unshared fails when the file to change is read by an overlay of another environment:
// who may seal for one could change the other, and only one could decrypt it.
func (w *sealing) unshared(ctx context.Context, t target) error {
	for _, o := range w.layout.Overlays {
		if t.existing == "" || o.Environment == t.environment {
			continue
		}
		list, err := w.index.List(ctx, o.Path)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(list, func(e seal.Existing) bool { return e.File == t.existing }) {
			return &gitops.Error{Code: gitops.Invalid, Message: fmt.Sprintf("%s is part of overlay %s of %s too", gitops.Quote(t.existing), gitops.Quote(o.Path), o.Environment),
				Hint: "Give each environment a SealedSecret of its own."}
		}
	}
	return nil
}

// place fills in the edits, after it has chosen the branch. There are none when the
// commit is there already.
func (w *sealing) place(ctx context.Context, p PutSealed, t target) (PutSealed, error) {
	if w.own {
		p.Base = w.pull.Base.Ref
		branch, tip, err := w.ownBranch(ctx, fmt.Sprintf("sealift/seal/%d/%s", w.pull.Number, t.secret.Name), p.Key)
		if err == nil && tip != "" {
			err = w.buildOn(ctx, tip)
		}
		if err != nil {
			return p, err
		}
		p.Branch, p.Parent, p.Create = branch, w.parent, tip == ""
	}
	if done, err := w.service.answered(ctx, w.changes, w.pull.Repo, p.Branch, p.Key); done != "" || err != nil {
		return p, err
	}
	edits, err := w.index.Put(ctx, t.overlay, t.existing, t.secret)
	if err != nil {
		return p, err
	}
	if takes, err := w.takes(ctx, t.overlay, edits[0]); err != nil {
		return p, err
	} else if file := edits[0].Path; !takes {
		return p, &gitops.Error{Code: gitops.Invalid, File: file, Message: "what deploys " + gitops.Quote(t.overlay) + " leaves out the file that is to be made: " + gitops.Quote(file)}
	}
	p.Edits, p.Sealed.File = edits, edits[0].Path
	return p, nil
}

// takes reports whether what deploys a directory takes a file that is written. Only one
// without a kustomization may leave it out.
func (w *sealing) takes(ctx context.Context, dir string, e gitops.FileEdit) (bool, error) {
	if !w.layout.Plain(dir) {
		return true, nil
	}
	l, err := layout.Read(ctx, tree.With(w.tree, map[string][]byte{e.Path: e.Content}), w.config, w.bench.Memo)
	if err != nil {
		return false, err
	}
	return slices.Contains(l.Refs(dir), e.Path), nil
}

// ownBranch chooses a branch of ours by a name: tip is the commit to build on, of a
// branch whose pull request is open or which answers key, and "" for a new branch. One
// that is left over is not touched.
func (w *sealing) ownBranch(ctx context.Context, name, key string) (branch, tip string, err error) {
	const most = 20
	for i := range most {
		if branch = name; i > 0 {
			branch += "-" + strconv.Itoa(i+1)
		}
		tip, err := w.changes.BranchTip(ctx, branch)
		if gitops.CodeOf(err) == gitops.NotFound {
			return branch, "", nil
		}
		if err != nil {
			return "", "", err
		}
		open, err := w.changes.PullFrom(ctx, branch, w.pull.Base.Ref)
		if err != nil || open.Number != 0 {
			return branch, tip, err
		}
		if done, err := w.service.answered(ctx, w.changes, w.pull.Repo, branch, key); done != "" || err != nil {
			return branch, tip, err
		}
	}
	return "", "", gitops.Errorf(gitops.Invalid, "there are %d branches named like %s, delete those that are merged", most, gitops.Quote(name))
}

// buildOn reads another commit to build on.
func (w *sealing) buildOn(ctx context.Context, tip string) error {
	if err := w.source.FetchCommits(ctx, tip); err != nil {
		return err
	}
	w.parent = tip
	return w.read(ctx)
}

// submitted returns the change that a submission of the form asks for.
func (w *sealing) submitted(ctx context.Context, link seal.Link, person gitops.User, sub seal.Submission) (PutSealed, error) {
	t := target{
		environment: sub.Environment, overlay: sub.Overlay, existing: sub.Existing, login: person.Login,
		secret: seal.Secret{Name: sub.Name, Namespace: sub.Namespace, Type: sub.Type, Scope: sub.Scope, Items: sub.Items},
	}
	p, c, err := w.prepare(ctx, t)
	if err != nil {
		return p, err
	}
	if c.Fingerprint != sub.Fingerprint {
		return p, &gitops.Error{Code: gitops.Stale, Message: "the certificate of " + sub.Environment + " is another one by now", Hint: "Load the page again, and give the values once more."}
	}
	if err := t.secret.Check(c); err != nil {
		return p, err
	}
	p.Key = fmt.Sprintf("%s used %s", inviteKey(link), trailerKey(p.describe()))
	return w.place(ctx, p, t)
}
