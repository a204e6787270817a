package diff_test

import (
	"encoding/base64"
	"reflect"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/diff"
)

// one compares two outputs of one overlay.
func one(before, after string) gitops.Report {
	return diff.Report([]diff.Pair{{Overlay: gitops.OverlayChange{Overlay: gitops.Overlay{Path: "web/dev"}}, Before: rendered("web/dev", before), After: rendered("web/dev", after)}}, diff.Options{Moves: true})
}

// FuzzReport compares any two texts: no panic, the same report twice, nothing
// for equal sides, and figures that agree with the number of lines.
func FuzzReport(f *testing.F) {
	f.Add("kind: A\nx: 1\n", "kind: A\nx: 2\n")
	f.Add("kind: Secret\ndata: {a: b}\n", "kind: Secret\ndata: [b]\n")
	f.Add("a: &a [1]\nb: *a\n", "? {a: b}\n: c\n")
	f.Add("kind: Secret\n", "kind: ConfigMap\ndata:\n  a: |\n    password: |\n      x\n")
	f.Add("image: a:1\n", "- - - \x00\xff")
	f.Fuzz(func(t *testing.T, before, after string) {
		if r := one(before, before); len(r.Overlays) != 0 && r.Overlays[0].Status != gitops.RenderErrorBoth {
			t.Errorf("diff(a, a) = %v", r.Overlays)
		}
		r := one(before, after)
		if !reflect.DeepEqual(r, one(before, after)) {
			t.Error("two reports of the same sides differ")
		}
		b, a := rendered("", before), rendered("", after)
		for _, o := range r.Overlays {
			lines := strings.Count(string(a.YAML()), "\n") - strings.Count(string(b.YAML()), "\n")
			if o.AddedLines-o.RemovedLines != lines && b.Err == nil && a.Err == nil {
				t.Errorf("+%d -%d for %d more lines", o.AddedLines, o.RemovedLines, lines)
			}
		}
	})
}

// places are manifests with a gap for a secret: %s is the value, %b its base64.
var places = []string{
	"apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\ndata:\n  x: %b\n",
	"apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n  annotations:\n    note: see %s\nstringData:\n  x: %s\n",
	"apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\nstringdata:\n  x: [%s]\n",
	"apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\nstringData: {x: %s, y: [{z: %s}]}\n",
	"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  x: &x |\n    a\n    %s\n  y: *x\n",
	"apiVersion: v1\nkind: List\nmetadata:\n  name: a\nitems:\n- kind: Secret\n  stringData:\n    x: %s\n",
	"apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n# %s\nstringData:\n  x: y\n",
	"kind: ConfigMap\nmetadata:\n  name: a\ndata:\n  DB_PASSWORD: %s\n",
	"kind: ConfigMap\nmetadata:\n  name: a\ndata:\n  a.properties: |\n    x=1\n    db.password = %s\n    y=2\n",
	"kind: ConfigMap\nmetadata:\n  name: a\ndata:\n  a.yaml: |\n    x: 1\n    api_key: '%s'\n    token: |\n      %s\n      and %s\n    y: 2\n",
	"kind: ConfigMap\nmetadata:\n  name: a\ndata:\n  a.json: '{\"a\":{\"clientSecret\":\"%s\"},\"b\":1}'\n",
	"kind: ConfigMap\nmetadata:\n  name: a\ndata:\n  .dockerconfigjson: '{\"auths\":{\"x\":{\"auth\":\"%b\"}}}'\n",
	"kind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: postgres://user:%s@host:5432/db\n",
	"kind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: Server=db;User Id=sa;Password=%s;Encrypt=true\n",
	"kind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: |\n    -----BEGIN OPENSSH PRIVATE KEY-----\n    %b\n    -----END OPENSSH PRIVATE KEY-----\n",
	"kind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: <db><password>%s</password></db>\n",
	"kind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: |\n    requirepass %s\n",
	"kind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: |\n    apiVersion: v1\n    kind: Secret\n    stringData:\n      x: %s\n",
	"kind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - env:\n    - name: SMTP_PASS\n      value: %s\n    command: [run, --token, %s]\n    args:\n    - --db-password=%s\n    - --user x --api-key %s -v\n",
	"kind: Pod\nmetadata:\n  name: a\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: '{\"x\":\"%s\"}'\n",
	"kind: Pod\nmetadata:\n  name: a\nspec:\n  x: 1\n---\nkind: Secret\ndata: {x: %s\n",
}

// FuzzSecret plants a random secret in each place: it is in no report, whether
// it comes, goes, changes or stays beside another change, and that it changed is
// said.
func FuzzSecret(f *testing.F) {
	f.Add("hunter2hunter2")
	f.Add("Tr0ub4dor3xyz")
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) < 10 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" || strings.Contains(s, "\n") {
			t.Skip("no secret that can stand in every place")
		}
		for _, place := range places {
			with, other, none := fill(place, s), fill(place, "other0value"), "kind: Pod\nmetadata:\n  name: z\n"
			for _, r := range []gitops.Report{one(with, other), one(other, with), one(none, with), one(with, none), one(with, with+"x: 1\n")} {
				if d := dump(t, r); strings.Contains(d, s) || strings.Contains(d, b64(s)) {
					t.Errorf("secret in the report of\n%s\n%s", place, d)
				}
			}
			if r := one(with, other); s != "other0value" && !strings.Contains(place, "# %s") && !strings.Contains(dump(t, r), "changed)") {
				t.Errorf("report does not say that a secret changed in\n%s\n%s", place, show(r))
			}
		}
	})
}

// fill puts a secret into a place.
func fill(place, s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(place, "%s", s), "%b", b64(s))
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
