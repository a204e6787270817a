package render

import (
	"cmp"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/sealift/sealift/gitops"
)

// vault reads and writes sealed files below a directory: AES-256-GCM with a
// random nonce, the file's name as additional data.
type vault struct {
	dir  string // made with the first file
	key  [32]byte
	seal cipher.AEAD // with key
}

func newVault(dir string, key [32]byte) (vault, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return vault{}, err
	}
	seal, err := cipher.NewGCM(block)
	return vault{dir: dir, key: key, seal: seal}, err
}

// name derives a file's name from a digest of what it holds, so that nobody
// without the key can tell whether a guess is right.
func (v vault) name(digest []byte) [32]byte {
	h := hmac.New(sha256.New, v.key[:])
	h.Write(digest)
	return [32]byte(h.Sum(nil))
}

// path is where a file is. Names are our own, with slashes, and never come from a tree.
func (v vault) path(name string) string { return filepath.Join(v.dir, filepath.FromSlash(name)) }

// read returns the content of a file; a file that is not there, is damaged or
// was sealed with another key or name is not ok.
func (v vault) read(name string) ([]byte, bool) {
	sealed, err := os.ReadFile(v.path(name))
	if err != nil {
		return nil, false
	}
	return v.opened(name, sealed)
}

// opened returns what was sealed under a name. It does not change sealed.
func (v vault) opened(name string, sealed []byte) ([]byte, bool) {
	n := v.seal.NonceSize()
	if len(sealed) < n {
		return nil, false
	}
	data, err := v.seal.Open(nil, sealed[:n], sealed[n:], []byte(name))
	return data, err == nil
}

// sealed encrypts data under a name.
func (v vault) sealed(name string, data []byte) []byte {
	sealed := make([]byte, v.seal.NonceSize(), v.seal.NonceSize()+len(data)+v.seal.Overhead())
	_, _ = rand.Read(sealed)
	return v.seal.Seal(sealed, sealed, data, []byte(name))
}

// write replaces a file at once: a reader sees the old or the new content.
func (v vault) write(name string, data []byte) error {
	return v.writeRaw(name, v.sealed(name, data))
}

// writeRaw writes what is sealed already.
func (v vault) writeRaw(name string, sealed []byte) error {
	p := v.path(name)
	err := writeAtomic(p, sealed)
	if os.IsNotExist(err) {
		if err = os.MkdirAll(filepath.Dir(p), 0o700); err == nil {
			err = writeAtomic(p, sealed)
		}
	}
	if err != nil {
		return &gitops.Error{Code: gitops.Unavailable, Message: "cache: " + err.Error(), Err: err}
	}
	return nil
}

// writeAtomic gives p its content by a rename. It does not wait for the disk: after a
// power cut a file may be empty or damaged, which the seal shows, and that is a miss. A
// crash before the rename leaves a .new-* file, which trim removes in its turn.
func writeAtomic(p string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(p), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), p)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// trim removes the files that were written longest ago, what a crash left behind among
// them, until a tenth of max is free. It is called when the index was just written, so
// that goes last. Errors are nothing to it: another process may be trimming as well.
func (v vault) trim(max int64) {
	type file struct {
		path string
		size int64
		made time.Time
	}
	var files []file
	var total int64
	_ = filepath.WalkDir(v.dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return nil
		}
		total += info.Size()
		files = append(files, file{p, info.Size(), info.ModTime()})
		return nil
	})
	if total <= max {
		return
	}
	slices.SortFunc(files, func(a, b file) int { return cmp.Or(a.made.Compare(b.made), cmp.Compare(a.path, b.path)) })
	for _, f := range files {
		if total <= max*9/10 {
			return
		}
		if os.Remove(f.path) == nil {
			total -= f.size
		}
	}
}
