package render

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/sealift/sealift/gitops"
)

// process is one worker, on the parent's side. One goroutine uses it at a time.
type process struct {
	cmd    *exec.Cmd
	in     *os.File // to the worker
	out    *os.File // from the worker
	stderr *tail
	walls  string  // as the worker names them, joined by commas
	tenant *string // whom it renders for; nil before its first job
	jobs   int     // begun so far, see maxJobs
	buf    []byte  // of the frame read last, which decoders look into
}

// tail keeps the first and the last bytes that a worker wrote to standard error, to tell how
// it died. They may quote manifests and are never shown or logged.
type tail struct {
	mu    sync.Mutex
	first []byte // why Go gives up stands before the stacks
	last  []byte
}

// Write keeps the beginning and the end of all that was written.
func (t *tail) Write(p []byte) (int, error) {
	const keep = 16 << 10
	t.mu.Lock()
	defer t.mu.Unlock()
	t.first = append(t.first, p[:min(len(p), keep-len(t.first))]...)
	t.last = append(t.last, p...)
	if len(t.last) > keep {
		t.last = append([]byte(nil), t.last[len(t.last)-keep/2:]...)
	}
	return len(p), nil
}

func (t *tail) contains(s string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Contains(string(t.first), s) || strings.Contains(string(t.last), s)
}

// startTimeout bounds the start of a worker, its warm-up included.
const startTimeout = 30 * time.Second

// start runs a worker and waits until it is ready. The environment is empty:
// that of the service holds its secrets. Cold is without a warm-up, see fresh.
func start(ctx context.Context, program string, cold bool) (*process, error) {
	mode := argWarm
	if cold {
		mode = argCold
	}
	p := &process{stderr: &tail{}}
	p.cmd = &exec.Cmd{Path: program, Args: []string{workerName, mode}, Env: []string{}, Dir: "/", Stderr: p.stderr, SysProcAttr: processAttributes()}
	childIn, in, err := os.Pipe()
	if err != nil {
		return nil, unavailable(err)
	}
	out, childOut, err := os.Pipe()
	if err != nil {
		childIn.Close()
		in.Close()
		return nil, unavailable(err)
	}
	p.in, p.out = in, out
	p.cmd.Stdin, p.cmd.Stdout = childIn, childOut
	err = p.cmd.Start()
	childIn.Close()
	childOut.Close()
	if err != nil {
		in.Close()
		out.Close()
		return nil, unavailable(err)
	}
	if err := p.ready(ctx); err != nil {
		p.kill()
		return nil, err
	}
	return p, nil
}

// unavailable is a machine that cannot do what it must, such as one without processes
// or file descriptors left: nothing that an overlay could be blamed for.
func unavailable(err error) error {
	return &gitops.Error{Code: gitops.Unavailable, Message: "render worker: " + err.Error(), Err: err}
}

// ready waits for the worker's first frame. What it wrote to standard error is not part
// of the error: it may be anything.
func (p *process) ready(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = p.cmd.Process.Kill() })
	defer stop()
	_ = p.out.SetReadDeadline(time.Now().Add(startTimeout))
	msg, d, buf, err := readFrame(p.out, p.buf)
	p.buf = buf
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil || msg != msgReady {
		return gitops.Errorf(gitops.Unavailable, "render worker: did not start")
	}
	p.walls = d.string()
	return nil
}

// outcome is how a job ended: objects, or a failure.
type outcome struct {
	objects  []gitops.Object
	doubts   []gitops.Doubt
	failure  *failure // nil when it renders
	poisoned bool     // the job changed kustomize's schema, see fresh
	broken   bool     // the process cannot be used again
}

// do renders a source with what s serves. The error is a source that failed or a
// context that ended; everything that the overlay itself is to blame for is an
// outcome.
func (p *process) do(ctx context.Context, s *server, src Source, b budget) (outcome, error) {
	stop := context.AfterFunc(ctx, func() { _ = p.cmd.Process.Kill() })
	defer stop()
	s.clock = newClock(b, handsOf(p.cmd.Process.Pid), func() { _ = p.cmd.Process.Kill() })
	defer s.clock.stop()
	_ = p.out.SetReadDeadline(time.Time{}) // that of ready; from here on the clock counts
	p.jobs++
	job := newFrame(msgJob)
	job.string(src.Path)
	job.bytes(src.build())
	out, err := p.converse(ctx, s, job)
	// A killed worker and one that died look the same on the pipe, so the order of
	// these questions says who is to blame: the tree, the caller, the clock, the worker.
	switch {
	case err == nil:
		return out, nil
	case s.err != nil:
		return outcome{broken: true}, s.err
	case ctx.Err() != nil:
		return outcome{broken: true}, ctx.Err()
	case s.clock.expired() != "":
		return broken(gitops.CauseLimit, s.clock.expired()), nil
	}
	return p.died(), nil
}

// broken is a job that cost the process, with why; the message is our own.
func broken(cause gitops.Cause, message string) outcome {
	return outcome{broken: true, failure: &failure{cause: cause, message: message}}
}

// converse sends the job and answers questions until the job ends. Its errors are about
// the pipe and the protocol; what they say is not shown, because whatever is wrong
// there is the worker's doing.
func (p *process) converse(ctx context.Context, s *server, e *encoder) (outcome, error) {
	for {
		if err := e.writeTo(p.in); err != nil {
			return outcome{}, err
		}
		msg, d, buf, err := readFrame(p.out, p.buf)
		p.buf = buf
		if err != nil {
			return outcome{}, err
		}
		switch msg {
		case msgLookup:
			if e, err = s.answer(ctx, d); err != nil {
				return outcome{}, err
			}
		case msgResult:
			return decodeResult(d)
		case msgFailed:
			f := d.failure()
			return outcome{failure: &f, poisoned: f.poisoned}, nil
		default:
			return outcome{}, fmt.Errorf("message %d", msg)
		}
	}
}

// decodeResult reads the frame of a job that went well. A worker that was taken over
// can send any objects it likes, which is no more than its manifests could say; it
// cannot send what is no result.
func decodeResult(d *decoder) (outcome, error) {
	out := outcome{poisoned: d.flag(), objects: d.objects(), doubts: d.doubts()}
	if d.bad {
		return outcome{}, errors.New("malformed result")
	}
	return out, nil
}

// died tells from the remains of a worker what killed it. Go's runtime says on
// standard error why it gives up; the message has our own words or the exit status,
// never those bytes.
func (p *process) died() outcome {
	p.kill()
	switch {
	case p.stderr.contains("stack exceeds"), p.stderr.contains("stack overflow"):
		return broken(gitops.CauseLimit, "render nests without end: an alias that contains itself?")
	case p.stderr.contains("out of memory"), p.stderr.contains("cannot allocate memory"):
		return broken(gitops.CauseLimit, fmt.Sprintf("render needs more than %d MiB of memory", maxData>>20))
	case strings.Contains(p.cmd.ProcessState.String(), "CPU time limit"):
		return broken(gitops.CauseLimit, fmt.Sprintf("render took more than %v of processor time", maxCPU))
	}
	return broken(gitops.CauseLimit, "render worker died: "+p.cmd.ProcessState.String())
}

// tired reports whether a worker has used so much of the processor time of its life that
// another render could be the one to end it.
func (p *process) tired() bool {
	used, known := processTime(p.cmd.Process.Pid)
	return known && used > maxCPU/2
}

// kill ends the worker and waits for it. It may be called again.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	_ = p.in.Close()
	_ = p.out.Close()
}
