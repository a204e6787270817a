package render

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/tree"
)

const (
	kustomization = "kustomization.yaml"
	configMap     = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"
)

// aliasBomb is nine levels of nine aliases.
func aliasBomb() string {
	var b strings.Builder
	b.WriteString("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bomb}\ndata:\n  a0: &a0 [x,x,x,x,x,x,x,x,x]\n")
	for i := 1; i <= 9; i++ {
		fmt.Fprintf(&b, "  a%d: &a%d [%s*a%d]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d,", i-1), 8), i-1)
	}
	return b.String()
}

// doubling is a chain of directories of which each includes two siblings, so
// that the last is rendered 2^n times.
func doubling(n int) map[string]string {
	files := map[string]string{"app/" + kustomization: "resources: [../a0, ../b0]\n"}
	for i := range n {
		for _, side := range []string{"a", "b"} {
			k := fmt.Sprintf("namePrefix: %s%d-\nresources: [../a%d, ../b%d]\n", side, i, i+1, i+1)
			if i == n-1 {
				k = fmt.Sprintf("namePrefix: %s%d-\nresources: [c.yaml]\n", side, i)
				files[fmt.Sprintf("%s%d/c.yaml", side, i)] = configMap
			}
			files[fmt.Sprintf("%s%d/%s", side, i, kustomization)] = k
		}
	}
	return files
}

func manyResources(n int) map[string]string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%d}\n---\n", i)
	}
	return map[string]string{"app/" + kustomization: "namePrefix: p-\nresources: [all.yaml]\n", "app/all.yaml": b.String()}
}

func manyKeys(n int) string {
	var b strings.Builder
	b.WriteString(configMap + "data:\n")
	for i := range n {
		fmt.Fprintf(&b, "  k%d: v\n", i)
	}
	return b.String()
}

// one is an app of one resource.
func one(resource string) map[string]string {
	return map[string]string{"app/" + kustomization: "resources: [r.yaml]\n", "app/r.yaml": resource}
}

// app is an app of one kustomization beside a good resource.
func app(kustomize string) map[string]string {
	return map[string]string{"app/" + kustomization: kustomize, "app/r.yaml": configMap}
}

