package argocd

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// maxPermissions is how many repositories and destinations of a project are read; one with
// more forbids nothing.
const maxPermissions = 1_000

// Project is what an AppProject permits. The zero value forbids everything, as Argo CD's
// does.
type Project struct {
	Namespace, Name string
	repos           []string
	destinations    []destination
	vague           bool // it has more than is read
}

type destination struct{ server, name, namespace string }

// ReadProject reads an AppProject; ok is false for another document and for one that
// cannot be read.
func ReadProject(d gitops.Document) (p Project, ok bool) {
	at, _, _ := strings.Cut(d.APIVersion, "/")
	page, err := readPage(d)
	if err != nil || at != group || d.Kind != kindProject {
		return Project{}, false
	}
	spec := mapping(page.object, "spec")
	p = Project{Namespace: d.Namespace, Name: d.Name, repos: texts(spec, "sourceRepos")}
	for _, e := range list(spec, "destinations") {
		p.destinations = append(p.destinations, destination{text(e, "server"), text(e, "name"), text(e, "namespace")})
	}
	p.vague = len(p.repos) > maxPermissions || len(p.destinations) > maxPermissions
	return p, true
}

// ForbidsSource reports whether no source may be of a repository
// (AppProject.IsSourcePermitted).
func (p Project) ForbidsSource(repo string) bool {
	if p.vague || unfilled(repo) {
		return false
	}
	repo = normalURL(repo)
	permitted := false
	for _, pattern := range p.repos {
		bare, deny := strings.CutPrefix(pattern, "!")
		matched := projectGlob(normalURL(bare), repo, '/')
		if deny {
			matched = !matched
		}
		if matched {
			permitted = true
		} else if deny {
			return true
		}
	}
	return !permitted
}

// answer is whether a pattern matches a value that may not be known.
type answer int

const (
	no answer = iota
	maybe
	yes
)

// ForbidsDestination reports whether nothing may be deployed to a namespace of a cluster,
// as far as that can be told (AppProject.isDestinationMatched). An Application names a
// cluster by its server or by its name, and only Argo CD knows the other.
func (p Project) ForbidsDestination(server, name, namespace string) bool {
	if p.vague || unfilled(namespace) {
		return false
	}
	if server == inClusterServer || name == inClusterName {
		server, name = inClusterServer, inClusterName
	}
	permitted := false
	for _, d := range p.destinations {
		byName, byServer := matches(d.name, name), matches(d.server, server)
		byNamespace := matches(d.namespace, namespace)
		if namespace == "" {
			byNamespace = fromBool(projectGlob(d.namespace, ""))
		}
		deniesName, deniesServer := strings.HasPrefix(d.name, "!"), strings.HasPrefix(d.server, "!")
		switch {
		case max(byName, byServer) != no && byNamespace != no:
			permitted = true
		case byName == no && deniesName, byServer == no && deniesServer && byNamespace != no:
			return true
		case byNamespace == no && strings.HasPrefix(d.namespace, "!") && byServer == yes:
			return true
		}
	}
	return !permitted
}

// matches is the answer of a pattern that may deny, of a value that is "" when it is not
// known.
func matches(pattern, value string) answer {
	switch {
	case pattern == "":
		return fromBool(false)
	case pattern == "*":
		return yes
	case value == "" || unfilled(value):
		return maybe
	}
	return fromBool(projectGlob(pattern, value))
}

// fromBool is the answer when all is known.
func fromBool(b bool) answer {
	if b {
		return yes
	}
	return no
}

// projectGlob is globMatch of Argo CD's projects.
func projectGlob(pattern, value string, separators ...rune) bool {
	if bare, deny := strings.CutPrefix(pattern, "!"); deny {
		return !projectGlob(bare, value, separators...)
	}
	if pattern == "*" {
		return true
	}
	match, err := compileGlob(pattern, separators...)
	return err == nil && match(value)
}

// sshURL matches the addresses that Argo CD takes for SSH (util/git, sshURLRegex).
var sshURL = regexp.MustCompile(`^(ssh://)?([^/:]*?)@[^@]+$`)

// normalURL is NormalizeGitURL of Argo CD.
func normalURL(repo string) string {
	repo = strings.ToLower(strings.TrimSpace(repo))
	if sshURL.MatchString(repo) && !strings.HasPrefix(repo, "ssh://") {
		repo = "ssh://" + strings.Replace(repo, ":", "/", 1)
	}
	u, err := url.Parse(strings.TrimSuffix(repo, ".git"))
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u.String(), "ssh://")
}
