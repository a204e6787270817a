package main_test

import (
	"cmp"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/sealift/sealift"

// layers is the house: a package imports only packages of lower layers, and
// none of the other wing. A package that is not here fails the test.
var layers = map[string]struct {
	layer int
	wing  string // packages of two wings never see each other
	pure  bool   // neither files, network, processes nor environment
	tests bool   // only tests import it
}{
	"cmd/bot":        {layer: 9},
	"cmd/bot/sample": {layer: 1, pure: true},

	"webhook":       {layer: 4, wing: "webhook"},
	"webhook/ghapp": {layer: 4, wing: "webhook"},
	"webhook/hub":   {layer: 4, wing: "webhook"},
	"webhook/queue": {layer: 4, wing: "webhook"},
	"webhook/web":   {layer: 4, wing: "webhook"},
	"webhook/store": {layer: 3, wing: "webhook"},

	"webhook/hub/browsertest": {layer: 6, wing: "webhook", tests: true},
	"webhook/hub/hubtest":     {layer: 5, wing: "webhook", tests: true},
	"webhook/hub/pages":       {layer: 5, wing: "webhook"},
	"webhook/store/pgtest":    {layer: 1, wing: "webhook", tests: true},
	"webhook/store/storetest": {layer: 4, wing: "webhook", tests: true},

	"commands":       {layer: 4, wing: "commands"},
	"commands/reply": {layer: 3, wing: "commands", pure: true},

	"gitops/check":    {layer: 2, pure: true},
	"gitops/diff":     {layer: 2, pure: true},
	"gitops/layout":   {layer: 2, pure: true},
	"gitops/monorepo": {layer: 2, pure: true, tests: true},
	"gitops/promote":  {layer: 2, pure: true},
	"gitops/render":   {layer: 2},
	"gitops/seal":     {layer: 2, pure: true},
	"gitops/tree":     {layer: 2},

	"gitops/seal/sealtest": {layer: 1, tests: true},

	"gitops/layout/argocd": {layer: 1, pure: true},
	"gitops/layout/flux":   {layer: 1, pure: true},

	"gitops/chart":  {layer: 0, pure: true},
	"gitops/edit":   {layer: 1, pure: true},
	"gitops/golden": {layer: 1, tests: true},
	"gitops/need":   {layer: 0, tests: true},
	"gitops/node":   {layer: 0, pure: true},
	"gitops":        {layer: 0, pure: true},
}

// owners says which packages may import a dependency (the import path or what
// is below it), and whose tests may besides: "*" stands for all. A package that
// only tests import counts as a test. No owner means tests only.
var owners = []struct {
	dependency string
	packages   []string
	tests      []string
}{
	// Processes: git in tree and in the hub, which serves it and shows its own
	// repositories; workers in render.
	{"os/exec", []string{"gitops/tree", "gitops/render", "webhook/hub", "webhook/hub/pages"}, []string{"*"}},
	{"sigs.k8s.io/kustomize", []string{"gitops/render"}, []string{"*"}},
	{"github.com/fluxcd/pkg/envsubst", []string{"gitops/render"}, nil},
	{"github.com/landlock-lsm/go-landlock", []string{"gitops/render"}, nil},
	{"golang.org/x/sys", []string{"gitops/render", "gitops/tree", "cmd/bot"}, nil},
	{"github.com/robfig/cron", []string{"gitops/layout"}, nil},
	{"github.com/bmatcuk/doublestar", []string{"gitops/layout", "gitops/layout/argocd", "commands"}, nil},
	{"github.com/fluxcd/pkg/sourceignore", []string{"gitops/layout/flux"}, nil},
	{"github.com/gobwas/glob", []string{"gitops/layout/argocd"}, nil},
	{"github.com/Masterminds/sprig", []string{"gitops/layout/argocd"}, nil},
	{"gopkg.in/evanphx/json-patch.v4", []string{"gitops/layout/flux"}, nil},
	{"dario.cat/mergo", []string{"gitops/layout/argocd"}, nil},
	{"helm.sh/helm", []string{"gitops/chart"}, nil},
	{"github.com/Masterminds/semver", []string{"gitops/chart"}, nil},
	{"znkr.io/diff", []string{"gitops/diff"}, nil},
	// The rest of sealed-secrets brings Kubernetes' types: 19 MB, 12 MB in every process.
	{"github.com/bitnami-labs/sealed-secrets/pkg/crypto", []string{"gitops/seal"}, nil},
	{"github.com/bitnami-labs/sealed-secrets", nil, nil},
	// lookup of Helm's templates asks for an interface of client-go.
	{"k8s.io", []string{"gitops/seal", "gitops/check", "gitops/chart"}, []string{"gitops/render"}},
	{"github.com/google/go-github", []string{"webhook/ghapp"}, []string{"webhook/hub"}},
	{"github.com/bradleyfalzon/ghinstallation", []string{"webhook/ghapp"}, []string{"webhook/hub"}},
	{"modernc.org/sqlite", []string{"webhook/store"}, nil},
	{"github.com/jackc/pgx", []string{"webhook/store"}, []string{"webhook/store/storetest"}},
	{"github.com/riverqueue/river/riverdriver/riversqlite", []string{"webhook/store"}, nil},
	{"github.com/riverqueue/river/riverdriver/riverpgxv5", []string{"webhook/store"}, nil},
	{"github.com/riverqueue/river", []string{"webhook/queue", "webhook/store"}, nil},
	{"github.com/labstack/echo", []string{"webhook", "webhook/hub", "webhook/web"}, nil},
	{"github.com/spf13/cobra", []string{"cmd/bot"}, nil},
	{"github.com/google/go-cmp", nil, []string{"*"}},
	{"github.com/rogpeppe/go-internal", nil, []string{"*"}},
	{"github.com/getkin/kin-openapi", nil, []string{"*"}},
	{"github.com/santhosh-tekuri/jsonschema", nil, []string{"*"}},
	{"github.com/yuin/goldmark", []string{"webhook/hub/pages"}, []string{"*"}},
	{"github.com/microcosm-cc/bluemonday", []string{"webhook/hub/pages"}, nil},
	{"github.com/prometheus", []string{"webhook"}, nil},
	{"github.com/golang-jwt", []string{"webhook/ghapp", "webhook/hub"}, []string{"*"}},
	{"github.com/chromedp", nil, []string{"*"}},
}

// impure are the packages that a pure one must do without.
var impure = []string{"os", "os/exec", "os/signal", "os/user", "net", "net/http", "syscall", "unsafe"}

// TestFence reads the imports of every Go file of the module with go/parser,
// whatever its build tags. It does not ask `go list`: the result of a test
// that runs a command stays cached when a file changes.
func TestFence(t *testing.T) {
	root := filepath.Join("..", "..")
	seen := 0
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipDir(root, p, d.Name())
		}
		if !strings.HasSuffix(p, ".go") {
			return nil
		}
		seen++
		name, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		for _, problem := range violations(t, filepath.ToSlash(name), nil) {
			t.Error(problem)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen == 0 {
		t.Error("no Go files found")
	}
}

// skipDir leaves out what the go command leaves out too.
func skipDir(root, p, name string) error {
	if p == root {
		return nil
	}
	if name == "testdata" || name == "node_modules" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
		return fs.SkipDir
	}
	return nil
}

