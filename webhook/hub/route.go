package hub

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
)

// apiPrefix is where the REST API is, as on GitHub Enterprise Server.
const apiPrefix = "/api/v3"

// who says which callers a route answers.
type who int

const (
	anyone      who = iota // also without credentials
	asApp                  // an App by its JWT
	asToken                // any token
	asPerson               // a token that stands for a person
	asInstalled            // an installation token
)

// route is one operation.
type route struct {
	// op is the method and the path below the API's root. {x} is one segment,
	// {x...} is one or more.
	op string
	// who may call; need is the permission in the path's repository.
	who  who
	need string
	do   func(*call) *answer
}

// compiled is a route with its matcher.
type compiled struct {
	route
	method string
	match  *regexp.Regexp
}

var parameter = regexp.MustCompile(`\{[a-z_]+(\.\.\.)?\}`)

// compile turns the table into matchers. The first that matches wins.
func compile(table []route) []compiled {
	var out []compiled
	for _, rt := range table {
		method, pattern, _ := strings.Cut(rt.op, " ")
		expr := parameter.ReplaceAllStringFunc(pattern, func(p string) string {
			if name, ok := strings.CutSuffix(p[1:len(p)-1], "..."); ok {
				return "(?P<" + name + ">.+)"
			}
			return "(?P<" + p[1:len(p)-1] + ">[^/]+)"
		})
		out = append(out, compiled{rt, method, regexp.MustCompile("^" + expr + "$")})
	}
	return out
}

// find returns the route of a request and sets its path values. Dots in the path are
// resolved first, as GitHub's front end does.
func find(table []compiled, r *http.Request) *compiled {
	p := path.Clean(strings.TrimPrefix(r.URL.EscapedPath(), apiPrefix))
	for i := range table {
		rt := &table[i]
		if rt.method != r.Method {
			continue
		}
		m := rt.match.FindStringSubmatch(p)
		if m == nil {
			continue
		}
		for j, name := range rt.match.SubexpNames()[1:] {
			value, _ := url.PathUnescape(m[j+1])
			r.SetPathValue(name, value)
		}
		return rt
	}
	return nil
}

// router puts the API, git, the log-in pages and the pages for people together.
func (h *Hub) router() http.Handler {
	web := http.NewServeMux()
	for _, p := range []string{"GET /{owner}/{repo}/info/refs", "POST /{owner}/{repo}/git-upload-pack", "POST /{owner}/{repo}/git-receive-pack"} {
		web.HandleFunc(p, h.serveGit)
	}
	h.loginRoutes(web)
	web.HandleFunc("/", h.servePage)
	table, graphql := compile(h.table()), compile(graphqlRoute())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, apiPrefix+"/") {
			h.serveAPI(w, r, find(table, r))
			return
		}
		if r.URL.Path == graphqlPath && r.Method == http.MethodPost {
			h.serveAPI(w, r, &graphql[0])
			return
		}
		web.ServeHTTP(w, r)
	})
}

// table is every operation of the API.
func (h *Hub) table() []route {
	return slices.Concat(h.appRoutes(), h.peopleRoutes(), h.repoRoutes(), h.gitRoutes(), h.contentRoutes(), h.pullRoutes(), h.issueRoutes(), h.checkRoutes())
}

// Operations returns the operations of the API that the hub serves, such as
// "GET /repos/{owner}/{repo}/pulls/{number}".
func (h *Hub) Operations() []string {
	var ops []string
	for _, rt := range h.table() {
		ops = append(ops, rt.op)
	}
	return ops
}

// servePage hands over to the pages for people.
func (h *Hub) servePage(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	pages := h.page
	h.mu.Unlock()
	if pages == nil {
		http.NotFound(w, r)
		return
	}
	pages.ServeHTTP(w, r)
}

// serveAPI answers one call of the API: credentials, limits, faults, then the operation.
func (h *Hub) serveAPI(w http.ResponseWriter, r *http.Request, rt *compiled) {
	if rt == nil {
		notFound().send(w)
		return
	}
	body, err := readBody(r)
	if err != nil {
		refuse(http.StatusRequestEntityTooLarge, "Request body is too large").send(w)
		return
	}
	f := h.begin(rt.op, r)
	who, m, early := h.enter(r, rt)
	defer h.leave(m)
	if f.before(w, r) {
		return
	}
	a := early
	if a == nil {
		a = h.perform(rt, &call{h: h, r: r, ctx: context.WithoutCancel(r.Context()), who: who, body: body})
	}
	h.finish(a, r, m)
	if f.after() {
		f.finish(w, r)
		return
	}
	a.send(w)
}

// perform checks that the caller may, and does the operation.
func (h *Hub) perform(rt *compiled, c *call) *answer {
	h.mu.Lock()
	defer h.mu.Unlock()
	if a := c.admit(rt); a != nil {
		return a
	}
	return rt.do(c)
}

// admit checks the caller against the route and finds the repository of the path.
func (c *call) admit(rt *compiled) *answer {
	if a := c.admitKind(rt.who); a != nil {
		return a
	}
	owner, name := c.r.PathValue("owner"), c.r.PathValue("repo")
	if owner == "" || name == "" {
		return nil
	}
	r, err := c.h.repo(owner + "/" + name)
	if err != nil || rt.who != asApp && !c.h.visible(c.who, r) {
		return notFound()
	}
	c.repo = r
	if rt.who == asApp || c.h.may(c.who, r, rt.need) {
		return nil
	}
	switch {
	case c.who.tok == nil:
		return refuse(http.StatusUnauthorized, "Requires authentication")
	case c.who.tok.in == nil && c.who.tok.app == nil:
		return refuse(http.StatusForbidden, "Must have push access to "+r.fullName())
	}
	a := forbidden()
	a.header = http.Header{"X-Accepted-Github-Permissions": {strings.NewReplacer(":", "=", "|", "; ").Replace(rt.need)}}
	return a
}

// admitKind refuses callers of the wrong kind, before anything says whether the
// repository exists.
func (c *call) admitKind(w who) *answer {
	tok := c.who.tok
	switch {
	case w == asApp && c.who.app == nil:
		return refuse(http.StatusUnauthorized, "A JSON web token could not be decoded")
	case w != asApp && c.who.app != nil:
		return refuse(http.StatusUnauthorized, "Bad credentials")
	case w != asApp && w != anyone && tok == nil:
		return refuse(http.StatusUnauthorized, "Requires authentication")
	case w == asPerson && tok.in != nil, w == asInstalled && tok.in == nil:
		return forbidden()
	}
	return nil
}

// send writes an answer.
func (a *answer) send(w http.ResponseWriter) {
	for k, v := range a.header {
		w.Header()[k] = v
	}
	w.Header().Set("X-GitHub-Media-Type", "github.v3; format=json")
	w.Header().Set("X-GitHub-Request-Id", secret(8))
	if a.body == nil && a.raw == nil {
		w.WriteHeader(a.status)
		return
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	w.WriteHeader(a.status)
	w.Write(a.bytes())
}

// bytes returns the body as it is sent.
func (a *answer) bytes() []byte {
	if a.raw == nil && a.body != nil {
		a.raw, _ = json.Marshal(a.body)
	}
	return a.raw
}