// TestHostile renders what an attacker may put into a pull request. Each must
// end with a clear failure, or the right output, within the limits.
func TestHostile(t *testing.T) {
	limit := 4 * time.Second
	for name, c := range map[string]struct {
		files   map[string]string
		links   map[string]string
		cause   gitops.Cause // "" when it must render
		message string       // a part of it
		place   string       // file:line, when it must be told
		slow    bool
	}{
		"upload-pack":                     {files: app("resources:\n- r.yaml\n- https://github.com/o/r//x?ref=--upload-pack=touch${IFS}/tmp/pwned\n"), cause: gitops.CauseRemote, message: "not allowed", place: "app/kustomization.yaml:3"},
		"file url":                        {files: app("resources: ['file:///etc/passwd']\n"), cause: gitops.CauseRemote, message: "not allowed", place: "app/kustomization.yaml:1"},
		"file url repository":             {files: app("resources: ['file:///srv/tenant.git//base?ref=main']\n"), cause: gitops.CauseRemote},
		"ssh repository":                  {files: app("bases: ['git@example.com:o/r.git//base?ref=main']\n"), cause: gitops.CauseRemote},
		"metadata address":                {files: app("configMapGenerator:\n- name: x\n  files: ['a=http://169.254.169.254/latest/meta-data']\n"), cause: gitops.CauseRemote, place: "app/kustomization.yaml:3"},
		"https patch":                     {files: app("resources: [r.yaml]\npatches:\n- path: https://127.0.0.1/p.yaml\n"), cause: gitops.CauseRemote, place: "app/kustomization.yaml:3"},
		"https crds":                      {files: app("resources: [r.yaml]\ncrds: ['https://127.0.0.1/p.json']\n"), cause: gitops.CauseRemote},
		"https openapi":                   {files: app("resources: [r.yaml]\nopenapi: {path: 'https://127.0.0.1/p.json'}\n"), cause: gitops.CauseRemote},
		"https in a plugin":               {files: map[string]string{"app/" + kustomization: "resources: [r.yaml]\ntransformers: [t.yaml]\n", "app/r.yaml": configMap, "app/t.yaml": "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: t}\npath: https://127.0.0.1:1/x\n"}, cause: gitops.CauseRemote},
		"climbs out":                      {files: app("resources: [../../../../etc]\n"), cause: gitops.CauseOutside, place: "app/kustomization.yaml:1"},
		"climbs out by file":              {files: app("configMapGenerator: [{name: x, files: [../../../../etc/passwd]}]\n"), cause: gitops.CauseOutside},
		"absolute file":                   {files: app("resources: [/etc/passwd]\n"), cause: gitops.CauseOutside},
		"link out":                        {files: app("resources: [l.yaml]\n"), links: map[string]string{"app/l.yaml": "/etc/passwd"}, cause: gitops.CauseOutside},
		"relative link out":               {files: app("resources: [l.yaml]\n"), links: map[string]string{"app/l.yaml": "../../../etc/passwd"}, cause: gitops.CauseOutside},
		"directory link out":              {files: app("resources: [d]\n"), links: map[string]string{"app/d": "../../.."}, cause: gitops.CauseOutside},
		"link ring":                       {files: app("resources: [l.yaml]\n"), links: map[string]string{"app/l.yaml": "m.yaml", "app/m.yaml": "l.yaml"}, cause: gitops.CauseSymlink},
		"alias bomb":                      {files: one(aliasBomb()), cause: gitops.CauseLimit, slow: true},
		"alias bomb in the kustomization": {files: app(strings.ReplaceAll(aliasBomb(), "data:", "commonAnnotations:")), cause: "*", slow: true},
		"alias of itself":                 {files: one(configMap + "data: &d [*d]\n"), cause: "*"},
		"50 MB of YAML":                   {files: one(configMap + "data: {a: " + strings.Repeat("x", 50<<20) + "}\n"), cause: gitops.CauseLimit, message: "larger than 16 MiB", place: "app/r.yaml:0"},
		"10 MB scalar":                    {files: one(configMap + "data: {a: " + strings.Repeat("x", 10<<20) + "}\n"), cause: "?", slow: true},
		"170,000 keys":                    {files: one(manyKeys(170_000)), cause: gitops.CauseLimit, slow: true},
		"10,000 resources":                {files: manyResources(10_000), cause: gitops.CauseLimit, message: "took more than 4s of processor time", slow: true},
		"doubling":                        {files: doubling(13), cause: gitops.CauseLimit, slow: true},
		"deep nesting":                    {files: one(configMap + "data: " + strings.Repeat("[", 200_000) + "\n"), cause: "*"},
		"includes itself":                 {files: app("resources: [../app]\n"), cause: gitops.CauseCycle},
		"includes its parent":             {files: app("resources: [..]\n"), cause: "*"},
		"ring of three":                   {files: map[string]string{"app/" + kustomization: "resources: [../b]\n", "b/" + kustomization: "resources: [../c]\n", "c/" + kustomization: "resources: [../app]\n"}, cause: gitops.CauseCycle},
		"invalid UTF-8":                   {files: one("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \xff\xfe}\n"), cause: gitops.CauseYAML},
		"NUL bytes":                       {files: one("apiVersion: v1\nkind: ConfigMap\x00\n"), cause: gitops.CauseYAML},
		"NUL in a path":                   {files: app("resources: [\"a\\0b\"]\n"), cause: gitops.CauseMissing},
		"LFS pointer":                     {files: one("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"), cause: gitops.CauseLFS, place: "app/r.yaml:1"},
		"a file named -n":                 {files: map[string]string{"app/" + kustomization: "resources: [-n]\n", "app/-n": configMap}},
		"10 KB name":                      {files: app("resources: [" + strings.Repeat("n", 10<<10) + "]\n"), cause: gitops.CauseMissing},
		"empty crds":                      {files: map[string]string{"app/" + kustomization: "crds: [e.json]\nresources: [r.yaml]\n", "app/r.yaml": configMap, "app/e.json": ""}, cause: "*"},
		"malformed openapi":               {files: map[string]string{"app/" + kustomization: "openapi: {path: e.json}\nresources: [r.yaml]\n", "app/r.yaml": configMap, "app/e.json": "{"}, cause: "?"},
		"helm chart":                      {files: app("helmCharts: [{name: x, repo: https://example.com, version: 1.0.0}]\n"), cause: gitops.CauseRemote},
		"helm generator":                  {files: map[string]string{"app/" + kustomization: "generators: [g.yaml]\n", "app/g.yaml": "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: g}\nname: x\nrepo: https://example.com\n"}, cause: gitops.CauseRemote},
		"exec function":                   {files: map[string]string{"app/" + kustomization: "resources: [r.yaml]\ntransformers: [t.yaml]\n", "app/r.yaml": configMap, "app/t.yaml": "apiVersion: v1\nkind: X\nmetadata:\n  name: t\n  annotations:\n    config.kubernetes.io/function: |\n      exec: {path: /bin/sh}\n"}, cause: gitops.CausePlugin},
		"container function":              {files: map[string]string{"app/" + kustomization: "resources: [r.yaml]\ntransformers: [t.yaml]\n", "app/r.yaml": configMap, "app/t.yaml": "apiVersion: v1\nkind: X\nmetadata:\n  name: t\n  annotations:\n    config.kubernetes.io/function: |\n      container: {image: example.com/x}\n"}, cause: gitops.CausePlugin},
		"legacy plugin":                   {files: map[string]string{"app/" + kustomization: "generators: [t.yaml]\n", "app/t.yaml": "apiVersion: viaduct.ai/v1\nkind: ksops\nmetadata: {name: t}\nfiles: [s.yaml]\n"}, cause: gitops.CausePlugin},
		"component alone":                 {files: map[string]string{"app/" + kustomization: "resources: [../c]\n", "c/" + kustomization: "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamePrefix: a-\n"}, cause: gitops.CauseComponent},
		"empty kustomization":             {files: app(""), cause: gitops.CauseEmpty},
		"unknown field":                   {files: app("resources: [r.yaml]\nresource: [x]\n"), cause: gitops.CauseField, message: `"resource"`, place: "app/kustomization.yaml:2"},
		"missing file":                    {files: app("resources:\n- r.yaml\n- gone.yaml\n"), cause: gitops.CauseMissing, message: `"app/gone.yaml"`, place: "app/kustomization.yaml:3"},
		"missing file in a base":          {files: map[string]string{"app/" + kustomization: "resources: [../base]\n", "base/" + kustomization: "resources:\n\n- gone.yaml\n"}, cause: gitops.CauseMissing, place: "base/kustomization.yaml:3"},
		"missing base":                    {files: app("resources:\n- ../gone\n"), cause: gitops.CauseMissing, place: "app/kustomization.yaml:2"},
		"directory without kustomization": {files: map[string]string{"app/" + kustomization: "resources:\n- ../d\n", "d/x.yaml": configMap}, cause: gitops.CauseMissing, message: "has no kustomization", place: "app/kustomization.yaml:2"},
		"invalid YAML":                    {files: one("a: [\nb: }\n"), cause: gitops.CauseYAML, place: "app/r.yaml:1"},
		"duplicate":                       {files: map[string]string{"app/" + kustomization: "resources: [r.yaml, s.yaml]\n", "app/r.yaml": configMap, "app/s.yaml": configMap}, cause: gitops.CauseDuplicate},
		"patch without target":            {files: app("resources: [r.yaml]\npatches:\n- patch: |\n    apiVersion: v1\n    kind: Secret\n    metadata: {name: x}\n"), cause: gitops.CausePatch},
		"local directory like a host":     {files: map[string]string{"app/" + kustomization: "resources: [rbac.authorization.k8s.io/x]\n", "app/rbac.authorization.k8s.io/x/" + kustomization: "resources: [r.yaml]\n", "app/rbac.authorization.k8s.io/x/r.yaml": configMap}},
		"local file like a repository":    {files: map[string]string{"app/" + kustomization: "resources: [github.com/o/r.yaml]\n", "app/github.com/o/r.yaml": configMap}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.slow && testing.Short() {
				t.Skip("short: takes seconds")
			}
			t.Parallel()
			r := newRenderer(t, Options{Workers: 2, Timeout: limit})
			files := map[string]tree.File{"good/kustomization.yaml": {Content: "resources: [r.yaml]\n"}, "good/r.yaml": {Content: configMap}}
			for p, text := range c.files {
				files[p] = tree.File{Content: text}
			}
			for p, target := range c.links {
				files[p] = tree.File{Content: target, Kind: gitops.Symlink}
			}
			src := tree.MemoryWith(files)
			got, err := r.Render(t.Context(), src, "app")
			if err != nil {
				t.Fatal(err)
			}
			checkHostile(t, &got, c.cause, c.message, c.place)
			good, err := r.Render(t.Context(), src, "good")
			if err != nil || good.Err != nil || string(good.YAML()) != "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n" {
				t.Errorf("the overlay beside it: %v %v %q", err, good.Err, good.YAML())
			}
		})
	}
}

