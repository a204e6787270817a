package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/sealift/sealift/webhook/hub"
)

// box is a hub in this process, and `bot serve` in processes of its own that can
// be killed. What the hub delivers goes through a front, which gives it to any of
// them.
type box struct {
	t        *testing.T
	hub      *hub.Hub
	app      *hub.App
	traffic  *traffic
	front    *front
	replicas []*replica
}

// newBox starts a hub with the App installed for acme, and the front. The
// processes are started with [replica.start]. A database of "" is SQLite in the
// directory of the only one.
func newBox(t *testing.T, database string, replicas int) *box {
	t.Helper()
	b := &box{t: t, front: &front{accepted: map[string]bool{}}, traffic: &traffic{seen: make(chan exchange, 10_000)}}
	front := httptest.NewServer(b.traffic.watch(b.front))
	t.Cleanup(front.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &demo{log: slog.New(slog.DiscardHandler)}
	b.app, err = d.world(t.Context(), filepath.Join(t.TempDir(), "hub"), "http://"+l.Addr().String(), front.URL)
	if err != nil {
		t.Fatal(err)
	}
	b.hub = d.hub
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: b.traffic.watch(b.hub)}}
	server.Start()
	t.Cleanup(func() { b.hub.Close(); server.Close() })
	for i := range replicas {
		b.replicas = append(b.replicas, b.newReplica(i, database))
	}
	return b
}

// addOrg makes an organisation with the App, with a repository that has the
// files. GitHub limits writes for each installation: much work needs several.
func (b *box) addOrg(login, repo string, files map[string]string) string {
	b.t.Helper()
	name := login + "/" + repo
	b.hub.AddOrg(login, admin)
	err := b.hub.AddRepo(b.t.Context(), name, hub.RepoOptions{Files: files, Author: admin})
	if err == nil {
		_, err = b.app.Install(login)
	}
	if err = errors.Join(err, b.hub.Grant(name, developer, hub.Write), b.hub.Grant(name, admin, hub.Admin)); err != nil {
		b.t.Fatal(err)
	}
	return name
}

// replica is one `bot serve`.
type replica struct {
	t       *testing.T
	addr    string
	metrics string // its address
	dir     string
	logFile string
	env     []string
	front   *front
	cmd     *exec.Cmd
	gone    chan struct{} // closed when the process is
}

func (b *box) newReplica(n int, database string) *replica {
	r := &replica{t: b.t, addr: freeAddress(b.t), metrics: freeAddress(b.t), dir: filepath.Join(b.t.TempDir(), fmt.Sprint("bot", n)), front: b.front}
	r.logFile = r.dir + ".log"
	if database == "" {
		database = filepath.Join(r.dir, "sealift.db")
	}
	for name, value := range map[string]string{
		"addr": r.addr, "metrics-addr": r.metrics, "data-dir": r.dir, "database": database,
		"github-url": b.hub.APIURL(), "github-web-url": b.hub.WebURL(), "app-id": strconv.FormatInt(b.app.ID(), 10),
		"private-key": string(b.app.PrivateKey()), "webhook-secret": b.app.WebhookSecret(), "log-format": "json",
	} {
		r.env = append(r.env, envName(name)+"="+value)
	}
	b.t.Cleanup(func() {
		if r.cmd != nil {
			r.kill()
		}
		if b.t.Failed() {
			r.showLog()
		}
	})
	return r
}

// freeAddress returns an address that nobody listened at a moment ago.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start starts the process and waits until it is ready. It tries again when the
// process ends, as whatever runs services does; a process that never starts ends
// with the test.
func (r *replica) start() {
	r.t.Helper()
	for r.t.Context().Err() == nil {
		r.spawn()
		if r.ready() {
			r.front.add(r.addr)
			return
		}
	}
	r.t.Fatal("the test ended first")
}

func (r *replica) spawn() {
	r.t.Helper()
	log, err := os.OpenFile(r.logFile, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		r.t.Fatal(err)
	}
	defer log.Close()
	r.cmd, r.gone = exec.Command("bot", "serve"), make(chan struct{})
	r.cmd.Env = append(os.Environ(), r.env...)
	r.cmd.Stdout, r.cmd.Stderr = log, log
	if err := r.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	go func(cmd *exec.Cmd, gone chan struct{}) {
		_ = cmd.Wait() // killed, mostly
		close(gone)
	}(r.cmd, r.gone)
}

