package render

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// classify turns what kustomize says into a failure with a cause and, as far as
// it can be told, a place. kustomize has no error types for most of this, so the
// rules read its messages (api v0.21.2); what none of them knows is other.
func classify(fs *files, dir string, err error) failure {
	f := understood(fs, dir, err)
	fs.bringHome(&f)
	return f
}

// understood is classify for a failure that may still be in a remote base. A path that
// was refused explains everything that kustomize says about it, and better.
func understood(fs *files, dir string, err error) failure {
	if why, ok := errors.AsType[*failure](err); ok {
		return *why
	}
	if fs.fail != nil {
		return *fs.fail
	}
	full := last(err.Error())
	f := failure{message: tidy(full), cause: gitops.CauseOther}
	if errors.Is(err, errOutput) {
		f.cause = gitops.CauseLimit
		return f
	}
	for _, rule := range messages {
		if rule.match.MatchString(full) {
			f.cause = rule.cause
			break
		}
	}
	f.file = relative(fs.innermost(dir, full))
	fs.locate(&f, full)
	fs.plainly(&f)
	fs.unmade(&f, full)
	return f
}

// last cuts what kustomize repeats before the error that counts: it tries every entry
// as a file first, and a directory is none.
func last(message string) string {
	const tried = "must resolve to a file': "
	if i := strings.LastIndex(message, tried); i >= 0 {
		return message[i+len(tried):]
	}
	return message
}

// messages are tried in turn; the more telling ones stand first.
var messages = []struct {
	match *regexp.Regexp
	cause gitops.Cause
}{
	{regexp.MustCompile(`cycle detected`), gitops.CauseCycle},
	{regexp.MustCompile(`kustomization\.yaml is empty`), gitops.CauseEmpty},
	{regexp.MustCompile(`must specify --enable-helm|no 'helm' binary|unable to run: 'helm`), gitops.CauseHelm},
	{regexp.MustCompile(`external plugins disabled|unable to load builtin|plugin .*not found|must enable (exec|starlark)|fn is disabled|function .* disabled|exec function|container function|unable to find plugin root`), gitops.CausePlugin},
	{regexp.MustCompile(`expected kind (!= )?'Component'`), gitops.CauseComponent},
	{regexp.MustCompile(`remote file is not served|URL is a git repository|no 'git' program|executable file not found`), gitops.CauseRemote},
	{regexp.MustCompile(`may not add resource with an already registered id|already registered id|multiple matches for Id|behavior must be merge or replace`), gitops.CauseDuplicate},
	{regexp.MustCompile(`no matches for Id|does not match a config with the following GVK|no resource matches|failed to find unique target|unable to find (patch )?target|multiple possible (matches|targets)|nothing selected by|unable to find field|fieldPath .* is missing|add operation does not apply|operation does not apply|replace operation does not apply|remove operation does not apply|doc is missing (key|path)|error in remove for path|conflict between|unable to (parse SM or )?JSON patch|found more than one|JSON patch`), gitops.CausePatch},
	{regexp.MustCompile(`unknown field|invalid Kustomization: (json|yaml)|json: (cannot unmarshal|unknown)|kind should be|apiVersion for|[Ff]ailed to read kustomization file|Invalid value|security; file|must resolve to a file|cannot be absolute|is ambiguous: resolves|multiple kustomization files`), gitops.CauseField},
	{regexp.MustCompile(`MalformedYAMLError|(^|[^.\w])yaml: |error converting YAML|mapping key .* already defined|did not find expected|missing Resource metadata|missing metadata\.name|kind\\?.? is missing|apiVersion\\?.? is missing|Object 'Kind' is missing|found a tab|invalid map key|unable to parse|couldn't decode|expected .* nodes`), gitops.CauseYAML},
	{regexp.MustCompile(`no such file or directory|unable to find one of|is a directory|not a valid directory|file is not directory`), gitops.CauseMissing},
}

var (
	lineNumber = regexp.MustCompile(`(?:yaml: |error converting YAML to JSON: yaml: )?line (\d+)`)
	inFile     = regexp.MustCompile(`in File: (\S+)`)
	recursed   = regexp.MustCompile(`(?:recursed accumulation of path|couldn't make target for path) '([^']+)'`)
	lstat      = regexp.MustCompile(`lstat ([^\n:]+): no such file or directory`)
	unknown    = regexp.MustCompile(`unknown field "([^"]+)"`)
	pointer    = regexp.MustCompile(`\b0x[0-9a-f]{8,}\b`) // differs from run to run
	keyTwice   = regexp.MustCompile(`mapping key "([^"]*)" already defined`)
	noneIn     = regexp.MustCompile(`unable to find one of .* in directory '([^']+)'`)
)

