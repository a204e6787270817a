package tree

import (
	"os"
	"path/filepath"
	"strings"
)

// newShadow makes a bare git directory that borrows the objects of l. The file
// that marks shallow commits is a link, so that a clone that is deepened later
// is seen as it is.
func newShadow(temp string, l location) (string, error) {
	dir, err := newBare(temp, "sealift-git-", l.format)
	if err != nil {
		return "", err
	}
	objects := filepath.Join(l.commonDir, "objects")
	err = writeFile(dir, "objects/info/alternates", quotePath(objects)+"\n")
	if err == nil {
		err = os.Symlink(filepath.Join(l.commonDir, "shallow"), filepath.Join(dir, "shallow"))
	}
	if err != nil {
		os.RemoveAll(dir)
		return "", err
	}
	return dir, nil
}

// newBare makes an empty bare repository for objects of a format (sha1 or
// sha256) in a new directory (gitrepository-layout(5)).
func newBare(parent, prefix, format string) (string, error) {
	dir, err := os.MkdirTemp(parent, prefix)
	if err != nil {
		return "", err
	}
	err = os.MkdirAll(filepath.Join(dir, "objects", "info"), 0o700)
	if err == nil {
		err = os.Mkdir(filepath.Join(dir, "refs"), 0o700)
	}
	if err == nil {
		err = writeFile(dir, "HEAD", "ref: refs/heads/none\n")
	}
	if err == nil {
		err = writeFile(dir, "config", "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = "+format+"\n")
	}
	if err != nil {
		os.RemoveAll(dir)
		return "", err
	}
	return dir, nil
}

// writeFile writes a file below a git directory of ours; name has slashes.
func writeFile(dir, name, content string) error {
	return os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(content), 0o600)
}

// quotePath quotes a path as git's info/alternates wants it (C style).
func quotePath(path string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(path) + `"`
}
