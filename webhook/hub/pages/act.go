package pages

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/hub"
)

const (
	// cookie holds the login of the person who was chosen last.
	cookie = "person"
	// maxForm is how many bytes a form may have.
	maxForm = 1 << 20
)

// deed is what somebody wants to do on the page of a pull request.
type deed struct {
	who    hub.Person
	repo   string
	pull   hub.Pull
	form   url.Values
	action string // of the path
}

// act answers a form: the chosen person does something, whether or not the browser waits
// for it, and the page is shown again. When it is refused, the page says why and has
// what was typed.
func (p *pages) act(do func(context.Context, deed) (anchor string, err error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		repo, v, err := p.pull(r)
		if err != nil {
			p.failWith(w, r, err)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if err := r.ParseForm(); err != nil {
			p.fail(w, r, http.StatusRequestEntityTooLarge, "That is more than a comment can have.")
			return
		}
		login := r.PostForm.Get("person")
		if !p.known(login) {
			p.fail(w, r, http.StatusBadRequest, "Choose who you are.")
			return
		}
		http.SetCookie(w, &http.Cookie{Name: cookie, Value: url.QueryEscape(login), Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
		anchor, err := do(context.WithoutCancel(r.Context()), deed{p.hub.User(login), repo, v, r.PostForm, r.PathValue("action")})
		if err != nil {
			p.showConversation(w, r, repo, v, notice{Status: http.StatusUnprocessableEntity, Text: sentence(err), Draft: r.PostForm.Get("body"), Login: login})
			return
		}
		http.Redirect(w, r, "/"+repo+"/pull/"+strconv.Itoa(v.Number)+anchor, http.StatusSeeOther)
	}
}

// known reports whether a login is one to choose.
func (p *pages) known(login string) bool {
	for _, one := range p.o.People {
		if one.Login == login {
			return true
		}
	}
	return false
}

// comment writes a comment: what was typed, or what a button stands for.
func comment(_ context.Context, d deed) (string, error) {
	body := d.form.Get("body")
	if quick := d.form.Get("quick"); quick != "" {
		body = quick
	}
	if strings.TrimSpace(body) == "" {
		return "", gitops.Errorf(gitops.Invalid, "the comment is empty")
	}
	id, err := d.who.Comment(d.repo, d.pull.Number, body)
	return "#issuecomment-" + strconv.FormatInt(id, 10), err
}

// merge merges the head that the page showed.
func merge(ctx context.Context, d deed) (string, error) {
	_, err := d.who.Merge(ctx, d.repo, d.pull.Number, hub.MergeOptions{Method: d.form.Get("method"), SHA: d.form.Get("sha")})
	return "", err
}

// setState closes or reopens; or it turns a draft into a pull request that is ready.
func setState(ctx context.Context, d deed) (string, error) {
	switch d.form.Get("state") {
	case "closed":
		return "", d.who.ClosePull(ctx, d.repo, d.pull.Number)
	case "open":
		return "", d.who.ReopenPull(ctx, d.repo, d.pull.Number)
	case "ready":
		return "", d.who.SetDraft(ctx, d.repo, d.pull.Number, false)
	}
	return "", gitops.Errorf(gitops.Invalid, "state %s is none of closed, open, ready", gitops.Quote(d.form.Get("state")))
}

// do runs one of the configured actions.
func (p *pages) do(ctx context.Context, d deed) (string, error) {
	i, err := strconv.Atoi(d.action)
	if err != nil || i < 0 || i >= len(p.o.Actions) {
		return "", gitops.Errorf(gitops.NotFound, "action %s is not there", gitops.Quote(d.action))
	}
	return "", p.o.Actions[i].Do(ctx)
}

// sentence is an error for people: its message with a capital and a full stop.
func sentence(err error) string {
	text := err.Error()
	if e, ok := errors.AsType[*gitops.Error](err); ok && e.Hint != "" {
		text += ": " + e.Hint
	}
	first, size := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[size:]
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}
