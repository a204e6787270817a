package hubtest

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/sealift/sealift/webhook/hub"
)

// described is loaded once for a test binary.
var described = struct {
	sync.Mutex
	spec *Spec
}{}

// Description returns GitHub's description, from the file beside the checkout or the npm
// package.
func Description(t testing.TB) *Spec {
	t.Helper()
	described.Lock()
	defer described.Unlock()
	if described.spec != nil {
		return described.spec
	}
	data := readDescription(t)
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		t.Fatalf("OpenAPI description: %v", err)
	}
	correct(doc)
	described.spec = newSpec(doc)
	return described.spec
}

// readDescription finds the description.
func readDescription(t testing.TB) []byte {
	t.Helper()
	f, err := os.Open(filepath.Join(Root(t), "..", "shared", "testdata", "github-openapi-subset.json.gz"))
	if err != nil {
		return pruned(t, NPM(t, "@octokit", "openapi", "generated", "api.github.com.json"))
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// pruned reads the whole description and keeps the paths that the hub serves, as reading all
// of them takes long.
func pruned(t testing.TB, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]json.RawMessage
	paths := map[string]json.RawMessage{}
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(doc["paths"], &paths); err != nil {
		t.Fatal(err)
	}
	h, err := hub.New(hub.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	served := map[string]bool{}
	for _, op := range h.Operations() {
		_, p, _ := strings.Cut(op, " ")
		served[shape(p)] = true
	}
	for p := range paths {
		if !served[shape(p)] {
			delete(paths, p)
		}
	}
	doc["paths"], _ = json.Marshal(paths) // raw JSON
	delete(doc, "webhooks")
	delete(doc, "x-webhooks")
	out, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var parameter = regexp.MustCompile(`\{[^}]+\}`)

// quoted is a parameter after regexp.QuoteMeta.
var quoted = regexp.MustCompile(`\\\{([^}]+)\\\}`)

// shape is a path without the names of its parameters.
func shape(path string) string { return parameter.ReplaceAllString(path, "{}") }

// correct mends what the description is known to have wrong: the repository of a
// pull request's head is null when the fork is gone, and the account of a listed
// installation is a user or an enterprise, not both.
func correct(doc *openapi3.T) {
	list := doc.Paths.Value("/app/installations").Get.Responses.Status(http.StatusOK).Value.Content.Get("application/json").Schema.Value
	if account := list.Items.Value.Properties["account"].Value; len(account.AllOf) > 0 {
		account.AnyOf, account.AllOf = account.AllOf, nil
	}
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			loosen(op)
		}
	}
	for _, name := range []string{"pull-request", "pull-request-simple"} {
		s := doc.Components.Schemas[name]
		if s == nil {
			continue
		}
		head := s.Value.Properties["head"].Value
		repo := *head.Properties["repo"].Value
		repo.Nullable = true
		head.Properties["repo"] = &openapi3.SchemaRef{Value: &repo}
	}
}

// loosen lets an error be of several of the forms that are listed: none of them has a
// required member, so that "exactly one" can never be met.
func loosen(op *openapi3.Operation) {
	for code, response := range op.Responses.Map() {
		content := response.Value.Content.Get("application/json")
		if code < "400" || content == nil || content.Schema == nil {
			continue
		}
		s := content.Schema.Value
		s.AnyOf, s.OneOf = append(s.AnyOf, s.OneOf...), nil
	}
}
