//go:build !linux

package render

import "testing"

func fullDisk(t *testing.T) string {
	t.Helper()
	t.Skip("no small file system to fill on this system")
	return ""
}