// violations returns what the file at name, relative to the module, imports
// against the rules. A nil src is read from the disk.
func violations(t *testing.T, name string, src any) []string {
	t.Helper()
	file := filepath.Join("..", "..", filepath.FromSlash(name))
	f, err := parser.ParseFile(token.NewFileSet(), file, src, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	pkg := path.Dir(name)
	if _, ok := layers[pkg]; !ok {
		return []string{name + ": package " + pkg + " is not in the table of layers"}
	}
	var out []string
	for _, spec := range f.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if why := forbidden(pkg, imported, strings.HasSuffix(name, "_test.go")); why != "" {
			out = append(out, name+": imports "+imported+": "+why)
		}
	}
	return out
}

// forbidden says why pkg, or its test, may not import a path; "" when it may.
func forbidden(pkg, imported string, test bool) string {
	if imported == module || strings.HasPrefix(imported, module+"/") {
		return forbiddenOwn(pkg, strings.TrimPrefix(imported, module+"/"), test)
	}
	if layers[pkg].pure && !test && slices.Contains(impure, imported) {
		return "the package is pure"
	}
	if first, _, _ := strings.Cut(imported, "/"); pkg == "gitops" && !test && strings.Contains(first, ".") {
		return "the package imports the standard library only"
	}
	return forbiddenByOwner(pkg, imported, test || layers[pkg].tests)
}

// forbiddenByOwner is forbidden for the dependencies that have owners.
func forbiddenByOwner(pkg, imported string, test bool) string {
	for _, o := range owners { // the longest path comes first
		if imported != o.dependency && !strings.HasPrefix(imported, o.dependency+"/") {
			continue
		}
		if slices.Contains(o.packages, pkg) || test && (slices.Contains(o.tests, "*") || slices.Contains(o.tests, pkg)) {
			return ""
		}
		return "it belongs to " + cmp.Or(strings.Join(o.packages, ", "), "tests")
	}
	return ""
}

// forbiddenOwn is forbidden for packages of the module.
func forbiddenOwn(pkg, imported string, test bool) string {
	from, to := layers[pkg], layers[imported]
	_, known := layers[imported]
	switch {
	case !known:
		return "it is not in the table of layers"
	case imported == "cmd/bot":
		return "nothing imports the program"
	case test || imported == pkg:
		return ""
	case to.tests && !from.tests:
		return "it is for tests"
	case to.layer >= from.layer:
		return "imports go down only"
	case from.wing != "" && to.wing != "" && from.wing != to.wing:
		return "the wings " + from.wing + " and " + to.wing + " never see each other"
	}
	return ""
}

