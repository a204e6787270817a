package render

import "syscall"

// processAttributes puts a worker into its own process group, so that a signal
// from the terminal reaches the parent only, and makes it die with the parent.
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
