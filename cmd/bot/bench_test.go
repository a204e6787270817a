package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealift/sealift/gitops/monorepo"
)

var (
	benchRuns   = flag.Int("bench-runs", 0, "rounds of TestBench; 0 skips it")
	benchApps   = flag.Int("bench-apps", 200, "apps of the generated repository, with four overlays each")
	benchReadme = flag.Bool("bench-readme", false, "put the table into README.md")
)

// kustomizeVersion is the command whose output ours equals.
const kustomizeVersion = "v5.8.2"

// TestBench measures the program beside the kustomize command on a generated
// repository, in rounds, and prints a table: `make bench`. Nothing is cached
// for the head of a comparison; "warm" is a cache that holds every render of
// the base.
func TestBench(t *testing.T) {
	if *benchRuns == 0 {
		t.Skip("no -bench-runs: run `make bench`")
	}
	b := newBench(t)
	small := b.repository(*benchApps)
	large := b.repository(*benchApps * 4)
	b.compareOutput(small)
	for round := range *benchRuns {
		t.Logf("round %d of %d", round+1, *benchRuns)
		b.cold(small)
		b.warm(small)
		b.growth(large)
	}
	b.hostile()
	table := b.table()
	t.Logf("\n%s", table)
	if *benchReadme {
		updateReadme(t, table)
	}
}

// bench has the programs and what they took.
type bench struct {
	t         *testing.T
	bot       string
	kustomize string
	took      map[string][]time.Duration
	parent    int64 // largest resident size in KiB
	worker    int64
	hostiles  []hostileResult
}

func newBench(t *testing.T) *bench {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(root, ".cache", "bin")
	b := &bench{t: t, bot: filepath.Join(bin, "bot"), kustomize: filepath.Join(bin, "kustomize"), took: map[string][]time.Duration{}}
	b.run(root, nil, "go", "build", "-o", b.bot, "./cmd/bot")
	version, err := exec.CommandContext(t.Context(), b.kustomize, "version").Output()
	if err != nil || strings.TrimSpace(string(version)) != kustomizeVersion {
		b.run(root, []string{"GOBIN=" + bin, "GOFLAGS="}, "go", "install", "sigs.k8s.io/kustomize/kustomize/v5@"+kustomizeVersion)
	}
	return b
}

// run runs a command that must succeed and returns its standard output.
func (b *bench) run(dir string, env []string, name string, args ...string) []byte {
	b.t.Helper()
	cmd := exec.CommandContext(b.t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.Output()
	if err != nil {
		var stderr []byte
		if e, ok := errors.AsType[*exec.ExitError](err); ok {
			stderr = e.Stderr
		}
		b.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, stderr)
	}
	return out
}

// repo is a generated repository and what the command needs to work on it.
type repo struct {
	apps     int
	git      string            // bare
	checkout map[string]string // branch -> directory
	cache    string            // holds every render of main
}

func (b *bench) repository(apps int) *repo {
	dir := b.t.TempDir()
	r := &repo{apps: apps, git: filepath.Join(dir, "repo.git"), checkout: map[string]string{}, cache: filepath.Join(dir, "cache")}
	b.run(dir, nil, "git", "init", "-q", "--bare", "-b", monorepo.Main, r.git)
	var stream bytes.Buffer
	if err := monorepo.Stream(&stream, apps); err != nil {
		b.t.Fatal(err)
	}
	imported := exec.CommandContext(b.t.Context(), "git", "-C", r.git, "fast-import", "--quiet", "--done")
	imported.Stdin = &stream
	if out, err := imported.CombinedOutput(); err != nil {
		b.t.Fatalf("git fast-import: %v\n%s", err, out)
	}
	for _, branch := range []string{monorepo.Main, monorepo.OneApp, monorepo.Shared} {
		r.checkout[branch] = filepath.Join(dir, branch)
		b.run(r.git, nil, "git", "worktree", "add", "-q", "--detach", r.checkout[branch], branch)
	}
	if err := os.Mkdir(r.cache, 0o700); err != nil {
		b.t.Fatal(err)
	}
	b.render(r, r.cache, "--at", monorepo.Main)
	return r
}

// render runs `bot render --all`. The output goes through a pipe: -o would put
// a file in the place of the null device.
func (b *bench) render(r *repo, cache string, args ...string) {
	b.t.Helper()
	b.program(cache, append([]string{"render", "--all", "--repo", r.git}, args...)...)
}

// program runs the bot with its own cache directory and notes how much memory
// it says it took.
func (b *bench) program(cache string, args ...string) []byte {
	b.t.Helper()
	cmd := exec.CommandContext(b.t.Context(), b.bot, append(args, "--stats")...)
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+cache)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		b.t.Fatalf("bot %s: %v\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	b.note(stderr.Bytes())
	return stdout.Bytes()
}

