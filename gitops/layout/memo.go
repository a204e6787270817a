package layout

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Memo keeps bytes under a name between runs. What it returns is not trusted:
// a damaged or foreign value counts as absent.
type Memo interface {
	// Load returns what was stored last under name.
	Load(name string) ([]byte, bool)
	// Store replaces what is stored under name.
	Store(name string, data []byte) error
}

// memoName changes whenever what is kept or how it is read changes.
const memoName = "layout-facts-v2"

// maxMemo bounds what is kept, in bytes.
const maxMemo = 16 << 20

// spare is how many blobs of other trees are kept beside those of this one, so
// that reading the two sides of a change in turn stores nothing.
const spare = 2_000

// known is the facts by blob. The key is the blob id, with "k" before it for
// blobs that were read as kustomizations.
type known struct {
	said    map[string]facts
	nothing map[string]bool // blobs without facts
	fresh   bool            // something was added
}

// stored is the kept form of known.
type stored struct {
	Said map[string]facts `json:"said"`
	// Nothing is the keys without facts, joined by spaces.
	Nothing string `json:"nothing"`
}

func loadKnown(m Memo) *known {
	k := &known{said: map[string]facts{}, nothing: map[string]bool{}}
	if m == nil {
		return k
	}
	data, ok := m.Load(memoName)
	if !ok || len(data) < sha256.Size || len(data) > maxMemo {
		return k
	}
	sum := sha256.Sum256(data[sha256.Size:])
	var s stored
	if !bytes.Equal(sum[:], data[:sha256.Size]) || json.Unmarshal(data[sha256.Size:], &s) != nil {
		return k
	}
	if s.Said != nil {
		k.said = s.Said
	}
	for key := range strings.FieldsSeq(s.Nothing) {
		k.nothing[key] = true
	}
	return k
}

func (k *known) get(key string) (facts, bool) {
	if k.nothing[key] {
		return facts{}, true
	}
	f, ok := k.said[key]
	return f, ok
}

func (k *known) put(key string, f facts) {
	k.fresh = true
	if f.empty() {
		k.nothing[key] = true
	} else {
		k.said[key] = f
	}
}

// store keeps what was learned. Of blobs that this tree does not have, only
// some are kept. A memo that fails costs time and nothing else, so its error is
// dropped here; the memo itself is the one to log it.
func (k *known) store(m Memo, used []string) {
	if m == nil || !k.fresh {
		return
	}
	keep := make(map[string]bool, len(used))
	for _, key := range used {
		keep[key] = true
	}
	trim(k.said, keep)
	trim(k.nothing, keep)
	keys := slices.Sorted(maps.Keys(k.nothing))
	body, err := json.Marshal(stored{Said: k.said, Nothing: strings.Join(keys, " ")})
	if err != nil || len(body)+sha256.Size > maxMemo {
		return
	}
	sum := sha256.Sum256(body)
	_ = m.Store(memoName, append(sum[:], body...))
}

// trim removes all but some of the keys that are not to be kept.
func trim[V any](m map[string]V, keep map[string]bool) {
	left := spare
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if keep[key] {
			continue
		}
		if left--; left < 0 {
			delete(m, key)
		}
	}
}
