package hub

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"strings"
	"time"

	"github.com/sealift/sealift/gitops"
)

// gitTimeout bounds each run of git but transfers.
const gitTimeout = time.Minute

// git is a bare repository on disk.
type git struct{ dir string }

// environment is all that git sees: nobody's configuration, no prompts.
func environment() []string {
	return []string{
		"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/nonexistent", "LC_ALL=C", "TZ=UTC",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=GitHub", "GIT_AUTHOR_EMAIL=noreply@github.com",
		"GIT_COMMITTER_NAME=GitHub", "GIT_COMMITTER_EMAIL=noreply@github.com",
	}
}

// run runs git in the repository and returns what it prints, without the last
// line end.
func (g git) run(ctx context.Context, args ...string) (string, error) {
	out, err := g.pipe(ctx, nil, nil, args...)
	return strings.TrimSuffix(string(out), "\n"), err
}

// pipe runs git with input and additional environment.
func (g git) pipe(ctx context.Context, input []byte, env []string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, gitTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = g.dir
	cmd.Env = append(environment(), env...)
	cmd.Stdin = bytes.NewReader(input)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		msg := strings.TrimSpace(stderr.String())
		return stdout.Bytes(), gitops.Errorf(gitops.Unavailable, "git %s: %s: %w", args[0], gitops.Quote(msg), err)
	}
	return stdout.Bytes(), nil
}

// exitStatus returns the exit status of a failed git, 0 for nil, -1 for anything else.
func exitStatus(err error) int {
	if err == nil {
		return 0
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	return -1
}

// create makes the repository, as a copy of from unless that is empty. What
// GitHub allows over the wire is configured here: any commit may be asked for,
// pull request heads cannot be pushed.
func (g git) create(ctx context.Context, branch, from string) error {
	here := git{"."}
	if _, err := here.run(ctx, "init", "-q", "--bare", "--initial-branch="+branch, g.dir); err != nil {
		return err
	}
	for _, kv := range [][2]string{
		{"receive.hideRefs", "refs/pull"}, {"http.receivepack", "true"}, {"gc.auto", "0"},
		{"uploadpack.allowAnySHA1InWant", "true"}, {"uploadpack.allowFilter", "true"},
	} {
		if _, err := g.run(ctx, "config", kv[0], kv[1]); err != nil {
			return err
		}
	}
	if from == "" {
		return nil
	}
	return g.fetch(ctx, from, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
}

// fetch copies refs from another repository on this disk.
func (g git) fetch(ctx context.Context, from string, specs ...string) error {
	args := append([]string{"fetch", "-q", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--", from}, specs...)
	_, err := g.run(ctx, args...)
	return err
}

// refs returns every branch and tag.
func (g git) refs(ctx context.Context) (map[string]string, error) {
	out, err := g.run(ctx, "for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/tags")
	refs := map[string]string{}
	for line := range strings.Lines(out) {
		sha, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		refs[name] = sha
	}
	return refs, err
}

// setRef moves a ref; an empty sha deletes it. It fails when the ref is no longer
// at old; an empty old does not look.
func (g git) setRef(ctx context.Context, ref, sha, old string) error {
	args := []string{"update-ref", ref, sha}
	if sha == "" {
		args = []string{"update-ref", "-d", ref}
	}
	if old != "" {
		args = append(args, old)
	}
	_, err := g.run(ctx, args...)
	return err
}

// kind returns commit, tree, blob or tag, "" when the object is not there.
func (g git) kind(ctx context.Context, sha string) string {
	if !isSHA(sha) {
		return ""
	}
	out, err := g.run(ctx, "cat-file", "-t", sha)
	if err != nil {
		return ""
	}
	return out
}

// ancestor reports whether a is b or comes before it.
func (g git) ancestor(ctx context.Context, a, b string) bool {
	_, err := g.run(ctx, "merge-base", "--is-ancestor", a, b)
	return err == nil
}

// base returns the merge base of two commits, "" when there is none.
func (g git) base(ctx context.Context, a, b string) string {
	out, _ := g.run(ctx, "merge-base", a, b)
	return out
}

// merge returns the tree of merging two commits; ok is false on a conflict or when they
// have nothing in common.
func (g git) merge(ctx context.Context, ours, theirs string) (tree string, ok bool, err error) {
	out, err := g.run(ctx, "merge-tree", "--write-tree", "--no-messages", ours, theirs)
	switch exitStatus(err) {
	case 0:
		return out, true, nil
	case 1, 128:
		return "", false, nil
	}
	return "", false, err
}

// isSHA reports whether s is a full object id.
func isSHA(s string) bool { return len(s) == 40 && isHex(s) }

func isHex(s string) bool {
	return s != "" && strings.Trim(s, "0123456789abcdef") == ""
}
