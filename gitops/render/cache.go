package render

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"sync"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/chart"
)

// Cache keeps the renders of one repository between runs. What a render read is
// its key: the same path with the same answers to all its look-ups has the same
// output, in whichever commit or branch.
//
// Every render is sealed with a key that is kept elsewhere, so that rendered
// Secrets are encrypted at rest, the names of files tell nothing about values,
// and a damaged or foreign file is a miss. The renders of a run stand together in
// a few files, because making a file costs more than filling it. It is safe for
// concurrent use, and several processes may share a directory: the worst that
// happens is a miss.
type Cache struct {
	vault vault
	max   int64 // bytes on disk

	load    sync.Once
	mu      sync.Mutex // guards what follows
	index   index
	changed bool // the index is not on disk as it is
	pack    pack // the renders that are not on disk yet
	written bool // renders were added to the disk by this process
	// checks has, for each tree, what is known of each of index.reads there: 1 it holds,
	// -1 it does not, 0 nobody looked.
	checks map[gitops.Tree][]int8
}

// engine is part of every key: another kustomize or another format is a miss.
const engine = "kustomize " + Version + ", helm " + chart.Version + ", cache 10"

// DefaultCacheSize is the default bound of a cache on disk, in bytes.
const DefaultCacheSize = 512 << 20

// OpenCache returns the cache in dir, which is made when the first render is
// kept. key is 32 random bytes that must not be kept below dir. max bounds the
// size on disk in bytes; 0 is [DefaultCacheSize].
func OpenCache(dir string, key [32]byte, max int64) (*Cache, error) {
	v, err := newVault(dir, key)
	if err != nil {
		return nil, err
	}
	if max <= 0 {
		max = DefaultCacheSize
	}
	return &Cache{vault: v, max: max, checks: map[gitops.Tree][]int8{}}, nil
}

// Load returns what was stored under name. Together with [Cache.Store] it lets other
// steps keep their own small results beside the renders. Memos are files of their own
// and count towards the bound.
func (c *Cache) Load(name string) ([]byte, bool) { return c.vault.read("memo-" + name) }

// Store keeps data under name.
func (c *Cache) Store(name string, data []byte) error { return c.vault.write("memo-"+name, data) }

// ready reads the index once. One that is not there, is damaged or is of another engine
// is an empty one.
func (c *Cache) ready() {
	c.load.Do(func() {
		data, ok := c.vault.read("index")
		c.index = newIndex()
		if ok {
			c.index.decode(data)
		}
	})
}

// find returns a trace of a source whose reads all hold in its tree.
func (c *Cache) find(ctx context.Context, s Source, remote Remote) (trace, bool) {
	c.ready()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, tr := range c.index.traces[s.key()] {
		if c.allHold(ctx, s.Tree, tr, remote) {
			return tr, true
		}
	}
	return trace{}, false
}

// allHold checks the reads of a trace in t, each read once per tree: overlays share
// most of them. The caller holds the lock.
func (c *Cache) allHold(ctx context.Context, t gitops.Tree, tr trace, remote Remote) bool {
	known := c.checks[t]
	if len(known) < len(c.index.reads) {
		known = append(known, make([]int8, len(c.index.reads)-len(known))...)
		c.checks[t] = known
	}
	for _, n := range tr.reads {
		if known[n] == 0 {
			known[n] = -1
			if holds(ctx, t, remote, c.index.reads[n]) {
				known[n] = 1
			}
		}
		if known[n] < 0 {
			return false
		}
	}
	return true
}

// Forget drops what is remembered about a tree that will not be asked for again.
func (c *Cache) Forget(t gitops.Tree) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.checks, t)
}

