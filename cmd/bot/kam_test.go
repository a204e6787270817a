package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// kamBundle is a repository of the event-driven solutions: each environment is a tree
// of its own, and stage was made by copying dev.
const kamBundle = "repos/ibm-cloud-architecture-eda-rt-inventory-gitops.bundle"

// kamCommit has a service in both environments, and apps that only dev has.
const kamCommit = "refs/cases/ibm-cloud-architecture.eda-rt-inventory-gitops-71f8fae6/head"

// kamApp is the app that the test brings to stage, kamDeployment its Deployment.
const (
	kamApp        = "apps/store-inventory"
	kamDeployment = kamApp + "/services/store-inventory/base/config/deployment.yaml"
)

// TestKAM promotes dev to stage in a real repository of that layout, found without
// configuration: the environments of pipelines.yaml that have the words dev and
// stage. An app that only dev has is copied; then its versions move, and nothing else.
func TestKAM(t *testing.T) {
	if _, err := os.Stat(filepath.Join(sharedData, kamBundle)); os.IsNotExist(err) {
		t.Skip("no ../shared/testdata: the KAM repository is left out")
	}
	dir := t.TempDir()
	k := kamClone{t, filepath.Join(dir, "clone")}
	k.git("init", "-q")
	k.git("fetch", "-q", openBundle(t, dir, kamBundle), kamCommit)
	k.git("checkout", "-q", "FETCH_HEAD")

	var before struct{ From, To string }
	if err := json.Unmarshal(k.promote("--format", "json"), &before); err != nil {
		t.Fatal(err)
	}
	if before.From != "rt-inventory-dev" || before.To != "rt-inventory-stage" {
		t.Errorf("from %s to %s", before.From, before.To)
	}

	k.promote("--app", "store-inventory", "--create", "--write")
	if out := k.output("grep", "-rnw", "-e", "dev", "environments/rt-inventory-stage/"+kamApp); out != "" {
		t.Errorf("the copy names dev:\n%s", out)
	}
	k.version("rt-inventory-dev", "1.2.0")
	k.version("rt-inventory-stage", "1.1.0")
	k.git("add", "-A")
	k.git("commit", "-q", "-m", "versions")
	patch := changedLines(k.promote("--app", "store-inventory", "--patch"))
	want := []string{
		"+        image: quay.io/ibmcase/store-aggregator:1.2.0\n",
		"-        image: quay.io/ibmcase/store-aggregator:1.1.0\n",
	}
	if diff := gocmp.Diff(want, patch); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// kamClone is a working copy.
type kamClone struct {
	t   *testing.T
	dir string
}

func (k kamClone) git(args ...string) {
	k.t.Helper()
	if err := os.MkdirAll(k.dir, 0o755); err != nil {
		k.t.Fatal(err)
	}
	all := append([]string{"-C", k.dir, "-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)
	if out, err := exec.Command("git", all...).CombinedOutput(); err != nil {
		k.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

// output runs a command there, whatever its exit status.
func (k kamClone) output(name string, args ...string) string {
	cmd := exec.Command(name, args...)
	cmd.Dir = k.dir
	out, _ := cmd.Output()
	return string(out)
}

func (k kamClone) promote(args ...string) []byte {
	k.t.Helper()
	return output(k.t, append([]string{"promote", "--repo", k.dir, "--from", "dev", "--to", "stage"}, args...)...)
}

// version gives the image of an environment a tag.
func (k kamClone) version(env, tag string) {
	k.t.Helper()
	const image = "quay.io/ibmcase/store-aggregator"
	file := filepath.Join(k.dir, "environments", env, kamDeployment)
	data, err := os.ReadFile(file)
	if err != nil {
		k.t.Fatal(err)
	}
	data = bytes.Replace(data, []byte(image+"\n"), []byte(image+":"+tag+"\n"), 1)
	if err := os.WriteFile(file, data, 0o644); err != nil {
		k.t.Fatal(err)
	}
}
