package argocd_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout/argocd"
	"github.com/sealift/sealift/gitops/tree"
)

// truthRuns is how many random sets are compared.
const truthRuns = 3_000

// TestArgoTruth compares random ApplicationSets with what Argo CD's own code makes of
// them. SEALIFT_ARGOTRUTH is the program of another module, see testdata/argotruth and
// `make truth-argocd`.
func TestArgoTruth(t *testing.T) {
	program := os.Getenv("SEALIFT_ARGOTRUTH")
	if program == "" {
		t.Skip("SEALIFT_ARGOTRUTH is not set")
	}
	cmd := exec.Command(program)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	made, refused := 0, 0
	for seed := range uint64(truthRuns) {
		d := &dice{Rand: rand.New(rand.NewPCG(seed, 1))}
		files := d.files()
		set, err := json.Marshal(d.set())
		if err != nil {
			t.Fatal(err)
		}
		if err := json.NewEncoder(in).Encode(map[string]any{"Files": files, "Set": string(set)}); err != nil {
			t.Fatal(err)
		}
		line, err := lines.ReadBytes('\n')
		if err != nil {
			t.Fatal(err)
		}
		var want truthAnswer
		if err := json.Unmarshal(line, &want); err != nil {
			t.Fatal(err)
		}
		if problem := compareTruth(t, files, set, want); problem != "" {
			t.Errorf("seed %d: %s\n%s", seed, problem, set)
		}
		if t.Failed() && seed > 200 {
			break
		}
		if made += len(want.Applications); want.Error != "" {
			refused++
		}
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	fmt.Printf("truth: %d sets of %d Applications, %d of them refused\n", truthRuns, made, refused)
}

// truthAnswer is what Argo CD says.
type truthAnswer struct {
	Applications []map[string]any
	Error        string
}

// compareTruth says how the room differs.
func compareTruth(t *testing.T, files map[string]string, set []byte, want truthAnswer) string {
	t.Helper()
	r := &argocd.Room{Tree: tree.Memory(files)}
	got, err := r.Deploy(t.Context(), gitops.Document{APIVersion: "argoproj.io/v1alpha1", Kind: "ApplicationSet", Name: "set", YAML: set, File: "set.yaml", Line: 1})
	if err != nil {
		t.Fatal(err)
	}
	refused := slices.ContainsFunc(got.Notes, func(n gitops.Finding) bool { return n.Severity == gitops.SeverityError })
	var ours, theirs []string
	names := map[any]bool{}
	twice := false
	for _, a := range want.Applications {
		name := a["metadata"].(map[string]any)["name"]
		if names[name] { // the controller takes the first
			twice = true
			continue
		}
		names[name] = true
		theirs = append(theirs, trimmed(t, a))
	}
	for _, d := range got.Documents {
		var a map[string]any
		if err := json.Unmarshal(d.YAML, &a); err != nil {
			t.Fatal(err)
		}
		ours = append(ours, trimmed(t, a))
	}
	if want.Error != "" && !refused {
		return "Argo CD refuses it: " + want.Error
	}
	if refused && want.Error == "" && !twice && !literalPath(got.Notes) {
		return fmt.Sprintf("is refused, but not by Argo CD: %v", got.Notes)
	}
	if strings.HasPrefix(want.Error, "panic: ") {
		return "" // it makes nothing at all then
	}
	if twice && want.Error == "" {
		return "" // which one is the first is up to chance in a merge
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	if !reflect.DeepEqual(ours, theirs) {
		return fmt.Sprintf("ours:\n%q\ntheirs:\n%q\n%v", ours, theirs, got.Notes)
	}
	return ""
}

// literalPath reports whether an error is only about a path with a name that nothing fills
// in, which Argo CD finds out later.
func literalPath(notes []gitops.Finding) bool {
	for _, n := range notes {
		if n.Severity == gitops.SeverityError && !strings.Contains(n.Message, "stays as it is") {
			return false
		}
	}
	return true
}

// trimmed is an Application without what says nothing.
func trimmed(t *testing.T, v map[string]any) string {
	t.Helper()
	delete(v, "apiVersion")
	delete(v, "kind")
	delete(v, "status")
	if meta, ok := v["metadata"].(map[string]any); ok {
		if list, ok := meta["finalizers"].([]any); ok { // in no order
			slices.SortFunc(list, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
		}
	}
	data, err := json.Marshal(trim(v))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func trim(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			if e = trim(e); e != nil {
				out[k] = e
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	case []any:
		if len(v) == 0 {
			return nil
		}
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = trim(e)
		}
		return out
	case string:
		if v == "" {
			return nil
		}
	case bool:
		if !v {
			return nil
		}
	}
	return v
}
