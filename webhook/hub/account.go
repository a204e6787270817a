package hub

import (
	"slices"
	"strings"
	"time"

	"github.com/sealift/sealift/gitops"
)

// account is a person, an organisation or the bot user of an App.
type account struct {
	id      int64
	login   string
	kind    string // User, Organization or Bot
	created time.Time
	app     *App // of a Bot
	teams   map[string]*team
	members map[string]string // login to role, of an Organization
}

// Role is what a person may do in a repository, from least to most: read,
// triage, write, maintain, admin.
type Role string

// The roles.
const (
	Read     Role = "read"
	Triage   Role = "triage"
	Write    Role = "write"
	Maintain Role = "maintain"
	Admin    Role = "admin"
)

// level orders roles; no role is 0.
func (r Role) level() int {
	return 1 + slices.Index([]Role{Read, Triage, Write, Maintain, Admin}, r)
}

// legacy is the coarse permission that the REST API states beside the role.
func (r Role) legacy() string {
	switch r {
	case Triage:
		return "read"
	case Maintain:
		return "write"
	case "":
		return "none"
	}
	return string(r)
}

// AddOrg creates an organisation with its owners, who are created as people
// when they are new.
func (h *Hub) AddOrg(login string, owners ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	org := h.account(login, "Organization")
	for _, o := range owners {
		org.members[h.account(o, "User").login] = "admin"
	}
}

// AddMember makes a person an ordinary member of an organisation.
func (h *Hub) AddMember(org, login string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.account(org, "Organization").members[h.account(login, "User").login] = "member"
}

// account returns the account of that name, created as kind when it is new.
// Names are compared without case, as GitHub does.
func (h *Hub) account(login, kind string) *account {
	key := strings.ToLower(login)
	if a := h.accounts[key]; a != nil {
		return a
	}
	a := &account{id: h.id(), login: login, kind: kind, created: h.now(), teams: map[string]*team{}, members: map[string]string{}}
	h.accounts[key] = a
	return a
}

// lookup returns an existing account or nil.
func (h *Hub) lookup(login string) *account { return h.accounts[strings.ToLower(login)] }

// Grant gives a person a role in a repository ("owner/name"); "" takes it away.
func (h *Hub) Grant(repo, login string, role Role) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, err := h.repo(repo)
	if err != nil {
		return err
	}
	if role != "" && role.level() == 0 {
		return gitops.Errorf(gitops.Invalid, "role %s is none of read, triage, write, maintain, admin", gitops.Quote(string(role)))
	}
	a := h.account(login, "User")
	if role == "" {
		delete(r.roles, a.login)
		return nil
	}
	r.roles[a.login] = role
	return nil
}

// roleOf returns what a may do in r: the most that ownership, direct grants and
// teams give. A public repository can be read by everybody.
func (h *Hub) roleOf(r *repo, a *account) Role {
	if a == nil {
		return r.publicRole()
	}
	if a == r.owner || r.owner.members[a.login] == "admin" {
		return Admin
	}
	best := r.publicRole()
	consider := func(role Role) {
		if role.level() > best.level() {
			best = role
		}
	}
	consider(r.roles[a.login])
	for _, t := range r.owner.teams {
		if t.members[a.login].State == "active" {
			consider(t.repos[r.id])
		}
	}
	return best
}

// association is what GitHub states as author_association.
func (h *Hub) association(r *repo, a *account) string {
	switch {
	case a == r.owner:
		return "OWNER"
	case r.owner.members[a.login] != "":
		return "MEMBER"
	case r.roles[a.login] != "":
		return "COLLABORATOR"
	}
	return "NONE"
}
