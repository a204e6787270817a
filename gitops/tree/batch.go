package tree

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"sync"

	"github.com/sealift/sealift/gitops"
)

// lanes is how many git cat-file processes a [Repo] keeps.
const lanes = 2

// batch reads objects through long-lived git cat-file processes. Each serves
// one request at a time; a request may name many objects.
type batch struct {
	git     git
	maxBlob int64
	pool    chan *lane      // lanes elements; nil is a process not started yet
	closed  context.Context // ends with close, and every process with it
	stop    context.CancelFunc
}

func newBatch(g git, maxBlob int64) *batch {
	b := &batch{git: g, maxBlob: maxBlob, pool: make(chan *lane, lanes)}
	b.closed, b.stop = context.WithCancel(context.Background())
	for range lanes {
		b.pool <- nil
	}
	return b
}

// close waits for the requests under way, which fail, and ends the processes.
func (b *batch) close() {
	b.stop()
	for range lanes {
		if l := <-b.pool; l != nil {
			l.end()
		}
	}
	for range lanes { // who asks later fails to start a process, and does not wait for ever
		b.pool <- nil
	}
}

// object is one answer of [batch.read]: the bytes, or why there are none.
type object struct {
	data []byte
	err  error // errMissing, errTooLarge
}

var (
	errMissing  = errors.New("object is missing")
	errTooLarge = errors.New("object is too large")
	errDead     = errors.New("git cat-file ended early")
)

// read gets the objects of ids, in order, and passes each to got with its index. A
// process that died is replaced once. An object that is too large ends the request
// without an error. got is called from this goroutine, once for each object that was
// answered; after an error some were not.
func (b *batch) read(ctx context.Context, ids []string, got func(int, object)) error {
	n, err := b.try(ctx, false, ids, got)
	if errors.Is(err, errDead) {
		_, err = b.try(ctx, true, ids[n:], func(i int, o object) { got(n+i, o) })
	}
	switch {
	case err == nil:
		return nil
	case b.closed.Err() != nil:
		return &gitops.Error{Code: gitops.Unavailable, Message: "repository is closed", Err: err}
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	}
	return &gitops.Error{Code: gitops.Unavailable, Message: "git objects not readable: " + err.Error(), Err: err}
}

// try sends one request and returns how many objects it got. It gives its place in the
// pool back whatever happens: empty when the process may still have an answer in its
// pipe, because the next request would take that for its own.
func (b *batch) try(ctx context.Context, fresh bool, ids []string, got func(int, object)) (int, error) {
	var l *lane
	select {
	case l = <-b.pool:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	defer func() { b.pool <- l }()
	if l != nil && fresh {
		l.end()
		l = nil
	}
	if l == nil {
		var err error
		if l, err = startLane(b.closed, b.git, b.maxBlob); err != nil {
			return 0, err
		}
	}
	stop := context.AfterFunc(ctx, l.kill)
	n, err := l.read(ids, b.maxBlob, got)
	if !stop() || err != nil {
		l.end()
		l = nil
	}
	if errors.Is(err, errTooLarge) {
		err = nil
	}
	return n, err
}

// lane is one git cat-file process.
type lane struct {
	cmd  *exec.Cmd
	kill context.CancelFunc // may be called again
	in   io.WriteCloser
	out  *bufio.Reader
}

// startLane starts a process that lives until kill or the end of ctx.
func startLane(ctx context.Context, g git, maxBlob int64) (*lane, error) {
	ctx, kill := context.WithCancel(ctx)
	// Files beyond the threshold are streamed by git, not held in its memory.
	threshold := "core.bigFileThreshold=" + strconv.FormatInt(maxBlob, 10)
	cmd := g.command(ctx, "", "-c", threshold, "cat-file", "--batch")
	in, err := cmd.StdinPipe()
	if err == nil {
		var out io.Reader
		if out, err = cmd.StdoutPipe(); err == nil {
			if err = cmd.Start(); err == nil {
				return &lane{cmd: cmd, kill: kill, in: in, out: bufio.NewReaderSize(out, 64<<10)}, nil
			}
		}
	}
	kill()
	return nil, err
}

// end kills the process and waits for it.
func (l *lane) end() {
	l.kill()
	l.cmd.Wait() // killed: the status says nothing
}

// pipeRoom is what an empty pipe takes without waiting on every system
// (PIPE_BUF of Linux).
const pipeRoom = 4096

// read sends the request and reads the answers. A long request is written while
// the answers are read, so that neither side waits for the other with a full
// pipe. A write that fails needs no handling: the answers end too.
func (l *lane) read(ids []string, maxBlob int64, got func(int, object)) (int, error) {
	var wg sync.WaitGroup
	defer wg.Wait()
	request := strings.Join(ids, "\n") + "\n"
	if len(request) <= pipeRoom {
		io.WriteString(l.in, request)
	} else {
		wg.Go(func() { io.WriteString(l.in, request) })
	}
	for i := range ids {
		o, err := l.next(maxBlob)
		if err != nil {
			l.kill()
			return i, err
		}
		got(i, o)
		if o.err == errTooLarge {
			l.kill()
			return i + 1, errTooLarge
		}
	}
	return len(ids), nil
}

// next reads one answer: "ID TYPE SIZE", a line break, the bytes, a line break;
// or "ID missing" (git-cat-file(1), BATCH OUTPUT).
func (l *lane) next(maxBlob int64) (object, error) {
	line, err := l.out.ReadString('\n')
	if err != nil {
		return object{}, errDead
	}
	fields := strings.Fields(line)
	if len(fields) == 2 && fields[1] == "missing" {
		return object{err: errMissing}, nil
	}
	if len(fields) != 3 {
		return object{}, errors.New("git cat-file answered " + gitops.Quote(line))
	}
	size, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil || size < 0 {
		return object{}, errors.New("git cat-file answered " + gitops.Quote(line))
	}
	if size > maxBlob {
		return object{err: errTooLarge}, nil
	}
	data := make([]byte, size+1)
	if _, err := io.ReadFull(l.out, data); err != nil {
		return object{}, errDead
	}
	return object{data: data[:size:size]}, nil
}
