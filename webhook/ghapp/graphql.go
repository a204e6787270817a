package ghapp

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// graphqlPath is the path of GraphQL for a root of the REST API: /graphql on github.com,
// /api/graphql beside /api/v3/ on an Enterprise Server.
func graphqlPath(root *url.URL) string {
	if beside, ok := strings.CutSuffix(root.Path, "/v3/"); ok {
		return beside + "/graphql"
	}
	return root.Path + "graphql"
}

// mutate does one GraphQL mutation. REST has no operation for some things.
func (r *Repo) mutate(ctx context.Context, name string, input map[string]string) error {
	body := map[string]any{
		"query":     "mutation($input: " + strings.ToUpper(name[:1]) + name[1:] + "Input!) { " + name + "(input: $input) { clientMutationId } }",
		"variables": map[string]any{"input": input},
	}
	var answer struct{ Errors []graphqlError }
	if _, err := call(ctx, r.c, http.MethodPost, graphqlPath(r.app.api), body, &answer); err != nil {
		return err
	}
	if len(answer.Errors) == 0 {
		return nil
	}
	return r.refusedMutation(name, answer.Errors[0])
}

// graphqlError is one of the errors of an answer, whose status is 200.
type graphqlError struct{ Type, Message string }

// graphqlCodes maps types of errors to codes. One without a type is about the query,
// which is a bug of ours or a server too old for it.
var graphqlCodes = map[string]gitops.Code{
	"UNPROCESSABLE": gitops.Invalid,
	"FORBIDDEN":     gitops.Denied,
	"NOT_FOUND":     gitops.NotFound,
	"RATE_LIMITED":  gitops.Limited,
	"":              gitops.Invalid,
}

// refusedMutation makes the error of a mutation that was not done.
func (r *Repo) refusedMutation(name string, refused graphqlError) error {
	e := &gitops.Error{Code: graphqlCodes[refused.Type], Message: "GitHub refused " + name + ": " + gitops.Quote(redact(refused.Message))}
	switch {
	case e.Code == "":
		e.Code = gitops.Unavailable
	case e.Code == gitops.Limited:
		e.RetryAt = r.app.now().Add(firstWait)
	case strings.Contains(refused.Message, "branch was modified"):
		e.Code = gitops.Stale
	}
	return e
}
