package commands

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/tree"
)

// past is a history in memory: the trees of commits c0, c1 and so on, each the
// parent of the next.
type past []gitops.Tree

func commitName(i int) string { return fmt.Sprintf("c%d", i) }

func (p past) Tree(_ context.Context, id string) (gitops.Tree, error) {
	for i, t := range p {
		if commitName(i) == id {
			return t, nil
		}
	}
	return nil, gitops.Errorf(gitops.NotFound, "no commit %s", gitops.Quote(id))
}

func (p past) Log(_ context.Context, _, _ string, paths []string, limit int) ([]tree.Trailed, error) {
	var list []tree.Trailed
	for i := len(p) - 1; i >= 0 && len(list) < limit; i-- {
		if i == 0 {
			list = append(list, tree.Trailed{ID: commitName(0)})
			continue
		}
		changed, err := ChangedFiles(p[i-1], p[i])
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(changed, func(f string) bool {
			return slices.ContainsFunc(paths, func(dir string) bool { return strings.HasPrefix(f, dir+"/") })
		}) {
			list = append(list, tree.Trailed{ID: commitName(i), Parents: []string{commitName(i - 1)}})
		}
	}
	return list, nil
}

func (past) Trailed(context.Context, string, string, []string, int) ([]tree.Trailed, error) {
	return nil, nil
}

func (past) MergeBase(context.Context, string, string) (string, error) { return "", nil }

// driftOverlay is an overlay of the app web with one manifest.
func driftOverlay(env, manifest string) map[string]string {
	dir := "apps/web/overlays/" + env + "/"
	return map[string]string{
		dir + "kustomization.yaml": "namespace: web-" + env + "\nresources: [m.yaml]\n",
		dir + "m.yaml":             manifest,
	}
}

func driftMap(name, data string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\ndata: {" + data + "}\n"
}

// driftAt runs over a history; the last tree is the tip.
func driftAt(t *testing.T, d Drift, history ...map[string]string) (reply.Drift, error) {
	t.Helper()
	var p past
	for _, files := range history {
		p = append(p, tree.Memory(files))
	}
	d.Tree, d.Commits, d.Tip, d.Renderer = p[len(p)-1], p, commitName(len(p)-1), newRenderer(t)
	return d.Run(t.Context())
}

func both(a, b string, more ...map[string]string) map[string]string {
	files := driftOverlay("dev", a)
	maps.Copy(files, driftOverlay("prod", b))
	for _, m := range more {
		maps.Copy(files, m)
	}
	return files
}

func driftLines(d reply.Drift) []string {
	text := func(s *string) string {
		if s == nil {
			return "-"
		}
		return *s
	}
	var list []string
	for _, p := range d.Pairs {
		for _, f := range p.Fields {
			list = append(list, strings.TrimSpace(fmt.Sprintf("%s %s: %s, %s %s", f.Object, f.Field, text(f.A), text(f.B), f.Since)))
		}
	}
	return list
}

