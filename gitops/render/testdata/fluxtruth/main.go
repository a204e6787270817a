// Command fluxtruth builds what Kustomizations of Flux build, with Flux's own code. It is a
// module of its own, so that nothing of Flux is in the product: a test runs it beside the
// renderer.
//
// It reads one request a line, as JSON, and answers each with a line.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/fluxcd/pkg/kustomize"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// request is a directory on disk, and the Kustomization that builds it.
type request struct {
	Root, Dir     string
	Kustomization map[string]any
}

// answer is what it builds, or why it does not.
type answer struct{ YAML, Error string }

func main() {
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var r request
		if err := in.Decode(&r); err == io.EOF {
			return
		} else if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		var a answer
		text, err := build(r)
		if a.YAML = string(text); err != nil {
			a.Error = err.Error()
		}
		if err := out.Encode(a); err != nil {
			os.Exit(1)
		}
	}
}

// build is what the kustomize-controller does, without a cluster: variables are those that
// the Kustomization itself has.
func build(r request) ([]byte, error) {
	u := unstructured.Unstructured{Object: r.Kustomization}
	if _, err := kustomize.NewGenerator(r.Root, u).WriteFile(r.Dir); err != nil {
		return nil, err
	}
	m, err := kustomize.SecureBuild(r.Root, r.Dir, false)
	if err != nil {
		return nil, err
	}
	for _, res := range m.Resources() {
		out, err := kustomize.SubstituteVariables(context.Background(), nil, u, res, kustomize.SubstituteWithDryRun(true))
		if err != nil {
			return nil, err
		}
		if out != nil {
			if _, err := m.Replace(res); err != nil {
				return nil, err
			}
		}
	}
	return m.AsYaml()
}
