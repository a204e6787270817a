package tree

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sealift/sealift/gitops"
)

// The oldest git that has merge-tree --write-tree, and honours safe.directory
// given with -c (Documentation/RelNotes/2.38.0.txt).
const minMajor, minMinor = 2, 38

// waitDelay is how long we wait for the pipes of a git that was killed.
const waitDelay = 2 * time.Second

// nowhere is a home directory that does not exist.
const nowhere = "/nonexistent"

// hardened are the options in front of every git command. Those that begin with
// -c win over the configuration of a repository.
var hardened = [...]string{
	"--no-pager", "--no-replace-objects", "--literal-pathspecs",
	"-c", "core.hooksPath=/dev/null",
	"-c", "core.fsmonitor=false",
	"-c", "core.attributesFile=/dev/null",
	"-c", "core.sshCommand=false",
	"-c", "core.askPass=",
	"-c", "core.alternateRefsCommand=false",
	"-c", "credential.helper=",
	"-c", "diff.external=",
	"-c", "protocol.allow=never",
	"-c", "submodule.recurse=false",
	"-c", "gc.auto=0",
	"-c", "maintenance.auto=false",
}

// git is the git of the system.
type git struct {
	bin string   // absolute path
	env []string // the whole environment
	// held is a lock that git and all that it starts hold as well, so that it
	// outlives us when we are killed and they are not; it may be nil.
	held *os.File
}

// newGit looks up git: the executable at path, or the one in PATH when path is
// empty.
func newGit(path string) (git, error) {
	if path == "" {
		path = "git"
	}
	bin, err := exec.LookPath(path)
	if err == nil {
		bin, err = filepath.Abs(bin)
	}
	if err != nil {
		return git{}, &gitops.Error{Code: gitops.Unavailable, Message: "git not found: " + gitops.Quote(path), Err: err,
			Hint: fmt.Sprintf("install git %d.%d or newer and put it into PATH", minMajor, minMinor)}
	}
	return git{bin: bin, env: environment(bin)}, nil
}

// environment is all that git inherits. Nothing is passed on from our own.
func environment(bin string) []string {
	return []string{
		"PATH=" + filepath.Dir(bin),
		"HOME=" + nowhere,
		"XDG_CONFIG_HOME=" + nowhere,
		"LC_ALL=C",
		"GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL=" + os.DevNull,
		"GIT_ATTR_NOSYSTEM=1",
		"GIT_TERMINAL_PROMPT=0",
		"GIT_ASKPASS=",
		"GIT_OPTIONAL_LOCKS=0",
		"GIT_LFS_SKIP_SMUDGE=1",
		"GIT_NO_LAZY_FETCH=1",
		"GIT_NO_REPLACE_OBJECTS=1",
		"GIT_ALLOW_PROTOCOL=",
	}
}

// with returns g with further variables in its environment; later ones win.
func (g git) with(env ...string) git {
	g.env = append(g.env[:len(g.env):len(g.env)], env...)
	return g
}

// command prepares git with args in directory dir. When ctx ends, git and all
// that it started are killed. It has a process group of its own, so that ^C on
// a terminal reaches us and not git.
func (g git) command(ctx context.Context, dir string, args ...string) *exec.Cmd {
	all := append(hardened[:len(hardened):len(hardened)], args...)
	cmd := exec.CommandContext(ctx, g.bin, all...)
	cmd.Dir = dir
	cmd.Env = g.env
	cmd.WaitDelay = waitDelay
	if g.held != nil {
		cmd.ExtraFiles = []*os.File{g.held}
	}
	ownGroup(cmd)
	return cmd
}

// run runs git and writes its output to out. A git that exits with a status
// other than 0 is an *exitError.
func (g git) run(ctx context.Context, dir string, in io.Reader, out io.Writer, args ...string) error {
	var stderr tail
	cmd := g.command(ctx, dir, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, &stderr
	err := cmd.Run()
	if err == nil {
		return nil
	}
	verb := subcommand(args)
	if ctx.Err() != nil {
		return &gitops.Error{Code: gitops.Unavailable, Message: "git " + verb + ": " + context.Cause(ctx).Error(), Err: context.Cause(ctx)}
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return &exitError{verb: verb, status: exit.ExitCode(), stderr: stderr.String()}
	}
	return &gitops.Error{Code: gitops.Unavailable, Message: "git " + verb + " did not run: " + err.Error(), Err: err}
}

// output runs git and returns its output.
func (g git) output(ctx context.Context, dir string, args ...string) (string, error) {
	var out strings.Builder
	err := g.run(ctx, dir, nil, &out, args...)
	return out.String(), err
}

// subcommand returns the first of args that is neither an option nor the
// value of -c.
func subcommand(args []string) string {
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "-c":
			i++
		case !strings.HasPrefix(args[i], "-"):
			return args[i]
		}
	}
	return ""
}

var versionForm = regexp.MustCompile(`(\d+)\.(\d+)\S*`)

// check tells whether git is new enough. It is asked once for a repository, not for
// each command.
func (g git) check(ctx context.Context) error {
	out, err := g.output(ctx, "", "version")
	if err != nil {
		return failed(err)
	}
	version := versionForm.FindStringSubmatch(out)
	if version == nil {
		return &gitops.Error{Code: gitops.Unavailable, Message: "git version not understood: " + gitops.Quote(strings.TrimSpace(out))}
	}
	major, _ := strconv.Atoi(version[1]) // digits; out of range is very new
	minor, _ := strconv.Atoi(version[2])
	if major < minMajor || major == minMajor && minor < minMinor {
		return &gitops.Error{Code: gitops.Unavailable,
			Message: fmt.Sprintf("git is too old: found %s at %s, needed %d.%d or newer", version[0], gitops.Printable(g.bin), minMajor, minMinor),
			Hint:    "install a newer git and put it first into PATH"}
	}
	return nil
}

// lazyGit looks up git and its version when it is first needed, until that works once.
type lazyGit struct {
	bin string

	mu    sync.Mutex
	found *git
}

func (l *lazyGit) get(ctx context.Context) (git, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.found != nil {
		return *l.found, nil
	}
	g, err := newGit(l.bin)
	if err != nil {
		return git{}, err
	}
	if err := g.check(ctx); err != nil {
		return git{}, err
	}
	l.found = &g
	return g, nil
}

// exitError is a git that exited with a status other than 0.
type exitError struct {
	verb   string
	status int
	stderr string
}

// Error returns the command, its status and the first line it complained with.
func (e *exitError) Error() string {
	line, _, _ := strings.Cut(strings.TrimSpace(e.stderr), "\n")
	return fmt.Sprintf("git %s: exit status %d: %s", e.verb, e.status, gitops.Quote(line))
}

// failed makes an error of this package out of one of git.run whose exit status
// means nothing special.
func failed(err error) error {
	if exit, ok := errors.AsType[*exitError](err); ok {
		return &gitops.Error{Code: gitops.Unavailable, Message: exit.Error(), Err: err}
	}
	return err
}

// maxStderr is how much of git's complaints is kept.
const maxStderr = 8 << 10

// tail keeps the last bytes written to it.
type tail struct{ bytes.Buffer }

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	n := len(p)
	t.Buffer.Write(p[max(0, n-maxStderr):])
	if over := t.Len() - maxStderr; over > 0 {
		t.Next(over)
	}
	return n, nil
}
