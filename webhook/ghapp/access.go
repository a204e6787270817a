package ghapp

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// roles are what people may do in a repository, from least to most.
var roles = [...]string{"none", "read", "triage", "write", "maintain", "admin"}

// Permission returns what a person may do in this repository: none, read, triage,
// write, maintain or admin. For a role that an organisation made up it is the one
// that role builds on. It fails with code not_found for a person whom GitHub does
// not know.
func (r *Repo) Permission(ctx context.Context, login string) (string, error) {
	if err := checkUser(login); err != nil {
		return "", err
	}
	var answer struct {
		Permission string // knows no triage and no maintain
		User       struct {
			Permissions struct{ Pull, Triage, Push, Maintain, Admin bool }
		}
	}
	if err := get(ctx, r.c, r.path+"/collaborators/"+url.PathEscape(login)+"/permission", &answer); err != nil {
		return "", err
	}
	role := max(0, slices.Index(roles[:], answer.Permission))
	may := answer.User.Permissions
	for i, has := range []bool{true, may.Pull, may.Triage, may.Push, may.Maintain, may.Admin} {
		if has {
			role = max(role, i)
		}
	}
	return roles[role], nil
}

// TeamMember tells whether a person is an active member of a team of the
// repository's organisation, named "team" or "org/team". An invitation that was
// not answered does not count. It needs the permission members:read, for which it
// takes a token of its own.
func (r *Repo) TeamMember(ctx context.Context, team, login string) (bool, error) {
	org, slug, named := strings.Cut(team, "/")
	if !named {
		org, slug = r.repo.Owner, team
	}
	if err := checkUser(login); err != nil {
		return false, err
	}
	if err := checkName("organisation", org); err != nil {
		return false, err
	}
	if err := checkName("team", slug); err != nil {
		return false, err
	}
	c, err := r.app.clientFor(r.repo.Installation, r.repo.ID, Permissions{"members": "read"})
	if err != nil {
		return false, err
	}
	var m struct{ State string }
	err = get(ctx, c, "orgs/"+url.PathEscape(org)+"/teams/"+url.PathEscape(slug)+"/memberships/"+url.PathEscape(login), &m)
	if gitops.CodeOf(err) == gitops.NotFound {
		return false, nil
	}
	return m.State == "active", err
}
