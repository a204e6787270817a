package layout

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
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
const memoName = "layout-facts-v11"

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

// loadKnown reads the memo. One that is missing, damaged or too large is an empty one:
// all files are read then.
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
	if bytes.Equal(sum[:], data[:sha256.Size]) {
		k.decode(string(data[sha256.Size:]))
	}
	return k
}

// The kept form: on the first line the keys without facts, separated by spaces,
// then a line for each blob with facts, of fields that end with a NUL: the key,
// letters for the flags, what it yields, the number of loads, the loads, the
// refs and, last and only with the letter d, what is no path as JSON.
// Neither keys nor paths hold NULs or line ends.
func (k *known) encode() []byte {
	var b bytes.Buffer
	b.WriteString(strings.Join(slices.Sorted(maps.Keys(k.nothing)), " "))
	for _, key := range slices.Sorted(maps.Keys(k.said)) {
		f := k.said[key]
		fields := slices.Concat([]string{key, f.letters(), strconv.Itoa(int(f.Yields)), strconv.Itoa(len(f.Loads))}, f.Loads, f.Refs)
		if f.inJSON() {
			docs, err := json.Marshal(keptDocs{f.Docs, f.Maps, f.Plugins, f.Words})
			if err != nil {
				continue
			}
			fields = append(fields, string(docs))
		}
		b.WriteString("\n" + strings.Join(fields, "\x00"))
	}
	return b.Bytes()
}

// keptDocs are what one blob says that has more than paths.
type keptDocs struct {
	Docs    []document `json:"d,omitempty"`
	Maps    []string   `json:"m,omitempty"`
	Plugins []string   `json:"p,omitempty"`
	Words   []string   `json:"w,omitempty"`
}

// inJSON reports whether there is something to be kept as JSON.
func (f *facts) inJSON() bool { return len(f.Docs)+len(f.Maps)+len(f.Plugins)+len(f.Words) > 0 }

// letters are the flags of facts.
func (f *facts) letters() string {
	var s string
	for _, flag := range []struct {
		on     bool
		letter string
	}{{f.Component, "c"}, {f.Unknown, "u"}, {f.Loose, "l"}, {f.Foreign, "f"}, {f.Remote, "r"}, {f.inJSON(), "d"}} {
		if flag.on {
			s += flag.letter
		}
	}
	return s
}

// decode adds what encode wrote. A line that is damaged is left out.
func (k *known) decode(text string) {
	nothing, rest, _ := strings.Cut(text, "\n")
	for key := range strings.FieldsSeq(nothing) {
		k.nothing[key] = true
	}
	for line := range strings.Lines(rest) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\x00")
		if f, ok := decodeFacts(fields); ok {
			k.said[fields[0]] = f
		}
	}
}

// decodeFacts reads the fields of one line, without its key, which the caller has. It
// trusts no count: the memo is on disk.
func decodeFacts(fields []string) (f facts, ok bool) {
	if len(fields) < 4 {
		return f, false
	}
	letters, paths := fields[1], fields[4:]
	f.Component, f.Unknown, f.Loose = strings.Contains(letters, "c"), strings.Contains(letters, "u"), strings.Contains(letters, "l")
	f.Foreign, f.Remote = strings.Contains(letters, "f"), strings.Contains(letters, "r")
	flags, _ := strconv.ParseUint(fields[2], 10, 8)
	f.Yields = yields(flags)
	if strings.Contains(letters, "d") && len(paths) > 0 {
		var kept keptDocs
		if json.Unmarshal([]byte(paths[len(paths)-1]), &kept) != nil {
			return f, false
		}
		f.Docs, f.Maps, f.Plugins, f.Words = kept.Docs, kept.Maps, kept.Plugins, kept.Words
		paths = paths[:len(paths)-1]
	}
	n, err := strconv.Atoi(fields[3])
	if err != nil || n < 0 || n > len(paths) {
		return f, false
	}
	f.Loads, f.Refs = paths[:n:n], paths[n:]
	return f, true
}

// get returns what a file says, by what is known of its content.
func (k *known) get(key string) (facts, bool) {
	if k.nothing[key] {
		return facts{}, true
	}
	f, ok := k.said[key]
	return f, ok
}

// put notes what a file says. Most files say nothing, which costs a key alone.
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
	body := k.encode()
	if len(body)+sha256.Size > maxMemo {
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
