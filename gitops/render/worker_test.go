package render

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sealift/sealift/gitops"
)

// frameOf is a frame of any content, as printf of a shell writes it.
func frameOf(length int, body ...byte) string {
	b := binary.BigEndian.AppendUint32(nil, uint32(length))
	var s strings.Builder
	for _, c := range append(b, body...) {
		fmt.Fprintf(&s, "\\%03o", c)
	}
	return s.String()
}

// TestWorkerLies runs programs in place of the worker that speak the protocol
// wrongly: what a worker could do that a manifest has taken over. The parent
// ends each with an error of that overlay, or says that workers do not start.
func TestWorkerLies(t *testing.T) {
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("no shell to write the programs in")
	}
	ready := "printf '" + frameOf(2, msgReady, 0) + "'\n"
	say := func(s string) string { return ready + "printf '" + s + "'\n" }
	lookup := frameOf(1+1+6+4, msgLookup, 1, 1, 'x', 3, 'a', 'p', 'p', 0, 0, 0, 0)
	dir := t.TempDir()
	const stay = "read -r forever\n" // no input of ours has a line's end
	for name, c := range map[string]struct {
		script, message string
		fatal           bool // no worker starts: an error of the machine
	}{
		"ends at once":           {"exit 0\n", "did not start", true},
		"speaks out of turn":     {"printf '" + frameOf(1, msgResult) + "'\n" + stay, "did not start", true},
		"is no worker":           {"echo hello, world\n" + stay, "did not start", true},
		"ends when asked":        {ready, "died", false},
		"never answers":          {ready + stay + stay, "took longer than 1s", false},
		"frame of 4 GB":          {say(frameOf(-1)) + stay, "died", false},
		"frame of nothing":       {say(frameOf(0)) + stay, "died", false},
		"frame that breaks off":  {say(frameOf(100, msgResult, 0)), "died", false},
		"unknown message":        {say(frameOf(1, 99)) + stay, "died", false},
		"ready again":            {say(frameOf(2, msgReady, 0)) + stay, "died", false},
		"four billion objects":   {say(frameOf(7, msgResult, 0, 0xff, 0xff, 0xff, 0xff, 0x0f)) + stay, "died", false},
		"object that breaks off": {say(frameOf(4, msgResult, 0, 1, 9)) + stay, "died", false},
		"question that breaks":   {say(frameOf(3, msgLookup, 1, 9)) + stay, "died", false},
		"a flood of questions":   {ready + "while :; do printf '" + lookup + "'; done\n", "took longer than 1s", false}, // which nobody reads the answers to
		"floods standard error":  {ready + "while :; do echo panic >&2; done\n", "took more than 1s of processor time", false},
	} {
		// Written before any process starts: one that is born meanwhile would
		// hold the file open, and it could not be run.
		program := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
		if err := os.WriteFile(program, []byte("#!/bin/sh\n"+c.script), 0o755); err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRenderer(t, Options{Program: program, Workers: 1, Timeout: time.Second})
			r.limit.wall = time.Second
			if strings.Contains(c.message, "processor") {
				r.limit.wall = time.Hour
			}
			got, err := r.Render(t.Context(), memory(app("resources: [r.yaml]\n")), "app")
			switch {
			case c.fatal:
				if gitops.CodeOf(err) != gitops.Unavailable || !strings.Contains(err.Error(), c.message) {
					t.Errorf("%v", err)
				}
			case err != nil:
				t.Errorf("an error of the machine: %v", err)
			case got.Err == nil || got.Err.Cause != gitops.CauseLimit || !strings.Contains(got.Err.Message, c.message):
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestTenants renders for two repositories with one set of workers: none of
// them ever serves both.
func TestTenants(t *testing.T) {
	r := newRenderer(t, Options{Workers: 1})
	src := memory(app("resources: [r.yaml]\n"))
	served := map[int]string{} // process -> tenant
	for range 3 {
		for _, tenant := range []string{"one", "one", "two"} {
			renders(t, r.For(tenant, nil, nil), src, "app")
			r.mu.Lock()
			for _, p := range r.idle {
				pid := p.cmd.Process.Pid
				if p.tenant == nil || served[pid] != "" && served[pid] != *p.tenant {
					t.Fatalf("process %d served %q and %v", pid, served[pid], p.tenant)
				}
				served[pid] = *p.tenant
			}
			r.mu.Unlock()
		}
	}
	if s := r.Stats(); len(served) < 2 || s.Renders != 9 {
		t.Errorf("%+v, processes %v", s, served)
	}
}
