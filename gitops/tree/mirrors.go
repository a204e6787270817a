package tree

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sealift/sealift/gitops"
)

// The defaults of [MirrorOptions].
const (
	DefaultMirrorBytes  = 4 << 30
	DefaultMirrorsBytes = 16 << 30
	DefaultMirrorsCount = 256
)

// MirrorOptions say where mirrors are and how large they may become.
type MirrorOptions struct {
	// Dir holds the mirrors. It is made when needed, may be shared by processes,
	// and must not be that of a [Remotes].
	Dir string
	// AllowPrivate lists host:port that may have an address that is not public,
	// and be asked by http when that is the machine itself.
	AllowPrivate []string
	// CAFile holds certificates, as PEM, to trust instead of the system's.
	CAFile string
	// MaxMirror is the largest mirror, in bytes on disk: a fetch beyond it is
	// ended. One that is larger than half of it is made anew when nobody uses it,
	// so it should be some times the size of the largest repository.
	MaxMirror int64
	// MaxBytes and MaxCount bound all mirrors together. The ones not used for
	// longest go; those in use stay, whatever it costs.
	MaxBytes int64
	MaxCount int
	// Timeout bounds each fetch.
	Timeout time.Duration
	// Trees are the limits of trees, and the git to use.
	Trees Options
}

// Mirrors keeps bare mirrors of the repositories that the App sees. It has no
// state but the directory, where every mirror has lock files beside it, so any
// number of goroutines and processes may share it. It is safe for concurrent use.
//
// Git is as tied down as for [Remotes]: one host whose addresses are checked and
// pinned, no redirects, no proxy, no configuration of the machine. The token is in
// the environment of one git process as a header for one URL, and nowhere else.
//
// What a crash leaves half done is cleaned up by the next fetch, which waits until
// a git that outlived its parent has ended. A mirror that is damaged is removed
// and made anew.
type Mirrors struct {
	opts     MirrorOptions
	remotes  *Remotes // allows nothing: mirrors are asked for by address, not by Git or File
	maxPacks int      // a mirror with more is repacked
}

// NewMirrors returns a Mirrors. It touches neither network nor disk.
func NewMirrors(opts MirrorOptions) *Mirrors {
	opts.MaxBytes = cmp.Or(opts.MaxBytes, DefaultMirrorsBytes)
	return &Mirrors{opts: opts, maxPacks: defaultPacks, remotes: NewRemotes(RemoteOptions{
		AllowPrivate: opts.AllowPrivate, Dir: opts.Dir, CAFile: opts.CAFile, Timeout: opts.Timeout, Trees: opts.Trees,
		MaxMirror: cmp.Or(opts.MaxMirror, DefaultMirrorBytes), MaxMirrors: cmp.Or(opts.MaxCount, DefaultMirrorsCount),
	})}
}

// MirrorSpec names a repository and says how to get at it.
type MirrorSpec struct {
	// URL is https://HOST/OWNER/REPO.git, without user and token.
	URL string
	// Key is the repository's name on disk and stays when it is renamed, such as
	// the host and the repository's number.
	Key string
	// Token returns a token that may read the repository. refused is one that the
	// host did not take, "" at first.
	Token func(ctx context.Context, refused string) (string, error)
}

// Mirror is a repository as far as it was fetched, open for reading. Its methods
// from [Repo] see what was fetched before, also by others. Close it: a mirror that
// is open is never removed.
type Mirror struct {
	*Repo
	all     *Mirrors
	mirror  *mirror
	token   func(ctx context.Context, refused string) (string, error)
	damaged atomic.Bool // it is made anew
}

// Open returns the mirror of a repository, an empty one when there is none yet.
// Nothing is fetched.
//
// A URL that is not valid is an error of code invalid, one that is not https of
// code denied.
func (ms *Mirrors) Open(ctx context.Context, spec MirrorSpec) (*Mirror, error) {
	a, err := ms.address(spec.URL)
	if err != nil {
		return nil, err
	}
	if spec.Key == "" || spec.Token == nil {
		return nil, gitops.Errorf(gitops.Internal, "mirror without key or token: %s", gitops.Quote(a.place()))
	}
	g, err := ms.remotes.git.get(ctx)
	if err != nil {
		return nil, err
	}
	m := &mirror{remotes: ms.remotes, address: a, git: g, dir: filepath.Join(ms.opts.Dir, keyName(spec.Key))}
	if err := m.open(ctx); err != nil {
		m.close()
		return nil, mirrorError(err)
	}
	return &Mirror{Repo: m.repo, all: ms, mirror: m, token: spec.Token}, nil
}

