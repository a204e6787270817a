package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/sealift/sealift/gitops/need"
	"github.com/sealift/sealift/gitops/seal/sealtest"
	"github.com/sealift/sealift/webhook/hub"
	"github.com/sealift/sealift/webhook/hub/browsertest"
	"github.com/sealift/sealift/webhook/hub/hubtest"
	"github.com/sealift/sealift/webhook/store/storetest"
)

// The overlay that the story seals for.
const (
	sealOverlay = "environments/dev/apps/store/overlays"
	sealName    = "web-credentials"
)

// sealJourney is the demo's hub, `bot serve` as a process of its own that logs all it
// can, and people in Chromium, of whose traffic every byte is kept.
type sealJourney struct {
	*box
	key      *sealtest.Key
	number   int
	recorder *hubtest.Recorder
	page     context.Context
}

func newSealJourney(t *testing.T) *sealJourney {
	t.Helper()
	s := &sealJourney{box: &box{t: t, front: &front{accepted: map[string]bool{}}}, key: sealtest.NewKey(t), recorder: hubtest.NewRecorder(t)}
	s.page = browsertest.Start(t, browsertest.Through(s.recorder)...)
	addr := freeAddress(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	s.must(err)
	d := &demo{log: slog.New(slog.DiscardHandler)}
	s.app, err = d.world(t.Context(), filepath.Join(t.TempDir(), "hub"), "http://"+l.Addr().String(), "http://"+addr)
	s.must(err)
	s.hub = d.hub
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: s.hub}}
	server.Start()
	t.Cleanup(func() { s.hub.Close(); server.Close() })

	certificates := map[string]string{"config/seal/dev.pem": string(s.key.Cert)}
	_, err = s.hub.User(admin).Push(t.Context(), demoRepo, "main", "certificate", certificates)
	s.must(err)
	_, err = s.hub.User(developer).Push(t.Context(), demoRepo, topic, "readme", map[string]string{"README.md": "# Store\n"})
	s.must(err)
	s.number, err = s.hub.User(developer).OpenPull(t.Context(), demoRepo, hub.NewPull{Title: "Credentials", Head: topic})
	s.must(err)

	r := s.newReplica(0, "")
	id, secret := s.app.OAuth()
	r.addr = addr
	for name, value := range map[string]string{"addr": addr, "public-url": "http://" + addr, "client-id": id, "client-secret": secret, "log-level": "debug"} {
		r.env = append(r.env, envName(name)+"="+value)
	}
	s.replicas = []*replica{r}
	r.start()
	return s
}

func (s *sealJourney) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *sealJourney) do(actions ...chromedp.Action[chromedp.Void]) {
	s.t.Helper()
	s.must(chromedp.Do(s.page, actions...))
}

// reads waits until a page has a text in it.
func (s *sealJourney) reads(text string) {
	s.t.Helper()
	s.until(`document.body.innerText.includes("` + text + `")`)
}

func (s *sealJourney) until(condition string) {
	s.t.Helper()
	browsertest.Until(s.page, s.t, condition)
}

func (s *sealJourney) eval(script string) string {
	s.t.Helper()
	out, err := chromedp.Run(s.page, chromedp.Evaluate[string](script))
	s.must(err)
	return out
}

func (s *sealJourney) pull() string {
	return fmt.Sprintf("%s/%s/pull/%d", s.hub.WebURL(), demoRepo, s.number)
}

// ask comments on the pull request as dana and returns the link that the bot answers
// with, which differs from those before.
func (s *sealJourney) ask(comment string, before ...string) string {
	s.t.Helper()
	s.do(chromedp.Navigate(s.pull()), chromedp.WaitVisible(chromedp.CSS("#composer")), chromedp.SendKeys(chromedp.CSS("#body"), comment), chromedp.Click(chromedp.CSS("#comment")))
	links := `[...document.querySelectorAll("a[href*='/seal/']")].map(a => a.href).filter(a => !"` + strings.Join(before, " ") + `".includes(a))`
	s.until(links + `.length > 0`)
	return s.eval(links + `[0]`)
}

// open goes to a link and, when GitHub asks, logs somebody in.
func (s *sealJourney) open(link, login string) {
	s.t.Helper()
	s.do(chromedp.Navigate(link))
	if strings.HasPrefix(s.eval(`location.href`), s.hub.WebURL()) {
		s.do(chromedp.Click(chromedp.CSS("button[value=" + login + "]")))
	}
}

// another is a browser that nobody is logged in with.
func (s *sealJourney) another() {
	s.t.Helper()
	s.do(browsertest.Forget())
}

