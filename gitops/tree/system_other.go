//go:build !unix

package tree

import (
	"errors"
	"os"
	"os/exec"
)

// ownGroup does nothing where there are no process groups.
func ownGroup(*exec.Cmd) {}

// tryLock fails where there is no flock(2): [Remotes] need it.
func tryLock(*os.File, bool) (bool, error) { return false, errors.ErrUnsupported }
