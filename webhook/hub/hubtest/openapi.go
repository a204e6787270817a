package hubtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// apiRoot is where the hub has its API.
const apiRoot = "/api/v3"

// Spec is GitHub's OpenAPI description.
type Spec struct {
	doc    *openapi3.T
	routes []specRoute
}

type specRoute struct {
	path     string
	match    *regexp.Regexp
	names    []string
	literals int
}

func newSpec(doc *openapi3.T) *Spec {
	s := &Spec{doc: doc}
	for p, item := range doc.Paths.Map() {
		multi := map[string]bool{}
		for _, op := range item.Operations() {
			for _, par := range op.Parameters {
				if par.Value.Extensions["x-multi-segment"] != nil {
					multi[par.Value.Name] = true
				}
			}
		}
		rt := specRoute{path: p, literals: len(parameter.ReplaceAllString(p, ""))}
		expr := quoted.ReplaceAllStringFunc(regexp.QuoteMeta(p), func(q string) string {
			name := q[2 : len(q)-2]
			rt.names = append(rt.names, name)
			if multi[name] {
				return "(.+)"
			}
			return "([^/]+)"
		})
		rt.match = regexp.MustCompile("^" + expr + "$")
		s.routes = append(s.routes, rt)
	}
	slices.SortFunc(s.routes, func(a, b specRoute) int { return b.literals - a.literals })
	return s
}

// find returns the operation of a request; nil when GitHub has none.
func (s *Spec) find(method, target string) (*routers.Route, map[string]string) {
	for _, rt := range s.routes {
		m := rt.match.FindStringSubmatch(target)
		item := s.doc.Paths.Value(rt.path)
		if m == nil || item.GetOperation(method) == nil {
			continue
		}
		params := map[string]string{}
		for i, name := range rt.names {
			params[name], _ = url.PathUnescape(m[i+1])
		}
		return &routers.Route{Spec: s.doc, Path: rt.path, PathItem: item, Method: method, Operation: item.GetOperation(method)}, params
	}
	return nil, nil
}

// Has reports whether an operation, such as "GET /repos/{owner}/{repo}", is described.
func (s *Spec) Has(op string) bool {
	method, p, _ := strings.Cut(op, " ")
	for path, item := range s.doc.Paths.Map() {
		if shape(path) == shape(p) && item.GetOperation(method) != nil {
			return true
		}
	}
	return false
}

// Handler validates every call of the API that next answers. A request that was
// answered with an error may be wrong on purpose and is not looked at.
func (s *Spec) Handler(t testing.TB, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, apiRoot+"/") {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		copied := r.Clone(context.WithoutCancel(r.Context()))
		r.Body = io.NopCloser(bytes.NewReader(body))
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		if err := s.Check(copied, body, rec.Code, rec.Header(), rec.Body.Bytes()); err != nil {
			t.Errorf("%s %s answered %d: %v", r.Method, r.URL.Path, rec.Code, err)
		}
		for k, v := range rec.Header() {
			w.Header()[k] = v
		}
		w.WriteHeader(rec.Code)
		w.Write(rec.Body.Bytes())
	})
}

// Check validates one call. Errors that the description does not list for the
// operation need GitHub's form of an error.
func (s *Spec) Check(r *http.Request, body []byte, status int, header http.Header, answer []byte) error {
	isJSON := strings.HasPrefix(header.Get("Content-Type"), "application/json")
	if header.Get("X-Github-Request-Id") == "" {
		return nil // a fault, made by the hub in GitHub's front end's place
	}
	route, params := s.find(r.Method, path.Clean(strings.TrimPrefix(r.URL.EscapedPath(), apiRoot)))
	if status >= 400 && (route == nil || route.Operation.Responses.Status(status) == nil) {
		return basicError(answer)
	}
	if route == nil {
		return fmt.Errorf("GitHub has no such operation")
	}
	options := &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true, ExcludeResponseBody: !isJSON, SkipSettingDefaults: true}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if len(body) > 0 && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/json")
	}
	in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: options}
	if status < 400 {
		if err := openapi3filter.ValidateRequest(r.Context(), in); err != nil {
			return fmt.Errorf("request: %w", err)
		}
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: status, Header: header, Options: options}
	out.SetBodyBytes(answer)
	if err := openapi3filter.ValidateResponse(r.Context(), out); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	return nil
}

// basicError checks GitHub's form of an error.
func basicError(answer []byte) error {
	var e struct {
		Message string `json:"message"`
		URL     string `json:"documentation_url"`
	}
	if err := json.Unmarshal(answer, &e); err != nil || e.Message == "" || e.URL == "" {
		return fmt.Errorf("error has not GitHub's form: %.200s", answer)
	}
	return nil
}
