package hub

import "github.com/sealift/sealift/gitops"

// team is a team of an organisation.
type team struct {
	id      int64
	slug    string
	org     *account
	members map[string]Membership // by login; who was only invited is one that is pending
	repos   map[int64]Role        // by id
}

// Membership is one person's place in a team.
type Membership struct {
	// State is active, or pending while an invitation is not answered.
	State string
	// Role is member or maintainer.
	Role string
}

// AddTeam creates a team of an organisation with active members.
func (h *Hub) AddTeam(org, slug string, members ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.team(org, slug)
	for _, m := range members {
		a := h.account(m, "User")
		t.members[a.login] = Membership{State: "active", Role: "member"}
		if t.org.members[a.login] == "" {
			t.org.members[a.login] = "member"
		}
	}
}

// SetMembership changes a person's place in a team; the zero value removes it.
func (h *Hub) SetMembership(org, slug, login string, m Membership) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t, a := h.team(org, slug), h.account(login, "User")
	if m == (Membership{}) {
		delete(t.members, a.login)
		return
	}
	t.members[a.login] = m
}

// GrantTeam gives a team a role in a repository of its organisation.
func (h *Hub) GrantTeam(repo, slug string, role Role) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, err := h.repo(repo)
	if err != nil {
		return err
	}
	t := r.owner.teams[slug]
	if t == nil {
		return gitops.Errorf(gitops.NotFound, "team %s is not there", gitops.Quote(slug))
	}
	t.repos[r.id] = role
	return nil
}

// team returns a team, created when it is new.
func (h *Hub) team(org, slug string) *team {
	o := h.account(org, "Organization")
	if o.teams[slug] == nil {
		o.teams[slug] = &team{id: h.id(), slug: slug, org: o, members: map[string]Membership{}, repos: map[int64]Role{}}
	}
	return o.teams[slug]
}
