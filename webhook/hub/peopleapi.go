package hub

import (
	"maps"
	"net/http"
)

func (h *Hub) peopleRoutes() []route {
	return []route{
		{"GET /user", asPerson, "", (*call).currentUser},
		{"GET /user/installations", asPerson, "", (*call).userInstallations},
		{"GET /user/installations/{id}/repositories", asPerson, "", (*call).userInstallationRepos},
		{"GET /users/{username}", anyone, "", (*call).getUser},
		{"GET /orgs/{org}/members/{username}", asToken, "", (*call).orgMember},
		{"GET /orgs/{org}/teams/{slug}", asToken, "", (*call).getTeam},
		{"GET /orgs/{org}/teams/{slug}/memberships/{username}", asToken, "", (*call).teamMembership},
		{"GET /repos/{owner}/{repo}/collaborators/{username}", asToken, "metadata:read", (*call).isCollaborator},
		{"GET /repos/{owner}/{repo}/collaborators/{username}/permission", asToken, "metadata:read", (*call).permissionOf},
	}
}

func (c *call) currentUser() *answer {
	u := c.h.fullUser(c.who.tok.user)
	maps.Copy(u, obj{"user_view_type": "private", "collaborators": 0, "disk_usage": 0, "owned_private_repos": 0, "private_gists": 0, "total_private_repos": 0, "two_factor_authentication": true})
	return ok(u)
}

// userInstallations lists the App's installations on accounts where the person can
// reach a repository.
func (c *call) userInstallations() *answer {
	app := c.who.tok.app
	if app == nil {
		return refuse(http.StatusForbidden, "You must authenticate with an access token authorized to a GitHub App in order to list installations")
	}
	var list []*installation
	for _, in := range app.installations {
		if len(c.userReach(in)) > 0 {
			list = append(list, in)
		}
	}
	part, header := page(c, list)
	return &answer{status: http.StatusOK, header: header, body: obj{"total_count": len(list), "installations": forms(part, c.h.installationJSON)}}
}

// userReach is what both the installation and the person reach, other than by being public.
func (c *call) userReach(in *installation) []*repo {
	var list []*repo
	for _, r := range c.h.reach(in) {
		if c.h.roleOf(r, c.who.tok.user) != "" {
			list = append(list, r)
		}
	}
	return list
}

func (c *call) userInstallationRepos() *answer {
	app := c.who.tok.app
	if app == nil {
		return forbidden()
	}
	in, err := app.installationOf(c.number("id"))
	if err != nil || len(c.userReach(in)) == 0 {
		return notFound()
	}
	list := c.userReach(in)
	part, header := page(c, list)
	return &answer{status: http.StatusOK, header: header, body: obj{"total_count": len(list), "repositories": forms(part, c.h.repository)}}
}

func (c *call) getUser() *answer {
	a := c.h.lookup(c.r.PathValue("username"))
	if a == nil {
		return notFound()
	}
	return ok(c.h.fullUser(a))
}

// org returns the organisation of the path when the caller may read its members: Apps
// need members:read, people must belong to it.
func (c *call) org() *account {
	org := c.h.lookup(c.r.PathValue("org"))
	if org == nil || org.kind != "Organization" {
		return nil
	}
	if in := c.who.tok.in; in != nil && (in.account != org || !grants(c.who.tok.permissions, "members", "read")) {
		return nil
	}
	if u := c.who.tok.user; u != nil && org.members[u.login] == "" {
		return nil
	}
	return org
}

// orgMember answers 204 for members, 404 for others.
func (c *call) orgMember() *answer {
	org, a := c.org(), c.h.lookup(c.r.PathValue("username"))
	if org == nil || a == nil || org.members[a.login] == "" {
		return notFound()
	}
	return noContent()
}

func (c *call) team() *team {
	if org := c.org(); org != nil {
		return org.teams[c.r.PathValue("slug")]
	}
	return nil
}

func (c *call) getTeam() *answer {
	if t := c.team(); t != nil {
		return ok(c.h.teamJSON(t))
	}
	return notFound()
}

// teamMembership states active or pending; 404 for those who are not in the team.
func (c *call) teamMembership() *answer {
	t, a := c.team(), c.h.lookup(c.r.PathValue("username"))
	if t == nil || a == nil || t.members[a.login].State == "" {
		return notFound()
	}
	m := t.members[a.login]
	return ok(obj{"state": m.State, "role": m.Role, "url": c.h.teamJSON(t)["url"].(string) + "/memberships/" + a.login})
}

func (c *call) isCollaborator() *answer {
	a := c.h.lookup(c.r.PathValue("username"))
	if a == nil || c.h.roleOf(c.repo, a).level() <= c.repo.publicRole().level() {
		return notFound()
	}
	return noContent()
}

// permissionOf states a person's role. On a public repository everybody has read.
func (c *call) permissionOf() *answer {
	a := c.h.lookup(c.r.PathValue("username"))
	if a == nil {
		return notFound()
	}
	role := c.h.roleOf(c.repo, a)
	name := string(role)
	if role == "" {
		name = "none"
	}
	user := c.h.user(a)
	user["role_name"] = name
	level := role.level()
	user["permissions"] = obj{"admin": level >= Admin.level(), "maintain": level >= Maintain.level(), "push": level >= Write.level(), "triage": level >= Triage.level(), "pull": level >= Read.level()}
	return ok(obj{"permission": role.legacy(), "role_name": name, "user": user})
}
