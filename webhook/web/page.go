package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"html/template"
	"io"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sealift/sealift/gitops"
)

// The keys of log records.
const (
	keyError      = "error"
	keyPage       = "page"
	keyAddress    = "address"
	keyLogin      = "login"
	keyPull       = "pull"
	keyRepository = "repository"
)

// The policy of every page: one style sheet of our own, forms to ourselves (and,
// in the set-up, to GitHub), no script, no frame.
const (
	pagePolicy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
	assetLife  = "public, max-age=300"
)

// frame is what every page has around its content.
type frame struct {
	Title string
	// Who is logged in, "" for nobody.
	Who string
}

// pageTemplates are parsed from the embedded files.
func pageTemplates() (*template.Template, error) {
	t, err := template.New("").Funcs(template.FuncMap{"visible": visible}).ParseFS(files, "templates/*.html")
	if err != nil {
		return nil, gitops.Errorf(gitops.Internal, "templates: %w", err)
	}
	return t, nil
}

// page makes a handler of a function that may fail.
func (p *Pages) page(f func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.headers(w.Header())
		if err := f(w, r); err != nil {
			p.fail(w, r, err)
		}
	})
}

// headers sets what every answer says. Referrers stay on this site, so that no
// other one learns of a private repository from an address.
func (p *Pages) headers(h http.Header) {
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Cache-Control", "no-store")
}

// show answers with a page that is small: it is complete before it is sent.
func (p *Pages) show(w http.ResponseWriter, status int, name string, view any) error {
	var b bytes.Buffer
	if err := p.execute(&b, name, view); err != nil {
		return err
	}
	begin(w, status)
	_, _ = b.WriteTo(w) // the browser went away: nothing to do
	return nil
}

func (p *Pages) execute(w io.Writer, name string, view any) error {
	if err := p.views.ExecuteTemplate(w, name+".html", view); err != nil {
		return gitops.Errorf(gitops.Internal, "page %s: %w", name, err)
	}
	return nil
}

// begin sends the status: from here on an error can only cut the page off.
func begin(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
}

// errNotFound is the one answer for what is not there and for what somebody may not
// see.
func errNotFound() error {
	return &gitops.Error{Code: gitops.NotFound, Message: "There is no such page, or you may not see it"}
}

// failure returns what a person is told of an error, and logs what the operator
// should know: of a page its pattern, because addresses hold tokens. Of our own bugs
// and of what failed behind us it tells a reference only.
func (p *Pages) failure(w http.ResponseWriter, r *http.Request, err error) errorView {
	e, ok := errors.AsType[*gitops.Error](err)
	if !ok {
		e = &gitops.Error{Code: gitops.Internal}
	}
	view := errorView{Code: e.Code, Message: e.Message, Hint: e.Hint}
	switch e.Code {
	case gitops.Internal:
		view.Message, view.Hint = "Something went wrong, and it is our fault", ""
		view.Reference = w.Header().Get("X-Request-Id") // set by package webhook
		p.log.Error("page failed", slog.String(keyPage, r.Pattern), slog.Any(keyError, err))
	case gitops.Unavailable, gitops.Limited:
		w.Header().Set("Retry-After", strconv.Itoa(p.wait(e)))
		p.log.Warn("page failed", slog.String(keyPage, r.Pattern), slog.Any(keyError, err))
	}
	if again, ok := errors.AsType[*loginError](err); ok {
		view.Login = loginPath(again.back)
	}
	return view
}

// fail answers with a page about an error.
func (p *Pages) fail(w http.ResponseWriter, r *http.Request, err error) {
	view := p.failure(w, r, err)
	view.frame = frame{Title: view.Message}
	if s, ok := p.session(r); ok && view.Login == "" {
		view.Who = s.Login
	}
	if shown := p.show(w, view.Code.HTTP(), "error", view); shown != nil {
		p.log.Error("page failed", slog.String(keyPage, r.Pattern), slog.Any(keyError, shown))
	}
}

type errorView struct {
	frame
	Code                     gitops.Code
	Message, Hint, Reference string
	// Login is where to log in, when that may help.
	Login string
}

// wait is how many seconds to wait before the next try.
func (p *Pages) wait(e *gitops.Error) int {
	const least = 5 * time.Second
	return int(math.Ceil(max(e.RetryAt.Sub(p.now()), least).Seconds()))
}

// asset serves an embedded file. It is the same for everybody.
func (p *Pages) asset(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	data, err := files.ReadFile("assets/" + name)
	if err != nil {
		return errNotFound()
	}
	sum := sha256.Sum256(data)
	w.Header().Set("Cache-Control", assetLife)
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
	return nil
}

// visible returns s with every character written out that does not show or that
// changes the direction of the text. Tabs stay.
func visible(s string) string {
	if !strings.ContainsFunc(s, hidden) && strings.ToValidUTF8(s, "") == s {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == '\uFFFD' && !strings.HasPrefix(s[i:], "\uFFFD"):
			b.WriteString(`\x` + hex.EncodeToString([]byte{s[i]}))
		case hidden(r):
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// hidden are characters that nobody sees, or that change how others are seen. The two
// that are named pass for letters.
func hidden(r rune) bool { return r != '\t' && !strconv.IsGraphic(r) || r == '\u3164' || r == '\u2800' }
