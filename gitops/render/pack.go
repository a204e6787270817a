package render

import (
	"crypto/rand"
	"encoding/hex"
	"io"
	"os"
)

// maxPack is from which size on in bytes a pack is written to disk.
const maxPack = 4 << 20

// pack is sealed renders, one behind the other, that become one file.
type pack struct {
	id   [16]byte // random; zero while it is empty
	data []byte
}

// spot is where a sealed render stands.
type spot struct {
	pack         [16]byte
	offset, size int
}

func (p spot) file() string { return "renders/" + hex.EncodeToString(p.pack[:]) }

// add appends a sealed render and returns where it stands.
func (p *pack) add(sealed []byte) spot {
	if len(p.data) == 0 {
		_, _ = rand.Read(p.id[:])
	}
	at := spot{p.id, len(p.data), len(sealed)}
	p.data = append(p.data, sealed...)
	return at
}

// writePack makes a file of what was put. Without room for it the renders are
// lost, and later look-ups miss.
func (c *Cache) writePack() error {
	if len(c.pack.data) == 0 {
		return nil
	}
	full := c.pack
	c.pack = pack{}
	if err := c.vault.writeRaw(spot{pack: full.id}.file(), full.data); err != nil {
		return err
	}
	c.written = true
	return nil
}

// content returns the render that a trace stands for.
func (c *Cache) content(tr trace) ([]byte, bool) {
	c.mu.Lock()
	var sealed []byte
	if tr.at.pack == c.pack.id && tr.at.offset+tr.at.size <= len(c.pack.data) {
		sealed = c.pack.data[tr.at.offset:][:tr.at.size]
	}
	c.mu.Unlock()
	if sealed == nil {
		var err error
		if sealed, err = readAt(c.vault.path(tr.at.file()), tr.at.offset, tr.at.size); err != nil {
			return nil, false
		}
	}
	return c.vault.opened(tr.name(), sealed)
}

// readAt reads size bytes of a file. The index that names them was sealed, so
// they are no more than a render has.
func readAt(file string, offset, size int) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data := make([]byte, size)
	_, err = io.ReadFull(io.NewSectionReader(f, int64(offset), int64(size)), data)
	return data, err
}
