package hub

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

func (h *Hub) appRoutes() []route {
	return []route{
		{"GET /app", asApp, "", func(c *call) *answer { return ok(c.h.appJSON(c.who.app)) }},
		{"GET /app/installations", asApp, "", (*call).listInstallations},
		{"GET /app/installations/{id}", asApp, "", (*call).getInstallation},
		{"POST /app/installations/{id}/access_tokens", asApp, "", (*call).createToken},
		{"GET /app/hook/config", asApp, "", func(c *call) *answer { return ok(c.who.app.hookJSON()) }},
		{"PATCH /app/hook/config", asApp, "", (*call).updateHook},
		{"GET /app/hook/deliveries", asApp, "", (*call).listDeliveries},
		{"GET /app/hook/deliveries/{id}", asApp, "", (*call).getDelivery},
		{"POST /app/hook/deliveries/{id}/attempts", asApp, "", (*call).redeliver},
		{"GET /repos/{owner}/{repo}/installation", asApp, "", (*call).repoInstallation},
		{"GET /installation/repositories", asInstalled, "", (*call).installedRepos},
		{"DELETE /installation/token", asInstalled, "", (*call).revokeToken},
		{"POST /app-manifests/{code}/conversions", anyone, "", (*call).convertManifest},
		{"GET /rate_limit", anyone, "", (*call).rateLimit},
		{"GET /meta", anyone, "", func(*call) *answer { return ok(obj{"verifiable_password_authentication": false}) }},
	}
}

func (c *call) listInstallations() *answer {
	return pageOf(c, c.who.app.installations, c.h.installationJSON)
}

func (c *call) getInstallation() *answer {
	in, err := c.who.app.installationOf(c.number("id"))
	if err != nil {
		return notFound()
	}
	return ok(c.h.installationJSON(in))
}

func (c *call) repoInstallation() *answer {
	in := c.h.installationOn(c.who.app, c.repo)
	if in == nil {
		return notFound()
	}
	return ok(c.h.installationJSON(in))
}

// createToken makes an installation token, narrowed to repositories and permissions.
// Asking for more than the installation has is refused.
func (c *call) createToken() *answer {
	in, err := c.who.app.installationOf(c.number("id"))
	if err != nil {
		return notFound()
	}
	if !in.suspended.IsZero() {
		return refuse(http.StatusForbidden, "This installation has been suspended")
	}
	var req struct {
		Repositories  []string          `json:"repositories"`
		RepositoryIDs []int64           `json:"repository_ids"`
		Permissions   map[string]string `json:"permissions"`
	}
	if a := c.decode(&req); a != nil {
		return a
	}
	for name, level := range req.Permissions {
		if !grants(in.permissions, name, level) {
			return unprocessable("The permissions requested are not granted to this installation.")
		}
	}
	repos, known := c.h.narrow(in, req.Repositories, req.RepositoryIDs)
	if !known {
		return unprocessable("There is at least one repository that does not exist or is not accessible to the parent installation.")
	}
	t := c.h.grantInstallation(in, repos, req.Permissions)
	out := obj{"token": t.value, "expires_at": stamp(t.expires), "permissions": t.permissions, "repository_selection": "selected"}
	if repos == nil && in.all {
		out["repository_selection"] = "all"
	}
	if repos != nil {
		out["repositories"] = forms(c.h.tokenRepos(t), c.h.repository)
	}
	return created(out)
}

// narrow finds the repositories that a token asks for; nil is all of them.
func (h *Hub) narrow(in *installation, names []string, ids []int64) (map[int64]bool, bool) {
	if len(names) == 0 && len(ids) == 0 {
		return nil, true
	}
	out := map[int64]bool{}
	for _, r := range h.reach(in) {
		for _, n := range names {
			if n == r.name {
				out[r.id] = true
			}
		}
		for _, id := range ids {
			if id == r.id {
				out[r.id] = true
			}
		}
	}
	return out, len(out) >= max(len(names), len(ids))
}

// tokenRepos are the repositories that an installation token reaches.
func (h *Hub) tokenRepos(t *token) []*repo {
	var list []*repo
	for _, r := range h.repos {
		if t.reaches(r) {
			list = append(list, r)
		}
	}
	return list
}

// installedRepos lists what the token reaches, which may be less than the installation
// does.
func (c *call) installedRepos() *answer {
	list := c.h.tokenRepos(c.who.tok)
	part, header := page(c, list)
	selection := "selected"
	if c.who.tok.in.all {
		selection = "all"
	}
	return &answer{status: http.StatusOK, header: header, body: obj{"total_count": len(list), "repository_selection": selection, "repositories": forms(part, c.h.repository)}}
}

