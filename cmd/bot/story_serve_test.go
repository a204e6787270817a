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

// program is a command that runs until it is told to end.
type program struct {
	*story
	out   *logBuffer
	stop  context.CancelFunc
	ended chan struct{}
	err   error // once it has ended
}

// program starts a command in the background. It ends with the test at the latest.
func newProgram(t *testing.T, b *bot, out *logBuffer, args ...string) *program {
	ctx, stop := context.WithCancel(t.Context())
	p := &program{story: &story{t: t, ctx: t.Context(), logs: out}, out: out, stop: stop, ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		p.err = execute(ctx, b, args...)
	}()
	return p
}

// over tells whether it has ended.
func (p *program) over() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// end tells it to end, and waits until it has.
func (p *program) end() {
	p.t.Helper()
	p.stop()
	<-p.ended
	p.must(p.err)
}

// printed waits until it has printed an address, and returns that.
func (p *program) printed() string {
	p.t.Helper()
	address := regexp.MustCompile(`http://\S+`)
	p.untilOver("no address is printed", func() bool { return address.MatchString(p.out.String()) }, p.over)
	return address.FindString(p.out.String())
}

// Without an App the service prints where to register one, and ends when told.
func TestStorySetUp(t *testing.T) {
	b, stdout, _ := storyBot("SEALIFT_ADDR="+freeAddress(t), "SEALIFT_DATA_DIR="+t.TempDir())
	p := newProgram(t, b, stdout, "serve")
	has(t, p.body(p.printed()), "GitHub", "<form")
	p.end()
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
	b, stdout, _ := storyBot("HOME=" + t.TempDir())
	p := newProgram(t, b, stdout, "demo", "--addr", "127.0.0.1:0")
	url := p.printed()
	if !strings.HasPrefix(url, "http://127.0.0.1:") || !strings.HasSuffix(url, "/acme/store-gitops/pull/1") {
		t.Errorf("address %s", url)
	}
	p.untilOver("no comment by the bot", func() bool { return strings.Contains(p.body(url), "environments/prod") }, p.over)
	p.end()
	entries, err := os.ReadDir(tmp)
	p.must(err)
	if len(entries) != 0 {
		t.Errorf("left behind: %v", entries)
	}
}
