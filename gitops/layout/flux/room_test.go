package flux_test

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout/flux"
	"github.com/sealift/sealift/gitops/tree"
)

// ours is the address of the repository of these tests.
const ours = "https://github.com/acme/fleet"

// reach knows ours and what looks like it, on branch main.
func reach(repo, revision string) gitops.Reach {
	switch {
	case strings.HasSuffix(repo, "/fleet") && repo != ours:
		return gitops.Doubtful
	case repo != ours:
		return gitops.Elsewhere
	case revision == "" || revision == "refs/heads/main":
		return gitops.Here
	}
	return gitops.OtherRevision
}

// document reads the one object of a text.
func document(t testing.TB, text string) gitops.Document {
	t.Helper()
	var o struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Metadata   struct{ Namespace, Name string }
	}
	if err := yaml.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	return gitops.Document{
		APIVersion: o.APIVersion, Kind: o.Kind, Namespace: o.Metadata.Namespace, Name: o.Metadata.Name,
		YAML: []byte(text), File: "doc.yaml", Line: 1,
	}
}

// documents reads the objects of a text with "---" lines.
func documents(t testing.TB, text string) (list []gitops.Document) {
	t.Helper()
	for doc := range strings.SplitSeq(text, "---\n") {
		if strings.TrimSpace(doc) != "" {
			list = append(list, document(t, doc))
		}
	}
	return list
}

// world is one of the objects of a text.
func world(t testing.TB, text string) *flux.World {
	t.Helper()
	w := &flux.World{}
	for _, d := range documents(t, text) {
		w.Add(d)
	}
	return w
}

// room is one of some files, empty where only the path counts.
func room(paths ...string) *flux.Room {
	files := map[string]string{}
	for _, p := range paths {
		files[p] = ""
	}
	return &flux.Room{Tree: tree.Memory(files), Reach: reach}
}

// kustomization is a document of Flux with the fields of its spec.
func kustomization(spec string) string {
	return "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps, namespace: flux-system}\nspec:\n  " +
		strings.ReplaceAll(strings.TrimSpace(spec), "\n", "\n  ") + "\n"
}

