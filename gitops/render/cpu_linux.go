package render

import (
	"time"

	"golang.org/x/sys/unix"
)

// processTime returns the processor time that a process of this user has used, with all
// its threads, and whether it is known. Each process has a clock for that, whose number
// follows from its own (MAKE_PROCESS_CPUCLOCK of linux/posix-timers_types.h, which
// clock_getcpuclockid(3) uses).
func processTime(pid int) (time.Duration, bool) {
	const scheduled = 2 // CPUCLOCK_SCHED: in nanoseconds, user and system
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduled), &t); err != nil {
		return 0, false
	}
	return time.Duration(t.Nano()), true
}
