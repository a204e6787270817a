package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sealift/sealift/gitops/need"
	"github.com/sealift/sealift/gitops/seal/sealtest"
)

// terminal opens a pseudo-terminal: what is written to keys is typed, and what it shows
// can be read there.
func terminal(t *testing.T) (keys, tty *os.File) {
	t.Helper()
	keys, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		need.Missing(t, "terminals: "+err.Error())
	}
	t.Cleanup(func() { _ = keys.Close() })
	n, err := unix.IoctlGetInt(int(keys.Fd()), unix.TIOCGPTN)
	if err = errors.Join(err, unix.IoctlSetPointerInt(int(keys.Fd()), unix.TIOCSPTLCK, 0)); err != nil {
		t.Fatal(err)
	}
	tty, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return keys, tty
}

// prompted starts bot seal on a terminal and waits until it has asked for the value of
// password.
func prompted(t *testing.T, tty *os.File, stdout io.Writer, args ...string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bot", append([]string{"seal"}, args...)...)
	cmd.Stdin, cmd.Stdout = tty, stdout
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(stderr)
	asked(t, r, "password")
	return cmd, r
}

// asked reads up to the question for a value.
func asked(t *testing.T, r *bufio.Reader, key string) {
	t.Helper()
	var seen []byte
	for !bytes.HasSuffix(seen, []byte("value of "+key+": ")) {
		c, err := r.ReadByte()
		if err != nil {
			t.Fatalf("%q: %v", seen, err)
		}
		seen = append(seen, c)
	}
}

// TestSealPrompt types two values. The terminal shows neither.
func TestSealPrompt(t *testing.T) {
	key := sealtest.NewKey(t)
	keys, tty := terminal(t)
	var stdout bytes.Buffer
	cmd, stderr := prompted(t, tty, &stdout, "--cert", key.CertFile, "--name", "db", "--namespace", "web", "--from-literal", "password", "--from-literal", "user")
	for _, step := range []struct{ typed, next string }{{"correct-horsé\x7fe\r", "user"}, {"wrong\x15ada\n", ""}} {
		if _, err := io.WriteString(keys, step.typed); err != nil {
			t.Fatal(err)
		}
		if step.next != "" {
			asked(t, stderr, step.next)
		}
	}
	rest, _ := io.ReadAll(stderr)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, rest)
	}
	data := key.Unseal(t, stdout.Bytes()).Data
	if string(data["password"]) != "correct-horse" || string(data["user"]) != "ada" {
		t.Errorf("%q", data)
	}
	if _, err := io.WriteString(tty, "end\n"); err != nil { // all that was shown comes before
		t.Fatal(err)
	}
	if shown, err := bufio.NewReader(keys).ReadString('\n'); err != nil || strings.TrimSpace(shown) != "end" {
		t.Errorf("the terminal shows %q %v", shown, err)
	}
}

// TestSealInterrupted ends while a value is asked for. The terminal is as it was.
func TestSealInterrupted(t *testing.T) {
	key := sealtest.NewKey(t)
	keys, tty := terminal(t)
	before, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	for name, interrupt := range map[string]func(*exec.Cmd) error{
		"signal": func(cmd *exec.Cmd) error { return cmd.Process.Signal(os.Interrupt) },
		"key": func(*exec.Cmd) error {
			_, err := io.WriteString(keys, "sec\x03")
			return err
		},
	} {
		cmd, stderr := prompted(t, tty, io.Discard, "--cert", key.CertFile, "--name", "db", "--namespace", "web", "--from-literal", "password")
		if err := interrupt(cmd); err != nil {
			t.Fatal(err)
		}
		rest, _ := io.ReadAll(stderr)
		_ = cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != interrupted || !strings.HasSuffix(string(rest), "bot: interrupted\n") {
			t.Errorf("%s: exit status %d, %q", name, code, rest)
		}
		after, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		if before.Lflag != after.Lflag || before.Iflag != after.Iflag || before.Oflag != after.Oflag {
			t.Errorf("%s: the terminal was %+v and is %+v", name, before, after)
		}
	}
}