func (c *call) revokeToken() *answer {
	delete(c.h.tokens, c.who.tok.value)
	return noContent()
}

func (a *App) hookJSON() obj {
	return obj{"content_type": "json", "insecure_ssl": "0", "secret": "********", "url": a.hookURL}
}

func (c *call) updateHook() *answer {
	var req struct{ URL, Secret *string }
	if a := c.decode(&req); a != nil {
		return a
	}
	app := c.who.app
	if req.URL != nil {
		app.hookURL = *req.URL
	}
	if req.Secret != nil {
		app.secret = *req.Secret
	}
	return ok(app.hookJSON())
}

// log returns the App's deliveries that are still kept and finished, newest first.
func (h *Hub) deliveryLog(a *App) []*delivery {
	var list []*delivery
	for i := len(h.deliveries) - 1; i >= 0; i-- {
		d := h.deliveries[i]
		if d.app == a && d.done && d.at.After(h.now().Add(-kept)) {
			list = append(list, d)
		}
	}
	return list
}

// listDeliveries pages by cursor: the id to start from.
func (c *call) listDeliveries() *answer {
	list, per := c.h.deliveryLog(c.who.app), clamp(c.query("per_page"), 30, 100)
	if cursor := c.query("cursor"); cursor != "" {
		from, err := strconv.ParseInt(cursor, 10, 64)
		if err != nil {
			return refuse(http.StatusBadRequest, "Invalid cursor")
		}
		for len(list) > 0 && list[0].id > from {
			list = list[1:]
		}
	}
	list = wanted(list, c.query("status"))
	header := http.Header{}
	if len(list) > per {
		q := c.r.URL.Query()
		q.Set("cursor", strconv.FormatInt(list[per].id, 10))
		header.Set("Link", "<"+c.h.api("/app/hook/deliveries")+"?"+q.Encode()+`>; rel="next"`)
		list = list[:per]
	}
	return &answer{status: http.StatusOK, header: header, body: forms(list, (*delivery).item)}
}

// wanted keeps the deliveries of one outcome, success or failure; "" keeps all.
func wanted(list []*delivery, outcome string) []*delivery {
	if outcome == "" {
		return list
	}
	var out []*delivery
	for _, d := range list {
		if (d.code < 400) == (outcome == "success") {
			out = append(out, d)
		}
	}
	return out
}

// item is a delivery as the list states it.
func (d *delivery) item() obj {
	out := obj{
		"id": d.id, "guid": d.guid, "delivered_at": d.at.UTC().Format(time.RFC3339), "redelivery": d.again, "duration": d.duration.Seconds(),
		"status": d.status, "status_code": d.code, "event": d.event, "action": text(d.action), "installation_id": nil, "repository_id": nil, "throttled_at": nil,
	}
	if d.in != nil {
		out["installation_id"] = d.in.id
	}
	if d.repo != nil {
		out["repository_id"] = d.repo.id
	}
	return out
}

// find returns one of the App's deliveries.
func (c *call) delivery() *delivery {
	for _, d := range c.h.deliveryLog(c.who.app) {
		if d.id == c.number("id") {
			return d
		}
	}
	return nil
}

// getDelivery has the payload as it was sent; its numbers are not rounded to floats.
func (c *call) getDelivery() *answer {
	d := c.delivery()
	if d == nil {
		return notFound()
	}
	out := d.item()
	var payload obj
	dec := json.NewDecoder(bytes.NewReader(d.payload))
	dec.UseNumber()
	_ = dec.Decode(&payload) // the hub's own JSON
	out["url"] = d.app.hookURL
	out["request"] = obj{"headers": flat(d.request), "payload": payload}
	out["response"] = obj{"headers": flat(d.response), "payload": d.body}
	return ok(out)
}

// flat is a header as a JSON object.
func flat(h http.Header) obj {
	out := obj{}
	for k, v := range h {
		if k != "Authorization" && len(v) > 0 {
			out[k] = v[0]
		}
	}
	return out
}

// redeliver sends a delivery again, with the same GUID.
func (c *call) redeliver() *answer {
	d := c.delivery()
	if d == nil {
		return notFound()
	}
	c.h.repost(d)
	return &answer{status: http.StatusAccepted, body: obj{}}
}
