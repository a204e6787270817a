package hub

import (
	"maps"
	"slices"
	"time"

	"github.com/sealift/sealift/gitops"
)

// installation is an App on an account.
type installation struct {
	id          int64
	app         *App
	account     *account
	all         bool // every repository, also later ones
	repos       map[int64]bool
	permissions map[string]string
	created     time.Time
	suspended   time.Time
	suspendedBy *account
}

// Install puts the App on an account and returns the installation's id. Without
// repositories ("owner/name") it gets all of them.
func (a *App) Install(login string, repos ...string) (int64, error) {
	h := a.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	acc := h.account(login, "User")
	in := &installation{id: h.id(), app: a, account: acc, all: len(repos) == 0, repos: map[int64]bool{}, permissions: maps.Clone(a.permissions), created: h.now()}
	for _, name := range repos {
		r, err := h.repo(name)
		if err != nil {
			return 0, err
		}
		in.repos[r.id] = true
	}
	a.installations = append(a.installations, in)
	h.emitInstallation(in, acc, "created")
	return in.id, nil
}

// installationOf returns one of the App's installations.
func (a *App) installationOf(id int64) (*installation, error) {
	for _, in := range a.installations {
		if in.id == id {
			return in, nil
		}
	}
	return nil, gitops.Errorf(gitops.NotFound, "installation %d is not there", id)
}

// Suspend stops an installation: its tokens are refused and its events not sent.
func (a *App) Suspend(id int64) error {
	return a.change(id, func(in *installation) {
		in.suspended, in.suspendedBy = a.hub.now(), in.account
		a.hub.emitInstallation(in, in.account, "suspend")
	})
}

// Unsuspend ends a suspension.
func (a *App) Unsuspend(id int64) error {
	return a.change(id, func(in *installation) {
		in.suspended, in.suspendedBy = time.Time{}, nil
		a.hub.emitInstallation(in, in.account, "unsuspend")
	})
}

// Uninstall removes an installation; its tokens end at once.
func (a *App) Uninstall(id int64) error {
	return a.change(id, func(in *installation) {
		a.installations = slices.DeleteFunc(a.installations, func(other *installation) bool { return other == in })
		maps.DeleteFunc(a.hub.tokens, func(_ string, t *token) bool { return t.in == in })
		a.hub.emitInstallation(in, in.account, "deleted")
	})
}

// SetRepos makes an installation one of selected repositories, and tells which were
// added and removed.
func (a *App) SetRepos(id int64, repos ...string) error {
	h := a.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	in, err := a.installationOf(id)
	if err != nil {
		return err
	}
	now := map[int64]bool{}
	var added, removed []*repo
	for _, name := range repos {
		r, err := h.repo(name)
		if err != nil {
			return err
		}
		now[r.id] = true
		if !in.covers(r) {
			added = append(added, r)
		}
	}
	for _, r := range h.repos {
		if in.covers(r) && !now[r.id] {
			removed = append(removed, r)
		}
	}
	in.all, in.repos = false, now
	h.emitInstallationRepos(in, "added", added)
	h.emitInstallationRepos(in, "removed", removed)
	return nil
}

// SetPermissions changes what an installation grants, as an owner does who accepts or takes
// back permissions.
func (a *App) SetPermissions(id int64, permissions map[string]string) error {
	return a.change(id, func(in *installation) {
		in.permissions = maps.Clone(permissions)
		in.permissions["metadata"] = "read"
	})
}

// change does something to an installation of this App under the lock.
func (a *App) change(id int64, do func(*installation)) error {
	a.hub.mu.Lock()
	defer a.hub.mu.Unlock()
	in, err := a.installationOf(id)
	if err != nil {
		return err
	}
	do(in)
	return nil
}

// covers reports whether the installation reaches a repository.
func (in *installation) covers(r *repo) bool {
	return in.account == r.owner && (in.all || in.repos[r.id])
}

// installationOn returns the App's installation that reaches a repository, or nil.
func (h *Hub) installationOn(a *App, r *repo) *installation {
	for _, in := range a.installations {
		if in.covers(r) {
			return in
		}
	}
	return nil
}

// reach returns the repositories of an installation.
func (h *Hub) reach(in *installation) []*repo {
	var list []*repo
	for _, r := range h.repos {
		if in.covers(r) {
			list = append(list, r)
		}
	}
	return list
}
