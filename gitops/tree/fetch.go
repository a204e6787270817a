package tree

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sealift/sealift/gitops"
)

// The depth that means all (shallow.h, INFINITE_DEPTH).
const allDepth = "--depth=2147483647"

// tree returns the tree of the remote at ref.
func (m *mirror) tree(ctx context.Context, ref string) (gitops.Tree, error) {
	id, err := m.commit(ctx, ref)
	if err != nil {
		return nil, err
	}
	t, err := m.repo.Tree(ctx, id)
	if e, ok := errors.AsType[*gitops.Error](err); ok {
		e.Cause = gitops.CauseRemote
	}
	return t, err
}

// commit finds the commit that ref means: in the mirror when it is a full id, else on
// the remote. A name costs one commit without history. An abbreviated id cannot be
// asked for by name, so all branches and tags come with their history, and git finds it
// among them. The lock is held until the ref is read: the next fetch moves it.
func (m *mirror) commit(ctx context.Context, ref string) (string, error) {
	full := isHex(ref, sha1Digits)
	if full {
		if id, err := m.repo.find(ctx, ref); id != "" || err != nil {
			return id, err
		}
	}
	held, err := lock(ctx, m.dir+".lock", true)
	if err != nil {
		return "", mirrorError(err)
	}
	defer held.Close()
	local := localRef(ref)
	err = m.fetch(ctx, []string{"--depth=1"}, "+"+remoteRef(ref)+":"+local)
	if unknownRef(err) && len(ref) >= minAbbreviated && isHex(ref, len(ref)) {
		local = ref
		err = m.fetch(ctx, []string{allDepth, "--prune"}, "+refs/heads/*:refs/sealift/heads/*", "+refs/tags/*:refs/sealift/tags/*")
	}
	if err != nil {
		return "", m.failed(err, ref)
	}
	id, err := m.repo.find(ctx, local)
	if err == nil && id == "" {
		err = m.notFound(ref, nil)
	}
	return id, err
}

// minAbbreviated is the shortest abbreviation of a commit id that is taken for
// one, git's own default.
const minAbbreviated = 7

// remoteRef is what to ask the remote for.
func remoteRef(ref string) string {
	if ref == "" {
		return "HEAD"
	}
	return ref
}

// localRef is where the mirror keeps what ref meant last.
func localRef(ref string) string {
	sum := sha256.Sum256([]byte(ref))
	return "refs/sealift/ref/" + hex.EncodeToString(sum[:20])
}

// fetch fetches refspecs into the mirror. It is killed when the mirror grows
// beyond its limit; what it had half written is removed.
func (m *mirror) fetch(ctx context.Context, options []string, refspecs ...string) error {
	pin, err := m.remotes.dialer.pin(ctx, m.address)
	if err != nil {
		return err
	}
	args := append(m.config(pin), "fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head",
		"--no-auto-maintenance", "--no-show-forced-updates")
	args = append(args, options...)
	args = append(args, "--", m.address.url())
	args = append(args, refspecs...)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	g := m.git.with("GIT_DIR="+m.dir, "GIT_ALLOW_PROTOCOL="+m.address.scheme)
	done := make(chan struct{})
	go m.watch(done, cancel)
	err = g.run(ctx, m.dir, nil, nil, args...)
	close(done)
	if err != nil {
		m.sweep()
	}
	if tooLarge, ok := context.Cause(ctx).(*gitops.Error); ok {
		return tooLarge
	}
	if m.full() {
		return m.tooLarge()
	}
	return err
}

// config returns git's options for one fetch from the address, at pin. Everything is
// checked as it arrives (fsckObjects), because the host is not trusted, and is one pack a
// fetch (unpackLimit), which repack counts.
func (m *mirror) config(pin string) []string {
	list := []string{
		"protocol." + m.address.scheme + ".allow=always",
		"http.followRedirects=false",
		"http.proxy=",
		"http.lowSpeedLimit=1000", "http.lowSpeedTime=20",
		"fetch.fsckObjects=true",
		// What old tools wrote, and hosts accepted, harms nobody.
		"fetch.fsck.zeroPaddedFilemode=ignore", "fetch.fsck.missingSpaceBeforeEmail=ignore",
		"fetch.fsck.missingSpaceBeforeDate=ignore", "fetch.fsck.badTimezone=ignore",
		"fetch.unpackLimit=1",
		"transfer.bundleURI=false",
	}
	if pin != "" {
		list = append(list, "http.curloptResolve="+pin)
	}
	if m.remotes.opts.CAFile != "" {
		list = append(list, "http.sslCAInfo="+m.remotes.opts.CAFile)
	}
	var args []string
	for _, item := range list {
		args = append(args, "-c", item)
	}
	return args
}

// watchEvery is how often the size of a mirror is looked at during a fetch.
const watchEvery = 200 * time.Millisecond

// watch cancels a fetch when the mirror is too large, until the fetch is done.
func (m *mirror) watch(done <-chan struct{}, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			if m.full() {
				cancel(m.tooLarge())
				return
			}
		}
	}
}

// full reports whether the mirror is larger than it may be. It walks the directory:
// what a fetch is writing right now counts.
func (m *mirror) full() bool { return size(m.dir) > m.remotes.opts.MaxMirror }

// sweep removes what a fetch that failed left half written. We hold the lock.
func (m *mirror) sweep() {
	pack := filepath.Join(m.dir, "objects", "pack")
	items, _ := os.ReadDir(pack) // none, none to remove
	for _, item := range items {
		if strings.HasPrefix(item.Name(), "tmp_") {
			os.Remove(filepath.Join(pack, item.Name()))
		}
	}
}

// tooLarge is about the repository, not about us: it is too large again the next time.
func (m *mirror) tooLarge() error {
	return &gitops.Error{Code: gitops.Invalid, Cause: gitops.CauseRemote,
		Message: fmt.Sprintf("remote repository is larger than %d bytes: %s", m.remotes.opts.MaxMirror, gitops.Quote(m.address.place()))}
}

// unknownRef tells whether a fetch failed because the remote does not have the
// ref, or has the commit and does not give it by its id.
func unknownRef(err error) bool {
	exit, ok := errors.AsType[*exitError](err)
	if !ok {
		return false
	}
	for _, text := range []string{"couldn't find remote ref", "not our ref", "unadvertised object", "no such remote ref"} {
		if strings.Contains(exit.stderr, text) {
			return true
		}
	}
	return false
}

// failed makes the error for a fetch that failed.
func (m *mirror) failed(err error, ref string) error {
	if unknownRef(err) {
		return m.notFound(ref, err)
	}
	exit, ok := errors.AsType[*exitError](err)
	if !ok {
		if e, ours := err.(*gitops.Error); ours {
			e.Cause = gitops.CauseRemote
		}
		return err
	}
	e := &gitops.Error{Code: gitops.Unavailable, Cause: gitops.CauseRemote, Err: err,
		Message: "remote repository not read: " + gitops.Quote(m.address.place()) + ": " + exit.Error()}
	for _, text := range []string{"could not read Username", "Authentication failed", "' not found"} {
		if strings.Contains(exit.stderr, text) {
			e.Code = gitops.NotFound
			e.Message = "remote repository not found or private: " + gitops.Quote(m.address.place())
		}
	}
	return e
}

func (m *mirror) notFound(ref string, err error) error {
	return &gitops.Error{Code: gitops.NotFound, Cause: gitops.CauseRemote, Err: err,
		Message: "ref not found: " + gitops.Quote(remoteRef(ref)) + " in " + gitops.Quote(m.address.place())}
}
