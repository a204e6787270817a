package web

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"regexp"
	"time"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/seal"
)

// Sealing is what the form for secrets asks of the program. Errors of code denied,
// invalid and stale are shown to the person as they are; not_found is the one
// answer for every link that is not good.
type Sealing interface {
	// Link returns what a token stands for and does not use it up. It fails with
	// code not_found when there is no such link, or it expired, was used or revoked.
	Link(ctx context.Context, token string) (seal.Link, error)
	// Form returns what the person may see, and fails with code denied when that
	// is nothing.
	Form(ctx context.Context, link seal.Link, person gitops.User) (seal.Form, error)
	// Seal uses the link up and commits. It asks again what the person may, and
	// fails with code stale when somebody else changed the secret meanwhile.
	Seal(ctx context.Context, token string, link seal.Link, person gitops.User, s seal.Submission) (seal.Outcome, error)
}

// SealPath returns the path of the form that a token opens.
func SealPath(token string) string { return "/seal/" + token }

// sealPolicy is the policy of the form. Its script is our own file. It may not
// send a form, so that the browser itself cannot send what was typed when the
// script is broken, and may not turn text into markup.
const sealPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " +
	"frame-ancestors 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// csrfHeader carries what the form was given, so that only the form can submit.
const csrfHeader = "X-Sealift-Form"

// maxSubmission is how many bytes a submission has at most: 1 MiB of values, which
// is all that Kubernetes takes, encrypted and in base64, with room for the rest.
const maxSubmission = 2 << 20

// sealTimeout bounds the commit. It goes on when the browser goes away, so that it
// does not end half way.
const sealTimeout = 2 * time.Minute

// tokenForm is base64url of 256 bits.
var tokenForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// errNoLink is the one answer for links that are not good, whoever asks and why ever.
func errNoLink() error {
	return &gitops.Error{Code: gitops.NotFound, Message: "This link is not good for you",
		Hint: "A link works once, within 30 minutes, for the person who asked for it. Write /seal on the pull request to get a new one."}
}

// ticket binds the form to the person and the link that it was made for.
type ticket struct {
	Person int64
	Token  string
}

// visit is a request for the form by somebody who may have it.
type visit struct {
	token  string
	person session
	link   seal.Link
}

func (v visit) user() gitops.User { return gitops.User{ID: v.person.ID, Login: v.person.Login} }

// sealForm shows the form. To look at it does not use the link up.
func (p *Pages) sealForm(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Referrer-Policy", "no-referrer")
	if err := p.attempt(r); err != nil {
		return err
	}
	token := r.PathValue("token")
	if !tokenForm.MatchString(token) {
		return errNoLink()
	}
	s, ok := p.session(r)
	if !ok {
		return p.beginLogin(w, r, SealPath(token))
	}
	v, err := p.visit(r, s)
	if err != nil {
		return err
	}
	form, err := p.makeForm(r.Context(), v)
	if err != nil {
		return sealError(err)
	}
	csrf, err := p.sealer.seal(csrfHeader, ticket{s.ID, v.token})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Security-Policy", sealPolicy)
	return p.show(w, http.StatusOK, "seal", p.newSealView(v, form, csrf))
}

// visit returns what a person asks for. Somebody else's link, and one that never
// was, get the same answer.
func (p *Pages) visit(r *http.Request, s session) (visit, error) {
	if at, ok := p.persons.allow(s.ID); !ok {
		p.log.Warn("too many attempts", slog.String(keyLogin, s.Login))
		return visit{}, errTooMany(at)
	}
	token := r.PathValue("token")
	link, err := p.opts.Sealing.Link(r.Context(), token)
	if err != nil {
		return visit{}, sealError(err)
	}
	if link.Person.ID != s.ID || !p.now().Before(link.Expires) {
		p.log.Info("link refused", slog.String(keyLogin, s.Login))
		return visit{}, errNoLink()
	}
	return visit{token, s, link}, nil
}

// makeForm waits for its turn and makes a form.
func (p *Pages) makeForm(ctx context.Context, v visit) (seal.Form, error) {
	end, err := p.turn(ctx)
	if err != nil {
		return seal.Form{}, err
	}
	defer end()
	return p.opts.Sealing.Form(ctx, v.link, v.user())
}

// sealError is what a person is told of an error of [Sealing].
func sealError(err error) error {
	switch gitops.CodeOf(err) {
	case gitops.NotFound:
		return errNoLink()
	case gitops.Denied, gitops.Invalid, gitops.Stale:
		return err
	}
	return behind(err)
}

// sealSubmit takes what the form sends, which is ciphertext, and answers in JSON.
func (p *Pages) sealSubmit(w http.ResponseWriter, r *http.Request) error {
	v, err := p.submitter(r)
	if err != nil {
		return err
	}
	submission, err := readSubmission(r.Header.Get("Content-Type"), http.MaxBytesReader(w, r.Body, maxSubmission))
	if err != nil {
		return err
	}
	end, err := p.turn(r.Context())
	if err != nil {
		return err
	}
	defer end()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), sealTimeout)
	defer cancel()
	done, err := p.opts.Sealing.Seal(ctx, v.token, v.link, v.user(), submission)
	if err != nil {
		return sealError(err)
	}
	p.log.Info("secret sealed", slog.String(keyLogin, v.person.Login), slog.String(keyRepository, v.link.Repo.String()), slog.Int(keyPull, v.link.Number))
	return answerJSON(w, http.StatusOK, sealDone{URL: done.URL, Commit: done.Commit, File: done.File})
}

// submitter returns who submits what: somebody logged in, with the form that was made
// for them and this link, which is still good.
func (p *Pages) submitter(r *http.Request) (visit, error) {
	if err := p.attempt(r); err != nil {
		return visit{}, err
	}
	s, ok := p.session(r)
	if !ok {
		return visit{}, &loginError{&gitops.Error{Code: gitops.Denied, Message: "Your log-in ended", Hint: "Log in again in another tab, then send once more. Nothing was committed."}, "/"}
	}
	var t ticket
	if !p.sealer.open(csrfHeader, r.Header.Get(csrfHeader), &t) || t.Person != s.ID || !same(t.Token, r.PathValue("token")) {
		return visit{}, &gitops.Error{Code: gitops.Denied, Message: "This was not sent by the form", Hint: "Load the page again."}
	}
	return p.visit(r, s)
}

// sealDone and sealFailed are the answers to a submission.
type (
	sealDone struct {
		URL    string `json:"url"`
		Commit string `json:"commit"`
		File   string `json:"file"`
	}
	sealFailed struct {
		Code      gitops.Code `json:"code"`
		Message   string      `json:"message"`
		Hint      string      `json:"hint,omitempty"`
		Reference string      `json:"reference,omitempty"`
		Login     string      `json:"login,omitempty"` // where to log in, when that may help
	}
)

// api makes a handler of a function that may fail and answers in JSON.
func (p *Pages) api(f func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.headers(w.Header())
		w.Header().Set("Referrer-Policy", "no-referrer")
		err := f(w, r)
		if err == nil {
			return
		}
		view := p.failure(w, r, err)
		if err := answerJSON(w, view.Code.HTTP(), sealFailed{view.Code, visible(view.Message), visible(view.Hint), view.Reference, view.Login}); err != nil {
			p.log.Error("page failed", slog.String(keyPage, r.Pattern), slog.Any(keyError, err))
		}
	})
}

func answerJSON(w http.ResponseWriter, status int, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return gitops.Errorf(gitops.Internal, "answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(data) // the browser went away: nothing to do
	return nil
}
