package diff

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	yamlv2 "go.yaml.in/yaml/v2"
	"go.yaml.in/yaml/v3"
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
	for _, text := range []string{"a: [\n", "", "x\n", "- a\n", "a: 1\na: 2\n", "- name: \"\n", "- name: '\n  - - x\n- ", "? a\n: b\n", "\"\n", "a: !!binary |\n  b\n", "a: !\n", "a: \"\\\n"} {
		fields(hunks([]byte(text), []byte(deployment), context), text, deployment) // and does not panic
	}
}

// witness says for each line which field stands there, with a parser.
func witness(text string) []string {
	lines := make([]string, strings.Count(text, "\n")+2)
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil || len(doc.Content) != 1 {
		return nil
	}
	walkNode(lines, doc.Content[0], "")
	for i := 1; i < len(lines)-1; i++ { // a scalar may take many lines
		if lines[i] == "" {
			lines[i] = lines[i-1]
		}
	}
	return lines
}

func walkNode(lines []string, n *yaml.Node, at string) {
	for i, item := range n.Content {
		path := at
		switch {
		case n.Kind == yaml.MappingNode && i%2 == 1:
			continue
		case n.Kind == yaml.MappingNode:
			path += keyStep(item.Value, at == "")
		case item.Kind != yaml.ScalarNode:
			path += "[" + nodeName(n.Content, i) + "]"
		}
		lines[item.Line] = path
		if n.Kind == yaml.MappingNode {
			item = n.Content[i+1]
		}
		walkNode(lines, item, path)
	}
}

func nodeName(list []*yaml.Node, i int) string {
	name, same := nameOf(list[i]), 0
	for _, other := range list {
		if name != "" && nameOf(other) == name {
			same++
		}
	}
	switch {
	case same != 1:
		return strconv.Itoa(i)
	case plainName.MatchString(name):
		return name
	}
	return strconv.Quote(name)
}

func nameOf(n *yaml.Node) string {
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == "name" && n.Content[i+1].Kind == yaml.ScalarNode {
			if v := n.Content[i+1]; v.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 || len(v.Value) > 60 {
				return "" // what takes several lines is no name
			}
			return n.Content[i+1].Value
		}
	}
	return ""
}

// TestSpots compares the scanner with a parser over random manifests of two printers.
func TestSpots(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	compared := 0
	for range 5000 {
		v := map[string]any{"kind": "X", "spec": randomValue(rnd, 4)}
		for _, marshal := range []func(any) ([]byte, error){yaml.Marshal, yamlv2.Marshal} {
			text, err := marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range spots(string(text)) {
				got = append(got, s.String())
			}
			want := witness(string(text))
			if want == nil {
				continue // the parser does not read what its own printer writes of a tab
			}
			if compared++; !slices.Equal(got, want) {
				t.Fatalf("got  %q\nwant %q\n%s", got, want, text)
			}
		}
	}
	if compared < 8000 {
		t.Errorf("%d compared", compared)
	}
}

// randomValue returns mappings, lists and texts that need every form of writing.
func randomValue(rnd *rand.Rand, depth int) any {
	texts := []string{"a", "b c", "x: y", "- x", "one\ntwo: 2\n", "a\n\n  b: c\n- d", "it's", `say "x": y`, "#", "", "null", "7", "{}", "|", "k:", "\tt: x\n\"q\"", strings.Repeat("word: long ", 12), "'q' \"", "a\\", " lead", "ü: é"}
	keys := []string{"name", "a", "b.c/d", "e f", "x: y", "7", "true", "it's", `"q"`, "#k", "-", "- m", "name "}
	n := rnd.IntN(4)
	switch kind := rnd.IntN(5); {
	case depth == 0 || kind < 2:
		return texts[rnd.IntN(len(texts))]
	case kind < 4:
		m := map[string]any{}
		for range n {
			m[keys[rnd.IntN(len(keys))]] = randomValue(rnd, depth-1)
		}
		return m
	}
	list := make([]any, n)
	for i := range list {
		list[i] = randomValue(rnd, depth-1)
	}
	return list
}
