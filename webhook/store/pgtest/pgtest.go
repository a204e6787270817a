// Package pgtest starts a real PostgreSQL for tests, from the binaries that are
// installed: those in PATH, or the newest under /usr/lib/postgresql.
//
// A [Server] lives in a directory of its own, listens on a Unix socket only,
// and keeps fsync on, so that figures measured on it count. It starts with the
// first database asked for. When the test binary runs as root, the server runs
// as user postgres or nobody, as PostgreSQL insists. It ends with Close, and
// also when the test binary dies.
//
// Where no binaries are installed, the tests end with need.Missing.
package pgtest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/sealift/sealift/gitops/need"
)

// Server is a PostgreSQL server. The zero value is ready for use; it is safe
// for concurrent use and must not be copied.
type Server struct {
	mu       sync.Mutex
	dir      string
	bin      string
	cred     *syscall.Credential
	keeper   *exec.Cmd      // the shell that stops the server when stdin ends
	stdin    io.WriteCloser // of the keeper
	database int            // the last one made
}

// Database makes an empty database and returns its address. It skips or fails
// the test when PostgreSQL is not installed.
func (s *Server) Database(tb testing.TB) string {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dir == "" {
		s.setUp(tb)
	}
	s.database++
	name := fmt.Sprintf("test%d", s.database)
	if out, err := s.command("createdb", "-h", s.dir, "-U", "postgres", name).CombinedOutput(); err != nil {
		tb.Fatalf("createdb: %v\n%s", err, out)
	}
	return "postgres:///" + name + "?host=" + s.dir + "&user=postgres"
}

// Kill ends the server as kill -9 does.
func (s *Server) Kill(tb testing.TB) {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, "data", "postmaster.pid"))
	if err != nil {
		tb.Fatal(err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		tb.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		tb.Fatal(err)
	}
}

// Restart starts the server again after [Server.Kill].
func (s *Server) Restart(tb testing.TB) {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dismiss()
	if err := s.start(); err != nil {
		tb.Fatal(err)
	}
}

// Close stops the server and removes its files.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dir == "" {
		return nil
	}
	s.dismiss()
	return os.RemoveAll(s.dir)
}

// dismiss ends the keeper, which stops the server if it runs.
func (s *Server) dismiss() {
	if s.keeper != nil {
		s.stdin.Close()
		_ = s.keeper.Wait() // its status tells nothing
		s.keeper = nil
	}
}

func (s *Server) setUp(tb testing.TB) {
	tb.Helper()
	var err error
	if s.bin, err = find(); err != nil {
		need.Missing(tb, err.Error())
	}
	if s.cred, err = unprivileged(); err != nil {
		tb.Fatal(err)
	}
	if s.dir, err = os.MkdirTemp("", "pgtest"); err != nil {
		tb.Fatal(err)
	}
	if s.cred != nil {
		if err := os.Chown(s.dir, int(s.cred.Uid), int(s.cred.Gid)); err != nil {
			tb.Fatal(err)
		}
	}
	initdb := s.command("initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		tb.Fatalf("initdb: %v\n%s", err, out)
	}
	if err := s.start(); err != nil {
		tb.Fatal(err)
	}
}

// script starts the server, says so, and stops it when its input ends. After a
// kill the old children may hold the memory for a moment, hence the tries.
const script = `n=0
until pg_ctl start -s -w -D data -l log -o "-k '$PWD' -c listen_addresses= -c max_connections=200"; do
  n=$((n+1)); [ $n -lt 50 ] || exit 1; sleep 0.2
done
echo ready
read -r _
pg_ctl stop -s -m immediate -D data`

func (s *Server) start() error {
	cmd := s.command("sh", "-c", script)
	cmd.Path = "/bin/sh"
	cmd.Env = append(os.Environ(), "PATH="+s.bin+":"+os.Getenv("PATH"))
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.keeper, s.stdin = cmd, stdin
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil || line != "ready\n" {
		log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
		return fmt.Errorf("PostgreSQL does not start:\n%s", log)
	}
	return nil
}

// command runs a program of PostgreSQL in the server's directory, as its user.
func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	// A group of its own keeps an interrupt at the terminal from the server.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.cred, Setpgid: true}
	return cmd
}

// find returns the directory of the server's programs.
func find() (string, error) {
	if p, err := exec.LookPath("initdb"); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil && isServer(filepath.Dir(p)) {
			return filepath.Dir(p), nil
		}
	}
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is well formed
	best, newest := "", -1
	for _, dir := range dirs {
		version, _ := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
		if isServer(dir) && version > newest {
			best, newest = dir, version
		}
	}
	if best == "" {
		return "", errors.New("PostgreSQL is not installed: install the package postgresql (initdb, pg_ctl and createdb are needed)")
	}
	return best, nil
}

func isServer(dir string) bool {
	for _, name := range []string{"initdb", "pg_ctl", "createdb", "postgres"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

// unprivileged returns whom to run the server as; nil for the current user.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(err1, err2)
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
}
