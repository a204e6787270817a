package hub

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// obj is a JSON object.
type obj = map[string]any

// answer is what a call is answered with; a nil body is none.
type answer struct {
	status int
	body   any
	header http.Header
	raw    []byte // sent in place of body
}

func ok(body any) *answer      { return &answer{status: http.StatusOK, body: body} }
func created(body any) *answer { return &answer{status: http.StatusCreated, body: body} }
func noContent() *answer       { return &answer{status: http.StatusNoContent} }

// refuse is an answer that says no, in GitHub's form.
func refuse(status int, message string, errs ...obj) *answer {
	body := obj{"message": message, "documentation_url": "https://docs.github.com/rest", "status": strconv.Itoa(status)}
	if len(errs) > 0 {
		body["errors"] = errs
	}
	return &answer{status: status, body: body}
}

func notFound() *answer { return refuse(http.StatusNotFound, "Not Found") }
func forbidden() *answer {
	return refuse(http.StatusForbidden, "Resource not accessible by integration")
}

// unprocessable is a 422 with a message of its own.
func unprocessable(message string) *answer {
	return refuse(http.StatusUnprocessableEntity, message)
}

// invalidField is the 422 that names a field.
func invalidField(resource, field, code, message string) *refusal {
	e := obj{"resource": resource, "code": code}
	if field != "" {
		e["field"] = field
	}
	if message != "" {
		e["message"] = message
	}
	return &refusal{status: http.StatusUnprocessableEntity, message: "Validation Failed", errors: []obj{e}}
}

// failed is the answer for an error of the hub's own functions.
func failed(err error) *answer {
	if r, ok := errors.AsType[*refusal](err); ok {
		return refuse(r.status, r.message, r.errors...)
	}
	switch gitops.CodeOf(err) {
	case gitops.NotFound:
		return notFound()
	case gitops.Invalid:
		return unprocessable(err.Error())
	}
	return refuse(http.StatusInternalServerError, "Server Error: "+err.Error())
}

// call is one request of the API. The hub's lock is held while it is answered.
type call struct {
	h    *Hub
	r    *http.Request
	ctx  context.Context
	who  caller
	repo *repo  // that the path names; nil when it names none
	body []byte // all of it
}

// decode reads the JSON body. GitHub answers 400 to what is no JSON, 422 to what has
// the wrong types.
func (c *call) decode(into any) *answer {
	if len(bytes.TrimSpace(c.body)) == 0 {
		return nil
	}
	if err := json.Unmarshal(c.body, into); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return unprocessable("Invalid request.\n\nFor 'properties/" + wrong.Field + "', the value is not of the right type.")
		}
		return refuse(http.StatusBadRequest, "Problems parsing JSON")
	}
	return nil
}

// number returns a path parameter that is a number, 0 when it is none.
func (c *call) number(name string) int64 {
	n, _ := strconv.ParseInt(c.r.PathValue(name), 10, 64)
	return n
}

func (c *call) query(name string) string { return c.r.URL.Query().Get(name) }

// issue returns the issue of the path.
func (c *call) issue() *issue { return c.repo.issue(int(c.number("number"))) }

// pull returns the pull request of the path, nil for plain issues.
func (c *call) pull() *issue {
	if is := c.issue(); is != nil && is.pull != nil {
		return is
	}
	return nil
}

// read takes the body of a request, at most 25 MB.
func readBody(r *http.Request) ([]byte, error) {
	return io.ReadAll(http.MaxBytesReader(nil, r.Body, 25<<20))
}

// page cuts a list by page and per_page and links to its neighbours, as GitHub does.
func page[T any](c *call, list []T) ([]T, http.Header) {
	per := clamp(c.query("per_page"), 30, 100)
	n := clamp(c.query("page"), 1, 1<<20)
	last := max(1, (len(list)+per-1)/per)
	from := min((n-1)*per, len(list))
	var links []string
	link := func(rel string, to int) {
		u := url.URL{Path: c.r.URL.Path}
		q := c.r.URL.Query()
		q.Set("page", strconv.Itoa(to))
		u.RawQuery = q.Encode()
		links = append(links, "<"+c.h.url+u.String()+`>; rel="`+rel+`"`)
	}
	if n > 1 {
		link("prev", n-1)
		link("first", 1)
	}
	if n < last {
		link("next", n+1)
		link("last", last)
	}
	header := http.Header{}
	if len(links) > 0 {
		header.Set("Link", strings.Join(links, ", "))
	}
	return list[from:min(from+per, len(list))], header
}

// pageOf answers with a page of a list in its JSON form.
func pageOf[T any](c *call, list []T, form func(T) obj) *answer {
	part, header := page(c, list)
	return &answer{status: http.StatusOK, body: forms(part, form), header: header}
}

// forms returns the JSON forms of a list; never nil.
func forms[T any](list []T, form func(T) obj) []obj {
	out := make([]obj, 0, len(list))
	for _, x := range list {
		out = append(out, form(x))
	}
	return out
}

// clamp reads a positive number with a default and an upper limit.
func clamp(s string, standard, limit int) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return standard
	}
	return min(n, limit)
}

func itoa(n int) string { return strconv.Itoa(n) }

// atoi returns 0 for what is no number.
func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// cutColon splits "owner:branch"; ok is false without an owner.
func cutColon(s string) (owner, branch string, ok bool) {
	owner, branch, ok = strings.Cut(s, ":")
	if !ok {
		return "", s, false
	}
	return owner, branch, true
}

// cutLast splits s around the last sep.
func cutLast(s, sep string) (before, after string, ok bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
