package tree

import (
	"cmp"
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/sealift/sealift/gitops"
)

// The defaults of [RemoteOptions].
const (
	DefaultMaxFile    = 10 << 20
	DefaultMaxMirror  = 1 << 30
	DefaultMaxMirrors = 64
	DefaultTimeout    = 2 * time.Minute
)

// RemoteOptions say what may be fetched, and how much.
type RemoteOptions struct {
	// Allow lists what may be fetched, in the form that [CheckAllow] accepts.
	// An entry that is not of that form allows nothing.
	Allow []string
	// AllowPrivate lists host:port that may have an address that is not public.
	AllowPrivate []string
	// Dir holds the mirrors of repositories. It is made when needed and may be
	// shared by processes. It must not be empty for [Remotes.Git].
	Dir string
	// CAFile holds certificates, as PEM, to trust instead of the system's.
	CAFile string
	// MaxFile is the largest file, in bytes, that File returns.
	MaxFile int64
	// MaxMirror is the largest mirror, in bytes on disk.
	MaxMirror int64
	// MaxMirrors is how many mirrors are kept; the one not used for longest goes.
	MaxMirrors int
	// Timeout bounds each fetch.
	Timeout time.Duration
	// Trees are the limits of the trees that Git returns, and the git to use.
	Trees Options
}

// Remotes fetches repositories and files that kustomizations name outside of
// their own repository. What it resolved once stays so for its lifetime, errors
// included, so make one for each comparison. It is safe for concurrent use.
//
// Only addresses on the allow-list are asked, by https (http when an entry says
// so), without credentials, cookies, proxy or configuration of the machine.
// Their host must have public addresses only; the connection goes to an address
// that was checked, whatever the name server says later. Git follows no
// redirects; files follow them to addresses that are allowed themselves.
type Remotes struct {
	opts   RemoteOptions
	allow  allowList
	dialer *dialer
	client func() (*http.Client, error) // made when first needed: the certificates are a file
	git    lazyGit                      // likewise: looking it up runs it
	trees  flights[gitops.Tree]         // by address and ref
	files  flights[[]byte]              // by URL

	mu      sync.Mutex
	mirrors map[string]*mirror // by URL
}

// NewRemotes returns a Remotes. It touches neither network nor disk.
func NewRemotes(opts RemoteOptions) *Remotes {
	opts.MaxFile = cmp.Or(opts.MaxFile, DefaultMaxFile)
	opts.MaxMirror = cmp.Or(opts.MaxMirror, DefaultMaxMirror)
	opts.MaxMirrors = cmp.Or(opts.MaxMirrors, DefaultMaxMirrors)
	opts.Timeout = cmp.Or(opts.Timeout, DefaultTimeout)
	opts.Trees = opts.Trees.withDefaults()
	r := &Remotes{opts: opts, allow: newAllowList(opts.Allow), dialer: newDialer(opts.AllowPrivate), git: lazyGit{bin: opts.Trees.Git}, mirrors: map[string]*mirror{}}
	r.client = sync.OnceValues(func() (*http.Client, error) { return newClient(r.dialer, r.allow, opts.CAFile) })
	return r
}

// Close ends the git processes of the trees that Git returned, which cannot be
// read any more, and lets go of the mirrors.
func (r *Remotes) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.mirrors {
		m.close()
	}
	clear(r.mirrors)
	return nil
}

// Git returns the tree of a repository at ref, a branch, tag or commit, full or
// abbreviated, or "" for the default branch. repo is a clone URL in any spelling
// that git has; SSH addresses are fetched by https. Commit of the tree is the
// commit that ref means for the lifetime of r.
//
// Its errors have cause remote and code invalid for a ref or address that is
// not valid, denied for what is not allowed, not_found for what is not there,
// and unavailable when the host does not answer as it should.
func (r *Remotes) Git(ctx context.Context, repo, ref string) (gitops.Tree, error) {
	a, err := r.repo(repo, ref)
	if err != nil {
		return nil, err
	}
	return r.trees.do(ctx, key(a, ref), r.opts.Timeout, func(ctx context.Context) (gitops.Tree, error) {
		m, err := r.mirror(ctx, a)
		if err != nil {
			return nil, err
		}
		return m.tree(ctx, ref)
	})
}

// repo checks an address and a ref, the ref first.
func (r *Remotes) repo(repo, ref string) (address, error) {
	if err := checkRef(ref); err != nil {
		return address{}, err
	}
	a, err := parseRepo(repo)
	if err != nil {
		return address{}, err
	}
	return a, r.allow.check(a)
}

// key has a blank between the two: neither may hold one.
func key(a address, ref string) string { return a.url() + " " + ref }

// sha1Digits is the length of a commit id. Mirrors of SHA-256 repositories are
// not supported.
const sha1Digits = 40