// same reports whether one trace of a source holds in another tree too, and whether it
// is of a render that failed.
func (c *Cache) same(ctx context.Context, s Source, other gitops.Tree, remote Remote) (same, failed bool) {
	tr, ok := c.find(ctx, s, remote)
	if !ok {
		return false, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.allHold(ctx, other, tr, remote), tr.failed
}

// get returns a render whose reads all hold in the tree of a source, with its path and
// reads as they would be. A trace whose content is gone, because another process trimmed it, is a miss.
func (c *Cache) get(ctx context.Context, s Source, remote Remote) (gitops.Rendered, bool) {
	tr, ok := c.find(ctx, s, remote)
	if !ok {
		return gitops.Rendered{}, false
	}
	data, ok := c.content(tr)
	if !ok {
		return gitops.Rendered{}, false
	}
	done, ok := decodeRender(data)
	if !ok {
		return gitops.Rendered{}, false
	}
	done.Path = s.Path
	c.mu.Lock()
	defer c.mu.Unlock()
	done.Reads = make([]gitops.Read, len(tr.reads))
	for i, n := range tr.reads {
		done.Reads[i] = c.index.reads[n]
	}
	return done, true
}

// put keeps a render. One that failed for a reason outside of the tree, a limit
// or a remote, is not kept. A cache that cannot be written, on a full disk,
// keeps nothing and harms nothing.
func (c *Cache) put(s Source, done *gitops.Rendered) {
	if done.Err != nil && (done.Err.Cause == gitops.CauseLimit || done.Err.Cause == gitops.CauseRemote || done.Err.Cause == gitops.CauseOther) {
		return
	}
	c.ready()
	tr := trace{key: c.key(s.key(), done.Reads), failed: done.Err != nil}
	sealed := c.vault.sealed(tr.name(), encodeRender(done))
	c.mu.Lock()
	defer c.mu.Unlock()
	tr.at = c.pack.add(sealed)
	tr.reads = c.index.intern(done.Reads)
	c.index.add(s.key(), tr)
	c.changed = true
	if len(c.pack.data) >= maxPack {
		_ = c.writePack()
	}
}

// key names a render by its source and all that it read.
func (c *Cache) key(p string, reads []gitops.Read) [32]byte {
	h := sha256.New()
	h.Write([]byte(engine + "\x00" + p))
	for _, r := range reads {
		h.Write([]byte{0, byte(r.Kind)})
		h.Write([]byte(r.Path))
		h.Write([]byte{0})
		h.Write([]byte(r.ID))
	}
	return c.vault.name(h.Sum(nil))
}

// Flush writes the renders that are not on disk yet, then the index that finds them, and
// removes the oldest files beyond the bound. A crash between the two leaves a file of
// renders that no index names; trim removes it in its turn. The index of a process that
// flushes later replaces this one: what only this one had is rendered again.
func (c *Cache) Flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.changed {
		return nil
	}
	c.changed = false
	if err := c.writePack(); err != nil {
		return err
	}
	if err := c.vault.write("index", c.index.encode()); err != nil {
		return err
	}
	if c.written {
		c.written = false
		c.vault.trim(c.max)
	}
	return nil
}

// holdsRemote reports whether a remote still resolves to what was read. An error is no:
// the render is done again, and says what is wrong.
func holdsRemote(ctx context.Context, remote Remote, read gitops.Read) bool {
	if remote == nil {
		return false
	}
	if strings.HasPrefix(read.ID, fileIDPrefix) {
		content, err := remote.File(ctx, read.Path)
		return err == nil && contentID(content) == read.ID
	}
	repo, ref := read.Path, ""
	if i := strings.LastIndex(read.Path, "?ref="); i >= 0 {
		repo, ref = read.Path[:i], read.Path[i+len("?ref="):]
	}
	t, err := remote.Git(ctx, repo, ref)
	return err == nil && t.Commit() == read.ID
}

const fileIDPrefix = "file:"

// contentID identifies the bytes of a remote file.
func contentID(content []byte) string {
	sum := sha256.Sum256(content)
	return fileIDPrefix + hex.EncodeToString(sum[:])
}

// encodeRender is what is kept of a render: its objects and its error. Path and reads
// are in the index, shared between renders.
func encodeRender(done *gitops.Rendered) []byte {
	e := &encoder{}
	e.flag(done.Err != nil)
	if err := done.Err; err != nil {
		e.failure(failure{code: err.Code, cause: err.Cause, message: err.Message, file: err.File, line: err.Line, column: err.Column})
	}
	e.objects(done.Objects)
	e.doubts(done.Doubts)
	return e.b
}

func decodeRender(data []byte) (gitops.Rendered, bool) {
	d := &decoder{b: data}
	var done gitops.Rendered
	if d.flag() {
		done.Err = d.failure().error()
	}
	done.Objects, done.Doubts = d.objects(), d.doubts()
	return done, !d.bad
}