// ready waits until the process takes deliveries; false means that it ended.
func (r *replica) ready() bool {
	for again := time.NewTicker(20 * time.Millisecond); ; {
		select {
		case <-r.gone:
			return false
		case <-r.t.Context().Done():
			return false
		case <-again.C:
		}
		if resp, err := http.Get("http://" + r.addr + "/readyz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return true
			}
		}
	}
}

// metric returns a figure of the process without labels. A process that ended by itself
// fails the test.
func (r *replica) metric(name string) float64 {
	r.t.Helper()
	resp, err := http.Get("http://" + r.metrics + "/metrics")
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "\n"+name+" ")
	value, _, _ := strings.Cut(rest, "\n")
	n, err := strconv.ParseFloat(value, 64)
	if !ok || err != nil {
		r.t.Fatalf("metric %s is %q", name, value)
	}
	return n
}

// kill ends the process as kill -9 does.
func (r *replica) kill() {
	_ = r.cmd.Process.Kill() // it may be dead already
	<-r.gone
	r.front.remove(r.addr)
}

// stop ends the process in order.
func (r *replica) stop() {
	r.front.remove(r.addr)
	_ = r.cmd.Process.Signal(syscall.SIGTERM)
	<-r.gone
	if code := r.cmd.ProcessState.ExitCode(); code != 0 {
		r.t.Errorf("bot serve ended with status %d", code)
	}
}

// showLog prints the end of what the processes logged.
func (r *replica) showLog() {
	data, _ := os.ReadFile(r.logFile)
	r.t.Logf("log of %s:\n%s", filepath.Base(r.dir), data[max(0, len(data)-8000):])
}

// resident returns the resident size of the process in MB.
func (r *replica) resident() float64 { return resident(r.cmd.Process.Pid) }

// resident returns the resident size of a process in MB, from /proc; 0 where
// there is none.
func resident(pid int) float64 {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kib, _ := strconv.ParseFloat(fields[0], 64)
	return kib * 1024 / 1e6
}

// front gives each delivery to one of the processes, in turn, and notes which of
// them were accepted.
type front struct {
	mu       sync.Mutex
	targets  []string
	next     int
	accepted map[string]bool
}

func (f *front) add(addr string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.targets = append(f.targets, addr)
}

func (f *front) remove(addr string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, t := range f.targets {
		if t == addr {
			f.targets = append(f.targets[:i:i], f.targets[i+1:]...)
			return
		}
	}
}

// pick returns whose turn it is, "" when nobody runs.
func (f *front) pick() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.targets) == 0 {
		return ""
	}
	f.next++
	return f.targets[f.next%len(f.targets)]
}

// ServeHTTP implements http.Handler.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	resp, err := f.forward(r.Context(), r)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusAccepted {
		f.mu.Lock()
		f.accepted[r.Header.Get("X-GitHub-Delivery")] = true
		f.mu.Unlock()
	}
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body) // the sender may be gone
}

func (f *front) forward(ctx context.Context, r *http.Request) (*http.Response, error) {
	addr := f.pick()
	if addr == "" {
		return nil, errors.New("nobody is there")
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, "http://"+addr+r.URL.Path, r.Body)
	if err != nil {
		return nil, err
	}
	req.Header, req.ContentLength = r.Header.Clone(), r.ContentLength
	return http.DefaultTransport.RoundTrip(req)
}

// exchange is one request that was answered. event is that of a delivery.
type exchange struct {
	method, path, event string
	begin, end          time.Time
}

// traffic sees what the hub and the front are asked, when it is watching.
type traffic struct {
	watching atomic.Bool
	seen     chan exchange
}

// watch puts traffic before a handler.
func (f *traffic) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e := exchange{method: r.Method, path: r.URL.Path, event: r.Header.Get("X-GitHub-Event"), begin: time.Now()}
		next.ServeHTTP(w, r)
		if f.watching.Load() {
			e.end = time.Now()
			f.seen <- e
		}
	})
}
