package tree

import (
	"context"
	"encoding/base64"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// Fetch brings what a pull request compares: the tip of its base branch, which it
// returns, and its head. It fails with code stale when head is not the head of the
// pull request any more, and not_found when the base branch or the pull request is
// gone.
func (m *Mirror) Fetch(ctx context.Context, number int, base, head string) (baseTip string, err error) {
	if err := m.fullIDs(head); err != nil {
		return "", err
	}
	branch, pull := "refs/heads/"+base, "refs/pull/"+strconv.Itoa(number)+"/head"
	ids, err := m.fetchRefs(ctx, branch, pull)
	if err != nil {
		return "", err
	}
	if ids[1] != head {
		return "", gitops.Errorf(gitops.Stale, "head of pull request %d moved: it is %.12s, not %.12s", number, ids[1], head)
	}
	return ids[0], nil
}

// FetchBranch brings the tip of a branch and returns it.
func (m *Mirror) FetchBranch(ctx context.Context, branch string) (tip string, err error) {
	ids, err := m.fetchRefs(ctx, "refs/heads/"+branch)
	if err != nil {
		return "", err
	}
	return ids[0], nil
}

// fetchRefs brings refs, given by their full names, and returns their commits.
func (m *Mirror) fetchRefs(ctx context.Context, refs ...string) (ids []string, err error) {
	defer func() { m.note(err) }()
	var specs []string
	for _, ref := range refs {
		if err := checkRef(ref); err != nil {
			return nil, err
		}
		specs = append(specs, "+"+ref+":"+localRef(ref))
	}
	ids = make([]string, len(refs))
	err = m.locked(ctx, func(ctx context.Context, w mirror) error {
		if err := m.bring(ctx, w, specs); err != nil {
			return m.explain(err, strings.Join(refs, ", "))
		}
		for i, ref := range refs { // before the next fetch moves them
			id, err := m.find(ctx, localRef(ref))
			if err != nil || id == "" {
				return m.explain(err, ref)
			}
			ids[i] = id
		}
		return nil
	})
	return ids, err
}

// FetchCommits brings commits by their full ids, with their history. It does not
// ask the network when they are there. Those that no branch has any more may still
// be had; else it fails with code not_found.
func (m *Mirror) FetchCommits(ctx context.Context, ids ...string) (err error) {
	defer func() { m.note(err) }()
	if err := m.fullIDs(ids...); err != nil {
		return err
	}
	specs, err := m.missingCommits(ctx, ids)
	if err != nil || len(specs) == 0 {
		return err
	}
	return m.locked(ctx, func(ctx context.Context, w mirror) error {
		specs, err := m.missingCommits(ctx, ids) // somebody else may have brought them
		if err != nil || len(specs) == 0 {
			return err
		}
		if err := m.bring(ctx, w, specs); err != nil {
			return m.explain(err, strings.Join(ids, ", "))
		}
		specs, err = m.missingCommits(ctx, ids)
		if err == nil && len(specs) > 0 {
			err = m.explain(nil, strings.Join(ids, ", "))
		}
		return err
	})
}

// missingCommits returns what to fetch for the commits that are not there. The
// mirror keeps one ref for each first four digits: enough to tell the host what we
// have, and not one more for every push there ever was.
func (m *Mirror) missingCommits(ctx context.Context, ids []string) ([]string, error) {
	var specs []string
	used := map[string]bool{}
	for _, id := range ids {
		found, err := m.find(ctx, id)
		if err != nil {
			return nil, err
		}
		local := "refs/sealift/commit/" + id[:4]
		if used[local] { // git refuses two for one place
			local = "refs/sealift/commit/" + id
		}
		if found == "" && !used[local] {
			specs = append(specs, "+"+id+":"+local)
			used[local] = true
		}
	}
	return specs, nil
}

// locked does f while nobody else, here or in another process, writes to the
// mirror. It puts the mirror in order before and within its bounds after. The git
// of w holds the lock with us.
func (m *Mirror) locked(ctx context.Context, f func(ctx context.Context, w mirror) error) error {
	ctx, cancel := context.WithTimeout(ctx, m.all.remotes.opts.Timeout)
	defer cancel()
	held, err := lock(ctx, m.mirror.dir+".lock", true)
	if err != nil {
		return mirrorError(err)
	}
	defer held.Close()
	w := *m.mirror
	w.git.held = held
	w.clean()
	if err := f(ctx, w); err != nil {
		return err
	}
	if err := w.repack(ctx, m.all.maxPacks); err != nil {
		return err
	}
	if err := shrink(m.all.opts.Dir, m.all.opts.MaxBytes); err != nil {
		return mirrorError(err)
	}
	return nil
}

// bring fetches refspecs. A token that the host refuses, at the start or in the
// middle, is replaced once.
func (m *Mirror) bring(ctx context.Context, w mirror, specs []string) error {
	token := ""
	for attempt := 0; ; attempt++ {
		fresh, err := m.token(ctx, token)
		if err != nil {
			return err
		}
		token = fresh
		err = w.fetchAs(ctx, token, specs)
		if !isRefusedToken(err) {
			return err
		}
		if attempt == 1 {
			// A host that limits us says 403, too, and git does not show its header.
			return &gitops.Error{Code: gitops.Unavailable, Cause: gitops.CauseRemote, Message: "token not accepted for " + gitops.Quote(w.address.place()), Err: err}
		}
	}
}

// fetchAs fetches with a token. It is a header for exactly this URL, in the
// environment of this one git.
func (m mirror) fetchAs(ctx context.Context, token string, specs []string) error {
	basic := base64.StdEncoding.EncodeToString([]byte("x-access-token:" + token))
	m.git = m.git.with(
		"GIT_CONFIG_COUNT=1",
		"GIT_CONFIG_KEY_0=http."+m.address.url()+".extraHeader",
		"GIT_CONFIG_VALUE_0=Authorization: Basic "+basic,
	)
	err := m.fetch(ctx, nil, specs...)
	if exit, ok := errors.AsType[*exitError](err); ok { // a host may say what it was told
		exit.stderr = strings.NewReplacer(token, "[secret]", basic, "[secret]").Replace(exit.stderr)
	}
	return err
}

// isRefusedToken tells whether a fetch failed because of who we are. GitHub says
// 401 to a token that ended and 403 to one that may not, also in the middle.
func isRefusedToken(err error) bool {
	return complains(err, "could not read Username", "Authentication failed", "returned error: 401", "returned error: 403", "HTTP 401", "HTTP 403")
}

// isDamage tells whether git failed because of what is on our disk.
func isDamage(err error) bool {
	return complains(err, "corrupt", "bad object", "not a git repository", "unable to read", "object file", "bad pack", "packfile",
		"did not send all necessary objects", "index file", "loose object", "unresolved deltas")
}

// complains reports whether git exited with one of these texts in its complaints, which
// are in English because LC_ALL is C.
func complains(err error, texts ...string) bool {
	exit, ok := errors.AsType[*exitError](err)
	for _, text := range texts {
		if ok && strings.Contains(exit.stderr, text) {
			return true
		}
	}
	return false
}

// absent is how git names what the host does not have.
var absent = regexp.MustCompile(`(?:couldn't find remote ref|not our ref) ([^\s]+)`)

// note remembers when the mirror is not worth keeping.
func (m *Mirror) note(err error) {
	if isDamage(err) {
		m.damaged.Store(true)
	}
}

// explain makes the error for a fetch of what.
func (m *Mirror) explain(err error, what string) error {
	if err == nil {
		return m.mirror.notFound(what, nil)
	}
	if e, ok := errors.AsType[*gitops.Error](err); ok {
		return e
	}
	if exit, ok := errors.AsType[*exitError](err); ok {
		if named := absent.FindStringSubmatch(exit.stderr); named != nil {
			what = named[1]
		}
	}
	return m.mirror.failed(err, what)
}
