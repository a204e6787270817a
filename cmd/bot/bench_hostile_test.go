package main_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// hostileLimit is how long an overlay may take to fail.
const hostileLimit = 15 * time.Second

// hostileResult is how the program got through one hostile overlay.
type hostileResult struct {
	name string
	took time.Duration
	good bool // the good overlay beside it rendered exactly
	exit int
	peak int64 // resident size of the parent in KiB
}

func (h hostileResult) outcome() string {
	if !h.good {
		return fmt.Sprintf("exit %d, %d MB, good overlay lost", h.exit, megabytes(h.peak))
	}
	return fmt.Sprintf("exit %d, %d MB", h.exit, megabytes(h.peak))
}

// hostileFiles returns, for each hostile input, the files of an overlay "bad"
// or what it reads.
func hostileFiles() map[string]map[string]string {
	bomb := "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
	for i := range 9 {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d,", i), 9))
	}
	var keys, tiny strings.Builder
	keys.WriteString("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n")
	for i := range 170_000 {
		fmt.Fprintf(&keys, "  k%d: v\n", i)
	}
	for i := range 10_000 {
		fmt.Fprintf(&tiny, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x%d}\n", i)
	}
	files := map[string]string{"bad/kustomization.yaml": "resources: [r.yaml]\n", "bad/r.yaml": "kind: ConfigMap\napiVersion: v1\nmetadata: {name: x}\n"}
	for i := range 100_000 {
		files[fmt.Sprintf("bad/many/f%06d.txt", i)] = ""
	}
	doubling := map[string]string{"bad/kustomization.yaml": "resources: [../d0]\n"}
	for i := range 13 {
		doubling[fmt.Sprintf("d%d/kustomization.yaml", i)] = fmt.Sprintf("namePrefix: a-\nresources: [../d%d, ../e%d]\n", i+1, i)
		doubling[fmt.Sprintf("e%d/kustomization.yaml", i)] = fmt.Sprintf("namePrefix: b-\nresources: [../d%d]\n", i+1)
	}
	doubling["d13/kustomization.yaml"] = "resources: [r.yaml]\n"
	doubling["d13/r.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"
	resource := func(text string) map[string]string {
		return map[string]string{"bad/kustomization.yaml": "resources: [r.yaml]\n", "bad/r.yaml": text}
	}
	only := func(text string) map[string]string {
		return map[string]string{"bad/kustomization.yaml": text}
	}
	return map[string]map[string]string{
		"alias bomb":                 resource(bomb + "kind: ConfigMap\napiVersion: v1\nmetadata: {name: x}\ndata: {a: *a9}\n"),
		"a list that holds itself":   resource("kind: ConfigMap\napiVersion: v1\nmetadata: {name: x}\nd: &d [*d]\n"),
		"50 MB scalar":               resource("kind: ConfigMap\napiVersion: v1\nmetadata: {name: x}\ndata: {a: " + strings.Repeat("x", 50<<20) + "}\n"),
		"10,000 tiny resources":      resource(tiny.String()),
		"170,000 keys":               resource(keys.String()),
		"100,000 files":              files,
		"bases that double 13 times": doubling,
		"includes itself":            only("resources: [../bad]\n"),
		"ring of three": {
			"bad/kustomization.yaml": "resources: [../b]\n", "b/kustomization.yaml": "resources: [../c]\n", "c/kustomization.yaml": "resources: [../bad]\n",
		},
		"ref that is an option":  only("resources: ['https://127.0.0.1/o/r?ref=--upload-pack=touch x']\n"),
		"file address":           only("resources: ['file:///srv/x.git']\n"),
		"metadata address":       only("resources: ['http://169.254.169.254/latest/meta-data.yaml']\n"),
		"climbs out":             only("resources: [../../../../../../etc]\n"),
		"invalid UTF-8 and NUL":  resource("kind: \xff\xfe\x00\n"),
		"name of 10 KB":          only("resources: [" + strings.Repeat("x", 10<<10) + "]\n"),
		"empty openapi and crds": {"bad/kustomization.yaml": "crds: [e]\nopenapi: {path: e}\n", "bad/e": ""},
	}
}

// hostile renders each hostile overlay beside a good one.
func (b *bench) hostile() {
	inputs := hostileFiles()
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		result := b.attack(name, inputs[name])
		b.t.Logf("hostile: %-28s %8.3f s %s", name, result.took.Seconds(), result.outcome())
		b.hostiles = append(b.hostiles, result)
	}
}

func (b *bench) attack(name string, files map[string]string) hostileResult {
	dir := b.t.TempDir()
	maps.Copy(files, map[string]string{
		"good/kustomization.yaml": "namePrefix: good-\nresources: [r.yaml]\n",
		"good/r.yaml":             "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n",
	})
	repo := importFiles(b.t, filepath.Join(dir, "repo.git"), files)
	good := filepath.Join(dir, "good")
	if err := os.MkdirAll(good, 0o755); err != nil {
		b.t.Fatal(err)
	}
	for _, f := range []string{"kustomization.yaml", "r.yaml"} {
		if err := os.WriteFile(filepath.Join(good, f), []byte(files["good/"+f]), 0o644); err != nil {
			b.t.Fatal(err)
		}
	}
	want := b.run(dir, nil, b.kustomize, "build", "good")

	ctx, cancel := context.WithTimeout(b.t.Context(), 4*hostileLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, b.bot, "render", "--all", "--repo", repo, "--at", "main", "--no-cache", "--stats")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	err := cmd.Run()
	result := hostileResult{name: name, took: time.Since(start), exit: cmd.ProcessState.ExitCode()}
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		b.t.Fatal(err)
	}
	own := &bench{} // a worker may grow to its limit here
	own.note(stderr.Bytes())
	result.peak = own.parent
	result.good = bytes.Contains(stdout.Bytes(), want)
	return result
}

// importFiles makes a bare repository whose main branch has the files.
func importFiles(t *testing.T, dir string, files map[string]string) string {
	t.Helper()
	var s bytes.Buffer
	s.WriteString("commit refs/heads/main\ncommitter A <a@example.com> 1700000000 +0000\ndata 1\nx\n")
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&s, "M 100644 inline %s\ndata %d\n%s\n", name, len(files[name]), files[name])
	}
	s.WriteString("done\n")
	if out, err := exec.CommandContext(t.Context(), "git", "init", "-q", "--bare", "-b", "main", dir).CombinedOutput(); err != nil {
		t.Fatalf("git init: %v\n%s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), "git", "-C", dir, "fast-import", "--quiet", "--done")
	cmd.Stdin = &s
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git fast-import: %v\n%s", err, out)
	}
	return dir
}
