package render

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sealift/sealift/gitops/need"
)

// probeName is the argv[0] of a process that builds the walls around itself and
// then tries to get out.
const probeName = "sealift-wall-probe"

// attempt is one way out. One that is harmless is also tried without walls,
// where it must work: a wall that stops what would fail anyway proves nothing.
type attempt struct {
	name     string
	harmless bool
	try      func(scratch string) error
}

func attempts() []attempt {
	number := func(n uintptr, args ...uintptr) error {
		args = append(args, 0, 0, 0, 0, 0, 0)
		_, _, errno := syscall.Syscall6(n, args[0], args[1], args[2], args[3], args[4], args[5])
		if errno != 0 {
			return errno
		}
		return nil
	}
	socket := func(domain, kind, proto int) func(string) error {
		return func(string) error { _, err := unix.Socket(domain, kind, proto); return err }
	}
	return []attempt{
		{"open a file", true, func(string) error { _, err := os.ReadFile("/proc/self/status"); return err }},
		{"open a directory", true, func(string) error { _, err := unix.Open("/", unix.O_RDONLY|unix.O_DIRECTORY, 0); return err }},
		{"openat2", false, func(string) error { _, err := unix.Openat2(unix.AT_FDCWD, "/", &unix.OpenHow{}); return err }},
		{"create a file", true, func(dir string) error { return os.WriteFile(filepath.Join(dir, "new"), []byte("x"), 0o600) }},
		{"unlink", true, func(dir string) error { return os.Remove(filepath.Join(dir, "victim")) }},
		{"rename", false, func(dir string) error { return os.Rename(filepath.Join(dir, "kept"), filepath.Join(dir, "gone")) }},
		{"make a directory", true, func(dir string) error { return os.Mkdir(filepath.Join(dir, "sub"), 0o700) }},
		{"chmod", true, func(dir string) error { return os.Chmod(filepath.Join(dir, "kept"), 0o700) }},
		{"stat", true, func(string) error { _, err := os.Stat("/"); return err }},
		{"readlink", true, func(string) error { _, err := os.Readlink("/proc/self/exe"); return err }},
		{"getdents on a pipe", false, func(string) error { return number(unix.SYS_GETDENTS64, 0) }},
		{"TCP socket", true, socket(unix.AF_INET, unix.SOCK_STREAM, 0)},
		{"UDP socket", true, socket(unix.AF_INET, unix.SOCK_DGRAM, 0)},
		{"IPv6 socket", false, socket(unix.AF_INET6, unix.SOCK_STREAM, 0)},
		{"MPTCP socket", false, socket(unix.AF_INET, unix.SOCK_STREAM, 262)},
		{"unix socket", true, socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)},
		{"netlink socket", false, socket(unix.AF_NETLINK, unix.SOCK_RAW, 0)},
		{"vsock socket", false, socket(unix.AF_VSOCK, unix.SOCK_STREAM, 0)},
		{"socketpair", true, func(string) error { _, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0); return err }},
		{"connect", false, func(string) error { return unix.Connect(0, &unix.SockaddrInet4{Port: 1, Addr: [4]byte{127, 0, 0, 1}}) }},
		{"bind", false, func(string) error { return unix.Bind(0, &unix.SockaddrInet4{}) }},
		{"sendmsg", false, func(string) error { return unix.Sendmsg(0, []byte("x"), nil, nil, 0) }},
		{"dial", false, func(string) error { _, err := net.Dial("tcp", "127.0.0.1:1"); return err }},
		{"resolve a name", false, func(string) error { _, err := net.LookupHost("localhost.example"); return err }},
		{"execve", false, func(string) error { return unix.Exec("/bin/true", []string{"true"}, nil) }},
		{"execveat", false, func(string) error { return number(unix.SYS_EXECVEAT, 0) }},
		{"start a program", true, func(string) error { return exec.Command("/bin/true").Run() }},
		{"fork", false, func(string) error { return number(unix.SYS_CLONE, uintptr(syscall.SIGCHLD)) }},
		{"clone3", false, func(string) error { return number(unix.SYS_CLONE3, 0, 0) }},
		{"unshare", false, func(string) error { return unix.Unshare(unix.CLONE_NEWUSER) }},
		{"ptrace the parent", false, func(string) error { return unix.PtraceAttach(os.Getppid()) }},
		{"read the parent's memory", false, func(string) error { return number(unix.SYS_PROCESS_VM_READV, uintptr(os.Getpid())) }},
		{"kill the parent", false, func(string) error { return unix.Kill(1, 0) }},
		{"tgkill another process", false, func(string) error { return number(unix.SYS_TGKILL, 1, 1, 0) }},
		{"pidfd_open", true, func(string) error { _, err := unix.PidfdOpen(os.Getpid(), 0); return err }},
		{"io_uring_setup", false, func(string) error { return number(unix.SYS_IO_URING_SETUP, 1, 0) }},
		{"bpf", false, func(string) error { return number(unix.SYS_BPF, 0) }},
		{"perf_event_open", false, func(string) error { return number(unix.SYS_PERF_EVENT_OPEN) }},
		{"userfaultfd", false, func(string) error { return number(unix.SYS_USERFAULTFD) }},
		{"memfd_create", true, func(string) error { _, err := unix.MemfdCreate("x", 0); return err }},
		{"mount", false, func(string) error { return unix.Mount("none", "/mnt", "tmpfs", 0, "") }},
		{"chroot", false, func(string) error { return unix.Chroot("/nowhere") }},
		{"keyctl", false, func(string) error { return number(unix.SYS_KEYCTL, 0) }},
		{"prctl", true, func(string) error { return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) }},
		{"setuid", false, func(string) error { return number(unix.SYS_SETUID, 0) }},
		{"raise a limit", false, func(string) error {
			lim := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
			return unix.Prlimit(0, unix.RLIMIT_DATA, &lim, nil)
		}},
		{"lower a limit", true, func(string) error {
			lim := unix.Rlimit{Cur: 0, Max: 0}
			return number(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_CORE, uintptr(unsafe.Pointer(&lim)))
		}},
		{"memory beyond the limit", true, func(string) error {
			p, err := unix.Mmap(-1, 0, maxData+raceMemory+100<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
			if err == nil {
				err = unix.Munmap(p)
			}
			return err
		}},
	}
}

