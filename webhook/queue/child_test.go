package queue_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sealift/sealift/webhook/queue"
	"github.com/sealift/sealift/webhook/store"
)

// The environment of a child process.
const (
	childURL     = "SEALIFT_QUEUE_CHILD"   // its database
	childEffects = "SEALIFT_QUEUE_EFFECTS" // the file that stands for the outside world
	childSeed    = "SEALIFT_QUEUE_SEED"
)

// process is a child: this test binary, working on a queue. It reads "accept ID
// KEY CLASS" and "drain" on its input, and writes "stored ID", "refused ID",
// "ran ID" and "drained". It stops when its input ends.
type process struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
}

// spawn starts a child whose lines go to lines, and "dead SLOT" at its end.
func spawn(t *testing.T, slot int, url, effects string, seed uint64, lines chan<- string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childURL+"="+url, childEffects+"="+effects, childSeed+"="+strconv.FormatUint(seed, 10))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		for s := bufio.NewScanner(stdout); s.Scan(); {
			lines <- s.Text()
		}
		_ = cmd.Wait() // killed, mostly
		lines <- fmt.Sprint("dead ", slot)
	}()
	return &process{cmd, stdin}
}

// tell writes a command. A child that died meanwhile does not read it.
func (p *process) tell(format string, args ...any) { fmt.Fprintf(p.stdin, format+"\n", args...) }

func (p *process) kill() { _ = p.cmd.Process.Kill() } // it may be dead already

// child is the main function of a child process.
func child(url string) {
	if err := work(url); err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(1)
	}
}

func work(url string) error {
	seed, err := strconv.ParseUint(os.Getenv(childSeed), 10, 64)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError + 1}))
	s, err := store.Open(context.Background(), url, store.Options{Exclusive: true, Logger: log})
	if err != nil {
		return err
	}
	r := &effector{store: s, file: os.Getenv(childEffects), rng: rand.New(rand.NewPCG(seed, 2))}
	q, err := queue.New(s, r, queue.Options{Backoff: 1, Attempts: 1000, Lease: 2 * time.Second, Logger: log})
	if err != nil {
		return err
	}
	if err := q.Start(context.Background()); err != nil {
		return err
	}
	listen(q)
	return errors.Join(q.Stop(context.Background()), s.Close())
}

func listen(q *queue.Queue) {
	var all sync.WaitGroup
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		f := strings.Split(in.Text(), " ")
		all.Go(func() {
			if f[0] == "drain" {
				drain(q)
				fmt.Println("drained")
				return
			}
			_, err := q.Accept(context.Background(), queue.Delivery{ID: f[1], Event: "e", Key: f[2], Class: f[3], Payload: []byte(f[1])})
			if err != nil {
				fmt.Println("refused", f[1])
				return
			}
			fmt.Println("stored", f[1])
		})
	}
	all.Wait()
}

// drain waits until nothing is left to do; the database may be away meanwhile.
func drain(q *queue.Queue) {
	for again := time.NewTicker(20 * time.Millisecond); ; <-again.C {
		if d, err := q.Depth(context.Background()); err == nil && drained(d) {
			return
		}
	}
}

// effector has effects on a file, through the action log, and dies at times at
// the worst moments.
type effector struct {
	store *store.Store
	file  string
	mu    sync.Mutex
	rng   *rand.Rand
}

// Run implements queue.Runner.
func (e *effector) Run(ctx context.Context, j queue.Job) error {
	if string(j.Payload) != j.ID {
		panic("payload lost")
	}
	e.perhapsDie()
	_, err := e.store.Once(ctx, store.Action{Key: j.ID, Job: j.ID, Target: j.Key}, func(context.Context) (string, error) {
		err := e.write(j.ID)
		e.perhapsDie()
		return "written", err
	})
	e.perhapsDie()
	fmt.Println("ran", j.ID)
	return err
}

// perhapsDie ends the process as kill -9 does, about once in 100 calls.
func (e *effector) perhapsDie() {
	e.mu.Lock()
	die := e.rng.IntN(100) == 0
	e.mu.Unlock()
	if die {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

// write looks for id in the file and appends it when it is not there. Nothing
// but the queue keeps two jobs with one id from doing so at the same time.
func (e *effector) write(id string) error {
	text, err := os.ReadFile(e.file)
	if err != nil {
		return err
	}
	if bytes.Contains(text, []byte(" "+id+"\n")) {
		return nil
	}
	f, err := os.OpenFile(e.file, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(" " + id + "\n")
	return errors.Join(err, f.Close())
}
