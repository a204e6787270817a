package render

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/sealift/sealift/gitops"
)

var (
	// tried is what kustomize wraps around an error for every directory it came through.
	tried     = regexp.MustCompile(`^(?:recursed accumulation of path '[^']*': |accumulating (?:resources|components): |accumulateDirectory: |loading generator plugins: |failed to load generator: )+`)
	invalid   = regexp.MustCompile(`yaml: (?:unmarshal errors: )?line \d+: (.+?)(?: in File: \S+)?$`)
	wrongType = regexp.MustCompile(`cannot unmarshal (\w+) into Go struct field \w+\.(\w+)\S* of type (\S+)`)
	plugin    = regexp.MustCompile(`^external plugins disabled; unable to load external plugin '([^']+)'`)
	twice     = regexp.MustCompile(`may not add resource with an already registered id: ([^\s']+)`)
	twiceIn   = regexp.MustCompile(`merging resources from '([^']+)'`)
	noTarget  = regexp.MustCompile(`^(?:no resource matches strategic merge patch "[^"]*": )?no matches for Id ([^\s;]+); failed to find unique target for patch \S+$`)
	outOfRoot = regexp.MustCompile(`security; file '([^']+)' is not in or below '([^']+)'`)
	noWork    = regexp.MustCompile(`^resource with name (\S+) does not match a config with the following GVK .*$`)
	ordinary  = regexp.MustCompile(`^"expected kind 'Component' for path '([^']+)' but got 'Kustomization'"$`)
	chartName = regexp.MustCompile(`(?:\[noGrp\]/|\bname: )([\w-]+)`)
)

// plainly says in people's words what kustomize says in its own, where the place is
// known. What it does not know stays as it is.
func (f *files) plainly(at *failure) {
	at.message = tried.ReplaceAllString(at.message, "")
	switch at.cause {
	case gitops.CauseHelm:
		name := ""
		if m := chartName.FindStringSubmatch(at.message); m != nil {
			name = " " + gitops.Quote(m[1])
		}
		at.message = "Helm chart" + name + " is not rendered here: no Helm is run"
		at.line, at.column = findKey(f.read[treeRoot+"/"+at.file], "helmCharts")
	case gitops.CausePlugin:
		at.say(plugin, "plugin %s is not run here")
	case gitops.CausePatch:
		at.say(noTarget, "patch has no target: there is no %s")
		at.say(noWork, "replicas has no target: there is no workload %s")
	case gitops.CauseComponent:
		at.say(ordinary, "not a component but an ordinary kustomization: %s")
	case gitops.CauseDuplicate:
		in := twiceIn.FindStringSubmatch(at.message)
		if at.say(twice, "object is there twice: %s") && in != nil {
			at.message += ", again in " + gitops.Quote(in[1])
		}
	case gitops.CauseYAML:
		if m := invalid.FindStringSubmatch(at.message); m != nil && at.line > 0 {
			at.message = "invalid YAML: " + m[1]
		}
	case gitops.CauseField:
		if m := outOfRoot.FindStringSubmatch(at.message); m != nil {
			at.message = fmt.Sprintf("file %s is not in or below %s, and kustomize reads no others from there", gitops.Quote(m[1]), gitops.Quote(m[2]))
			if from, ok := f.named(treeRoot + "/" + m[1]); ok {
				at.file, at.line, at.column = from.file, from.line, from.column
			}
		}
		if m := wrongType.FindStringSubmatch(at.message); m != nil {
			at.line, at.column = findKey(f.read[treeRoot+"/"+at.file], m[2])
			at.message = fmt.Sprintf("field %s holds %s where %s is expected", gitops.Quote(m[2]), typeName(m[1]), typeName(m[3]))
		}
	}
}

// say replaces a message that has a form by a sentence with what it is about, quoted.
func (at *failure) say(form *regexp.Regexp, sentence string) bool {
	m := form.FindStringSubmatch(at.message)
	if m != nil {
		at.message = fmt.Sprintf(sentence, gitops.Quote(m[1]))
	}
	return m != nil
}

// typeName is a type of JSON or Go in words of YAML.
func typeName(t string) string {
	switch {
	case t == "array", strings.HasPrefix(t, "[]"):
		return "a list"
	case t == "string":
		return "a string"
	case t == "bool":
		return "true or false"
	case t == "number", strings.HasPrefix(t, "int"), strings.HasPrefix(t, "float"):
		return "a number"
	}
	return "a map"
}

// howToAllow says how remotes beside one are allowed, in brackets; "" when it is
// not read over https.
func howToAllow(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return ""
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	parts = append([]string{u.Host}, parts[:min(2, len(parts))]...)
	return " (allow it with --allow-remote " + strings.TrimSuffix(strings.Trim(strings.Join(parts, "/"), "/"), ".git") + ")"
}
