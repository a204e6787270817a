package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"github.com/sealift/sealift/gitops"
	"golang.org/x/term"
)

// maxTyped is how many bytes are taken from a terminal; longer values are for files.
const maxTyped = 4096

// ask asks for a value on the terminal, which does not show it: it is raw from before
// the question until after the answer, so that nothing else sets its mode.
func (b *bot) ask(ctx context.Context, key string) ([]byte, error) {
	fd := int(b.stdin.Fd())
	state, err := term.MakeRaw(fd)
	if err != nil {
		return nil, gitops.Errorf(gitops.Unavailable, "terminal: %w", err)
	}
	defer func() {
		_ = term.Restore(fd, state)
		fmt.Fprintln(b.stderr)
	}()
	fmt.Fprintf(b.stderr, "value of %s: ", gitops.Printable(key))
	type answer struct {
		value []byte
		err   error
	}
	got := make(chan answer, 1)
	go func() {
		value, err := typed(b.stdin, interruptSelf)
		got <- answer{value, err}
	}()
	select {
	case <-ctx.Done(): // the read goes on until the process ends
		return nil, ctx.Err()
	case a := <-got:
		if a.err != nil {
			return nil, gitops.Errorf(gitops.Invalid, "value of %s: %w", gitops.Quote(key), a.err)
		}
		return a.value, nil
	}
}

// interruptSelf does what the key for it does on a terminal that is not raw.
func interruptSelf() {
	if p, err := os.FindProcess(os.Getpid()); err == nil {
		_ = p.Signal(os.Interrupt)
	}
}

// The keys that a raw terminal leaves to the program.
const (
	keyInterrupt = 0x03
	keyEnd       = 0x04
	keyBackspace = 0x08
	keyKill      = 0x15
	keyDelete    = 0x7f
)

// typed reads one line from a raw terminal, into one buffer.
func typed(r io.Reader, interrupt func()) ([]byte, error) {
	line := make([]byte, 0, maxTyped)
	var key [1]byte
	for {
		if _, err := io.ReadFull(r, key[:]); err != nil {
			clear(line)
			return nil, errors.New("none was given")
		}
		switch c := key[0]; c {
		case '\r', '\n':
			return line, nil
		case keyInterrupt:
			interrupt()
		case keyEnd:
			if len(line) == 0 {
				return nil, errors.New("none was given")
			}
			return line, nil
		case keyBackspace, keyDelete:
			_, size := utf8.DecodeLastRune(line)
			line = line[:len(line)-size]
		case keyKill:
			line = line[:0]
		default:
			if len(line) == maxTyped {
				clear(line)
				return nil, fmt.Errorf("longer than %d bytes, use --from-file", maxTyped)
			}
			line = append(line, c)
		}
	}
}
