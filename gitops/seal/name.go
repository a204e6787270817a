package seal

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/sealift/sealift/gitops"
)

const (
	maxName      = 253 // DNS-1123 subdomain, also for keys
	maxNamespace = 63  // DNS-1123 label
)

// What Kubernetes allows: IsConfigMapKey, IsDNS1123Subdomain and IsDNS1123Label of
// k8s.io/apimachinery/pkg/util/validation.
var (
	keyForm       = regexp.MustCompile(`^[-._a-zA-Z0-9]+$`)
	nameForm      = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
	namespaceForm = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
)

// CheckKey says what is wrong with the key of a Secret.
func CheckKey(key string) error {
	switch {
	case key == "":
		return gitops.Errorf(gitops.Invalid, "key is empty")
	case len(key) > maxName:
		return gitops.Errorf(gitops.Invalid, "key is longer than %d characters: %s", maxName, gitops.Quote(key))
	case key == "." || strings.HasPrefix(key, ".."):
		return gitops.Errorf(gitops.Invalid, "key may not be \".\" nor begin with \"..\": %s", gitops.Quote(key))
	case !keyForm.MatchString(key):
		return &gitops.Error{Code: gitops.Invalid, Message: "key is not allowed by Kubernetes: " + gitops.Quote(key), Hint: "use letters of a-z and A-Z, digits, '-', '_' and '.'"}
	}
	return nil
}

// checkName checks a name or namespace.
func checkName(what, name string, limit int, form *regexp.Regexp) error {
	switch {
	case name == "":
		return gitops.Errorf(gitops.Invalid, "%s is missing", what)
	case len(name) > limit:
		return gitops.Errorf(gitops.Invalid, "%s is longer than %d characters: %s", what, limit, gitops.Quote(name))
	case !form.MatchString(name):
		return &gitops.Error{Code: gitops.Invalid, Message: fmt.Sprintf("%s is not allowed by Kubernetes: %s", what, gitops.Quote(name)), Hint: "use lower-case letters, digits and '-'"}
	}
	return nil
}

// CheckName says what is wrong with the name of a Secret.
func CheckName(name string) error { return checkName("name", name, maxName, nameForm) }

// CheckNamespace says what is wrong with the name of a namespace.
func CheckNamespace(name string) error {
	return checkName("namespace", name, maxNamespace, namespaceForm)
}

// CheckNames checks whom a secret is for. A cluster-wide one may leave out the
// namespace, as kubeseal allows.
func (s *Secret) CheckNames() error {
	if _, err := ParseScope(string(s.Scope)); err != nil {
		return err
	}
	if err := CheckName(s.Name); err != nil {
		return err
	}
	if s.Namespace == "" && s.Scope == ClusterWide {
		return nil
	}
	return CheckNamespace(s.Namespace)
}

// CheckTarget checks the names that a value is bound to by the scope, and no others.
func (s *Secret) CheckTarget() error {
	if _, err := ParseScope(string(s.Scope)); err != nil {
		return err
	}
	if s.Scope.binds("name") {
		if err := CheckName(s.Name); err != nil {
			return err
		}
	}
	if s.Scope.binds("namespace") {
		return CheckNamespace(s.Namespace)
	}
	return nil
}