// probed is what the probe prints.
type probed struct {
	Walls    []string
	Attempts map[string]string // name -> error, "" when it worked
	Computed bool
}

// probe is the main function of the probe: walled or bare, and a directory that
// it may write to.
func probe(args []string) int {
	bare, scratch := args[0] == "bare", args[1]
	out := probed{Attempts: map[string]string{}}
	if !bare {
		walls, err := enclose()
		if err != nil {
			fmt.Fprintln(os.Stderr, "walls:", err)
			return 1
		}
		out.Walls = walls
	}
	for _, a := range attempts() {
		if bare && !a.harmless {
			continue
		}
		out.Attempts[a.name] = ""
		if err := a.try(scratch); err != nil {
			out.Attempts[a.name] = err.Error()
		}
	}
	out.Computed = compute()
	if json.NewEncoder(os.Stdout).Encode(out) != nil {
		return 1
	}
	return 0
}

// compute uses what a render uses: memory, many goroutines, threads, the
// collector and timers.
func compute() bool {
	var wg sync.WaitGroup
	sums := make([]int, 64)
	for i := range sums {
		wg.Go(func() {
			if i%8 == 0 {
				runtime.LockOSThread() // a thread of its own
				defer runtime.UnlockOSThread()
			}
			for j := range 2000 {
				p := make([]byte, 4096)
				p[j%4096] = 1
				sums[i] += int(p[j%4096])
			}
		})
	}
	wg.Wait()
	runtime.GC()
	return !slices.ContainsFunc(sums, func(n int) bool { return n != 2000 })
}

