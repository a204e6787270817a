package ghapp

import (
	"context"
	"net/url"
	"sync"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/sealift/sealift/gitops"
)

// installation is what one installation of the App shares: its quota and its tokens.
type installation struct {
	app   *App
	id    int64
	guard *guard
	used  time.Time // guarded by app.mu

	mu     sync.Mutex
	tokens map[string]*tokens
}

// An installation that was not used for an hour has nothing worth keeping: its
// tokens ended and its windows are empty.
const installationIdle = time.Hour + margin

// installation returns the one state of an installation.
func (a *App) installation(id int64) *installation {
	a.mu.Lock()
	defer a.mu.Unlock()
	in := a.installations[id]
	if in == nil {
		for old, other := range a.installations {
			if a.now().After(other.used.Add(installationIdle)) {
				delete(a.installations, old)
			}
		}
		in = &installation{app: a, id: id, guard: a.newGuard(id, a.api), tokens: map[string]*tokens{}}
		a.installations[id] = in
	}
	in.used = a.now()
	return in
}

// tokensFor returns the one token of a repository and permissions.
func (in *installation) tokensFor(repo int64, p Permissions) (*tokens, error) {
	key := itoa(repo) + " " + p.key()
	in.mu.Lock()
	defer in.mu.Unlock()
	if t := in.tokens[key]; t != nil {
		return t, nil
	}
	opts, err := p.options(repo)
	if err != nil {
		return nil, err
	}
	for old, t := range in.tokens {
		if t.ended(in.app.now()) {
			delete(in.tokens, old)
		}
	}
	in.tokens[key] = newTokens(in, opts, p.key())
	return in.tokens[key], nil
}

// clientFor returns a client of an installation, narrowed to a repository, 0 for
// all, and permissions.
func (a *App) clientFor(id, repo int64, p Permissions) (*github.Client, error) {
	in := a.installation(id)
	t, err := in.tokensFor(repo, p)
	if err != nil {
		return nil, err
	}
	return a.client(tokenAuth{tokens: t, next: in.guard}), nil
}

// Find returns a repository that the App is installed on. It fails with code
// not_found when it is not installed there, or there is no such repository.
func (a *App) Find(ctx context.Context, owner, name string) (gitops.Repository, error) {
	path, err := repoPath(owner, name)
	if err != nil {
		return gitops.Repository{}, err
	}
	var in struct{ ID int64 }
	if err := get(ctx, a.asApp, path+"/installation", &in); err != nil {
		return gitops.Repository{}, err
	}
	c, err := a.clientFor(in.ID, 0, Permissions{"contents": "read"})
	if err != nil {
		return gitops.Repository{}, err
	}
	var r repository
	if err := get(ctx, c, path, &r); err != nil {
		return gitops.Repository{}, err
	}
	return r.gitops(in.ID), nil
}

// repoPath returns the path of a repository.
func repoPath(owner, name string) (string, error) {
	if err := checkName("owner", owner); err != nil {
		return "", err
	}
	if err := checkName("repository", name); err != nil {
		return "", err
	}
	return "repos/" + url.PathEscape(owner) + "/" + url.PathEscape(name), nil
}
