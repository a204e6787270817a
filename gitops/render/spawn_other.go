//go:build !linux

package render

import "syscall"

func processAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
