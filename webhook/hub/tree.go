package hub

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealift/sealift/gitops"
)

// signature is who made a commit, and when.
type signature struct {
	Name  string    `json:"name"`
	Email string    `json:"email"`
	Date  time.Time `json:"date"`
}

// String is the signature as git writes it into a commit.
func (s signature) String() string {
	clean := strings.NewReplacer("<", "", ">", "", "\n", " ", "\x00", "")
	return fmt.Sprintf("%s <%s> %d +0000", clean.Replace(s.Name), clean.Replace(s.Email), s.Date.Unix())
}

// env is the signature for git's AUTHOR or COMMITTER.
func (s signature) env(who string) []string {
	return []string{"GIT_" + who + "_NAME=" + s.Name, "GIT_" + who + "_EMAIL=" + s.Email,
		"GIT_" + who + "_DATE=" + strconv.FormatInt(s.Date.Unix(), 10) + " +0000"}
}

// commit is one commit as git has it.
type commit struct {
	sha, tree         string
	parents           []string
	author, committer signature
	message           string
}

// newCommit writes a commit object.
func (g git) newCommit(ctx context.Context, c commit) (string, error) {
	args := []string{"commit-tree", c.tree, "-F", "-"}
	for _, p := range c.parents {
		args = append(args, "-p", p)
	}
	env := append(c.author.env("AUTHOR"), c.committer.env("COMMITTER")...)
	out, err := g.pipe(ctx, []byte(c.message), env, args...)
	return strings.TrimSpace(string(out)), err
}

// commits returns the commits that `git log` with these arguments names.
func (g git) commits(ctx context.Context, args ...string) ([]commit, error) {
	format := "--format=%H%x1f%T%x1f%P%x1f%an%x1f%ae%x1f%at%x1f%cn%x1f%ce%x1f%ct%x1f%B%x1e"
	out, err := g.run(ctx, append([]string{"log", "--no-show-signature", format}, args...)...)
	if err != nil {
		return nil, err
	}
	var list []commit
	for rec := range strings.SplitSeq(out, "\x1e") {
		f := strings.Split(strings.TrimPrefix(rec, "\n"), "\x1f")
		if len(f) < 10 {
			continue
		}
		list = append(list, commit{
			sha: f[0], tree: f[1], parents: strings.Fields(f[2]),
			author: signature{f[3], f[4], unix(f[5])}, committer: signature{f[6], f[7], unix(f[8])},
			message: strings.TrimSuffix(strings.Join(f[9:], "\x1f"), "\n"),
		})
	}
	return list, nil
}

// commit returns one commit.
func (g git) commit(ctx context.Context, sha string) (commit, error) {
	if g.kind(ctx, sha) != "commit" {
		return commit{}, gitops.Errorf(gitops.NotFound, "commit %s is not there", gitops.Quote(sha))
	}
	list, err := g.commits(ctx, "-1", sha)
	if err != nil {
		return commit{}, err
	}
	return list[0], nil
}

// unix reads seconds; what is no number is 1970.
func unix(s string) time.Time {
	n, _ := strconv.ParseInt(s, 10, 64)
	return time.Unix(n, 0).UTC()
}

// leaf is one path to set in a tree; an empty sha removes it.
type leaf struct{ mode, sha, path string }

// graft returns the tree that base ("" is the empty tree) becomes with leaves.
func (g git) graft(ctx context.Context, base string, leaves []leaf) (string, error) {
	tmp, err := os.MkdirTemp(g.dir, "index-")
	if err != nil {
		return "", gitops.Errorf(gitops.Unavailable, "hub index: %w", err)
	}
	defer os.RemoveAll(tmp)
	env := []string{"GIT_INDEX_FILE=" + filepath.Join(tmp, "index")}
	if base != "" {
		if _, err := g.pipe(ctx, nil, env, "read-tree", base); err != nil {
			return "", err
		}
	}
	var in strings.Builder
	for _, l := range leaves {
		if l.sha == "" {
			l.mode, l.sha = "0", strings.Repeat("0", 40)
		}
		fmt.Fprintf(&in, "%s %s\t%s\x00", l.mode, l.sha, l.path)
	}
	if _, err := g.pipe(ctx, []byte(in.String()), env, "update-index", "-z", "--index-info"); err != nil {
		return "", err
	}
	out, err := g.pipe(ctx, nil, env, "write-tree")
	return strings.TrimSpace(string(out)), err
}

// blob writes a blob.
func (g git) blob(ctx context.Context, data []byte) (string, error) {
	out, err := g.pipe(ctx, data, nil, "hash-object", "-w", "--stdin")
	return strings.TrimSpace(string(out)), err
}

// importFiles commits files on a branch on top of from ("" starts a history) with one
// run of git fast-import and returns nothing: the ref has moved.
func (g git) importFiles(ctx context.Context, branch, from string, by signature, message string, files map[string]string) error {
	var s strings.Builder
	fmt.Fprintf(&s, "commit refs/heads/%s\nauthor %s\ncommitter %s\ndata %d\n%s\n", branch, by, by, len(message), message)
	if from != "" {
		fmt.Fprintf(&s, "from %s\n", from)
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		name := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(path) + `"`
		if files[path] == Deleted {
			fmt.Fprintf(&s, "D %s\n", name)
			continue
		}
		fmt.Fprintf(&s, "M 100644 inline %s\ndata %d\n%s\n", name, len(files[path]), files[path])
	}
	_, err := g.pipe(ctx, []byte(s.String()), nil, "fast-import", "--quiet", "--force")
	return err
}
