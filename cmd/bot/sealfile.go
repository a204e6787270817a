package main

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/seal"
)

// mergeFile changes a file in place. It keeps its mode, and is whole at any time.
func mergeFile(name string, s seal.Secret) error {
	data, err := readFile(name)
	if err != nil {
		return err
	}
	merged, err := seal.Merge(name, data, s)
	if err != nil {
		return err
	}
	return replaceFile(name, merged)
}

// replaceFile writes a file that is there anew, whole at any time, with the mode that it
// has.
func replaceFile(name string, data []byte) error {
	name, err := filepath.EvalSymlinks(name)
	if err != nil {
		return unreadable(name, err)
	}
	info, err := os.Stat(name)
	if err != nil {
		return unreadable(name, err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), ".seal-*")
	if err != nil {
		return gitops.Errorf(gitops.Unavailable, "output: %w", err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(data)
	if err := errors.Join(err, tmp.Chmod(info.Mode().Perm()), tmp.Close()); err != nil {
		return gitops.Errorf(gitops.Unavailable, "output: %w", err)
	}
	return os.Rename(tmp.Name(), name)
}

func readFile(name string) ([]byte, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, unreadable(name, err)
	}
	return data, nil
}

// unreadable is a file of the command line that cannot be read.
func unreadable(name string, err error) error {
	code := gitops.Unavailable
	if errors.Is(err, os.ErrNotExist) {
		code = gitops.NotFound
	}
	return gitops.Errorf(code, "file %s cannot be read: %w", gitops.Quote(name), reason(err))
}

// reason is what the system says of a file, without its name.
func reason(err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e.Err
	}
	return err
}