// note reads the line that --stats writes.
func (b *bench) note(stderr []byte) {
	for line := range bytes.Lines(stderr) {
		var stats struct {
			Parent  int64   `json:"parent_rss_kb"`
			Workers []int64 `json:"worker_rss_kb"`
		}
		if json.Unmarshal(line, &stats) == nil {
			b.parent = max(b.parent, stats.Parent)
			b.worker = max(b.worker, slices.Max(append(stats.Workers, 0)))
		}
	}
}

// measure times f under a name.
func (b *bench) measure(name string, f func()) {
	runtime.GC()
	start := time.Now()
	f()
	b.took[name] = append(b.took[name], time.Since(start))
	b.t.Logf("%-28s %8.3f s", name, b.took[name][len(b.took[name])-1].Seconds())
}

// build runs the command on overlays, n at a time.
func (b *bench) build(dir string, overlays []string, n int) {
	todo := make(chan string)
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for o := range todo {
				cmd := exec.CommandContext(b.t.Context(), b.kustomize, "build", filepath.Join(dir, o))
				if err := cmd.Run(); err != nil {
					b.t.Errorf("kustomize build %s: %v", o, err)
				}
			}
		})
	}
	for _, o := range overlays {
		todo <- o
	}
	close(todo)
	wg.Wait()
}

// compareOutput makes sure that what is compared is the same work.
func (b *bench) compareOutput(r *repo) {
	for _, o := range monorepo.Overlays(min(r.apps, 2)) {
		want := b.run(r.checkout[monorepo.Main], nil, b.kustomize, "build", o)
		if got := b.program(r.cache, "render", o, "--repo", r.git, "--at", monorepo.Main); !bytes.Equal(got, want) {
			b.t.Fatalf("render %s differs from the command", o)
		}
	}
}

// The names of the figures.
const (
	coldBot     = "cold: bot"
	coldOne     = "cold: command, one"
	coldTwo     = "cold: command, two"
	appBot      = "one app: bot"
	appOne      = "one app: command, one"
	docsBot     = "documents: bot"
	sharedBot   = "shared: bot"
	sharedCold  = "shared, head alone, cold: bot"
	sharedTwo   = "shared: command, two"
	largeCold   = "large, cold: bot"
	largeAppBot = "large, one app: bot"
)

// cold renders every overlay of one commit.
func (b *bench) cold(r *repo) {
	main := r.checkout[monorepo.Main]
	all := monorepo.Overlays(r.apps)
	b.measure(coldBot, func() { b.render(r, b.t.TempDir(), "--at", monorepo.Main, "--no-cache") })
	b.measure(coldOne, func() { b.build(main, all, 1) })
	b.measure(coldTwo, func() { b.build(main, all, 2) })
}

// warm compares branches with main, whose renders are cached.
func (b *bench) warm(r *repo) {
	main := r.checkout[monorepo.Main]
	b.diff(appBot, r, monorepo.OneApp)
	b.measure(appOne, func() {
		b.build(main, monorepo.AppOverlays(0), 1)
		b.build(r.checkout[monorepo.OneApp], monorepo.AppOverlays(0), 1)
	})
	b.diff(docsBot, r, monorepo.Documents)
	// Beside each other: a machine is not equally fast from minute to minute.
	b.measure(sharedCold, func() { b.render(r, b.t.TempDir(), "--at", monorepo.Shared, "--no-cache") })
	b.diff(sharedBot, r, monorepo.Shared)
	b.measure(sharedTwo, func() {
		b.build(main, monorepo.Overlays(r.apps), 2)
		b.build(r.checkout[monorepo.Shared], monorepo.Overlays(r.apps), 2)
	})
}

// growth does the same with four times as many apps.
func (b *bench) growth(r *repo) {
	b.measure(largeCold, func() { b.render(r, b.t.TempDir(), "--at", monorepo.Main, "--no-cache") })
	b.diff(largeAppBot, r, monorepo.OneApp)
}

// diff times `bot diff` with a copy of the warm cache, so that no round sees
// the head that the one before rendered.
func (b *bench) diff(name string, r *repo, branch string) {
	cache := b.t.TempDir()
	if err := os.CopyFS(cache, os.DirFS(r.cache)); err != nil {
		b.t.Fatal(err)
	}
	b.measure(name, func() { b.program(cache, "diff", "--repo", r.git, monorepo.Main, branch) })
	if err := os.RemoveAll(cache); err != nil {
		b.t.Fatal(err)
	}
}

// updateReadme replaces what stands between the two markers.
func updateReadme(t *testing.T, table string) {
	t.Helper()
	const start, end = "<!-- bench:start -->", "<!-- bench:end -->"
	file := filepath.Join("..", "..", "README.md")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), start)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("README.md has no %s and %s", start, end)
	}
	if err := os.WriteFile(file, []byte(before+start+"\n"+table+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
