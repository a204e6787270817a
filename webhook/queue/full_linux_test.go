package queue_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/queue"
	"github.com/sealift/sealift/webhook/store"
)

// fullDisk is set in the process whose disk gets full.
const fullDisk = "SEALIFT_QUEUE_FULL_DISK"

// The disk gets full while deliveries are accepted: they are refused as unavailable, so
// that GitHub shows them as failed and they come again. Those that were accepted run, and
// once there is room all goes on. No file of the process may grow meanwhile, so it has a
// process of its own.
func TestFullDisk(t *testing.T) {
	if os.Getenv(fullDisk) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestFullDisk$", "-test.v")
		cmd.Env = append(os.Environ(), fullDisk+"=yes")
		if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("--- PASS")) {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	url := filepath.Join(t.TempDir(), "db")
	var ran atomic.Int64
	q := start(t, url, queue.Options{}, func(context.Context, queue.Job) error { ran.Add(1); return nil })
	payload := bytes.Repeat([]byte("x"), 32<<10)
	stored := 0
	offer := func() error {
		_, err := q.Accept(t.Context(), queue.Delivery{ID: fmt.Sprint("d", stored), Event: "e", Key: "k", Payload: payload})
		if err == nil {
			stored++
		}
		return err
	}
	for range 3 {
		if err := offer(); err != nil {
			t.Fatal(err)
		}
	}
	var free syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &free); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(url + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	full := free
	full.Cur = uint64(info.Size()) + 64<<10
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &full); err != nil {
		t.Fatal(err)
	}
	var refused error
	for refused == nil && stored < 10_000 {
		refused = offer()
	}
	if gitops.CodeOf(refused) != gitops.Unavailable {
		t.Errorf("with a full disk: %v after %d", refused, stored)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &free); err != nil {
		t.Fatal(err)
	}
	if err := offer(); err != nil {
		t.Errorf("with room again: %v", err)
	}
	until(t, q, func(d store.Depth) bool { return drained(d) })
	if n := int(ran.Load()); n < stored {
		t.Errorf("%d of %d ran", n, stored)
	}
}
