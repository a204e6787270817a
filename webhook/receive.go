package webhook

import (
	"context"
	"log/slog"
	"mime"
	"net/http"
	"regexp"

	"github.com/labstack/echo/v4"

	"github.com/sealift/sealift/gitops"
)

// verdict is what became of a delivery, in answers and metrics.
type verdict string

const (
	accepted  verdict = "accepted"
	duplicate verdict = "duplicate"
	ignored   verdict = "ignored"
	refused   verdict = "refused" // the sender's fault
	failed    verdict = "failed"  // ours; GitHub shows it, and it is redelivered
)

// receipt is the answer to a delivery that was taken.
type receipt struct {
	Status   verdict `json:"status"`
	Delivery string  `json:"delivery"`
}

// receive is POST /webhook.
func (s *Server) receive(c echo.Context) error {
	env, err := open(c.Request())
	v := refused
	if err == nil {
		c.Set(keyDelivery, env.id)
		v, err = s.take(c, env)
	}
	s.metrics.delivery(env.event, v)
	if err != nil {
		s.log.Warn("delivery "+string(v), slog.String(keyDelivery, env.id), slog.String(keyEvent, env.event), slog.Any(keyError, err))
		return err
	}
	status := http.StatusOK
	if v == accepted {
		status = http.StatusAccepted
	}
	return c.JSON(status, receipt{Status: v, Delivery: env.id})
}

// take reads, verifies, decodes and stores a delivery.
func (s *Server) take(c echo.Context, env envelope) (verdict, error) {
	body := s.body(c)
	defer body.release()
	payload, err := body.read()
	if gitops.CodeOf(err) == gitops.Unavailable {
		return failed, err
	}
	if err != nil {
		return refused, err
	}
	if err := s.verifier.verify(env.signature, payload); err != nil {
		return refused, err
	}
	ev, known, err := Decode(env.event, env.id, payload)
	switch {
	case err != nil:
		return refused, err
	case !known, ev.Kind == gitops.Remarked && !s.redacts(ev):
		return ignored, nil
	}
	if payload, err = s.redacted(ev, payload); err != nil {
		return failed, err
	}
	key, class := Key(ev)
	return s.store(c.Request().Context(), Delivery{ID: env.id, Event: env.event, Key: key, Class: class, Payload: payload})
}

// store gives a delivery to the inbox, also when GitHub has hung up by now.
func (s *Server) store(ctx context.Context, d Delivery) (verdict, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), acceptTimeout)
	defer cancel()
	twice, err := s.config.Inbox.Accept(ctx, d)
	switch {
	case err != nil:
		return failed, err
	case twice:
		return duplicate, nil
	}
	return accepted, nil
}

// envelope is what the headers of a delivery say.
type envelope struct {
	id, event string
	signature []byte
}

var (
	eventForm = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)
	// GitHub's ids are GUIDs. Names of work that the service gives itself have
	// other characters.
	idForm = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)
)

// open reads the headers. It fails before a byte of the body is read.
func open(r *http.Request) (envelope, error) {
	var env envelope
	var err error
	if env.event, err = header(r, "X-GitHub-Event", eventForm); err != nil {
		return env, err
	}
	if env.id, err = header(r, "X-GitHub-Delivery", idForm); err != nil {
		return env, err
	}
	if env.signature, err = signature(r.Header); err != nil {
		return env, err
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return env, protocol(http.StatusUnsupportedMediaType, &gitops.Error{
			Message: "content type is not application/json: " + gitops.Quote(r.Header.Get("Content-Type")),
			Hint:    "choose application/json in the webhook settings of the App",
		})
	}
	return env, nil
}

// header returns the one value of a header that has to have a form.
func header(r *http.Request, name string, form *regexp.Regexp) (string, error) {
	values := r.Header.Values(name)
	if len(values) != 1 {
		return "", gitops.Errorf(gitops.Invalid, "header %s is there %d times, not once", name, len(values))
	}
	if !form.MatchString(values[0]) {
		return "", gitops.Errorf(gitops.Invalid, "header %s is malformed: %s", name, gitops.Quote(values[0]))
	}
	return values[0], nil
}