// deploy is what a text comes to; it must not fail.
func deploy(t testing.TB, r *flux.Room, text string, w *flux.World) gitops.Deployed {
	t.Helper()
	out, err := r.Deploy(t.Context(), document(t, text), w)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const fromFleet = "sourceRef: {kind: GitRepository, name: fleet}"

const fleet = `
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: fleet, namespace: flux-system}
spec: {url: "https://github.com/acme/fleet", ref: {branch: main}}
`

func TestKustomizationUnit(t *testing.T) {
	r := room("apps/web/kustomization.yaml")
	got := deploy(t, r, kustomization(`
path: ./apps/web
prune: true
targetNamespace: web
namePrefix: a-
nameSuffix: -b
components: [../../components/x]
ignoreMissingComponents: true
commonMetadata: {labels: {l: "1"}, annotations: {a: "2"}}
images: [{name: nginx, newName: mine/nginx, newTag: "1", digest: sha256:x}]
patches:
- patch: '[{"op": "remove", "path": "/spec"}]'
  target: {group: apps, version: v1, kind: Deployment, name: web, namespace: n, labelSelector: l=1, annotationSelector: a=2}
  options: {allowNameChange: true}
buildMetadata: [originAnnotations]
`+fromFleet), world(t, fleet))
	want := gitops.Unit{
		Overlay:    gitops.Overlay{Path: "apps/web"},
		DeployedBy: &gitops.Deployer{Kind: "Kustomization", Namespace: "flux-system", Name: "apps"},
		Artifact:   "{}",
		Build: gitops.Build{Unrestricted: true, Flux: &gitops.FluxBuild{
			Name: "apps", Namespace: "flux-system", TargetNamespace: "web", NamePrefix: "a-", NameSuffix: "-b",
			Components: []string{"../../components/x"}, IgnoreMissingComponents: true,
			Labels: map[string]string{"l": "1"}, Annotations: map[string]string{"a": "2"},
			Images: []gitops.FluxImage{{Name: "nginx", NewName: "mine/nginx", NewTag: "1", Digest: "sha256:x"}},
			Patches: []gitops.Patch{{
				Patch: `[{"op": "remove", "path": "/spec"}]`,
				Target: &gitops.Selector{Group: "apps", Version: "v1", Kind: "Deployment", Name: "web", Namespace: "n",
					LabelSelector: "l=1", AnnotationSelector: "a=2"},
			}},
			BuildMetadata: []string{"originAnnotations"},
		}},
		Namespace: "web", Revision: "main",
		Removed: gitops.PruneDelete, Dropped: gitops.PruneDelete,
		File: "doc.yaml", Line: 1,
	}
	if diff := cmp.Diff(gitops.Deployed{Units: []gitops.Unit{want}}, got); diff != "" {
		t.Error(diff)
	}
}

// TestKustomizationSource says of sources whether they are this repository.
func TestKustomizationSource(t *testing.T) {
	git := func(name, url, ref string) string {
		return "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: " + name + ", namespace: flux-system}\nspec: {url: " + url + ", ref: " + ref + "}\n"
	}
	tests := []struct {
		name, world, source string
		path                string // ./apps
		aliases             []flux.Alias
		want                string // the path of the unit, "nothing", "note", or what is opaque reads
	}{
		{name: "this repository", world: fleet, source: "{kind: GitRepository, name: fleet}", want: "apps"},
		{name: "by namespace", world: fleet, source: "{kind: GitRepository, name: fleet, namespace: flux-system}", want: "apps"},
		{name: "another namespace", world: fleet, source: "{kind: GitRepository, name: fleet, namespace: team}", want: "reads apps/**"},
		{name: "another repository", world: git("g", "https://github.com/other/charts", "{tag: v1}"), source: "{kind: GitRepository, name: g}", want: "nothing"},
		{name: "a look-alike", world: git("g", "https://github.com/fork/fleet", "{branch: main}"), source: "{kind: GitRepository, name: g}", want: "reads apps/**"},
		{name: "a tag", world: git("g", ours, "{tag: v1}"), source: "{kind: GitRepository, name: g}", want: "note"},
		{name: "a commit before a branch", world: git("g", ours, "{branch: main, commit: 0123}"), source: "{kind: GitRepository, name: g}", want: "note"},
		{name: "a name before a branch", world: git("g", ours, "{branch: old, name: refs/heads/main}"), source: "{kind: GitRepository, name: g}", want: "apps"},
		{name: "versions before a tag", world: git("g", ours, "{tag: main, semver: 1.x}"), source: "{kind: GitRepository, name: g}", want: "note"},
		{name: "no branch", world: git("g", ours, "{}"), source: "{kind: GitRepository, name: g}", want: "apps"},
		{name: "an address with a variable", world: git("g", `"${URL}"`, "{}"), source: "{kind: GitRepository, name: g}", want: "reads apps/**"},
		{name: "bootstrapped", source: "{kind: GitRepository, name: flux-system}", want: "apps"},
		{name: "bootstrapped, but defined", world: git("flux-system", "https://github.com/other/x", "{}"), source: "{kind: GitRepository, name: flux-system}", want: "nothing"},
		{name: "bootstrapped elsewhere", source: "{kind: GitRepository, name: flux-system, namespace: team}", want: "reads apps/**"},
		{name: "not defined", source: "{kind: GitRepository, name: g}", want: "reads apps/**"},
		{name: "a name with a variable", source: `{kind: GitRepository, name: "${G}"}`, want: "reads apps/**"},
		{name: "no source", source: "{}", want: "reads apps/**"},
		{name: "pushed by somebody", source: "{kind: OCIRepository, name: o}", want: "reads apps/**"},
		{name: "pushed by somebody, with no such directory", source: "{kind: OCIRepository, name: o}", path: "deploy", want: "nothing"},
		{name: "pushed by somebody, all of it", source: "{kind: OCIRepository, name: o}", path: "./", want: "nothing"},
		{name: "pushed from here", source: "{kind: OCIRepository, name: o}", aliases: []flux.Alias{{Kind: "OCIRepository", Name: "o"}}, want: "apps"},
		{name: "pushed from a directory", source: "{kind: OCIRepository, name: o}", path: "web", aliases: []flux.Alias{{Name: "o", Path: "apps"}}, want: "apps/web"},
		{name: "pushed from here, of another kind", source: "{kind: Bucket, name: o}", path: "x", aliases: []flux.Alias{{Kind: "OCIRepository", Name: "o"}}, want: "nothing"},
		{name: "a path with a variable", world: fleet, source: "{kind: GitRepository, name: fleet}", path: "./apps/w${X}/y", want: "reads apps/**"},
		{name: "a path that is a variable", world: fleet, source: "{kind: GitRepository, name: fleet}", path: "${X}", want: "reads **"},
		{name: "the root", world: fleet, source: "{kind: GitRepository, name: fleet}", path: `""`, want: "."},
		{name: "an absolute path", world: fleet, source: "{kind: GitRepository, name: fleet}", path: "/apps", want: "apps"},
		{name: "a path that leads out", world: fleet, source: "{kind: GitRepository, name: fleet}", path: "../../apps", want: "apps"},
		{name: "a pattern in a path", source: "{kind: GitRepository, name: g}", path: "apps/[a]", want: `reads apps/\[a\]/**`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := room("apps/kustomization.yaml", "apps/web/kustomization.yaml", "kustomization.yaml")
			r.Options.Aliases = tt.aliases
			p := tt.path
			if p == "" {
				p = "./apps"
			}
			got := deploy(t, r, kustomization("path: "+p+"\nsourceRef: "+tt.source), world(t, tt.world))
			if comes := comesTo(got); comes != tt.want {
				t.Errorf("comes to %s, want %s\n%+v", comes, tt.want, got)
			}
		})
	}
}

