package render

import (
	"encoding/hex"
	"slices"

	"github.com/sealift/sealift/gitops"
)

// trace is one way in which a source was rendered.
type trace struct {
	key    [32]byte // of the source and all its reads
	at     spot     // of the render
	reads  []int    // into index.reads
	failed bool     // the render has an error
}

// name is what the render is sealed with: it opens under no other.
func (t trace) name() string { return "renders/" + hex.EncodeToString(t.key[:]) }

// index holds the traces of all sources by [Source.key]; reads are shared between them.
type index struct {
	reads  []gitops.Read
	number map[gitops.Read]int // of reads, nil until something is added
	traces map[string][]trace  // newest first
}

// maxTraces is how many traces are kept of one source: a few branches.
const maxTraces = 6

func newIndex() index {
	return index{traces: map[string][]trace{}}
}

// intern returns the numbers of reads, and gives new ones a number. Numbers are good
// for the life of this process; encode gives others.
func (x *index) intern(reads []gitops.Read) []int {
	if x.number == nil {
		x.number = make(map[gitops.Read]int, len(x.reads))
		for i, r := range x.reads {
			x.number[r] = i
		}
	}
	list := make([]int, len(reads))
	for i, r := range reads {
		n, ok := x.number[r]
		if !ok {
			n = len(x.reads)
			x.reads = append(x.reads, r)
			x.number[r] = n
		}
		list[i] = n
	}
	return list
}

// add makes tr the newest trace of p, and forgets the oldest of too many.
func (x *index) add(p string, tr trace) {
	old := slices.DeleteFunc(x.traces[p], func(o trace) bool { return o.key == tr.key })
	x.traces[p] = append([]trace{tr}, old[:min(len(old), maxTraces-1)]...)
}

// encode writes the reads that a trace still uses, and the traces.
func (x *index) encode() []byte {
	e := &encoder{}
	e.string(engine)
	e.uint(len(x.traces))
	used := map[int]int{}
	var reads []gitops.Read
	for p, list := range x.traces {
		e.string(p)
		e.uint(len(list))
		for _, tr := range list {
			e.b = append(e.b, tr.key[:]...)
			e.b = append(e.b, tr.at.pack[:]...)
			e.uint(tr.at.offset)
			e.uint(tr.at.size)
			e.flag(tr.failed)
			e.uint(len(tr.reads))
			for _, n := range tr.reads {
				m, ok := used[n]
				if !ok {
					m = len(reads)
					used[n] = m
					reads = append(reads, x.reads[n])
				}
				e.uint(m)
			}
		}
	}
	e.uint(len(reads))
	for _, r := range reads {
		e.string(r.Path)
		e.uint(int(r.Kind))
		e.string(r.ID)
	}
	return e.b
}

// decode fills an empty index. Data that does not fit leaves it empty: what was sealed
// here is trusted to be ours, not to be of this version.
func (x *index) decode(data []byte) {
	d := &decoder{b: data}
	if d.string() != engine {
		return
	}
	for range d.count() {
		p := d.string()
		for range d.count() {
			tr := trace{key: d.key(), at: spot{pack: d.id(), offset: d.uint(), size: d.uint()}, failed: d.flag()}
			tr.reads = make([]int, d.count())
			for i := range tr.reads {
				tr.reads[i] = d.uint()
			}
			x.traces[p] = append(x.traces[p], tr)
		}
	}
	x.reads = make([]gitops.Read, d.count())
	for i := range x.reads {
		x.reads[i] = gitops.Read{Path: d.string(), Kind: gitops.Kind(d.uint()), ID: d.string()}
	}
	if d.bad || !x.sound() {
		*x = newIndex()
	}
}

// sound reports whether every trace points at reads that are there.
func (x *index) sound() bool {
	for _, list := range x.traces {
		for _, tr := range list {
			for _, n := range tr.reads {
				if n >= len(x.reads) {
					return false
				}
			}
		}
	}
	return true
}
