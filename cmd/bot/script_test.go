package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScript runs the stories of testdata/script, one a file, with the real
// program and real git.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		UpdateScripts:       *update,
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
			for _, kv := range strings.Fields("GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.com " +
				"GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@example.com GIT_AUTHOR_DATE=2024-01-01T00:00:00Z GIT_COMMITTER_DATE=2024-01-01T00:00:00Z") {
				key, value, _ := strings.Cut(kv, "=")
				env.Setenv(key, value)
			}
			return os.MkdirAll(filepath.Join(env.WorkDir, "home"), 0o755)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"init": initCommand, "change": changeCommand, "exits": exitsCommand, "hides": hidesCommand, "tidy": tidyCommand,
			"compact": compactCommand,
		},
	})
}

// git runs git in a directory of the story.
func git(ts *testscript.TestScript, dir string, args ...string) {
	ts.Check(ts.Exec("git", append([]string{"-C", dir, "-c", "init.defaultBranch=main", "-c", "core.protectNTFS=false"}, args...)...))
}

// initCommand makes DIR a repository whose main branch has its files.
func initCommand(ts *testscript.TestScript, _ bool, args []string) {
	git(ts, args[0], "init", "-q")
	git(ts, args[0], "add", "-A")
	git(ts, args[0], "commit", "-q", "-m", "base", "--allow-empty")
}

// changeCommand makes in repository DIR a branch BRANCH from main and adds to it
// the files of FROM.
func changeCommand(ts *testscript.TestScript, _ bool, args []string) {
	git(ts, args[0], "checkout", "-q", "-b", args[1], "main")
	ts.Check(ts.Exec("cp", "-R", args[2]+"/.", args[0]))
	git(ts, args[0], "add", "-A")
	git(ts, args[0], "commit", "-q", "-m", args[1])
}

// exitsCommand runs a program that must end with the status CODE.
func exitsCommand(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	code := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("%v: exit status %d, want %d", args[1:], code, want)
	}
}

// hidesCommand looks for VALUE, as it is and in base64, in what the last program
// printed and in every file below home and the temporary directory.
func hidesCommand(ts *testscript.TestScript, neg bool, args []string) {
	found := ""
	for _, value := range []string{args[0], base64.StdEncoding.EncodeToString([]byte(args[0]))} {
		for _, name := range []string{"stdout", "stderr"} {
			if strings.Contains(ts.ReadFile(name), value) {
				found = name
			}
		}
		for _, dir := range []string{ts.Getenv("HOME"), ts.Getenv("TMPDIR")} {
			err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
				if err != nil || !d.Type().IsRegular() {
					return nil
				}
				data, err := os.ReadFile(p)
				if strings.Contains(string(data)+p, value) {
					found = p
				}
				return err
			})
			ts.Check(err)
		}
	}
	if (found != "") != neg {
		ts.Fatalf("value in %q", found)
	}
}

// compactCommand writes the JSON that the last program printed to FILE, on one line.
func compactCommand(ts *testscript.TestScript, _ bool, args []string) {
	var line bytes.Buffer
	ts.Check(json.Compact(&line, []byte(ts.ReadFile("stdout"))))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), line.Bytes(), 0o644))
}

// tidyCommand fails when the program left something in the temporary directory.
func tidyCommand(ts *testscript.TestScript, _ bool, _ []string) {
	entries, err := os.ReadDir(ts.Getenv("TMPDIR"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		ts.Fatalf("%v", err)
	}
	for _, e := range entries {
		ts.Fatalf("left behind: %s", e.Name())
	}
}
