// Command argotruth says which Applications an ApplicationSet comes to, with Argo CD's own
// code. It is a module of its own, so that nothing of Argo CD is in the product: a test
// runs it beside the room, see `make truth-argocd`.
//
// It reads one request a line, as JSON, and answers each with a line. It needs git.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	log "github.com/sirupsen/logrus"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/argoproj/argo-cd/v3/applicationset/controllers/template"
	"github.com/argoproj/argo-cd/v3/applicationset/generators"
	"github.com/argoproj/argo-cd/v3/applicationset/utils"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
)

// request is a repository and an ApplicationSet.
type request struct {
	Files map[string]string
	Set   string
}

// answer are its Applications, or why there are none.
type answer struct {
	Applications []v1alpha1.Application
	Error        string
}

func main() {
	log.SetOutput(io.Discard)
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var r request
		if err := in.Decode(&r); err == io.EOF {
			return
		} else if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		apps, err := expand(r)
		a := answer{Applications: apps}
		if err != nil {
			a.Error = err.Error()
		}
		if err := out.Encode(a); err != nil {
			os.Exit(1)
		}
	}
}

// expand is what the controller does. What it panics on, it does not survive either.
func expand(r request) (apps []v1alpha1.Application, err error) {
	defer func() {
		if p := recover(); p != nil {
			apps, err = nil, fmt.Errorf("panic: %v", p)
		}
	}()
	dir, err := os.MkdirTemp("", "argotruth")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	repo := repository(dir)
	if err := repo.write(r.Files); err != nil {
		return nil, err
	}
	var set v1alpha1.ApplicationSet
	if err := yaml.Unmarshal([]byte(r.Set), &set); err != nil {
		return nil, err
	}
	plain := map[string]generators.Generator{"List": generators.NewListGenerator(), "Git": generators.NewGitGenerator(repo, "argocd")}
	nested := map[string]generators.Generator{"List": plain["List"], "Git": plain["Git"], "Matrix": generators.NewMatrixGenerator(plain), "Merge": generators.NewMergeGenerator(plain)}
	top := map[string]generators.Generator{"List": plain["List"], "Git": plain["Git"], "Matrix": generators.NewMatrixGenerator(nested), "Merge": generators.NewMergeGenerator(nested)}
	apps, _, err = template.GenerateApplications(log.NewEntry(log.StandardLogger()), set, top, &utils.Render{}, projects{})
	return apps, err
}

// projects has every project.
type projects struct{ client.Client }

// Get implements client.Client.
func (projects) Get(context.Context, client.ObjectKey, client.Object, ...client.GetOption) error {
	return nil
}

// repository is a directory with a git repository.
type repository string

func (r repository) write(files map[string]string) error {
	for name, content := range files {
		p := filepath.Join(string(r), filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			return err
		}
	}
	if _, err := r.git("init", "-q"); err != nil {
		return err
	}
	_, err := r.git("add", "-A")
	return err
}

func (r repository) git(args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = string(r)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
	out, err := cmd.Output()
	return string(out), err
}

// GetFiles is that of the repo-server.
func (r repository) GetFiles(_ context.Context, _, _, _, pattern string, _, _ bool) (map[string][]byte, error) {
	if pattern == "" {
		pattern = "."
	}
	list, err := r.git("ls-files", "--full-name", "-z", "--", pattern)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, f := range strings.Split(strings.TrimSuffix(list, "\x00"), "\x00") {
		if f == "" {
			continue
		}
		if files[f], err = os.ReadFile(filepath.Join(string(r), f)); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// GetDirectories is that of the repo-server.
func (r repository) GetDirectories(context.Context, string, string, string, bool, bool) ([]string, error) {
	var paths []string
	err := filepath.WalkDir(string(r), func(p string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		if strings.HasPrefix(e.Name(), ".") {
			return filepath.SkipDir
		}
		rel, err := filepath.Rel(string(r), p)
		if err == nil && rel != "." {
			paths = append(paths, rel)
		}
		return err
	})
	return paths, err
}
