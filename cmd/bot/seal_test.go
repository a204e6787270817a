package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/gitops/seal"
	"github.com/sealift/sealift/gitops/seal/sealtest"
)

// ran is what a run of the program printed.
type ran struct {
	stdout, stderr string
	code           int
}

// runBot runs the program in a directory.
func runBot(t *testing.T, dir, stdin string, args ...string) ran {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bot", args...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
	cmd.Env = append(os.Environ(), "HOME="+filepath.Join(dir, "home"))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatal(err)
	}
	return ran{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// good fails the test when the run did not end well.
func (r ran) good(t *testing.T) ran {
	t.Helper()
	if r.code != 0 {
		t.Fatalf("exit status %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	return r
}

func writeFiles(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	for name, data := range files {
		name = filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, data, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSealCommand seals values of every origin; the real kubeseal decrypts them.
func TestSealCommand(t *testing.T) {
	key := sealtest.NewKey(t)
	dir := t.TempDir()
	want := map[string][]byte{
		"password": []byte("correct horse"), "user": []byte("ada"), "blank": {}, "binary": {0, 0xff, '\n', 0x80}, "empty": {},
		"large": bytes.Repeat([]byte("x\x00é"), 200_000),
	}
	writeFiles(t, dir, map[string][]byte{"binary": want["binary"], "some.file": want["empty"], "large": want["large"]})
	for _, scope := range seal.Scopes() {
		got := runBot(t, dir, "correct horse\nada\r\n\n", "seal", "--cert", key.CertFile, "--name", "db", "--namespace", "web", "--scope", string(scope),
			"--from-literal", "password", "--from-literal", "user", "--from-literal", "blank", "--from-file", "binary", "--from-file", "empty=some.file", "--from-file", "large").good(t)
		if diff := cmp.Diff(want, key.Unseal(t, []byte(got.stdout)).Data, cmp.Comparer(bytes.Equal)); diff != "" || got.stderr != "" {
			t.Errorf("%s: -sealed +decrypted\n%s%s", scope, diff, got.stderr)
		}
		raw := runBot(t, dir, "a\nb\n", "seal", "--cert", key.CertFile, "--name", "db", "--namespace", "web", "--scope", string(scope), "--raw").good(t)
		if got := key.UnsealRaw(t, raw.stdout, string(scope), "web", "db"); string(got) != "a\nb\n" {
			t.Errorf("%s: raw is %q", scope, got)
		}
	}
}

// TestSealMergeInto changes one key of a file that kubeseal made.
func TestSealMergeInto(t *testing.T) {
	key := sealtest.NewKey(t)
	dir := t.TempDir()
	plain := "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: web}\ntype: kubernetes.io/basic-auth\nstringData: {username: ada, password: old}\n"
	for _, scope := range seal.Scopes() {
		before := append([]byte("# kept\n"), sealtest.Kubeseal(t, []byte(plain), "--cert", key.CertFile, "--scope", string(scope), "-o", "yaml")...)
		writeFiles(t, dir, map[string][]byte{"f.yaml": before})
		file := filepath.Join(dir, "f.yaml")
		if err := os.Chmod(file, 0o640); err != nil {
			t.Fatal(err)
		}
		runBot(t, dir, "new", "seal", "--cert", key.CertFile, "--merge-into", "f.yaml", "--from-file", "password=-").good(t)
		after, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string][]byte{"username": []byte("ada"), "password": []byte("new")}, key.Unseal(t, after).Data); diff != "" {
			t.Errorf("%s: -want +decrypted\n%s", scope, diff)
		}
		if a, b := without(string(before), "    password: "), without(string(after), "    password: "); a != b {
			t.Errorf("%s: more than one line changed", scope)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o640 {
			t.Errorf("mode %v %v", info.Mode(), err)
		}
	}
}

func without(text, prefix string) string {
	var b strings.Builder
	for l := range strings.Lines(text) {
		if !strings.HasPrefix(l, prefix) {
			b.WriteString(l)
		}
	}
	return b.String()
}

// resealFiles are those of a repository whose secrets are sealed with a key.
func resealFiles(t *testing.T, old *sealtest.Key) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	sealed := func(name, namespace, scope string) []byte {
		return runBot(t, dir, "value of "+name, "seal", "--cert", old.CertFile, "--name", name, "--namespace", namespace, "--scope", scope, "--from-file", "k=-").good(t).stdoutBytes()
	}
	widened := bytes.Replace(sealed("widened", "web", "strict"), []byte("  template:\n    metadata:\n"), []byte("  template:\n    metadata:\n      annotations:\n        sealedsecrets.bitnami.com/cluster-wide: \"true\"\n"), 1)
	templated := append(sealed("templated", "web", "namespace-wide"), "  # what follows is rendered by the controller\n    data:\n      leak: '{{ .k }}'\n"...)
	return map[string][]byte{
		".sealift.yaml":                        []byte("version: 1\nenvironments:\n- dev\n- name: prod\n  seal: {controller: prod}\n"),
		"app/overlays/prod/kustomization.yaml": []byte("namespace: web\nresources: [both.yaml, widened.yaml, templated.yaml, foreign.yaml, ../../base]\n"),
		"app/overlays/prod/both.yaml":          append(sealed("one", "web", "strict"), sealed("two", "web", "cluster-wide")...),
		"app/overlays/prod/widened.yaml":       widened,
		"app/overlays/prod/templated.yaml":     templated,
		"app/overlays/prod/foreign.yaml":       runBot(t, dir, "x", "seal", "--cert", sealtest.NewKey(t).CertFile, "--name", "foreign", "--namespace", "web", "--from-file", "k=-").good(t).stdoutBytes(),
		"app/overlays/dev/kustomization.yaml":  []byte("resources: [../../base]\n"),
		"app/base/kustomization.yaml":          []byte("resources: [shared.yaml]\n"),
		"app/base/shared.yaml":                 sealed("shared", "web", "cluster-wide"),
	}
}

func (r ran) stdoutBytes() []byte { return []byte(r.stdout) }

// TestReseal renews what the controller can decrypt and leaves the rest as it is.
func TestReseal(t *testing.T) {
	old, renewed := sealtest.NewKey(t), sealtest.NewKey(t)
	controller := sealtest.NewController(t, renewed, old)
	dir := t.TempDir()
	writeFiles(t, dir, resealFiles(t, old))
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(dir, "app", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	args := []string{"reseal", "--env", "prod", "--controller", "prod=" + controller.URL}
	before := read("overlays/prod/both.yaml")
	dry := runBot(t, dir, "", args...)
	if dry.code != 2 || read("overlays/prod/both.yaml") != before {
		t.Errorf("without --write: %d\n%s%s", dry.code, dry.stdout, dry.stderr)
	}
	got := runBot(t, dir, "", append(args, "--write")...)
	want := `app/overlays/prod/both.yaml: web/one resealed (k)
app/overlays/prod/both.yaml: web/two resealed (k)
app/overlays/prod/widened.yaml: web/widened left: app/overlays/prod/widened.yaml:2:1: SealedSecret "widened": the annotations say strict, those of the template cluster-wide
app/overlays/prod/templated.yaml: web/templated resealed (k)
app/overlays/prod/foreign.yaml: web/foreign left: controller cannot decrypt it
app/base/shared.yaml: web/shared left: overlays of other environments read it too
3 resealed, 3 left
`
	if diff := cmp.Diff(want, got.stdout); diff != "" || got.code != 2 || got.stderr != "" {
		t.Errorf("%d -want +got\n%s%s", got.code, diff, got.stderr)
	}
	for i, name := range []string{"one", "two"} {
		doc := []byte(strings.Split(read("overlays/prod/both.yaml"), "---\n")[i+1])
		if got := renewed.Unseal(t, doc).Data["k"]; string(got) != "value of "+name {
			t.Errorf("%s is %q", name, got)
		}
		old.Refuses(t, doc)
	}
	templated := read("overlays/prod/templated.yaml")
	if s := renewed.Unseal(t, []byte(templated)); string(s.Data["leak"]) != "value of templated" || strings.Count(templated, "leak") != 1 {
		t.Errorf("the template is not as it was: %q\n%s", s.Data, templated)
	}
}

// TestResealHostile has a controller that answers with something else than it was asked
// for. Nothing of it reaches a file.
func TestResealHostile(t *testing.T) {
	old, renewed := sealtest.NewKey(t), sealtest.NewKey(t)
	honest := sealtest.NewController(t, renewed, old)
	files := resealFiles(t, old)
	wide := `"sealedsecrets.bitnami.com/cluster-wide":"true"`
	for name, answer := range map[string]func(string) string{
		"scope": func(s string) string {
			return strings.ReplaceAll(s, `"name":"one"`, `"name":"one","annotations":{`+wide+`}`)
		},
		"template": func(s string) string {
			return strings.Replace(s, `"template":{"metadata":{"name":"one"`, `"template":{"metadata":{"name":"other"`, 1)
		},
		"name":      func(s string) string { return strings.ReplaceAll(s, `"one"`, `"eno"`) },
		"namespace": func(s string) string { return strings.ReplaceAll(s, `"web"`, `"kube-system"`) },
		"more keys": func(s string) string {
			return strings.Replace(s, `"encryptedData":{`, `"encryptedData":{"more":"AgA=",`, 1)
		},
		"no keys": func(s string) string {
			return strings.Replace(s, `"encryptedData":{"k":`, `"encryptedData":{},"x":{"k":`, 1)
		},
		"shorter": func(s string) string {
			return strings.Replace(s, `"k":"`, `"k":"`+strings.Repeat("A", 8), 1)
		},
		"no json": func(string) string { return "ok" },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			writeFiles(t, dir, files)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil || strings.Contains(string(body), "leak") {
					t.Errorf("the question holds a template (%v)", err)
				}
				resp, err := http.Post(honest.URL+r.URL.Path, "", bytes.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				defer resp.Body.Close()
				data, _ := io.ReadAll(resp.Body)
				var compact bytes.Buffer
				if resp.StatusCode == http.StatusOK && json.Compact(&compact, data) == nil && strings.Contains(string(body), `"one"`) {
					data = []byte(answer(compact.String()))
				}
				w.WriteHeader(resp.StatusCode)
				_, _ = w.Write(data)
			}))
			defer server.Close()
			file := filepath.Join(dir, "app/overlays/prod/both.yaml")
			before, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := runBot(t, dir, "", "reseal", "--env", "prod", "--controller", "prod="+server.URL, "--write")
			if !strings.Contains(got.stdout, "web/one left: ") || !strings.Contains(got.stdout, "refused: ") || got.code != 2 {
				t.Errorf("%d\n%s%s", got.code, got.stdout, got.stderr)
			}
			after, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			first := func(b []byte) string { return strings.Split(string(b), "---\n")[1] }
			if first(before) != first(after) {
				t.Error("the file changed")
			}
		})
	}
}
