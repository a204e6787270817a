package commands

import (
	"regexp"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/check"
	"github.com/sealift/sealift/gitops/tree"
)

// Every command that a finding names is one that /seal takes, in an environment or
// without.
func TestFixesAreCommands(t *testing.T) {
	const sealed = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  name: db\n  namespace: web\n  annotations:\n    sealedsecrets.bitnami.com/namespace-wide: \"true\"\n" +
		"spec:\n  encryptedData:\n    tls.crt: short\n    user: short\n  template:\n    metadata:\n      name: db\n      namespace: other\n"
	overlay := check.Overlay{Head: &gitops.Rendered{
		Path: "apps/web/prod", Reads: []gitops.Read{{Path: "s.yaml", Kind: gitops.File}},
		Objects: []gitops.Object{{Kind: "SealedSecret", YAML: []byte(sealed)}},
	}}
	in := check.Input{
		Tree:     tree.Memory(map[string]string{"s.yaml": sealed, "plain.yaml": "kind: Secret\nmetadata: {name: s}\ndata: {a: b}\n"}),
		Overlays: []check.Overlay{overlay}, Files: []string{"plain.yaml", "s.yaml"},
	}
	commands := 0
	for _, env := range []string{"", "prod", "not a word"} {
		in.Environment = func(string) string { return env }
		found, err := check.Run(t.Context(), in)
		if err != nil || len(found) < 4 {
			t.Fatalf("%d findings, error %v", len(found), err)
		}
		for _, f := range found {
			for _, command := range regexp.MustCompile("`[^`]*`").FindAllString(f.Fix, -1) {
				commands++
				list, more := Parse(strings.Trim(command, "`"))
				if len(list) != 1 || more || list[0].Verb != "seal" {
					t.Fatalf("%s is not one command: %+v", command, list)
				}
				if _, err := parseSeal(list[0]); err != nil {
					t.Errorf("%s: %v", command, err)
				}
			}
		}
	}
	if commands < 12 {
		t.Errorf("%d commands in all fixes", commands)
	}
}