// runProbe starts the probe, as nobody when asked.
func runProbe(t *testing.T, mode string, nobody bool) probed {
	t.Helper()
	scratch, err := os.MkdirTemp("", "walls-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(scratch) })
	for _, name := range []string{"victim", "kept"} {
		if err := os.WriteFile(filepath.Join(scratch, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	cmd := &exec.Cmd{Path: "/proc/self/exe", Args: []string{probeName, mode, scratch}, Env: []string{}, Dir: "/"}
	if nobody {
		const id = 65534
		for _, p := range []string{scratch, filepath.Join(scratch, "victim"), filepath.Join(scratch, "kept")} {
			if err := os.Chown(p, id, id); err != nil {
				t.Fatal(err)
			}
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: id, Gid: id}}
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("probe: %v\n%s", err, stderr.String())
	}
	var p probed
	if err := json.Unmarshal(out, &p); err != nil {
		t.Fatal(err)
	}
	if !nobody && mode == "walled" {
		if _, err := os.Stat(filepath.Join(scratch, "victim")); err != nil {
			t.Errorf("a file is gone: %v", err)
		}
	}
	return p
}

// TestWalls tries every way out of a worker, as this user and as nobody.
func TestWalls(t *testing.T) {
	for _, user := range []struct {
		name   string
		nobody bool
	}{{"this user", false}, {"nobody", true}} {
		t.Run(user.name, func(t *testing.T) {
			if user.nobody && os.Getuid() != 0 {
				t.Skip("only root can become nobody")
			}
			bare := runProbe(t, "bare", user.nobody)
			for name, problem := range bare.Attempts {
				if problem != "" {
					t.Errorf("without walls: %s: %s: the attempt proves nothing", name, problem)
				}
			}
			got := runProbe(t, "walled", user.nobody)
			if !slices.Contains(got.Walls, "seccomp") {
				need.Missing(t, fmt.Sprintf("this system has no walls but %v", got.Walls))
			}
			t.Log(got.Walls)
			for name, problem := range got.Attempts {
				if problem == "" {
					t.Errorf("a worker can: %s", name)
				}
			}
			if len(got.Attempts) != len(attempts()) || !got.Computed {
				t.Errorf("%d attempts; computes: %t", len(got.Attempts), got.Computed)
			}
		})
	}
}

// TestWorkerInherits looks at a worker from outside: its environment, its open
// files and its limits.
func TestWorkerInherits(t *testing.T) {
	t.Setenv("SEALIFT_TEST_SECRET", "hunter2")
	kept, err := unix.Open(os.Args[0], unix.O_RDONLY, 0) // not closed on exec, as what a shell leaves open
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(kept)
	r := newRenderer(t, Options{})
	p, err := r.spawn(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	defer r.release(p, false)
	proc := filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid))
	if env, err := os.ReadFile(filepath.Join(proc, "environ")); err != nil || len(env) > 0 {
		t.Errorf("environment %q: %v", env, err)
	}
	fds, err := os.ReadDir(filepath.Join(proc, "fd"))
	if err != nil || len(fds) < 3 {
		t.Fatalf("open files: %v", err)
	}
	for _, fd := range fds {
		target, _ := os.Readlink(filepath.Join(proc, "fd", fd.Name()))
		// Go's runtime opens the limits of its own cgroup.
		if !strings.HasPrefix(target, "pipe:") && !strings.HasPrefix(target, "anon_inode:[event") && !strings.HasPrefix(target, "/sys/fs/cgroup/") {
			t.Errorf("descriptor %s is %s", fd.Name(), target)
		}
	}
	status, err := os.ReadFile(filepath.Join(proc, "status"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(r.Walls(), "seccomp") {
		for _, want := range []string{"Seccomp:\t2", "NoNewPrivs:\t1"} {
			if !strings.Contains(string(status), want) {
				t.Errorf("status lacks %q", want)
			}
		}
	}
	if cwd, _ := os.Readlink(filepath.Join(proc, "cwd")); cwd != "/" {
		t.Errorf("directory %s", cwd)
	}
}
