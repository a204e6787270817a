//go:build !linux || !(amd64 || arm64)

package render

// enclose has no walls to build on this system: the worker is a process with an
// empty environment, a Go memory target and the parent's clock. It says so.
func enclose() ([]string, error) { return []string{"process"}, nil }