// TestFenceHolds feeds the fence files that it must refuse, and some it must
// let through.
func TestFenceHolds(t *testing.T) {
	tests := []struct {
		name, file, imported string
		refused              bool
	}{
		{"down", "gitops/diff/x.go", module + "/gitops", false},
		{"up", "gitops/x.go", module + "/gitops/diff", true},
		{"sideways", "gitops/diff/x.go", module + "/gitops/render", true},
		{"sideways in a test", "gitops/diff/x_test.go", module + "/gitops/render", false},
		{"the program", "webhook/x.go", module + "/cmd/bot", true},
		{"the program in a test", "webhook/x_test.go", module + "/cmd/bot", true},
		{"the program from itself", "cmd/bot/x_test.go", module + "/cmd/bot", true},
		{"wiring", "cmd/bot/x.go", module + "/webhook/queue", false},
		{"the other wing", "webhook/x.go", module + "/commands/reply", true},
		{"the other wing back", "commands/x.go", module + "/webhook/store", true},
		{"own wing", "commands/x.go", module + "/commands/reply", false},
		{"unknown importer", "gitops/util/x.go", "strings", true},
		{"unknown imported", "cmd/bot/x.go", module + "/gitops/util", true},
		{"kustomize", "gitops/check/x.go", "sigs.k8s.io/kustomize/api/krusty", true},
		{"kustomize at home", "gitops/render/x.go", "sigs.k8s.io/kustomize/api/krusty", false},
		{"kustomize in a test", "gitops/monorepo/x_test.go", "sigs.k8s.io/kustomize/api/krusty", false},
		{"Helm", "gitops/render/x.go", "helm.sh/helm/v3/pkg/engine", true},
		{"Helm at home", "gitops/chart/x.go", "helm.sh/helm/v3/pkg/engine", false},
		{"processes", "gitops/layout/x.go", "os/exec", true},
		{"processes in the webhook", "webhook/x.go", "os/exec", true},
		{"processes at home", "gitops/tree/x.go", "os/exec", false},
		{"files in a pure package", "gitops/check/x.go", "os", true},
		{"network in a pure package", "commands/reply/x.go", "net/http", true},
		{"root on a module", "gitops/x.go", "go.yaml.in/yaml/v3", true},
		{"go-github", "webhook/x.go", "github.com/google/go-github/v60/github", true},
		{"go-github at home", "webhook/ghapp/x.go", "github.com/google/go-github/v60/github", false},
		{"driver", "webhook/queue/x.go", "modernc.org/sqlite", true},
		{"driver in a test", "webhook/queue/x_test.go", "modernc.org/sqlite", true},
		{"driver that a package for tests may have", "webhook/store/storetest/x.go", "github.com/jackc/pgx/v5", false},
		{"the same in a test elsewhere", "webhook/queue/x_test.go", "github.com/jackc/pgx/v5", true},
		{"test library in a package for tests", "webhook/hub/hubtest/x.go", "github.com/getkin/kin-openapi/openapi3", false},
		{"what is for tests", "cmd/bot/x.go", module + "/gitops/monorepo", true},
		{"what is for tests, by another such", "webhook/hub/browsertest/x.go", module + "/webhook/hub/hubtest", false},
		{"the same, up", "webhook/hub/hubtest/x.go", module + "/webhook/hub/browsertest", true},
		{"driver of the queue", "webhook/queue/x.go", "github.com/riverqueue/river/riverdriver/riversqlite", true},
		{"queue", "webhook/queue/x.go", "github.com/riverqueue/river", false},
		{"queue elsewhere", "webhook/x.go", "github.com/riverqueue/river", true},
		{"sealed-secrets", "commands/x.go", "github.com/bitnami-labs/sealed-secrets/pkg/crypto", true},
		{"echo", "commands/x.go", "github.com/labstack/echo/v4", true},
		{"cobra", "commands/x.go", "github.com/spf13/cobra", true},
		{"test library", "gitops/diff/x.go", "github.com/google/go-cmp/cmp", true},
		{"test library in a test", "gitops/diff/x_test.go", "github.com/google/go-cmp/cmp", false},
		{"a name that only begins so", "gitops/check/x.go", "osext", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := violations(t, tt.file, "//go:build never\n\npackage x\n\nimport _ "+strconv.Quote(tt.imported)+"\n")
			if refused := len(got) > 0; refused != tt.refused {
				t.Errorf("%s imports %s: refused %t (%q), want %t", tt.file, tt.imported, refused, got, tt.refused)
			}
		})
	}
}
