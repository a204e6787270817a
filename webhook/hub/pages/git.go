package pages

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/sealift/sealift/gitops"
)

const (
	gitTimeout = 20 * time.Second
	// maxOutput is how many bytes of git's answer are shown.
	maxOutput = 4 << 20
)

// gitAnswer is what git printed, and its exit status.
type gitAnswer struct {
	out    string
	status int
	cut    bool // there was more
}

// git asks a repository. The arguments must name commits by their full ids, as the answer
// is remembered. An exit status of 1 is an answer, anything above an error.
func (p *pages) git(ctx context.Context, repo string, args ...string) (gitAnswer, error) {
	return remember(&p.memo, "git\x00"+repo+"\x00"+strings.Join(args, "\x00"), func() (gitAnswer, error) {
		dir, err := p.hub.Dir(repo)
		if err != nil {
			return gitAnswer{}, err
		}
		return runGit(ctx, dir, args)
	})
}

// runGit runs git with nobody's configuration.
func runGit(ctx context.Context, dir string, args []string) (gitAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, gitTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", append([]string{"-c", "core.quotePath=false"}, args...)...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/nonexistent", "LC_ALL=C", "TZ=UTC",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0"}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return gitAnswer{}, err
	}
	if err := cmd.Start(); err != nil {
		return gitAnswer{}, gitops.Errorf(gitops.Unavailable, "git does not start: %w", err)
	}
	out, readErr := io.ReadAll(io.LimitReader(pipe, maxOutput))
	more, _ := io.Copy(io.Discard, pipe) // the end is in Wait
	a := gitAnswer{out: string(out), cut: more > 0}
	err = errors.Join(readErr, cmd.Wait())
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 1 {
		a.status = 1
		return a, nil
	}
	if err != nil {
		return gitAnswer{}, gitops.Errorf(gitops.NotFound, "git %s: %s", args[0], gitops.Quote(strings.TrimSpace(stderr.String())))
	}
	return a, nil
}

// isSHA reports whether s is a full commit id.
func isSHA(s string) bool { return len(s) == 40 && strings.Trim(s, "0123456789abcdef") == "" }
