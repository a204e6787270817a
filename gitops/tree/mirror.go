package tree

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sealift/sealift/gitops"
)

// mirror is our bare copy of a part of a remote repository. On disk it is a
// directory NAME with two lock files beside it: NAME.use, held shared by all who
// read the mirror and exclusively by who removes it, and NAME.lock, held by the
// one who fetches into it.
type mirror struct {
	remotes *Remotes // for its options and its dialer
	address address
	git     git
	dir     string
	use     *os.File // NAME.use, locked as long as this is open; nil before
	repo    *Repo    // reads the mirror; nil before
}

// mirrorName returns the name of the directory for an address: a hash, and the
// end of the address for people.
func mirrorName(a address) string {
	sum := sha256.Sum256([]byte(a.url()))
	tail := strings.TrimSuffix(a.path[len(a.path)-1], ".git")
	return hex.EncodeToString(sum[:10]) + "-" + tail[:min(len(tail), 40)]
}

// mirror returns the mirror of a, and makes an empty one when there is none.
func (r *Remotes) mirror(ctx context.Context, a address) (*mirror, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m, ok := r.mirrors[a.url()]; ok {
		return m, nil
	}
	g, err := r.git.get(ctx)
	if err != nil {
		return nil, err
	}
	m := &mirror{remotes: r, address: a, git: g, dir: filepath.Join(r.opts.Dir, mirrorName(a))}
	if err := m.open(ctx); err != nil {
		m.close()
		return nil, mirrorError(err)
	}
	r.mirrors[a.url()] = m
	return m, nil
}

// mirrorError makes an error of this package out of one of the disk.
func mirrorError(err error) error {
	if _, ok := errors.AsType[*gitops.Error](err); ok {
		return err
	}
	return &gitops.Error{Code: gitops.Unavailable, Cause: gitops.CauseRemote, Message: "directory of mirrors: " + err.Error(), Err: err}
}

// open makes the mirror ready for reading. The shared lock comes first, so that nobody
// removes what is opened; whoever fails must call close all the same.
func (m *mirror) open(ctx context.Context) error {
	dir := m.remotes.opts.Dir
	if dir == "" {
		return errors.New("none is set")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if size(m.dir) > m.remotes.opts.MaxMirror/2 { // make room before it is too late
		if err := remove(m.dir); err != nil {
			return err
		}
	}
	var err error
	if m.use, err = lock(ctx, m.dir+".use", false); err != nil {
		return err
	}
	now := time.Now() // the last use decides who goes first
	if err := os.Chtimes(m.dir+".use", now, now); err != nil {
		return err
	}
	if err := m.create(ctx); err != nil {
		return err
	}
	m.repo, err = open(m.git, location{gitDir: m.dir, commonDir: m.dir, format: "sha1"}, m.remotes.opts.Trees)
	return err
}

// create makes the directory unless it is there: under another name first, so that
// nobody sees half of it. The mirror counts as used from now on, and others may have to
// go for it.
func (m *mirror) create(ctx context.Context) error {
	if isDir(m.dir) == nil {
		return nil
	}
	held, err := lock(ctx, m.dir+".lock", true)
	if err != nil {
		return err
	}
	defer held.Close()
	if isDir(m.dir) == nil { // made by somebody else meanwhile
		return nil
	}
	temp, err := newBare(m.remotes.opts.Dir, ".new-", "sha1")
	if err != nil {
		return err
	}
	if err := os.Rename(temp, m.dir); err != nil {
		os.RemoveAll(temp)
		return err
	}
	return evict(m.remotes.opts.Dir, m.remotes.opts.MaxMirrors)
}

// close lets go of what open got so far.
func (m *mirror) close() {
	if m.repo != nil {
		m.repo.Close()
	}
	if m.use != nil {
		m.use.Close()
	}
}

// evict removes the mirrors that were not used for longest and are not in use,
// until there are keep.
func evict(dir string, keep int) error {
	oldest, err := byUse(dir)
	if err != nil {
		return err
	}
	left := len(oldest)
	for _, name := range oldest {
		if left <= keep {
			break
		}
		if err := remove(name); err != nil {
			return err
		}
		if isDir(name) != nil {
			left--
		}
	}
	return nil
}

// byUse returns the mirrors in dir, the one not used for longest first.
func byUse(dir string) ([]string, error) {
	items, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	used := map[string]time.Time{}
	for _, item := range items {
		name, ok := strings.CutSuffix(filepath.Join(dir, item.Name()), ".use")
		info, err := item.Info()
		if ok && err == nil && isDir(name) == nil {
			used[name] = info.ModTime()
		}
	}
	return slices.SortedFunc(maps.Keys(used), func(a, b string) int { return cmp.Or(used[a].Compare(used[b]), strings.Compare(a, b)) }), nil
}

// remove removes a mirror unless somebody uses it. The lock files stay, because
// a lock on a file that is gone locks nobody out.
func remove(dir string) error {
	_, err := removeWith(dir, func() error { return nil })
	return err
}

// removeWith is remove, and calls also while nobody can use the mirror. It reports
// whether that was so. A crash in the middle leaves NAME.gone, which the next removal
// or sweep removes.
func removeWith(dir string, also func() error) (bool, error) {
	f, err := os.OpenFile(dir+".use", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return false, err
	}
	defer f.Close()
	if ok, err := tryLock(f, true); !ok {
		return false, err
	}
	gone := dir + goneSuffix // so that nobody takes half of it for the whole
	if err := os.RemoveAll(gone); err != nil {
		return false, err
	}
	if err := os.Rename(dir, gone); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	return true, errors.Join(os.RemoveAll(gone), also())
}

// goneSuffix marks a mirror that is being removed.
const goneSuffix = ".gone"

// pollLock is how long we wait before we try a lock again: flock(2) cannot wait
// for a lock and a context at once.
const pollLock = 20 * time.Millisecond

// lock opens and locks a file. Closing it unlocks it.
func lock(ctx context.Context, name string, exclusive bool) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	tick := time.NewTicker(pollLock)
	defer tick.Stop()
	for {
		ok, err := tryLock(f, exclusive)
		if ok {
			return f, nil
		}
		if err == nil {
			select {
			case <-tick.C:
				continue
			case <-ctx.Done():
				err = context.Cause(ctx)
			}
		}
		f.Close()
		return nil, err
	}
}

// size returns the bytes of the files below dir, as far as they can be seen.
func size(dir string) int64 {
	var sum int64
	filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // gone meanwhile
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			sum += info.Size()
		}
		return nil
	})
	return sum
}
