package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/seal"
	"golang.org/x/term"
)

// wanted is one value to get.
type wanted struct {
	key string
	// literal says that the value is asked for; file is where it stands otherwise,
	// "-" for standard input. With both it is asked for on a terminal, and all of
	// standard input without one.
	literal bool
	file    string
}

// wanted is the values that flags ask for.
func (f sealFlags) wanted() ([]wanted, error) {
	var out []wanted
	for _, key := range f.literals {
		if key, _, ok := strings.Cut(key, "="); ok {
			return nil, &gitops.Error{Code: gitops.Invalid,
				Message: "--from-literal takes a key alone: the value of " + gitops.Quote(key) + " is now in the history of your shell, and every user of this machine could read it in the list of processes",
				Hint:    "change the value, clear the history, and run `--from-literal " + gitops.Printable(key) + "`, which asks for it"}
		}
		out = append(out, wanted{key: key, literal: true})
	}
	for _, arg := range f.files {
		key, file, ok := strings.Cut(arg, "=")
		if !ok {
			key, file = filepath.Base(arg), arg
		}
		if !ok && arg == "-" && !f.raw {
			return nil, usageError{errors.New("--from-file: write KEY=- to take the value of a key from standard input")}
		}
		out = append(out, wanted{key: key, file: file})
	}
	if f.raw && len(out) == 0 {
		out = []wanted{{key: "value", literal: true, file: "-"}}
	}
	if f.raw && len(out) > 1 {
		return nil, usageError{errors.New("--raw takes one value")}
	}
	return out, checkWanted(out, f.raw)
}

// checkWanted refuses keys that are wrong or there twice before anything is asked.
func checkWanted(list []wanted, raw bool) error {
	seen := map[string]bool{}
	stdin := 0
	for _, w := range list {
		if err := seal.CheckKey(w.key); err != nil && !raw {
			return err
		}
		if seen[w.key] {
			return usageError{fmt.Errorf("key %s is given twice", gitops.Quote(w.key))}
		}
		seen[w.key] = true
		if w.file == "-" {
			stdin++
		}
	}
	switch {
	case len(list) == 0:
		return usageError{errors.New("no value to seal: use --from-literal KEY or --from-file [KEY=]FILE")}
	case stdin > 1:
		return usageError{errors.New("standard input can be the value of one key only")}
	}
	return nil
}

// values gets the values. Those that it got before an error are returned too, to be
// zeroed.
func (b *bot) values(ctx context.Context, list []wanted) (map[string][]byte, error) {
	out := map[string][]byte{}
	terminal := term.IsTerminal(int(b.stdin.Fd()))
	var lines [][]byte
	if !terminal && slices.ContainsFunc(list, func(w wanted) bool { return w.literal && w.file == "" }) {
		if slices.ContainsFunc(list, func(w wanted) bool { return w.file == "-" }) {
			return out, usageError{errors.New("standard input cannot be both a file and the answers to --from-literal")}
		}
		input, err := readAll(b.stdin, "standard input")
		defer clear(input)
		if err != nil {
			return out, err
		}
		lines = bytes.SplitAfter(input, []byte("\n"))
	}
	for _, w := range list {
		var value []byte
		var err error
		switch {
		case w.literal && terminal:
			value, err = b.ask(ctx, w.key)
		case w.literal && w.file == "":
			value, lines, err = firstLine(lines, w.key)
		case w.file == "-":
			value, err = readAll(b.stdin, "standard input")
		default:
			value, err = readValue(w.file)
		}
		if err != nil {
			return out, err
		}
		out[w.key] = value
	}
	return out, nil
}

// firstLine takes a value from lines, without the end of the line.
func firstLine(lines [][]byte, key string) (value []byte, rest [][]byte, err error) {
	if len(lines) == 0 || len(lines[0]) == 0 {
		return nil, nil, gitops.Errorf(gitops.Invalid, "standard input has no line for the value of %s", gitops.Quote(key))
	}
	line := bytes.TrimSuffix(bytes.TrimSuffix(lines[0], []byte("\n")), []byte("\r"))
	return bytes.Clone(line), lines[1:], nil
}

func readValue(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, unreadable(name, err)
	}
	defer f.Close()
	return readAll(f, "file "+gitops.Quote(name))
}

// readAll reads what a Secret can hold, into one buffer, so that nothing of it is left
// elsewhere.
func readAll(r io.Reader, what string) ([]byte, error) {
	buffer := make([]byte, seal.MaxData+1)
	n, err := io.ReadFull(r, buffer)
	switch {
	case err == nil:
		clear(buffer)
		return nil, &gitops.Error{Code: gitops.Invalid, Message: what + " is larger than 1 MiB", Hint: "Kubernetes takes no more in a Secret"}
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		clear(buffer)
		return nil, gitops.Errorf(gitops.Unavailable, "%s cannot be read: %w", what, reason(err))
	}
	return buffer[:n], nil
}
