package argocd_test

import (
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout/argocd"
)

func project(t *testing.T, spec string) argocd.Project {
	t.Helper()
	p, ok := argocd.ReadProject(gitops.Document{APIVersion: "argoproj.io/v1alpha1", Kind: "AppProject", Name: "p", YAML: []byte("spec: " + spec)})
	if !ok {
		t.Fatalf("not a project: %s", spec)
	}
	return p
}

func TestProjectSources(t *testing.T) {
	tests := []struct {
		spec, repo string
		forbidden  bool
	}{
		{`{}`, "https://git.example/acme/gitops", true},
		{`{sourceRepos: ["*"]}`, "https://git.example/acme/gitops", false},
		{`{sourceRepos: [https://git.example/acme/*]}`, "https://git.example/Acme/gitops.git", false},
		{`{sourceRepos: [https://git.example/*]}`, "https://git.example/acme/gitops", true},
		{`{sourceRepos: [https://git.example/**]}`, "https://git.example/acme/gitops", false},
		{`{sourceRepos: ["*", "!https://git.example/acme/*"]}`, "https://git.example/acme/gitops", true},
		{`{sourceRepos: ["git@git.example:acme/gitops.git"]}`, "ssh://git@git.example/acme/gitops", false},
		{`{sourceRepos: ["[a"]}`, "a", true},
		{`{}`, "https://git.example/{{ .Values.repo }}", false},
	}
	for _, tt := range tests {
		if got := project(t, tt.spec).ForbidsSource(tt.repo); got != tt.forbidden {
			t.Errorf("%s: %s forbidden: %v", tt.spec, tt.repo, got)
		}
	}
}

func TestProjectDestinations(t *testing.T) {
	const local = "https://kubernetes.default.svc"
	tests := []struct {
		spec, server, name, namespace string
		forbidden                     bool
	}{
		{`{}`, local, "", "web", true},
		{`{destinations: [{server: "*", namespace: "*"}]}`, local, "", "web", false},
		{`{destinations: [{server: "*", namespace: "*"}]}`, "", "west", "web", false},
		{`{destinations: [{server: "*", namespace: web-*}]}`, local, "", "web", true},
		{`{destinations: [{name: in-cluster, namespace: web}]}`, local, "", "web", false},
		{`{destinations: [{name: east, namespace: web}]}`, "", "west", "web", true},
		{`{destinations: [{name: east, namespace: web}]}`, "https://west.example", "", "web", false},
		{`{destinations: [{server: "*", namespace: "*"}, {server: "*", namespace: "!kube-system"}]}`, "", "west", "kube-system", true},
		{`{destinations: [{server: "*", namespace: "*"}, {name: "!west", namespace: "*"}]}`, "", "west", "web", true},
		{`{destinations: [{server: "*", namespace: "*"}, {name: "!west", namespace: "*"}]}`, "", "east", "web", false},
	}
	for _, tt := range tests {
		if got := project(t, tt.spec).ForbidsDestination(tt.server, tt.name, tt.namespace); got != tt.forbidden {
			t.Errorf("%s: %s%s %s forbidden: %v", tt.spec, tt.server, tt.name, tt.namespace, got)
		}
	}
}
