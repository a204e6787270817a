package hub

import "context"

// SetStatus sets a commit status, as a CI system does with a person's token. State is
// error, failure, pending or success.
func (p Person) SetStatus(ctx context.Context, fullName, sha, name, state string) error {
	return p.in(fullName, Write, func(r *repo, me *account) error {
		return p.h.setStatus(ctx, r, &commitStatus{sha: sha, state: state, context: name, user: me})
	})
}

// setStatus records a status, tells the Apps that listen, and lets merges happen that
// waited for it.
func (h *Hub) setStatus(ctx context.Context, r *repo, s *commitStatus) error {
	s.id, s.created = h.id(), h.now()
	r.statuses = append(r.statuses, s)
	h.emit(r, "status", h.statusEvent(r, s), s.user)
	return h.checked(ctx, r, s.sha)
}

// statusEvent is the payload of a status event.
func (h *Hub) statusEvent(r *repo, s *commitStatus) obj {
	branches := []obj{}
	for _, name := range r.branchNames() {
		if r.head(name) == s.sha {
			branches = append(branches, obj{"name": name, "commit": obj{"sha": s.sha}, "protected": false})
		}
	}
	return obj{
		"id": s.id, "sha": s.sha, "name": r.fullName(), "context": s.context, "description": text(s.reason), "state": s.state,
		"target_url": text(s.target), "branches": branches, "created_at": stamp(s.created), "updated_at": stamp(s.created),
	}
}
