package ghapp

import (
	"path"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sealift/sealift/gitops"
)

// The forms of values that become part of a path. GitHub resolves dots and
// slashes in a path, also escaped, and go-github writes values into it as they
// are: "x/../../y" as the name of a user is another endpoint.
var (
	nameForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`)
	userForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}(\[bot\])?$`)
	idForm   = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)
	codeForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)
)

// checkName accepts the name of an owner, repository, team or App.
func checkName(what, s string) error {
	if nameForm.MatchString(s) && strings.Trim(s, ".") != "" {
		return nil
	}
	return notValid(what, s)
}

// checkUser accepts the login of a person or a bot.
func checkUser(s string) error {
	if userForm.MatchString(s) {
		return nil
	}
	return notValid("user", s)
}

// checkID accepts a full commit, tree or blob id.
func checkID(s string) error {
	if idForm.MatchString(s) {
		return nil
	}
	return notValid("commit id", s)
}

// maxBranch is the longest name of a branch, in bytes; GitHub's own limit is
// about that.
const maxBranch = 244

// checkBranch accepts the name of a branch as git-check-ref-format(1) does, and
// refuses some that git takes and that are meant to deceive.
func checkBranch(s string) error {
	bad := s == "" || len(s) > maxBranch || !utf8.ValidString(s) || strings.HasPrefix(s, "-") || s == "@" || strings.HasSuffix(s, ".") ||
		strings.ContainsAny(s, " :?*[\\^~") || strings.ContainsFunc(s, unicode.IsControl)
	for _, part := range []string{"..", "@{", "//", "/.", "./", ".lock/"} {
		bad = bad || strings.Contains("/"+s+"/", part)
	}
	if bad {
		return notValid("branch", s)
	}
	return nil
}

// checkFile accepts the clean path of a file below the root.
func checkFile(s string) error {
	if s == "" || s != path.Clean(s) || s == "." || s == ".." || strings.HasPrefix(s, "/") || strings.HasPrefix(s, "../") ||
		strings.Contains(s, `\`) || !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return notValid("path", s)
	}
	return nil
}

// notValid quotes what was refused, without what looks like a secret in it.
func notValid(what, s string) error {
	return gitops.Errorf(gitops.Invalid, "%s is not valid: %s", what, gitops.Quote(redact(s)))
}
