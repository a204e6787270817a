// Package monorepo generates a GitOps repository of any size, for benchmarks
// and load tests.
//
// It has the shape of the repositories that Sealift is for: each app has a
// base (Deployment, Service, HorizontalPodAutoscaler, NetworkPolicy,
// ServiceMonitor and a generated ConfigMap) and an overlay per environment
// (image tag, replicas patch, merged ConfigMap), all overlays share two
// components, and one app in ten has a JSON6902 patch per overlay. 200 apps
// give 800 overlays and 3,083 files.
//
// The output depends on the number of apps alone: the same bytes and the same
// commit ids on every machine. Nothing here runs git; [Stream] writes what
// `git fast-import` reads.
package monorepo

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
)

// Branches of the repository that [Stream] describes. Each but Main is one
// commit on top of it.
const (
	Main      = "main"      // every file of [Files]
	OneApp    = "one-app"   // the base of one app changed: one overlay per environment
	Documents = "documents" // a document added: no overlay
	Shared    = "shared"    // a shared component changed: every overlay
)

// Environments returns the names of the environments, first to last.
func Environments() []string { return []string{"dev", "test", "staging", "prod"} }

// Overlays returns the paths of all overlays, app by app.
func Overlays(apps int) []string {
	var out []string
	for app := range apps {
		out = append(out, AppOverlays(app)...)
	}
	return out
}

// AppOverlays returns the paths of the overlays of one app, counted from 0.
func AppOverlays(app int) []string {
	var out []string
	for _, env := range Environments() {
		out = append(out, "apps/"+name(app)+"/overlays/"+env)
	}
	return out
}

// Files returns the files of the main branch by path.
func Files(apps int) map[string][]byte {
	out := components()
	for app := range apps {
		addBase(out, app, 1)
		for i, env := range Environments() {
			addOverlay(out, app, i, env)
		}
	}
	return out
}

// Changes returns the files that a branch other than Main has changed. The app
// of OneApp is the first.
func Changes(branch string) map[string][]byte {
	out := map[string][]byte{}
	switch branch {
	case OneApp:
		all := map[string][]byte{}
		addBase(all, 0, 2)
		const deployment = "/base/deployment.yaml"
		out["apps/"+name(0)+deployment] = all["apps/"+name(0)+deployment]
	case Documents:
		out["docs/README.md"] = []byte("# The repository\n\nHow to add an app.\n")
	case Shared:
		out["components/hardening/patch.yaml"] = []byte(hardening("true"))
	}
	return out
}

// Stream writes the repository with all its branches for `git fast-import`.
func Stream(w io.Writer, apps int) error {
	var b bytes.Buffer
	writeCommit(&b, Main, "", Files(apps))
	for _, branch := range []string{OneApp, Documents, Shared} {
		writeCommit(&b, branch, Main, Changes(branch))
	}
	b.WriteString("done\n")
	_, err := b.WriteTo(w)
	return err
}

// writeCommit writes one commit in the format of git-fast-import(1), with a
// fixed date.
func writeCommit(b *bytes.Buffer, branch, from string, files map[string][]byte) {
	fmt.Fprintf(b, "commit refs/heads/%s\n", branch)
	b.WriteString("committer Monorepo <monorepo@example.com> 1700000000 +0000\n")
	fmt.Fprintf(b, "data %d\n%s\n", len(branch), branch)
	if from != "" {
		fmt.Fprintf(b, "from refs/heads/%s\n", from)
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(b, "M 100644 inline %s\ndata %d\n%s\n", path, len(files[path]), files[path])
	}
}

func name(app int) string { return fmt.Sprintf("app-%04d", app) }
