// Package need says what tests need of the machine: commands, browsers, a terminal. Only
// tests import it.
//
// A test that is skipped in silence proves nothing. Where `make test` or CI runs, all of
// it is installed, so the environment has CI set there and a test that lacks something
// fails; a developer who runs one package is told what is not tested. What cannot be
// installed, such as the user root or real repositories beside the checkout, is not for
// this package: a plain Skip with the reason is right there.
package need

import (
	"os"
	"os/exec"
	"testing"
)

// Missing ends a test that lacks something of the machine: skipped with the reason,
// failed when CI is set.
func Missing(t testing.TB, what string) {
	t.Helper()
	if ci := os.Getenv("CI"); ci != "" && ci != "false" {
		t.Fatal("cannot test: " + what)
	}
	t.Skip("not tested: " + what)
}

// Command returns the path of the first of some names of a command that the PATH has.
func Command(t testing.TB, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	Missing(t, names[0]+" is not installed (.ci/deps does that)")
	return ""
}