// comesTo names what is deployed in one word or two.
func comesTo(d gitops.Deployed) string {
	switch {
	case len(d.Units) > 0:
		return d.Units[0].Path
	case len(d.Opaque) > 0:
		return "reads " + strings.Join(d.Opaque[0].Reads, " ")
	case len(d.Notes) > 0:
		return "note"
	}
	return "nothing"
}

func TestKustomizationPrune(t *testing.T) {
	const k, d, u = gitops.PruneKeep, gitops.PruneDelete, gitops.PruneUnknown
	tests := []struct {
		spec             string
		removed, dropped gitops.Prune
	}{
		{"prune: true", d, d},
		{"prune: false", k, k},
		{"timeout: 1m", k, k},
		{"prune: true\ndeletionPolicy: MirrorPrune", d, d},
		{"prune: true\ndeletionPolicy: Orphan", k, d},
		{"prune: false\ndeletionPolicy: Delete", d, k},
		{"prune: false\ndeletionPolicy: WaitForTermination", d, k},
		{"prune: true\nsuspend: true", k, k},
		{"prune: ${PRUNE}", u, u},
	}
	for _, tt := range tests {
		got := deploy(t, room("kustomization.yaml"), kustomization(tt.spec+"\n"+fromFleet), world(t, fleet))
		if len(got.Units) != 1 || got.Units[0].Removed != tt.removed || got.Units[0].Dropped != tt.dropped {
			t.Errorf("%s: %+v, want removed %d, dropped %d", tt.spec, got, tt.removed, tt.dropped)
		}
	}
}

// TestKustomizationSaid is about what is said beside.
func TestKustomizationSaid(t *testing.T) {
	tests := []struct{ name, spec, world, want string }{
		{"nothing", "path: apps", fleet, ""},
		{"suspended", "path: apps\nsuspend: true", fleet, "is suspended"},
		{"its source suspended", "path: apps", strings.Replace(fleet, "spec: {", "spec: {suspend: true, ", 1), "is suspended"},
		{"empty", "path: empty", fleet, "without manifests"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := room("apps/kustomization.yaml", "empty/README.md")
			got := deploy(t, r, kustomization(tt.spec+"\n"+fromFleet), world(t, tt.world))
			var said []string
			for _, n := range got.Notes {
				said = append(said, n.Message)
			}
			if tt.want == "" && len(said) > 0 || tt.want != "" && (len(said) != 1 || !strings.Contains(said[0], tt.want)) {
				t.Errorf("says %q, want %q", said, tt.want)
			}
		})
	}
}

