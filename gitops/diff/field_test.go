package diff

import (
	"slices"
	"strings"
	"testing"
)

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  annotations:
    example.com/team: shop
  name: web
spec:
  replicas: 1
  template:
    spec:
      containers:
      - args:
        - --a
        - --b
        image: web:1
        name: web
        script: |
          one
          two: three
      - image: side:1
        name: side
  z1: a
  z2: a
  z3: a
`

// TestFields names the fields that a hunk changes as people write them.
func TestFields(t *testing.T) {
	for _, c := range []struct {
		name  string
		edits []string // old and new in turns
		want  []string
	}{
		{"image of a named item", []string{"web:1", "web:2"}, []string{"spec.template.spec.containers[web].image"}},
		{"key that is no word", []string{"team: shop", "team: web"}, []string{`metadata.annotations["example.com/team"]`}},
		{"item of a list", []string{"        - --b\n", ""}, []string{"spec.template.spec.containers[web].args"}},
		{"line of a text", []string{"two: three", "two: four"}, []string{"spec.template.spec.containers[web].script"}},
		{"what is new", []string{"  replicas: 1\n", "  replicas: 1\n  strategy:\n    rollingUpdate:\n      maxSurge: 1\n"}, []string{"spec.strategy"}},
		{"two fields", []string{"z1: a", "z1: b", "z2: a", "z2: b"}, []string{"spec.z1, spec.z2"}},
		{"three fields", []string{"z1: a", "z1: b", "z2: a", "z2: b", "z3: a", "z3: b"}, []string{"spec"}},
		{"two hunks", []string{"team: shop", "team: web", "side:1", "side:2"}, []string{`metadata.annotations["example.com/team"]`, "spec.template.spec.containers[side].image"}},
		{"renamed item", []string{"name: side", "name: other"}, []string{"spec.template.spec.containers[side].name, spec.template.spec.containers[other].name"}},
		{"nothing", nil, nil},
	} {
		after := strings.NewReplacer(c.edits...).Replace(deployment)
		if got := fields(hunks([]byte(deployment), []byte(after), context), deployment, after); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	for _, text := range []string{"a: [\n", "", "x\n", "- a\n", "a: 1\na: 2\n", strings.Repeat("a", maxNamedText+1)} {
		fields(hunks([]byte(text), []byte(deployment), context), text, deployment) // and does not panic
	}
}
