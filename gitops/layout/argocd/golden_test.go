package argocd_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/golden"
	"github.com/sealift/sealift/gitops/layout/argocd"
	"github.com/sealift/sealift/gitops/node"
	"github.com/sealift/sealift/gitops/tree"
)

// TestGolden deploys documents of small trees. The lines at the head of a case: "file" is
// a file whose documents are deployed; "here", "other" and "doubtful" are repositories, or
// a repository, a space and a revision; "namespace", "options" and "globbing" are those of
// the installation. Documents that come out are deployed in turn.
func TestGolden(t *testing.T) {
	golden.Run(t, "testdata/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		files := map[string]tree.File{}
		for name, text := range c.Files("in") {
			files[name] = tree.File{Content: golden.Unmark(text)}
			if to, ok := strings.CutPrefix(text, "-> "); ok {
				files[name] = tree.File{Content: strings.TrimSpace(to), Kind: gitops.Symlink}
			} else if to, ok := strings.CutPrefix(text, "commit "); ok {
				files[name] = tree.File{Commit: strings.TrimSpace(to), Kind: gitops.Submodule}
			}
		}
		r := &argocd.Room{
			Tree: tree.MemoryWith(files),
			Options: argocd.Options{
				Namespace: c.Value("namespace"), BuildOptions: c.Value("options"), NewGitFileGlobbing: c.Value("globbing") == "new",
			},
			Reach: reach(c),
		}
		var b strings.Builder
		for _, file := range c.Values("file") {
			for _, d := range documents(t, file, []byte(files[file].Content)) {
				show(t, &b, r, d)
			}
		}
		return map[string]string{"deployed": b.String()}
	})
}

// reach is what a case says about repositories.
func reach(c *golden.Case) func(repo, revision string) gitops.Reach {
	known := map[string]gitops.Reach{}
	for key, answer := range map[string]gitops.Reach{"here": gitops.Here, "other": gitops.OtherRevision, "doubtful": gitops.Doubtful} {
		for _, v := range c.Values(key) {
			known[v] = answer
		}
	}
	return func(repo, revision string) gitops.Reach {
		if answer, ok := known[repo+" "+revision]; ok {
			return answer
		}
		return known[repo]
	}
}

// documents returns the documents of a file.
func documents(t *testing.T, file string, data []byte) []gitops.Document {
	t.Helper()
	var out []gitops.Document
	line := 1
	for _, part := range bytes.SplitAfter(data, []byte("\n---\n")) {
		var root yaml.Node
		_ = yaml.Unmarshal(part, &root)
		d := gitops.Document{YAML: part, File: file, Line: line, Kind: "Application", APIVersion: "argoproj.io/v1alpha1"}
		if len(root.Content) > 0 {
			n := root.Content[0]
			d.APIVersion, d.Kind = node.Text(n, "apiVersion"), node.Text(n, "kind")
			d.Namespace, d.Name = node.Text(n, "metadata", "namespace"), node.Text(n, "metadata", "name")
		}
		out = append(out, d)
		line += bytes.Count(part, []byte("\n"))
	}
	return out
}

// show writes what a document comes to.
func show(t *testing.T, b *strings.Builder, r *argocd.Room, d gitops.Document) {
	t.Helper()
	got, err := r.Deploy(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(b, "%s %s %s:%d\n", d.Kind, d.Name, d.File, d.Line)
	for _, u := range got.Units {
		fmt.Fprintf(b, "  unit %s %s:%d\n    %s\n    namespace %q revision %q removed %d dropped %d\n",
			u.Path, u.File, u.Line, u.ID(), u.Namespace, u.Revision, u.Removed, u.Dropped)
		build := u.Build
		argo := *build.Argo
		if (build.Chart == nil) != (argo.Env["ARGOCD_APP_REVISION"] != "") || argo.Namespace != u.Namespace {
			t.Error("unit without variables or namespace")
		}
		argo.Env, argo.Namespace = nil, ""
		build.Argo = &argo
		fmt.Fprintf(b, "    %s\n", marshal(t, build))
	}
	for _, o := range got.Opaque {
		fmt.Fprintf(b, "  opaque %s %s:%d %s\n", o.Reason, o.File, o.Line, o.Message)
		for _, p := range o.Reads {
			fmt.Fprintf(b, "    reads %s\n", p)
		}
	}
	for _, n := range got.Notes {
		fmt.Fprintf(b, "  %s %s:%d %s\n", n.Severity, n.File, n.Line, n.Message)
	}
	for _, more := range got.Documents {
		fmt.Fprintf(b, "  document %s", more.YAML)
		if !bytes.HasSuffix(more.YAML, []byte("\n")) {
			b.WriteString("\n")
		}
	}
	for _, more := range got.Documents {
		show(t, b, r, more)
	}
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(b.String())
}