// TestIncluded is a source of which another fills a directory.
func TestIncluded(t *testing.T) {
	w := world(t, strings.Replace(fleet, "spec: {", "spec: {include: [{repository: {name: other}, toPath: vendor/x}], ", 1))
	for p, want := range map[string]string{"apps": "apps", "vendor/x": "reads ", "vendor/x/y": "reads ", "vendor": "vendor"} {
		got := deploy(t, room("vendor/kustomization.yaml", "apps/kustomization.yaml"), kustomization("path: "+p+"\n"+fromFleet), w)
		if comes := comesTo(got); comes != want {
			t.Errorf("%s comes to %s, want %s", p, comes, want)
		}
	}
}

// TestUnreadable is about what nobody can look at: it is said, and is no error.
func TestUnreadable(t *testing.T) {
	many := strings.Replace(fleet, "spec: {", "spec: {ignore: "+strings.Repeat("x", 70_000)+", ", 1)
	for _, tt := range []struct {
		name, text, world string
		reason            gitops.Reason
	}{
		{"no YAML", "a: [", fleet, gitops.ReasonPointer},
		{"no object", "- a", fleet, gitops.ReasonPointer},
		{"too many patterns", kustomization("path: apps\n" + fromFleet), many, gitops.ReasonBudget},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := gitops.Document{APIVersion: "kustomize.toolkit.fluxcd.io/v1", Kind: "Kustomization", Namespace: "flux-system", Name: "apps", YAML: []byte(tt.text)}
			got, err := room("apps/a.yaml").Deploy(t.Context(), d, world(t, tt.world))
			if err != nil || len(got.Opaque) != 1 || got.Opaque[0].Reason != tt.reason || len(got.Units) > 0 {
				t.Errorf("comes to %+v, %v", got, err)
			}
		})
	}
}

// TestHandles is about the kinds that are read, whatever the version.
func TestHandles(t *testing.T) {
	for _, tt := range []struct {
		apiVersion, kind string
		handles, wants   bool
	}{
		{"kustomize.toolkit.fluxcd.io/v1", "Kustomization", true, false},
		{"kustomize.toolkit.fluxcd.io/v1beta2", "Kustomization", true, false},
		{"kustomize.config.k8s.io/v1beta1", "Kustomization", false, false},
		{"helm.toolkit.fluxcd.io/v2", "HelmRelease", true, false},
		{"fluxcd.controlplane.io/v1", "FluxInstance", true, true},
		{"fluxcd.controlplane.io/v1", "ResourceSet", true, false},
		{"source.toolkit.fluxcd.io/v1", "GitRepository", false, true},
		{"source.toolkit.fluxcd.io/v1beta2", "OCIRepository", false, true},
		{"v1", "ConfigMap", false, true},
		{"v1", "Secret", false, true},
		{"apps/v1", "ConfigMap", false, false},
		{"bitnami.com/v1alpha1", "SealedSecret", false, true},
		{"v1", "Service", false, false},
	} {
		if flux.Handles(tt.apiVersion, tt.kind) != tt.handles || flux.Wants(tt.apiVersion, tt.kind) != tt.wants {
			t.Errorf("%s %s: handles %t, wants %t", tt.apiVersion, tt.kind, !tt.handles, !tt.wants)
		}
	}
	got, err := room("x").Deploy(t.Context(), gitops.Document{APIVersion: "v1", Kind: "Service"}, nil)
	if err != nil || comesTo(got) != "nothing" {
		t.Errorf("a Service comes to %+v, %v", got, err)
	}
}