// Forget removes a mirror, and calls also while nobody can open it. One that is in
// use is an error of code unavailable, and nothing is removed.
func (ms *Mirrors) Forget(key string, also func() error) error {
	dir := filepath.Join(ms.opts.Dir, keyName(key))
	if err := os.MkdirAll(ms.opts.Dir, 0o700); err != nil {
		return mirrorError(err)
	}
	removed, err := removeWith(dir, also)
	switch {
	case err != nil:
		return mirrorError(err)
	case !removed:
		return gitops.Errorf(gitops.Unavailable, "mirror %s is in use", gitops.Quote(key))
	}
	return nil
}

// Close lets go of the mirror. Its trees cannot be read any more.
func (m *Mirror) Close() error {
	m.mirror.close()
	if m.damaged.Load() {
		return remove(m.mirror.dir)
	}
	return nil
}

// Tree returns the files of a commit that was fetched; see [Repo.Tree].
func (m *Mirror) Tree(ctx context.Context, commit string) (gitops.Tree, error) {
	t, err := m.Repo.Tree(ctx, commit)
	if err != nil && ctx.Err() == nil && gitops.CodeOf(err) == gitops.Unavailable {
		m.damaged.Store(true) // the commit is there, and not all of it
	}
	return t, err
}

// address checks a URL. Http is for the machine itself.
func (ms *Mirrors) address(s string) (address, error) {
	a, err := parseRepo(s)
	switch {
	case err != nil:
		return address{}, err
	case strings.HasPrefix(s, "https://"):
		return a, nil
	case strings.HasPrefix(s, "http://") && isLoopback(a.host) && slices.Contains(ms.opts.AllowPrivate, a.hostPort()):
		return a, nil
	}
	return address{}, &gitops.Error{Code: gitops.Denied, Cause: gitops.CauseRemote, Message: "address of a mirror is not https: " + gitops.Quote(redact(s))}
}

// isLoopback goes by the name: what it allows is http, not an address.
func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

var unsafe = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// keyName returns the name of the directory for a key: a hash, and the end of the
// key for people.
func keyName(key string) string {
	sum := sha256.Sum256([]byte(key))
	tail := unsafe.ReplaceAllString(key, "-")
	return hex.EncodeToString(sum[:10]) + "-" + tail[max(0, len(tail)-40):]
}

// sweepDir removes mirrors that were half made or half removed when we were
// killed.
func sweepDir(dir string) {
	gone, _ := filepath.Glob(filepath.Join(dir, "*"+goneSuffix)) // the pattern is valid
	for _, name := range gone {
		os.RemoveAll(name)
	}
	half, _ := filepath.Glob(filepath.Join(dir, ".new-*")) // likewise
	for _, name := range half {
		if info, err := os.Stat(name); err == nil && time.Since(info.ModTime()) > time.Hour {
			os.RemoveAll(name)
		}
	}
}

// shrink removes mirrors that were not used for longest until all of them
// together are within their bound.
func shrink(dir string, most int64) error {
	sweepDir(dir)
	oldest, err := byUse(dir)
	if err != nil {
		return err
	}
	sizes := map[string]int64{}
	var sum int64
	for _, name := range oldest {
		sizes[name] = size(name)
		sum += sizes[name]
	}
	for _, name := range oldest {
		if sum <= most {
			return nil
		}
		if err := remove(name); err != nil {
			return err
		}
		if isDir(name) != nil {
			sum -= sizes[name]
		}
	}
	return nil
}

// defaultPacks is how many packs a mirror has before they are made one. Each fetch
// makes one, and git looks into all of them; it is gc.autoPackLimit.
const defaultPacks = 50

// repack makes more than most packs one. Readers find their objects in the new one;
// nothing is dropped, because somebody may still read what no ref names any more. We
// hold the lock.
func (m mirror) repack(ctx context.Context, most int) error {
	packs, err := filepath.Glob(filepath.Join(m.dir, "objects", "pack", "*.pack"))
	if err != nil || len(packs) <= most {
		return err
	}
	g := m.git.with("GIT_DIR=" + m.dir)
	if _, err := g.output(ctx, m.dir, "pack-refs", "--all"); err != nil {
		return failed(err)
	}
	if _, err := g.output(ctx, m.dir, "repack", "-a", "-d", "-k", "-q", "--no-write-bitmap-index"); err != nil {
		return failed(err)
	}
	return nil
}

// clean removes what a git that was killed left behind. We hold the lock, and with
// us every git that writes, so what is there belongs to nobody.
func (m mirror) clean() {
	filepath.WalkDir(m.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // gone meanwhile
		}
		name := d.Name()
		objects := strings.HasPrefix(path, filepath.Join(m.dir, "objects")+string(filepath.Separator))
		if strings.HasSuffix(name, ".lock") || objects && (strings.HasPrefix(name, "tmp_") || strings.HasPrefix(name, ".tmp-") || strings.HasSuffix(name, ".keep")) {
			os.Remove(path)
		}
		return nil
	})
}
