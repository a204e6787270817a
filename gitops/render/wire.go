package render

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/sealift/sealift/gitops"
)

// The frames between parent and worker: a four-byte big-endian length, one byte
// that says which message it is, and its fields. Strings and bytes are a uvarint
// length and the bytes; numbers are uvarints. The worker speaks strictly in turn:
// it gets one job, asks any number of questions, each answered by one frame, and
// ends the job with one result.
const (
	msgJob    byte = iota + 1 // parent: render this path, and how
	msgLookup                 // worker: what is at these paths?
	msgFound                  // parent: this
	msgResult                 // worker: the objects
	msgFailed                 // worker: why it does not render
	msgReady                  // worker: warmed up
)

// maxFrame bounds one frame in either direction: the output limit with room for
// the names around it.
const maxFrame = maxOutput + 8<<20

// encoder builds one frame: four bytes for its length, the message, the fields. The cache
// and its index use it without the first two.
type encoder struct{ b []byte }

// newFrame leaves room for the length, which writeTo fills in.
func newFrame(msg byte) *encoder { return &encoder{b: []byte{0, 0, 0, 0, msg}} }

func (e *encoder) uint(n int)      { e.b = binary.AppendUvarint(e.b, uint64(n)) }
func (e *encoder) string(s string) { e.uint(len(s)); e.b = append(e.b, s...) }
func (e *encoder) bytes(p []byte)  { e.uint(len(p)); e.b = append(e.b, p...) }

// writeTo fills in the length and writes the frame in one piece.
func (e *encoder) writeTo(w io.Writer) error {
	if len(e.b)-4 > maxFrame {
		return fmt.Errorf("frame of %d bytes exceeds %d", len(e.b)-4, maxFrame)
	}
	binary.BigEndian.PutUint32(e.b, uint32(len(e.b)-4))
	_, err := w.Write(e.b)
	return err
}

// decoder reads the fields of one frame. After the first malformed field every
// further one is zero and bad is set.
type decoder struct {
	b   []byte
	bad bool
}

// readFrame reads a frame into buf, or into a larger one that it makes; scratch is what
// to pass the next time. The decoder, and what its raw returns, is good until then.
func readFrame(r io.Reader, buf []byte) (msg byte, d *decoder, scratch []byte, err error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, buf, err
	}
	n := int(binary.BigEndian.Uint32(head[:]))
	if n < 1 || n > maxFrame {
		return 0, nil, buf, fmt.Errorf("frame of %d bytes", n)
	}
	if cap(buf) < n {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	if _, err := io.ReadFull(r, buf); err != nil {
		return 0, nil, buf, err
	}
	return buf[0], &decoder{b: buf[1:]}, buf, nil
}

// uint reads a number. None in a frame is larger than a frame may be, so an int always
// holds it, also where int has 32 bits.
func (d *decoder) uint() int {
	n, size := binary.Uvarint(d.b)
	if size <= 0 || n > maxFrame {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[size:]
	return int(n)
}

// raw returns a field without copying; it is valid until the next frame.
func (d *decoder) raw() []byte {
	n := d.uint()
	if n > len(d.b) {
		d.bad, d.b = true, nil
		return nil
	}
	p := d.b[:n:n]
	d.b = d.b[n:]
	return p
}

func (d *decoder) string() string { return string(d.raw()) }

// count returns the length of a list whose elements take at least one byte each,
// so that a short frame cannot ask for a large slice.
func (d *decoder) count() int {
	n := d.uint()
	if n > len(d.b) {
		d.bad, d.b = true, nil
		return 0
	}
	return n
}

func (e *encoder) objects(list []gitops.Object) {
	e.uint(len(list))
	for _, o := range list {
		e.string(o.APIVersion)
		e.string(o.Kind)
		e.string(o.Namespace)
		e.string(o.Name)
		e.bytes(o.YAML)
	}
}

// objects decodes what encoder.objects wrote, without references to the frame.
func (d *decoder) objects() []gitops.Object {
	n := d.count()
	if n == 0 {
		return nil
	}
	list := make([]gitops.Object, n)
	for i := range list {
		o := &list[i]
		o.APIVersion, o.Kind, o.Namespace, o.Name = d.string(), d.string(), d.string(), d.string()
		o.YAML = append([]byte(nil), d.raw()...)
	}
	return list
}

func (e *encoder) doubts(list []gitops.Doubt) {
	e.uint(len(list))
	for _, d := range list {
		e.string(d.Message)
		e.string(d.Key)
	}
}

// doubts decodes what encoder.doubts wrote.
func (d *decoder) doubts() []gitops.Doubt {
	n := d.count()
	if n == 0 {
		return nil
	}
	list := make([]gitops.Doubt, n)
	for i := range list {
		list[i] = gitops.Doubt{Message: d.string(), Key: d.string()}
	}
	return list
}

// key reads a fixed-size key.
func (d *decoder) key() (k [32]byte) {
	d.fill(k[:])
	return k
}

// id reads what names a pack.
func (d *decoder) id() (id [16]byte) {
	d.fill(id[:])
	return id
}

// fill reads as many bytes as b has.
func (d *decoder) fill(b []byte) {
	if len(d.b) < len(b) {
		d.bad, d.b = true, nil
		return
	}
	d.b = d.b[copy(b, d.b):]
}

// failure is an error on its way through a pipe. The messages of the worker are foreign
// text: they are made printable where they are shown.
type failure struct {
	code     gitops.Code // "" is invalid
	cause    gitops.Cause
	message  string
	file     string
	line     int
	column   int
	poisoned bool // the process had a foreign schema: the outcome may be wrong
}

func (e *encoder) failure(f failure) {
	e.string(string(f.code))
	e.string(string(f.cause))
	e.string(f.message)
	e.string(f.file)
	e.uint(f.line)
	e.uint(f.column)
	e.flag(f.poisoned)
}

func (d *decoder) failure() failure {
	return failure{
		code: gitops.Code(d.string()), cause: gitops.Cause(d.string()), message: d.string(), file: d.string(),
		line: d.uint(), column: d.uint(), poisoned: d.flag(),
	}
}

// Error makes it an error that goes through kustomize, or past it, as it is.
func (f *failure) Error() string { return f.message }

// error returns f as what the program speaks of.
func (f failure) error() *gitops.Error {
	code := f.code
	if code == "" {
		code = gitops.Invalid
	}
	return &gitops.Error{Code: code, Cause: f.cause, Message: f.message, File: f.file, Line: f.line, Column: f.column}
}

func (e *encoder) flag(on bool) {
	if on {
		e.uint(1)
	} else {
		e.uint(0)
	}
}

func (d *decoder) flag() bool { return d.uint() == 1 }
