package render

import (
	"strings"
	"testing"
	"time"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/tree"
)

// TestHostileChart renders charts that must not be rendered: each costs its own unit an
// error, and the one beside it nothing.
func TestHostileChart(t *testing.T) {
	template := func(text string) map[string]string { return map[string]string{"templates/a.yaml": text} }
	for name, c := range map[string]struct {
		files  map[string]string
		values string
		cause  gitops.Cause
	}{
		"endless loop":         {files: template(`{{ range until 100000 }}{{ range until 100000 }}{{ $x := 1 }}{{ end }}{{ end }}`), cause: gitops.CauseLimit},
		"much memory":          {files: template(`{{ range untilStep 0 2000000000 1 }}{{ end }}`), cause: gitops.CauseLimit},
		"a long text":          {files: template(`a: {{ repeat 900000000 "x" }}`), cause: gitops.CauseLimit},
		"doubling":             {files: template("{{ $x := \"xxxxxxxxxxxxxxxx\" }}{{ range until 40 }}{{ $x = cat $x $x }}{{ end }}{{ $x }}"), cause: gitops.CauseLimit},
		"includes itself":      {files: template(`{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}`), cause: gitops.CauseChart},
		"template of itself":   {files: template(`{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}`), cause: gitops.CauseChart},
		"tpl of itself":        {files: template(`{{ tpl .Values.t . }}`), values: `t: "{{ tpl .Values.t . }}"`, cause: gitops.CauseLimit},
		"many keys":            {files: template(`{{ range until 60 }}{{ $k := genPrivateKey "rsa" }}{{ end }}`), cause: gitops.CauseLimit},
		"aliases":              {files: map[string]string{"values.yaml": "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\nh: [*g,*g,*g,*g,*g,*g,*g,*g,*g]\n"}, cause: gitops.CauseChart},
		"schema of elsewhere":  {files: map[string]string{"values.schema.json": `{"$ref": "https://example.com/schema.json"}`}, cause: gitops.CauseChart},
		"schema of the disk":   {files: map[string]string{"values.schema.json": `{"$ref": "file:///etc/passwd"}`}, cause: gitops.CauseChart},
		"archive that is none": {files: map[string]string{"charts/x.tgz": "hello"}, cause: gitops.CauseChart},
		"no chart":             {files: map[string]string{"Chart.yaml": "[]"}, cause: gitops.CauseChart},
		"dependency outside":   {files: map[string]string{"Chart.yaml": "apiVersion: v2\nname: x\nversion: 1.0.0\ndependencies: [{name: y, version: 1.0.0, repository: 'file://../../../etc'}]\n"}, cause: gitops.CauseOutside},
		"dependency on itself": {files: map[string]string{"Chart.yaml": "apiVersion: v2\nname: x\nversion: 1.0.0\ndependencies: [{name: x, version: 1.0.0, repository: 'file://.'}]\n"}, cause: ""},
		"no object":            {files: template("just text"), cause: gitops.CauseChart},
		"environment":          {files: template(`a: {{ env "HOME" }}`), cause: gitops.CauseChart},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRenderer(t, Options{Workers: 2, Timeout: 3 * time.Second})
			files := map[string]string{"app/Chart.yaml": "apiVersion: v2\nname: x\nversion: 1.0.0\n", "good/kustomization.yaml": "resources: [r.yaml]\n", "good/r.yaml": configMap}
			for p, text := range c.files {
				files["app/"+p] = text
			}
			src := tree.Memory(files)
			build := gitops.Build{Engine: gitops.Helm, Chart: &gitops.ChartBuild{Name: "x", Values: []gitops.ChartValues{{Text: c.values}}}}
			got, err := r.Build(t.Context(), Source{Tree: src, Path: "app", Build: build})
			switch {
			case err != nil:
				t.Fatal(err)
			case c.cause == "" && got.Err != nil, c.cause != "" && (got.Err == nil || got.Err.Cause != c.cause):
				t.Errorf("ends with %v, want %q", got.Err, c.cause)
			case got.Err != nil && strings.Contains(got.Err.Message, "root:"):
				t.Errorf("says what is on the disk: %v", got.Err)
			}
			if good, err := r.Render(t.Context(), src, "good"); err != nil || good.Err != nil {
				t.Errorf("the unit beside it: %v %v", err, good.Err)
			}
		})
	}
}
