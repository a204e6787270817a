package commands

import (
	"context"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/seal"
)

// Links keeps the links to the form for secrets. A token is a secret: whoever has it
// may try, so it is in the link that the person gets and nowhere else.
type Links interface {
	// AddLink makes a link and returns its token.
	AddLink(ctx context.Context, l seal.Link) (token string, err error)
	// PeekLink returns a link that is good, and does not use it up. It fails with
	// code not_found for every other token.
	PeekLink(ctx context.Context, token string) (seal.Link, error)
	// SpendLink uses a link up: of several that try one succeeds.
	SpendLink(ctx context.Context, token string) error
	// ReturnLink makes a link good again when nothing was changed for sure.
	ReturnLink(ctx context.Context, token string) error
	// RevokeLinks ends the links of a pull request.
	RevokeLinks(ctx context.Context, repository int64, number int) error
}

// Controllers are those of sealed-secrets that the operator's configuration names.
// An unknown name is an error of code invalid.
type Controllers interface {
	// Certificates returns a controller's certificates as PEM.
	Certificates(ctx context.Context, name string) ([]byte, error)
	// Rotate has a controller encrypt a SealedSecret anew, JSON in and out.
	Rotate(ctx context.Context, name string, sealed []byte) ([]byte, error)
}

// sealUsage are the forms of /seal.
const sealUsage = "/seal [app] [environment] [name] [--keys a,b] [key=ciphertext…]"

func sealVerb() Verb {
	return Verb{
		Name: "seal", Usage: sealUsage, Right: RightWrite,
		Doc: "Get a link to a form that encrypts a secret in the browser, or place a SealedSecret from a fence below. " +
			"`/seal path/secret.yaml` seals a plain Secret of the branch in place, `/seal ack path/secret.yaml` says that its values were changed.",
		Who:  whoSeals,
		plan: planSeal,
	}
}

// whoSeals says who may use verbs that seal.
const whoSeals = "whom the environment names in `sealers`, or who may write"

// planSeal chooses what was asked for by the form of the command.
func planSeal(ctx context.Context, a *asked) (Plan, error) {
	q, err := parseSeal(a.request)
	if err != nil {
		return nil, err
	}
	w, err := a.service.openSeal(ctx, a.host, a.pull, q.ownPull)
	if err != nil {
		return nil, err
	}
	defer w.close()
	login := a.event.Comment.Author.Login
	switch {
	case q.ack:
		return w.planAck(ctx, a, q.file)
	case q.file != "":
		return w.planInPlace(ctx, a, q)
	}
	if err := q.resolve(w.layout); err != nil {
		return nil, err
	}
	if env := q.ask.Environment; env != "" {
		if err := w.allowed(ctx, env, login); err != nil {
			return nil, err
		}
	}
	if !q.gone && (len(q.items) > 0 || q.sealed != "") {
		return w.planInline(ctx, a, q)
	}
	return w.planLink(ctx, a, q)
}

// sealing is one repository and pull request while a secret is put into it.
type sealing struct {
	service *Service
	host    Host
	changes Changes
	pull    gitops.Pull
	source  Source
	bench   Bench

	policy gitops.Tree    // the tip of the default branch: whose configuration and certificates count
	config *layout.Config // of policy; never nil
	// own says that the change goes to a branch and pull request of its own.
	own    bool
	parent string         // the commit that is built on
	tree   gitops.Tree    // of the parent
	layout *layout.Layout // of the tree
	index  *seal.Index    // of the tree
}

// openSeal reads what a secret is put into: the head of the pull request, or for a
// change with a pull request of its own the tip of the base. A branch of a fork
// cannot be written to.
func (s *Service) openSeal(ctx context.Context, host Host, pull gitops.Pull, own bool) (w *sealing, err error) {
	w = &sealing{service: s, host: host, pull: pull, own: own || pull.Head.Repo != pull.Repo.String(), parent: pull.Head.SHA}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if w.changes, err = s.Change(ctx, pull.Repo); err != nil {
		return w, err
	}
	if w.source, err = s.Source(ctx, pull.Repo); err != nil {
		return w, err
	}
	if w.bench, err = s.Bench(ctx, pull.Repo); err != nil {
		return w, err
	}
	tip, err := w.source.Fetch(ctx, pull.Number, pull.Base.Ref, pull.Head.SHA)
	if err != nil {
		return w, err
	}
	if err := w.readPolicy(ctx, tip); err != nil {
		return w, err
	}
	if w.own {
		w.parent = tip
	}
	return w, w.read(ctx)
}

// readPolicy reads the configuration of the default branch; tip is that of the base. Anybody
// who may write can make another base, with certificates whose keys they have.
func (w *sealing) readPolicy(ctx context.Context, tip string) (err error) {
	if branch := w.pull.Repo.DefaultBranch; branch != w.pull.Base.Ref {
		if tip, err = w.source.FetchBranch(ctx, branch); err != nil {
			return err
		}
	}
	if w.policy, err = w.source.Tree(ctx, tip); err != nil {
		return err
	}
	w.config, err = configOf(ctx, w.policy)
	return err
}

// read reads the tree of the parent.
func (w *sealing) read(ctx context.Context) (err error) {
	if w.tree, err = w.source.Tree(ctx, w.parent); err != nil {
		return err
	}
	if w.layout, err = layout.Read(ctx, w.tree, w.config, w.bench.Memo); err != nil {
		return err
	}
	w.index, err = SealIndex(ctx, w.tree, w.layout)
	return err
}

// SealIndex finds out where the overlays of a tree keep their SealedSecrets, those
// that are plain manifests too.
func SealIndex(ctx context.Context, t gitops.Tree, l *layout.Layout) (*seal.Index, error) {
	index, err := seal.Scan(ctx, t)
	if err != nil {
		return nil, err
	}
	for _, o := range l.Overlays {
		if l.Plain(o.Path) {
			index.Add(o.Path, l.Refs(o.Path))
		}
	}
	return index, nil
}

// close lets go of what was opened so far; it may be called on a sealing that failed
// half way.
func (w *sealing) close() {
	if w.bench.Close != nil {
		w.bench.Close()
	}
	if w.source != nil {
		_ = w.source.Close()
	}
}

// allowed fails with code denied for a person who may not seal for an environment.
func (w *sealing) allowed(ctx context.Context, env, login string) error {
	ok, who, err := may(ctx, w.host, w.changes, w.config.Environment(env).Sealing.Sealers, login)
	if err != nil || ok {
		return err
	}
	return gitops.Errorf(gitops.Denied, "sealing for %s is for %s", env, who)
}

// certificate returns the one to seal with for an environment, from the default branch
// or the operator's configuration. It fails with code invalid when there is none that
// is valid now.
func (w *sealing) certificate(ctx context.Context, env string) (*seal.Certificate, error) {
	return w.service.certificate(ctx, w.pull.Repo, w.policy, w.config.Environment(env))
}
