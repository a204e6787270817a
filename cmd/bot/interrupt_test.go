//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestInterrupt sends a signal in the middle of a long diff. The program ends
// with the status that shells have for it, and leaves neither files nor
// processes behind. A file that an overlay names remotely tells when it is in
// the middle, and never comes.
func TestInterrupt(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			asked, over := make(chan struct{}, 9), make(chan struct{})
			s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				asked <- struct{}{}
				select {
				case <-over:
				case <-r.Context().Done():
				}
			}))
			defer s.Close()
			defer close(over)
			dir := t.TempDir()
			repo := importFiles(t, filepath.Join(dir, "repo.git"), map[string]string{
				"app/kustomization.yaml": "resources: ['" + s.URL + "/slow.yaml']\n",
				"web/kustomization.yaml": "resources: [c.yaml]\n", "web/c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n",
			})
			tmp := filepath.Join(dir, "tmp")
			if err := os.Mkdir(tmp, 0o755); err != nil {
				t.Fatal(err)
			}
			host := strings.TrimPrefix(s.URL, "http://")
			cmd := exec.CommandContext(t.Context(), "bot", "render", "--all", "--repo", repo, "--at", "main", "-o", filepath.Join(dir, "out.yaml"), "--no-cache", "--workers", "2",
				"--allow-remote", s.URL, "--allow-private-address", host)
			cmd.Env = append(os.Environ(), "TMPDIR="+tmp, "HOME="+filepath.Join(dir, "home"))
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			<-asked
			children := childrenOf(cmd.Process.Pid)
			if len(children) == 0 {
				t.Error("no workers are seen")
			}
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != interrupted {
				t.Errorf("exit status %d, want %d\n%s", code, interrupted, stderr.String())
			}
			if got := stderr.String(); got != "bot: interrupted\n" {
				t.Errorf("standard error %q", got)
			}
			for _, pid := range children {
				if syscall.Kill(pid, 0) == nil {
					t.Errorf("process %d is still there", pid)
				}
			}
			for _, place := range []string{tmp, dir} {
				entries, err := os.ReadDir(place)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range entries {
					if place == tmp || e.Name() != "repo.git" && e.Name() != "tmp" && e.Name() != "home" {
						t.Errorf("left behind: %s", e.Name())
					}
				}
			}
		})
	}
}

// TestInterruptDemo ends the demo as Ctrl-C does, while it renders or after it: it
// stops by itself, and its directory is gone.
func TestInterruptDemo(t *testing.T) {
	dir := t.TempDir()
	tmp := filepath.Join(dir, "tmp")
	if err := os.Mkdir(tmp, 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bot", "demo", "--addr", "127.0.0.1:0")
	cmd.Env = append(os.Environ(), "TMPDIR="+tmp, "HOME="+filepath.Join(dir, "home"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	printed := bufio.NewReader(stdout)
	for line := ""; !strings.Contains(line, "/pull/1"); {
		if line, err = printed.ReadString('\n'); err != nil {
			t.Fatalf("no address: %v\n%s", err, stderr.String())
		}
	}
	children := childrenOf(cmd.Process.Pid)
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, printed)
	_ = cmd.Wait()
	if ctx.Err() != nil || cmd.ProcessState.ExitCode() < 0 {
		t.Errorf("did not end by itself: %v\n%s", cmd.ProcessState, stderr.String())
	}
	for _, pid := range children {
		if syscall.Kill(pid, 0) == nil {
			t.Errorf("process %d is still there", pid)
		}
	}
	entries, err := os.ReadDir(tmp)
	if err != nil || len(entries) != 0 {
		t.Errorf("left behind: %v, error %v", entries, err)
	}
}

// childrenOf returns the processes that pid started, by /proc.
func childrenOf(pid int) []int {
	var list []int
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, f := range files {
		data, _ := os.ReadFile(f)
		for field := range strings.FieldsSeq(string(data)) {
			var child int
			if _, err := fmt.Sscan(field, &child); err == nil {
				list = append(list, child)
			}
		}
	}
	return list
}

// importFiles makes a bare repository whose main branch has the files.
func importFiles(t *testing.T, dir string, files map[string]string) string {
	t.Helper()
	work := t.TempDir()
	for p, text := range files {
		p = filepath.Join(work, p)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		{"init", "-q", "--bare", "-b", "main", dir},
		{"--git-dir=" + dir, "--work-tree=" + work, "add", "-A"},
		{"--git-dir=" + dir, "--work-tree=" + work, "-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "-q", "-m", "x"},
	} {
		if out, err := exec.CommandContext(t.Context(), "git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	return dir
}