// TestSealInBrowser is the way of a secret from a comment to the cluster's manifests.
// Its values are in none of the places that anybody but its owner could look at: the
// traffic, the files and the log of the service at debug level, its memory, the
// repository.
func TestSealInBrowser(t *testing.T) {
	s := newSealJourney(t)
	user, password := "user-"+rand.Text(), "p4ss-"+rand.Text()

	link := s.ask("/seal " + sealName + " --env dev --keys username,password")
	s.open(link, developer)
	s.reads("Seal a secret")
	s.do(chromedp.SendKeys(chromedp.CSS("#row-0-value"), user), chromedp.SendKeys(chromedp.CSS("#row-1-value"), password))
	s.eval(`{ const o = document.getElementById("overlay"); o.value = "` + sealOverlay + `"; o.dispatchEvent(new Event("change")); o.value }`)
	if got := s.eval(`[...document.querySelectorAll("#environment option")].filter(o => o.disabled).map(o => o.value).join()`); got != "prod" {
		t.Errorf("refused to the developer are %q, want prod", got)
	}
	s.do(chromedp.Click(chromedp.CSS("#submit")))
	s.reads("Sealed and committed")
	file := s.eval(`document.getElementById("done-file").textContent`)
	s.do(chromedp.Click(chromedp.CSS("#done-link")))
	s.reads("was sealed for")
	s.reads("/" + sealName + " added")

	s.open(link, developer)
	s.reads("This link is not good for you")

	second := s.ask("/seal web dev", link)
	s.another()
	s.open(second, stranger)
	s.reads("This link is not good for you")
	s.another()
	s.expire()
	s.open(second, developer)
	s.reads("This link is not good for you")

	s.sealed(file, map[string]string{"username": user, "password": password})
	for _, secret := range []string{user, password} {
		s.nowhere(secret)
	}
	for _, token := range []string{link, second} {
		s.tokenNotKept(token[strings.LastIndex(token, "/")+1:])
	}
}

// expire lets all links be over.
func (s *sealJourney) expire() {
	s.t.Helper()
	storetest.Exec(s.t, storetest.Open(s.t, filepath.Join(s.replicas[0].dir, "sealift.db")), "UPDATE links SET expires = 1 WHERE spent = 0")
}

// sealed wants the secret in a file of the branch, with these values for kubeseal.
func (s *sealJourney) sealed(file string, want map[string]string) {
	s.t.Helper()
	text, err := s.hub.File(s.t.Context(), demoRepo, topic, file)
	s.must(err)
	got := s.key.Unseal(s.t, []byte(text)).Data
	for key, value := range want {
		if string(got[key]) != value {
			s.t.Errorf("%s is decrypted to something else", key)
		}
	}
}

// nowhere looks for a value in all that the service and GitHub have. Each place must
// have something that is known to be there, so that the search itself is shown to work.
func (s *sealJourney) nowhere(value string) {
	s.t.Helper()
	if how := s.recorder.Shows(value); how != "" || s.recorder.Shows(sealName) == "" {
		s.t.Errorf("traffic of the browser: the value is there: %q", how)
	}
	places := map[string][]byte{"files and log of the service": s.files(), "memory of the service": s.memory(), "repository": s.objects()}
	for name, data := range places {
		if how := hubtest.Shows(data, value); how != "" {
			s.t.Errorf("%s: the value is there, %s", name, how)
		}
		if !bytes.Contains(data, []byte(sealName)) {
			s.t.Errorf("%s: not even the name is there: the search finds nothing", name)
		}
	}
}

// tokenNotKept looks for the token of a link where a thief would.
func (s *sealJourney) tokenNotKept(token string) {
	s.t.Helper()
	if len(token) < 40 || hubtest.Shows(s.files(), token) != "" {
		s.t.Error("the files or the log of the service have a token")
	}
}

// files are those of the service, its log among them, one after the other.
func (s *sealJourney) files() []byte {
	s.t.Helper()
	log, err := os.ReadFile(s.replicas[0].logFile)
	s.must(err)
	all := bytes.NewBuffer(log)
	s.must(filepath.WalkDir(s.replicas[0].dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return nil // what is gone by now, and locks
		}
		data, err := os.ReadFile(name)
		if err == nil {
			all.Write(data)
		}
		return nil
	}))
	return all.Bytes()
}

// objects are all objects of the repository, also those that no branch has.
func (s *sealJourney) objects() []byte {
	s.t.Helper()
	dir, err := s.hub.Dir(demoRepo)
	s.must(err)
	out, err := exec.CommandContext(s.t.Context(), "git", "-C", dir, "cat-file", "--batch", "--batch-all-objects").Output()
	s.must(err)
	return out
}

// memory is what the process of the service has written into its memory: what a core
// of it would have.
func (s *sealJourney) memory() []byte {
	s.t.Helper()
	pid := s.replicas[0].cmd.Process.Pid
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		need.Missing(s.t, "/proc has no memory of processes")
	}
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	s.must(err)
	defer mem.Close()
	var all bytes.Buffer
	for line := range strings.Lines(string(maps)) {
		var from, to int64
		var mode string
		if n, _ := fmt.Sscanf(line, "%x-%x %s", &from, &to, &mode); n != 3 || !strings.HasPrefix(mode, "rw") {
			continue
		}
		const part = 1 << 20
		for at := from; at < to; at += part {
			block := make([]byte, min(part, to-at))
			if n, _ := mem.ReadAt(block, at); n > 0 { // a part of it may not be there
				all.Write(block[:n])
			}
		}
	}
	return all.Bytes()
}
