package render

import (
	"math"
	"syscall"

	"golang.org/x/sys/unix"
)

// processAttributes puts a worker into its own process group, so that a signal
// from the terminal reaches the parent only, and makes it die with the parent.
//
// Files that this process itself was started with, by a shell or a service
// manager, are marked to be closed in every program that it starts. All others
// are so already.
func processAttributes() *syscall.SysProcAttr {
	_ = unix.CloseRange(3, math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC) // before Linux 5.11 they stay open
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
