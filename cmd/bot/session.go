package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/render"
	"github.com/sealift/sealift/gitops/tree"
	"github.com/spf13/cobra"
)

// commonFlags are those of every command that renders.
type commonFlags struct {
	repo        string
	cacheDir    string
	noCache     bool
	allowRemote []string
	allowHosts  []string
	caFile      string
	workers     int
	timeout     time.Duration
	stats       bool
	color       string
}

func (b *bot) addCommonFlags(cmd *cobra.Command) {
	b.addRepoFlags(cmd)
	f := cmd.Flags()
	f.StringVar(&b.flags.cacheDir, "cache-dir", "", "`DIR` of the render cache (default: below the user's cache directory)")
	f.BoolVar(&b.flags.noCache, "no-cache", false, "neither read nor write the render cache")
	f.StringArrayVar(&b.flags.allowRemote, "allow-remote", nil, "fetch remote bases from `HOST[/ORG[/REPO]]`; may be repeated")
	f.StringArrayVar(&b.flags.allowHosts, "allow-private-address", nil, "`HOST:PORT` of an allowed remote that may have a private address; may be repeated")
	f.StringVar(&b.flags.caFile, "remote-ca", "", "`FILE` of PEM certificates to trust for remotes, instead of the system's")
	f.IntVar(&b.flags.workers, "workers", 0, "renders at once (default: the number of processors)")
	f.DurationVar(&b.flags.timeout, "render-timeout", render.DefaultTimeout, "processor time one overlay may take")
	f.BoolVar(&b.flags.stats, "stats", false, "print figures of the run to standard error, as JSON")
}

func (b *bot) useColor() (bool, error) {
	switch b.flags.color {
	case "always":
		return true, nil
	case "never":
		return false, nil
	case "auto":
		return b.outTerminal && b.getenv("NO_COLOR") == "" && b.getenv("TERM") != "dumb", nil
	}
	return false, wrongChoice("color", b.flags.color, "auto", "always", "never")
}

// session is one run over one repository.
type session struct {
	workers  *render.Renderer // has the processes, and no cache
	renderer *render.Renderer // of the repository, with its cache and remotes
	cache    *render.Cache    // nil without a cache
	remotes  *tree.Remotes
	scratch  string // a directory to remove at the end, or ""
}

// open starts what a run needs. id tells repositories apart in the cache, ""
// means that there is none.
func (b *bot) open(id string) (*session, error) {
	s, err := b.start()
	if err == nil {
		err = b.use(s, id)
	}
	return s, err
}

// start makes a session that knows no repository yet, so that a worker can get
// ready while one is opened.
func (b *bot) start() (*session, error) {
	workers, err := render.New(render.Options{Workers: b.flags.workers, Timeout: b.flags.timeout})
	return &session{workers: workers}, err
}

// use gives a session its repository; id is as for open.
func (b *bot) use(s *session, id string) error {
	mirrors := ""
	if id != "" && !b.flags.noCache {
		if dir, key, err := b.cachePlace(); err == nil {
			sum := sha256.Sum256([]byte(id))
			if s.cache, err = render.OpenCache(filepath.Join(dir, cacheRepos, hex.EncodeToString(sum[:12])), key, 0); err != nil {
				return err
			}
			mirrors = filepath.Join(dir, cacheMirrors)
		}
	}
	if err := s.allow(b.flags, mirrors); err != nil {
		return err
	}
	var remote render.Remote
	if s.remotes != nil {
		remote = s.remotes
	}
	s.renderer = s.workers.For("", s.cache, remote)
	return nil
}

// allow sets up remotes, if any are allowed.
func (s *session) allow(f commonFlags, mirrors string) error {
	if len(f.allowRemote) == 0 {
		return nil
	}
	for _, entry := range f.allowRemote {
		if err := tree.CheckAllow(entry); err != nil {
			return err
		}
	}
	if mirrors == "" {
		dir, err := os.MkdirTemp("", "sealift-mirrors-")
		if err != nil {
			return gitops.Errorf(gitops.Unavailable, "mirrors: %w", err)
		}
		s.scratch, mirrors = dir, dir
	}
	s.remotes = tree.NewRemotes(tree.RemoteOptions{Allow: f.allowRemote, AllowPrivate: f.allowHosts, CAFile: f.caFile, Dir: mirrors})
	return nil
}

// memo is the cache as layout uses it.
func (s *session) memo() layout.Memo {
	if s.cache == nil {
		return nil
	}
	return s.cache
}

// close ends a session; it may be called twice.
func (s *session) close() {
	_ = s.workers.Close()
	if s.cache != nil {
		_ = s.cache.Flush() // a cache that cannot be written is a slower next run
	}
	if s.remotes != nil {
		_ = s.remotes.Close()
	}
	if s.scratch != "" {
		_ = os.RemoveAll(s.scratch)
	}
}

// cachePlace returns where the cache is and the key that seals it. The key is
// kept with the user's configuration, apart from the cache.
func (b *bot) cachePlace() (dir string, key [32]byte, err error) {
	dir = b.flags.cacheDir
	if dir == "" {
		if dir, err = os.UserCacheDir(); err != nil {
			return "", key, err
		}
		dir = filepath.Join(dir, "sealift")
	}
	config, err := os.UserConfigDir()
	if err != nil {
		return "", key, err
	}
	key, err = readKey(filepath.Join(config, "sealift", "cache.key"))
	return dir, key, err
}

// readKey returns the key in a file of mode 0600, and makes one if there is none.
func readKey(file string) (key [32]byte, err error) {
	data, err := os.ReadFile(file)
	if err == nil && len(data) == len(key) {
		return [32]byte(data), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return key, err
	}
	_, _ = rand.Read(key[:])
	f, err := os.CreateTemp(filepath.Dir(file), ".key-*") // mode 0600
	if err != nil {
		return key, err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(key[:])
	if err := errors.Join(err, f.Close()); err != nil {
		return key, err
	}
	if len(data) == 0 && os.Link(f.Name(), file) != nil { // another run was faster
		if data, err = os.ReadFile(file); err == nil && len(data) == len(key) {
			return [32]byte(data), nil
		}
	}
	return key, os.Rename(f.Name(), file)
}

// printStats writes what a run cost. It is called after close.
func (b *bot) printStats(s *session) {
	if !b.flags.stats {
		return
	}
	st := s.renderer.Stats()
	line, _ := json.Marshal(map[string]any{
		"parent_rss_kb": peakRSS(), "worker_rss_kb": []int64{st.WorkerRSS},
		"renders": st.Renders, "cache_hits": st.Hits, "workers": st.Workers, "broken": st.Broken, "walls": s.renderer.Walls(),
	})
	fmt.Fprintf(b.stderr, "%s\n", line)
}

// peakRSS returns the largest resident set of this process in KiB, 0 where it is
// not known. The kernel's ru_maxrss would count the process that started this one.
func peakRSS() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kb
		}
	}
	return 0
}

// treeAt returns the tree of a revision.
func treeAt(ctx context.Context, repo *tree.Repo, rev string) (gitops.Tree, error) {
	commit, err := repo.Resolve(ctx, rev)
	if err != nil {
		return nil, err
	}
	return repo.Tree(ctx, commit)
}
