package main

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/sealift/sealift/webhook/hub/hubtest"
)

// storyBot is the program, with an environment of its own.
func storyBot(env ...string) (b *bot, stdout, stderr *logBuffer) {
	stdout, stderr = &logBuffer{}, &logBuffer{}
	b = newBot()
	b.stdout, b.stderr = stdout, stderr
	b.getenv = func(name string) string {
		for _, kv := range env {
			if value, ok := strings.CutPrefix(kv, name+"="); ok {
				return value
			}
		}
		return ""
	}
	return b, stdout, stderr
}

// execute runs a command until it ends or ctx does.
func execute(ctx context.Context, b *bot, args ...string) error {
	cmd := b.root()
	cmd.SetArgs(args)
	cmd.SetOut(b.stdout)
	cmd.SetErr(b.stderr)
	return cmd.ExecuteContext(ctx)
}

// body fetches a page as a browser does that was not there before.
func (w *story) body(url string) string {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.ctx, http.MethodGet, url, nil)
	w.must(err)
	jar, err := cookiejar.New(nil)
	w.must(err)
	resp, err := (&http.Client{Jar: jar}).Do(r)
	w.must(err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	w.must(err)
	if resp.StatusCode != http.StatusOK {
		w.t.Errorf("%s: %s", url, resp.Status)
	}
	return string(text)
}

// printed waits until the program has printed an address, and returns it.
func (w *story) printed(out *logBuffer) string {
	w.t.Helper()
	address := regexp.MustCompile(`http://\S+`)
	w.until("no address is printed", func() bool { return address.MatchString(out.String()) })
	return address.FindString(out.String())
}

// Without an App the service prints where to register one, and ends when told.
func TestStorySetUp(t *testing.T) {
	w := &story{t: t, ctx: t.Context(), logs: &logBuffer{}}
	addr := w.freeAddr()
	b, stdout, _ := storyBot("SEALIFT_ADDR="+addr, "SEALIFT_DATA_DIR="+t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- execute(ctx, b, "serve") }()
	has(t, w.body(w.printed(stdout)), "GitHub", "<form")
	cancel()
	w.must(<-ended)
}

// The effective configuration is printed without its secrets; problems come all
// at once.
func TestStoryServeCheck(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(hubtest.Key(t))})
	if err := os.WriteFile(key, text, 0o600); err != nil {
		t.Fatal(err)
	}
	b, stdout, stderr := storyBot("SEALIFT_APP_ID=12", "SEALIFT_PRIVATE_KEY_FILE="+key, "SEALIFT_WEBHOOK_SECRET=a-very-long-secret", "HOME="+t.TempDir())
	if err := execute(t.Context(), b, "serve", "--check", "--jobs", "3"); err != nil {
		t.Fatal(err, stderr)
	}
	has(t, stdout.String(), "app-id", "12", "SEALIFT_APP_ID", "--jobs")
	hasNot(t, stdout.String()+stderr.String(), "a-very-long-secret", strings.Split(string(text), "\n")[1])
	b, _, stderr = storyBot("SEALIFT_JOBS=many", "SEALIFT_LOG_FORMAT=xml", "HOME="+t.TempDir())
	if err := execute(t.Context(), b, "serve", "--addr", "nowhere"); err == nil {
		t.Error("no error")
	}
	has(t, stderr.String(), "SEALIFT_JOBS", "SEALIFT_LOG_FORMAT", "--addr")
}

// After a story, jobs and log tell what happened.
func TestStoryJobsAndLog(t *testing.T) {
	w := newStory(t, storyOptions{})
	n, _ := w.open(webBase, configOf("web", "two"))
	w.settle()
	w.say(stranger, n, "/diff")
	w.say(developer, n, "/help")
	w.settle()
	head := w.push(topic, webBase, configOf("web", "three"))
	w.settle()
	w.stop()
	b, stdout, stderr := storyBot("SEALIFT_DATABASE="+w.config.Database, "HOME="+t.TempDir())
	for _, command := range []string{"jobs", "log"} {
		if err := execute(w.ctx, b, command); err != nil {
			t.Fatal(err, stderr)
		}
	}
	on := storyRepo + "#" + strconv.Itoa(n)
	has(t, stdout.String(), on, "pull_request", "issue_comment", "done", "comment diff 1", stranger, "/diff refused or failed", developer, "/help done",
		"edit comment diff 1", "react eyes", "react confused", "react rocket", "check sealift/diff on "+head[:7]+": success")
}

// The demo prints an address where the pull request is, and leaves nothing.
func TestStoryDemo(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	w := &story{t: t, ctx: t.Context(), logs: &logBuffer{}}
	b, stdout, _ := storyBot("HOME=" + t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- execute(ctx, b, "demo", "--addr", "127.0.0.1:0") }()
	url := w.printed(stdout)
	if !strings.HasPrefix(url, "http://127.0.0.1:") || !strings.HasSuffix(url, "/acme/store-gitops/pull/1") {
		t.Errorf("address %s", url)
	}
	w.until("no comment by the bot", func() bool { return strings.Contains(w.body(url), "environments/prod") })
	cancel()
	w.must(<-ended)
	entries, err := os.ReadDir(tmp)
	w.must(err)
	if len(entries) != 0 {
		t.Errorf("left behind: %v", entries)
	}
}
