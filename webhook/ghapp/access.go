package ghapp

import (
	"context"
	"net/url"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// Level is what a person may do in a repository. Levels compare.
type Level int

// The levels, each including those before it.
const (
	None Level = iota
	Read
	Triage
	Write
	Maintain
	Admin
)

// String returns GitHub's name of the level.
func (l Level) String() string {
	return [...]string{"none", "read", "triage", "write", "maintain", "admin"}[min(max(l, None), Admin)]
}

// Access is what GitHub says that a person may do.
type Access struct {
	Level Level
	// Role is the name of the person's role, which an organisation may have made
	// up; Level is then that of the role it builds on.
	Role string
}

// Permission asks what a person may do in this repository. A person unknown to
// GitHub may do nothing.
func (r *Repo) Permission(ctx context.Context, login string) (Access, error) {
	if err := checkUser(login); err != nil {
		return Access{}, err
	}
	var answer struct {
		Permission string
		RoleName   string `json:"role_name"`
		User       struct {
			Permissions struct{ Admin, Maintain, Push, Triage, Pull bool }
		}
	}
	if err := get(ctx, r.c, r.path+"/collaborators/"+url.PathEscape(login)+"/permission", &answer); err != nil {
		return Access{}, err
	}
	may := answer.User.Permissions
	level := levelOf(answer.Permission)
	for l, has := range map[Level]bool{Read: may.Pull, Triage: may.Triage, Write: may.Push, Maintain: may.Maintain, Admin: may.Admin} {
		if has {
			level = max(level, l)
		}
	}
	return Access{Level: level, Role: answer.RoleName}, nil
}

// levelOf returns the level of a permission, which knows no triage and maintain.
func levelOf(permission string) Level {
	switch permission {
	case "admin":
		return Admin
	case "write":
		return Write
	case "read":
		return Read
	}
	return None
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
