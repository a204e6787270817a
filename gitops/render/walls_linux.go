//go:build linux && (amd64 || arm64)

package render

import (
	"fmt"
	"runtime"
	"unsafe"

	"github.com/landlock-lsm/go-landlock/landlock"
	"golang.org/x/sys/unix"
)

// enclose builds the walls around this process, for good, and returns their
// names. Resource limits and the system call filter must stand; Landlock stands
// where the kernel has it.
func enclose() ([]string, error) {
	walls := []string{}
	if landlock.V6.BestEffort().Restrict() == nil && landlockABI() > 0 {
		walls = append(walls, "landlock")
	}
	for _, l := range []struct {
		resource  int
		soft, max uint64
	}{
		{unix.RLIMIT_DATA, maxData + raceMemory, maxData + raceMemory},
		{unix.RLIMIT_FSIZE, 0, 0},
		{unix.RLIMIT_CORE, 0, 0},
		{unix.RLIMIT_CPU, uint64(maxCPU.Seconds()), uint64(maxCPU.Seconds()) + 5},
	} {
		if err := unix.Setrlimit(l.resource, &unix.Rlimit{Cur: l.soft, Max: l.max}); err != nil {
			return nil, fmt.Errorf("resource limit %d: %w", l.resource, err)
		}
	}
	walls = append(walls, "rlimits")
	if err := filterSystemCalls(); err != nil {
		return nil, fmt.Errorf("seccomp: %w", err)
	}
	return append(walls, "seccomp"), nil
}

// landlockABI is the version that the kernel has, 0 without Landlock: BestEffort
// succeeds there and does nothing, which must not count as a wall.
func landlockABI() int {
	const createVersion = 1
	abi, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, createVersion)
	if errno != 0 {
		return 0
	}
	return int(abi)
}

// allowed are the system calls that a Go program needs to compute, to collect
// garbage and to read and write descriptors that it already has. Nothing that
// opens a file or a socket, starts a program or looks at another process is
// among them.
var allowed = [...]uint32{
	unix.SYS_READ, unix.SYS_WRITE, unix.SYS_CLOSE, unix.SYS_FSTAT, unix.SYS_FCNTL,
	unix.SYS_MMAP, unix.SYS_MUNMAP, unix.SYS_MPROTECT, unix.SYS_MADVISE, unix.SYS_BRK, unix.SYS_MINCORE,
	unix.SYS_FUTEX, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_CLOCK_GETTIME, unix.SYS_GETTIMEOFDAY,
	unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT, unix.SYS_EVENTFD2,
	unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK, unix.SYS_RESTART_SYSCALL,
	unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY, unix.SYS_GETPID, unix.SYS_GETTID,
	unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ, unix.SYS_MEMBARRIER,
	unix.SYS_EXIT, unix.SYS_EXIT_GROUP, unix.SYS_GETRANDOM,
}

// filterSystemCalls lets every thread of this process make the allowed calls
// only. clone is allowed for threads, tgkill within this process; anything else
// fails with EPERM. A call of another architecture kills the process.
func filterSystemCalls() error {
	const (
		offNumber, offArch, offArg0 = 0, 4, 16 // struct seccomp_data, linux/seccomp.h
		jeq                         = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		jset                        = unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K
		load                        = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		ret                         = unix.BPF_RET | unix.BPF_K
	)
	prog := []unix.SockFilter{
		{Code: load, K: offArch},
		{Code: jeq, K: auditArch, Jt: 1},
		{Code: ret, K: unix.SECCOMP_RET_KILL_PROCESS},
		{Code: load, K: offNumber},
		{Code: jeq, K: unix.SYS_CLONE3, Jf: 1},
		{Code: ret, K: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)}, // glibc falls back to clone
		{Code: jeq, K: unix.SYS_CLONE, Jf: 4},
		{Code: load, K: offArg0},
		{Code: jset, K: unix.CLONE_THREAD, Jf: 1},
		{Code: ret, K: unix.SECCOMP_RET_ALLOW},
		{Code: ret, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
		{Code: jeq, K: unix.SYS_TGKILL, Jf: 4},
		{Code: load, K: offArg0},
		{Code: jeq, K: uint32(unix.Getpid()), Jf: 1},
		{Code: ret, K: unix.SECCOMP_RET_ALLOW},
		{Code: ret, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
	}
	for _, n := range append(allowed[:], allowedHere...) {
		prog = append(prog, unix.SockFilter{Code: jeq, K: n, Jf: 1}, unix.SockFilter{Code: ret, K: unix.SECCOMP_RET_ALLOW})
	}
	prog = append(prog, unix.SockFilter{Code: ret, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)})
	// TSYNC gives the filter, and no_new_privs, to all threads.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	fprog := unix.SockFprog{Len: uint16(len(prog)), Filter: &prog[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&fprog)))
	if errno != 0 {
		return errno
	}
	return nil
}