// tidy takes the virtual root out of a message, and what kustomize repeats when
// it has tried an entry as a file and as a directory.
func tidy(message string) string {
	message = strings.ReplaceAll(message, treeRoot+"/", "")
	message = strings.ReplaceAll(message, treeRoot, ".")
	message = pointer.ReplaceAllString(message, "…")
	const most = 2000
	if len(message) > most {
		message = message[:most] + "…"
	}
	return strings.Join(strings.Fields(strings.ToValidUTF8(message, "\uFFFD")), " ")
}

// innermost returns the kustomization that kustomize was working on.
func (f *files) innermost(dir, message string) string {
	at := strings.TrimSuffix(dir, "/.")
	for _, m := range recursed.FindAllStringSubmatch(message, -1) {
		if f.kustomizationIn(m[1]) != "" || within(m[1], treeRoot) {
			at = m[1]
		}
	}
	if k := f.kustomizationIn(at); k != "" {
		return k
	}
	return path.Join(at, kustomizationNames[0])
}

// kustomizationIn returns the kustomization of a directory that was read, "" when none
// was.
func (f *files) kustomizationIn(dir string) string {
	for _, name := range kustomizationNames {
		if p := path.Join(dir, name); f.read[p] != nil {
			return p
		}
	}
	return ""
}

// locate fills in file, line and column, and says a missing path plainly.
func (f *files) locate(at *failure, message string) {
	switch at.cause {
	case gitops.CauseMissing:
		f.locateMissing(at, message)
	case gitops.CauseYAML:
		if m := inFile.FindStringSubmatch(message); m != nil {
			at.file = f.nameOf(m[1], at.file)
			at.line = firstNumber(message)
		} else if m := keyTwice.FindStringSubmatch(message); m != nil {
			at.file, at.line, at.message = f.keyTwice(m[1], at.file, at.message)
		} else {
			at.line = firstNumber(message)
		}
	case gitops.CauseField:
		if m := unknown.FindStringSubmatch(message); m != nil {
			at.line, at.column = findKey(f.read[treeRoot+"/"+at.file], m[1])
			at.message = "unknown field " + gitops.Quote(m[1])
		} else {
			at.line = firstNumber(message)
		}
	}
}

func (f *files) locateMissing(at *failure, message string) {
	missing := ""
	if m := noneIn.FindStringSubmatch(message); m != nil {
		missing = m[1]
		at.message = "directory has no kustomization: " + gitops.Quote(relative(missing))
	} else if all := lstat.FindAllStringSubmatch(message, -1); all != nil {
		missing = all[len(all)-1][1]
		at.message = "no such file or directory: " + gitops.Quote(relative(missing))
	}
	from, ok := f.named(missing)
	if n, remote := f.mountOf(missing); remote && !ok {
		from, ok = f.mounts[n].from, true
	}
	if ok {
		at.file, at.line, at.column = from.file, from.line, from.column
	}
}

// nameOf returns the path, relative to the tree, of a file that kustomize names
// as the kustomization did.
func (f *files) nameOf(name, kustomization string) string {
	p := path.Join(path.Dir(path.Join(treeRoot, kustomization)), name)
	if f.seen[p] != nil {
		return relative(p)
	}
	return kustomization
}

// mounted is a virtual path in a remote base.
var mounted = regexp.MustCompile(`/\.remote/(\d+)(/[^\s'":]*)?`)

// bringHome says a failure in a remote base with the entry that named it, for
// the place, and with its address instead of a virtual path.
func (f *files) bringHome(at *failure) {
	if strings.HasPrefix(at.file, remoteRoot+"/") && at.line > 0 {
		at.message = fmt.Sprintf("%s:%d:%d: %s", at.file, at.line, at.column, at.message)
	}
	for range maxMounts {
		n, ok := f.mountOf(at.file)
		if !ok {
			break
		}
		at.file, at.line, at.column = f.mounts[n].from.file, f.mounts[n].from.line, f.mounts[n].from.column
	}
	at.message = mounted.ReplaceAllStringFunc(at.message, func(p string) string {
		m := mounted.FindStringSubmatch(p)
		if n, err := strconv.Atoi(m[1]); err == nil && n < len(f.mounts) {
			return f.mounts[n].spec.Repo + "/" + m[2]
		}
		return p
	})
}

func firstNumber(message string) int {
	if m := lineNumber.FindStringSubmatch(message); m != nil {
		n, _ := strconv.Atoi(m[1])
		return n
	}
	return 0
}