// checkHostile compares a failure: cause "*" is any, "?" is any or none.
func checkHostile(t *testing.T, got *gitops.Rendered, cause gitops.Cause, message, place string) {
	t.Helper()
	if got.Err == nil {
		if cause != "" && cause != "?" {
			t.Fatalf("rendered, want %s: %.200q", cause, got.YAML())
		}
		return
	}
	t.Logf("%s: %.300v", got.Err.Cause, got.Err)
	if cause == "" || cause != "*" && cause != "?" && got.Err.Cause != cause {
		t.Errorf("cause %s, want %q: %.500v", got.Err.Cause, cause, got.Err)
	}
	if !strings.Contains(got.Err.Message, message) {
		t.Errorf("message %.500q lacks %q", got.Err.Message, message)
	}
	if at := fmt.Sprintf("%s:%d", got.Err.File, got.Err.Line); place != "" && at != place {
		t.Errorf("place %s, want %s: %v", at, place, got.Err)
	}
	if len(got.Err.Message) > 4000 || strings.Contains(got.Err.Message, ".tree") {
		t.Errorf("message of %d bytes: %.500q", len(got.Err.Message), got.Err.Message)
	}
}

// TestCancel ends a render that would take long.
func TestCancel(t *testing.T) {
	r := newRenderer(t, Options{Timeout: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	src := blocking{memory(manyResources(10_000)), make(chan struct{})}
	done := make(chan error)
	go func() {
		_, err := r.Render(ctx, src, "app")
		done <- err
	}()
	<-src.asked
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// blocking tells when it is first read.
type blocking struct {
	gitops.Tree
	asked chan struct{}
}

func (b blocking) Read(ctx context.Context, p string) ([]byte, error) {
	if strings.HasSuffix(p, "all.yaml") {
		close(b.asked)
	}
	return b.Tree.Read(ctx, p)
}
