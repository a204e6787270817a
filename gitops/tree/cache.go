package tree

import "sync"

// cache remembers blobs by id within a bound of bytes. It has two generations:
// when the young one is half full, it becomes the old one, and what was old and
// not asked for since is forgotten.
type cache struct {
	mu         sync.Mutex
	half       int64 // the bound of one generation, in bytes with overhead
	size       int64 // of young; old is never larger than half
	young, old map[string][]byte
}

// overhead is roughly what one entry costs besides its bytes.
const overhead = 128

func newCache(limit int64) *cache {
	return &cache{half: limit / 2, young: map[string][]byte{}}
}

// get returns what is remembered; the bytes are shared. What is found in the old
// generation lives on in the young one.
func (c *cache) get(id string) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if data, ok := c.young[id]; ok {
		return data, true
	}
	data, ok := c.old[id]
	if ok {
		c.add(id, data)
	}
	return data, ok
}

// put remembers data, which must not be changed any more.
func (c *cache) put(id string, data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.young[id]; !ok {
		c.add(id, data)
	}
}

// add puts an entry into the young generation. One that is larger than half of the
// cache is not kept: it would push out everything else. The caller holds the lock.
func (c *cache) add(id string, data []byte) {
	cost := int64(len(data)) + overhead
	if cost > c.half {
		return
	}
	if c.size+cost > c.half {
		c.old, c.young, c.size = c.young, map[string][]byte{}, 0
	}
	c.young[id] = data
	c.size += cost
}
