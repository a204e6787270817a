package hub

import (
	"encoding/base64"
	"fmt"
	"maps"
	"strconv"
	"time"
)

// node returns a node id as the API states them beside numbers.
func node(kind string, id int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte(kind + ":" + strconv.FormatInt(id, 10)))
}

// stamp is a time as the API states it; nil when there is none.
func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

// email is the address GitHub gives to everybody.
func (a *account) email() string {
	return fmt.Sprintf("%d+%s@users.noreply.github.com", a.id, a.login)
}

// user is an account in its short form; nil for nobody.
func (h *Hub) user(a *account) obj {
	if a == nil {
		return nil
	}
	u, html := h.api("/users/"+escape(a.login)), h.url+"/"+escape(a.login)
	if a.app != nil {
		html = h.url + "/apps/" + a.app.slug
	}
	return obj{
		"login": a.login, "id": a.id, "node_id": node("U", a.id), "type": a.kind, "site_admin": false,
		"avatar_url": h.url + "/avatars/" + strconv.FormatInt(a.id, 10), "gravatar_id": "", "url": u, "html_url": html,
		"followers_url": u + "/followers", "following_url": u + "/following{/other_user}", "gists_url": u + "/gists{/gist_id}",
		"starred_url": u + "/starred{/owner}{/repo}", "subscriptions_url": u + "/subscriptions", "organizations_url": u + "/orgs",
		"repos_url": u + "/repos", "events_url": u + "/events{/privacy}", "received_events_url": u + "/received_events",
	}
}

// orNull makes a nil object a JSON null in an interface.
func orNull(o obj) any {
	if o == nil {
		return nil
	}
	return o
}

// fullUser is an account in its long form.
func (h *Hub) fullUser(a *account) obj {
	u := h.user(a)
	maps.Copy(u, obj{
		"user_view_type": "public", "name": a.login, "company": nil, "blog": "", "location": nil, "email": nil, "hireable": nil, "bio": nil,
		"public_repos": 0, "public_gists": 0, "followers": 0, "following": 0, "created_at": stamp(a.created), "updated_at": stamp(a.created),
	})
	return u
}

// organization is an organisation as webhooks state it.
func (h *Hub) organization(a *account) obj {
	u := h.api("/orgs/" + a.login)
	return obj{
		"login": a.login, "id": a.id, "node_id": node("O", a.id), "url": u, "repos_url": u + "/repos", "events_url": u + "/events",
		"hooks_url": u + "/hooks", "issues_url": u + "/issues", "members_url": u + "/members{/member}",
		"public_members_url": u + "/public_members{/member}", "avatar_url": h.url + "/avatars/" + strconv.FormatInt(a.id, 10), "description": nil,
	}
}

// teamJSON is a team in its long form.
func (h *Hub) teamJSON(t *team) obj {
	u := h.api("/organizations/" + strconv.FormatInt(t.org.id, 10) + "/team/" + strconv.FormatInt(t.id, 10))
	org := h.organization(t.org)
	maps.Copy(org, obj{
		"html_url": h.url + "/" + t.org.login, "has_organization_projects": true, "has_repository_projects": true, "public_repos": 0,
		"public_gists": 0, "followers": 0, "following": 0, "type": "Organization", "created_at": stamp(t.org.created),
		"updated_at": stamp(t.org.created), "archived_at": nil,
	})
	return obj{
		"id": t.id, "node_id": node("T", t.id), "name": t.slug, "slug": t.slug, "description": "", "privacy": "closed", "permission": "pull",
		"notification_setting": "notifications_enabled", "url": u, "html_url": h.url + "/orgs/" + t.org.login + "/teams/" + t.slug, "members_url": u + "/members{/member}",
		"repositories_url": u + "/repos", "parent": nil, "type": "organization", "members_count": len(t.members), "repos_count": len(t.repos),
		"created_at": stamp(t.org.created), "updated_at": stamp(t.org.created), "organization": org,
	}
}