func TestDrift(t *testing.T) {
	pod := func(image, more string) string {
		return "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: \"" + image + "\"" + more + "}]}\n"
	}
	secret := func(value string) string {
		return "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {word: " + value + "}\n"
	}
	keep := map[string]string{".sealift.yaml": "version: 1\npromote: {keep: [{path: \"**/m.yaml\", field: data.x}]}\n"}
	const image = "Pod/web spec.containers[name=web].image: "
	for _, c := range []struct {
		name    string
		history []map[string]string
		want    []string
	}{
		{"equal", []map[string]string{both(driftMap("m", "x: a"), driftMap("m", "x: a"))}, nil},
		{"always different", []map[string]string{both(driftMap("m", "x: a"), driftMap("m", "x: b")), both(driftMap("m", "x: c"), driftMap("m", "x: b"))}, nil},
		{"equal before", []map[string]string{
			both(driftMap("m", "x: a"), driftMap("m", "x: a")), both(driftMap("m", "x: b"), driftMap("m", "x: a")), both(driftMap("m", "x: b"), driftMap("m", "x: c")),
		}, []string{"ConfigMap/m data.x: b, c c1"}},
		{"only in one since ever", []map[string]string{both(driftMap("m", "x: a, y: b"), driftMap("m", "x: a")), both(driftMap("m", "x: z, y: b"), driftMap("m", "x: z"))}, nil},
		{"new in one", []map[string]string{both(driftMap("m", "x: a"), driftMap("m", "x: a")), both(driftMap("m", "x: a, y: b"), driftMap("m", "x: a"))}, []string{"ConfigMap/m data.y: b, - c1"}},
		{"new object", []map[string]string{
			both(driftMap("m", "x: a"), driftMap("m", "x: a")), both(driftMap("m", "x: a")+"---\n"+driftMap("n", "x: a"), driftMap("m", "x: a")),
		}, []string{"ConfigMap/n : present, - c1"}},
		{"before one was there", []map[string]string{driftOverlay("dev", driftMap("m", "x: a")), both(driftMap("m", "x: a, y: b"), driftMap("m", "x: c"))}, nil},
		{"names of environments", []map[string]string{
			both(driftMap("m", "x: a"), driftMap("m", "x: a")),
			both(driftMap("m-dev", "x: a.dev.example.com, y: web-dev"), driftMap("m-prod", "x: a.prod.example.com, y: web-prod")),
		}, nil},
		{"prefixed in one", []map[string]string{both(driftMap("m", "x: a"), driftMap("prod-m", "x: a")), both(driftMap("m", "x: b"), driftMap("prod-m", "x: a"))}, []string{"ConfigMap/prod-m data.x: b, a c1"}},
		{"kept", []map[string]string{both(driftMap("m", "x: a"), driftMap("m", "x: a"), keep), both(driftMap("m", "x: b"), driftMap("m", "x: a"), keep)}, nil},
		{"secret", []map[string]string{both(secret("hunter2"), secret("hunter2")), both(secret("hunter2"), secret("hunter3"))}, nil},
		{"version ahead", []map[string]string{both(pod("web:v1.10", ""), pod("web:v1.9", ""))}, []string{image + "web:v1.10, web:v1.9"}},
		{"version behind", []map[string]string{both(pod("web:v1.9", ""), pod("web:v1.10", ""))}, nil},
		{"another image", []map[string]string{both(pod("web:v2", ""), pod("api:v1", ""))}, nil},
		{"registries of their own", []map[string]string{
			both(pod("1.example.com/web:aaa", ""), pod("2.example.com/web:aaa", "")), both(pod("1.example.com/web:bbb", ""), pod("2.example.com/web:aaa", "")),
		}, []string{image + "1.example.com/web:bbb, 2.example.com/web:aaa c1"}},
		{"registries and one version", []map[string]string{
			both(pod("1.example.com/web:aaa", ""), pod("2.example.com/web:aaa", "")), both(pod("1.example.com/web:bbb", ""), pod("2.example.com/web:bbb", "")),
		}, nil},
		{"version that was there", []map[string]string{
			both(pod("web:aaa", ""), pod("web:zzz", "")), both(pod("web:bbb", ""), pod("web:zzz", "")), both(pod("web:bbb", ""), pod("web:aaa", "")), both(pod("web:ccc", ""), pod("web:aaa", "")),
		}, []string{image + "web:ccc, web:aaa c1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := driftAt(t, Drift{}, c.history...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, driftLines(d)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestDriftKeptFiles leaves out what comes from files that the configuration keeps.
func TestDriftKeptFiles(t *testing.T) {
	const (
		config = "version: 1\npromote: {keep: [{path: \"**/kept*\"}]}\n"
		pod    = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: web}], priority: 1}\n"
	)
	patch := func(env, priority string) string {
		return "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {priority: " + priority + ", nodeName: node-" + env + "}\n"
	}
	overlay := func(env, more string, files map[string]string) map[string]string {
		dir := "apps/web/overlays/" + env + "/"
		out := map[string]string{dir + "kustomization.yaml": "resources: [../../base]\n" + more, ".sealift.yaml": config, "apps/web/base/kustomization.yaml": "resources: [pod.yaml]\n", "apps/web/base/pod.yaml": pod}
		for name, text := range files {
			out[dir+name] = text
		}
		return out
	}
	join := func(a, b map[string]string) map[string]string {
		out := maps.Clone(a)
		maps.Copy(out, b)
		return out
	}
	patched := func(env, file, priority string) map[string]string {
		return overlay(env, "patches: [{path: "+file+"}]\n", map[string]string{file: patch(env, priority)})
	}
	settings := func(env, file, level string) map[string]string {
		return overlay(env, "configMapGenerator: [{name: s, envs: ["+file+"]}]\n", map[string]string{file: "LEVEL=" + level + "\n"})
	}
	extra := overlay("prod", "resources: [../../base, kept.yaml]\n", map[string]string{"kept.yaml": driftMap("m", "x: a")})
	extra["apps/web/overlays/prod/kustomization.yaml"] = "resources: [../../base, kept.yaml]\n"
	plain := func(env, kept, other string) map[string]string {
		return map[string]string{
			".sealift.yaml": config, "apps/web/overlays/" + env + "/kept.yaml": driftMap("m", "x: "+kept), "apps/web/overlays/" + env + "/other.yaml": driftMap("conf", "x: "+other),
			"argo/" + env + ".yaml": "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web-" + env + "}\nspec: {source: {repoURL: https://github.com/acme/shop, path: apps/web/overlays/" + env + "}}\n",
		}
	}
	bare := join(overlay("dev", "", nil), overlay("prod", "", nil))
	for _, c := range []struct {
		name      string
		then, now map[string]string
		want      []string
	}{
		{"a patch", join(patched("dev", "kept.yaml", "2"), patched("prod", "kept.yaml", "2")), join(patched("dev", "kept.yaml", "2"), patched("prod", "kept.yaml", "3")), nil},
		{"another patch", join(patched("dev", "p.yaml", "2"), patched("prod", "p.yaml", "2")), join(patched("dev", "p.yaml", "2"), patched("prod", "p.yaml", "3")), []string{"Pod/web spec.priority: 2, 3 c1"}},
		{"a file of a generator", join(settings("dev", "kept.env", "info"), settings("prod", "kept.env", "info")), join(settings("dev", "kept.env", "debug"), settings("prod", "kept.env", "info")), nil},
		{"a patch that only one has", bare, join(overlay("dev", "", nil), patched("prod", "kept.yaml", "3")), nil},
		{"a patch that only the first has", bare, join(overlay("prod", "", nil), patched("dev", "kept.yaml", "3")), nil},
		{"an object that only one has", bare, join(overlay("dev", "", nil), extra), nil},
		{"plain manifests", join(plain("dev", "a", "a"), plain("prod", "a", "a")), join(plain("dev", "a", "b"), plain("prod", "b", "c")), []string{"ConfigMap/conf data.x: b, c c1"}},
		{"beside other drift", join(patched("dev", "kept.yaml", "2"), patched("prod", "kept.yaml", "2")),
			join(overlay("dev", "patches: [{path: kept.yaml}]\ncommonAnnotations: {a: b}\n", map[string]string{"kept.yaml": patch("dev", "4")}), patched("prod", "kept.yaml", "3")),
			[]string{"Pod/web metadata.annotations.a: b, - c1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := driftAt(t, Drift{}, c.then, c.now)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, driftLines(d)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestDriftLists compares lists whose items have no name by what they say.
func TestDriftLists(t *testing.T) {
	pod := func(spec string) string {
		return "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {" + spec + "}\n"
	}
	const (
		spot = "{key: spot, effect: NoSchedule}"
		gpu  = "{key: gpu, operator: Exists}"
		arm  = "{key: arm, operator: Exists}"
	)
	list := func(items ...string) string { return pod("tolerations: [" + strings.Join(items, ", ") + "]") }
	same := both(list(spot, gpu), list(spot, gpu))
	args := func(a, b string) string {
		return pod("containers: [{name: web, image: web, args: [" + a + ", " + b + "]}]")
	}
	nested := func(a, b string) string {
		return "apiVersion: v1\nkind: X\nmetadata: {name: x}\nspec: {rules: [{to: [" + a + "]}, {to: [" + b + "], port: 1}]}\n"
	}
	for _, c := range []struct {
		name      string
		then, now map[string]string
		want      []string
	}{
		{"another order", same, both(list(gpu, spot), list(spot, gpu)), nil},
		{"one more in front", same, both(list(arm, spot, gpu), list(gpu, spot)), []string{"Pod/web spec.tolerations[3].key: arm, - c1", "Pod/web spec.tolerations[3].operator: Exists, - c1"}},
		{"one less", same, both(list(gpu), list(spot, gpu)), []string{"Pod/web spec.tolerations[0].effect: -, NoSchedule c1", "Pod/web spec.tolerations[0].key: -, spot c1"}},
		{"one changed in another order", same, both(list(gpu, "{key: spot, effect: NoExecute}"), list(spot, gpu)), []string{"Pod/web spec.tolerations[0].effect: NoExecute, NoSchedule c1"}},
		{"twice the same", same, both(list(spot, spot, gpu), list(gpu, spot, arm)), []string{"Pod/web spec.tolerations[2].effect: NoSchedule, - c1", "Pod/web spec.tolerations[2].key: spot, arm c1", "Pod/web spec.tolerations[2].operator: -, Exists c1"}},
		{"names of environments", same, both(list("{key: on-dev}", gpu), list(gpu, "{key: on-prod}")), nil},
		{"scalars", both(nested("a, b", "c"), nested("a, b", "c")), both(nested("b, a", "c"), nested("a, b", "c")), nil},
		{"lists in a list", both(nested("a, b", "c"), nested("a, b", "c")), both(nested("b, a", "d"), nested("a, b", "c")), []string{"X/x spec.rules[1].to[0]: d, c c1"}},
		{"order counts", both(args("a", "b"), args("a", "b")), both(args("b", "a"), args("a", "b")), []string{
			"Pod/web spec.containers[name=web].args[0]: b, a c1", "Pod/web spec.containers[name=web].args[1]: a, b c1",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := driftAt(t, Drift{}, c.then, c.now)
			if err != nil {
				t.Fatal(err)
			}
			got := driftLines(d)
			slices.Sort(got)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestDriftBounded shows that no more than the last commits are looked at.
func TestDriftBounded(t *testing.T) {
	history := []map[string]string{both(driftMap("m", "x: a"), driftMap("m", "x: a"))}
	for i := range maxDriftCommits + 1 {
		history = append(history, both(driftMap("m", fmt.Sprintf("x: v%d", i)), driftMap("m", "x: a")))
	}
	for _, c := range []struct {
		commits int
		want    []string
	}{{maxDriftCommits, []string{"ConfigMap/m data.x: v19, a c1"}}, {maxDriftCommits + 1, nil}} {
		d, err := driftAt(t, Drift{}, history[:c.commits+1]...)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, driftLines(d)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestDriftPairs(t *testing.T) {
	files := promotable("promote: {groups: [{name: prod, environments: [prod-eu, prod-us]}]}\n")
	for _, c := range []struct {
		name string
		d    Drift
		want string
	}{
		{"all", Drift{}, "dev staging [api web] staging prod-eu [api web] staging prod-us [api web]"},
		{"two", Drift{Environments: []string{"prod-us", "dev"}, Apps: []string{"web"}}, "dev prod-us [web]"},
		{"one twice", Drift{Environments: []string{"dev", "dev"}}, "must be two"},
		{"unknown", Drift{Environments: []string{"dev", "prod-ue"}}, `"prod-ue" is not there`},
		{"unknown app", Drift{Apps: []string{"wbe"}}, `"wbe" is not there`},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := driftAt(t, c.d, files)
			var got []string
			for _, p := range d.Pairs {
				got = append(got, p.A, p.B, fmt.Sprint(p.Apps))
			}
			if text := strings.Join(got, " "); err == nil && text != c.want || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %s, %v; want %s", text, err, c.want)
			}
		})
	}
}

func TestNewer(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"web:v1.10.0", "web:v1.9.9", true},
		{"web:1.9", "web:1.10", false},
		{"web:1.2.1", "web:1.2", true},
		{"web-2.0.0", "web-1.9.0", true},
		{"2", "1", true},
		{"web:1", "api:0", false},
		{"web:010", "web:9", true},
		{"web:1.0", "web:1.0", false},
		{"web:main", "web:1.0", false},
		{"localhost:5000/web:2", "localhost:5000/web:1", true},
	} {
		if got := newer(c.a, c.b); got != c.want {
			t.Errorf("newer(%s, %s) is %v", c.a, c.b, got)
		}
	}
}

// TestDriftAdded compares two overlays that differ in nothing but what their Applications add
// to them: it is said that this is not compared, and only where it is not the same.
func TestDriftAdded(t *testing.T) {
	application := func(env, image string) string {
		return "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web-" + env + "}\nspec:\n" +
			"  source: {repoURL: https://git.example.com/a/b, path: apps/web/overlays/" + env + ", kustomize: {images: [\"web:" + image + "\"]}}\n" +
			"  destination: {name: " + env + ", namespace: web-" + env + "}\n"
	}
	for image, want := range map[string][]string{
		"v1": nil,
		"v2": {"Application web-dev apps/web/overlays/dev", "Application web-staging apps/web/overlays/staging"},
	} {
		pod := "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: web}]}\n"
		files := map[string]string{"argo/dev.yaml": application("dev", image), "argo/staging.yaml": application("staging", "v1")}
		for _, env := range []string{"dev", "staging"} {
			files["apps/web/overlays/"+env+"/kustomization.yaml"] = "resources: [pod.yaml]\n"
			files["apps/web/overlays/"+env+"/pod.yaml"] = pod
		}
		got, err := Drift{Tree: tree.Memory(files), Renderer: newRenderer(t)}.Run(t.Context())
		if err != nil || len(got.Pairs) != 1 {
			t.Fatalf("%+v, %v", got, err)
		}
		var added []string
		for _, a := range got.Pairs[0].Added {
			added = append(added, a.DeployedBy.Kind+" "+a.DeployedBy.Name+" "+a.Path)
		}
		if d := cmp.Diff(want, added); d != "" {
			t.Errorf("image %s: %s", image, d)
		}
	}
}
