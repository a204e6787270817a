//go:build !linux

package render

import "testing"

// noFiles is a directory in which nobody, root included, can make a file.
const noFiles = "/dev/fd"

func fullDisk(t *testing.T) string {
	t.Helper()
	t.Skip("no small file system to fill on this system")
	return ""
}
