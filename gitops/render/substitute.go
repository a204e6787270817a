package render

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fluxcd/pkg/envsubst"
	"github.com/fluxcd/pkg/envsubst/parse"
	"github.com/sealift/sealift/gitops"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/yaml"
)

// substituteKey is the label or annotation with which an object is left as it is.
const substituteKey = "kustomize.toolkit.fluxcd.io/substitute"

// variableName is what Flux takes for the name of a variable.
var variableName = regexp.MustCompile(`^[_[:alpha:]][_[:alpha:][:digit:]]*$`)

// substituteAll substitutes variables in all objects as SubstituteVariables of
// fluxcd/pkg/kustomize v1.41 does: in their text, which is read again. An object may so
// become another, but not one that is there already.
func substituteAll(m resmap.ResMap, o *gitops.FluxBuild) error {
	for _, r := range m.Resources() {
		if r.GetName() == "" || r.GetKind() == "" || r.GetApiVersion() == "" {
			return &failure{cause: gitops.CauseYAML, message: "object has no apiVersion, kind or name: " + gitops.Quote(r.GetKind()+"/"+r.GetName())}
		}
	}
	if !o.Substitute {
		return nil
	}
	vars, bad := variables(o.Vars)
	for _, r := range m.Resources() {
		if r.GetLabels()[substituteKey] == "disabled" || r.GetAnnotations()[substituteKey] == "disabled" {
			continue
		}
		if bad != nil {
			return bad // without an object to substitute in nobody looks
		}
		was := r.GetKind() + "/" + r.GetName()
		if why := substituteIn(r, vars, o); why != nil {
			why.message += ", in " + gitops.Quote(was)
			return why
		}
		if _, err := m.Replace(r); err != nil {
			return &failure{cause: gitops.CauseDuplicate, message: fmt.Sprintf("postBuild of the Kustomization: object is there twice: %s, once as %s", gitops.Quote(r.CurId().String()), gitops.Quote(was))}
		}
	}
	return nil
}

// variables are values without their line feeds.
func variables(values map[string]string) (map[string]string, *failure) {
	vars := make(map[string]string, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !variableName.MatchString(name) {
			return nil, notSubstituted("name of a variable is none: %s", gitops.Quote(name))
		}
		vars[name] = strings.ReplaceAll(values[name], "\n", "")
	}
	return vars, nil
}

// notSubstituted is a fault of variables or of the text that has them. Where that text
// comes from is lost by then: kustomize has put the object together.
func notSubstituted(format string, args ...any) *failure {
	return &failure{cause: gitops.CauseField, message: "postBuild of the Kustomization: " + fmt.Sprintf(format, args...)}
}

// substituteIn substitutes in one object.
func substituteIn(r *resource.Resource, vars map[string]string, o *gitops.FluxBuild) *failure {
	text, err := r.AsYAML()
	if err != nil {
		return notSubstituted("%v", err)
	}
	if !strings.Contains(string(text), "$") && !longNumber.Match(text) {
		return nil // it would be read again as it is, at the cost of a second render
	}
	masked, kept := string(text), unkept
	if o.Unknown {
		var long string
		if masked, kept, long = keepUnknown(masked, vars); long != "" {
			return notSubstituted("expression does not end within %d bytes: %s", maxExpression, gitops.Quote(long))
		}
	}
	out, err := envsubst.Eval(masked, func(name string) (string, bool) {
		value, ok := vars[name]
		return value, ok || !o.Strict
	})
	if err != nil {
		return notSubstituted("%v: %s", err, gitops.Quote(faulty(masked)))
	}
	return rewritten(r, []byte(kept(out)))
}

// unkept is the way back of a text in which nothing was kept.
func unkept(text string) string { return text }

// longNumber may be one that a float does not hold.
var longNumber = regexp.MustCompile(`[0-9]{16}`)

// rewritten reads an object from its text again. Numbers become floats on the way, and
// large ones others, as they do for Flux.
func rewritten(r *resource.Resource, text []byte) *failure {
	raw, err := yaml.YAMLToJSON(text)
	if err == nil {
		err = r.UnmarshalJSON(raw)
	}
	if err != nil {
		f := notSubstituted("object is no YAML any more: %s", yamlSays.ReplaceAllString(err.Error(), "$1"))
		f.cause = gitops.CauseYAML
		return f
	}
	return nil
}

// keepUnknown hides the expressions whose variable is not in vars and has no default, so that
// they come through a substitution as they are written. The function brings them back. long is what
// may be one, and is too long to be looked at.
func keepUnknown(text string, vars map[string]string) (masked string, back func(string) string, long string) {
	k := keeper{vars: vars, mark: '\uE000'}
	for strings.ContainsRune(text, k.mark) && k.mark < '\uF8FF' {
		k.mark++ // the private use area: nothing of it is in manifests, but nothing forbids it
	}
	k.walk(text, true)
	return k.out.String(), func(text string) string {
		if len(k.kept) == 0 {
			return text
		}
		return strings.NewReplacer(k.kept...).Replace(text)
	}, k.long
}

// keeper walks through a text and its expressions.
type keeper struct {
	vars map[string]string
	mark rune
	out  strings.Builder
	kept []string // marks, each followed by what it stands for
	long string   // the beginning of the first expression that is too long
}

// walk copies a text without the expressions of unknown variables, also those that are
// arguments of known ones. pairs says that two dollars are one, and no begin.
func (k *keeper) walk(text string, pairs bool) {
	for text != "" {
		i := strings.IndexByte(text, '$')
		if i < 0 {
			k.out.WriteString(text)
			return
		}
		k.out.WriteString(text[:i])
		text = text[i:]
		if pairs && strings.HasPrefix(text, "$$") {
			k.out.WriteString("$$")
			text = text[2:]
			continue
		}
		end, f := expression(text)
		if f == nil {
			if k.long == "" && len(text) > maxExpression && strings.HasPrefix(text, "${") {
				k.long = text[:maxExpression]
			}
			k.out.WriteByte('$')
			text = text[1:]
			continue
		}
		if _, known := k.vars[f.Param]; known || hasDefault(f.Name) {
			head := len("${") + len(f.Param)
			k.out.WriteString(text[:head])
			k.walk(text[head:end], strings.HasPrefix(f.Name, "/"))
		} else {
			mark := fmt.Sprintf("%c%d%c", k.mark, len(k.kept), k.mark)
			k.kept = append(k.kept, mark, text[:end])
			k.out.WriteString(mark)
		}
		text = text[end:]
	}
}

// hasDefault reports whether an expression says itself what it is without its variable:
// that is the best that is known, and the same on both sides of a change.
func hasDefault(operator string) bool {
	return operator == ":-" || operator == "-" || operator == ":=" || operator == "="
}

// maxExpression is how long an expression may be in bytes, and maxEnds how many closing
// braces are tried as its end.
const (
	maxExpression = 4 << 10
	maxEnds       = 64
)

// expression returns where the expression ends that a text begins with, and what it is;
// nil when it begins with none. Only the parser knows which brace closes it: the one that
// is paired with its first, except in patterns. It takes no other text than the right one,
// so the brace that is most likely may be tried first.
func expression(text string) (end int, f *parse.FuncNode) {
	if !strings.HasPrefix(text, "${") || !beginsName(text[2:]) {
		return 0, nil
	}
	text = text[:min(len(text), maxExpression)]
	if end = paired(text); end > 0 {
		if f = parsed(text[:end]); f != nil {
			return end, f
		}
	}
	end = 0
	for range maxEnds {
		i := strings.IndexByte(text[end:], '}')
		if i < 0 {
			break
		}
		end += i + 1
		if f = parsed(text[:end]); f != nil {
			return end, f
		}
	}
	return 0, nil
}

// paired is behind the brace that closes the first one of a text, 0 when none does.
func paired(text string) int {
	depth := 0
	for i := range len(text) {
		switch {
		case strings.HasPrefix(text[i:], "${"):
			depth++
		case text[i] == '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return 0
}

// parsed returns the one expression that a text is, nil when it is none or more.
func parsed(text string) *parse.FuncNode {
	tree, err := parse.Parse(text)
	if err != nil {
		return nil
	}
	f, _ := tree.Root.(*parse.FuncNode)
	return f
}

// beginsName reports whether a text begins as what follows an opening brace may.
func beginsName(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return r == '#' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

// faulty returns the beginning of the first expression of a text that is none, to show.
func faulty(text string) string {
	for i := 0; i < len(text); i++ {
		if strings.HasPrefix(text[i:], "$$") {
			i++
			continue
		}
		if !strings.HasPrefix(text[i:], "${") {
			continue
		}
		end, f := expression(text[i:])
		if f == nil {
			line, _, _ := strings.Cut(text[i:], "\n")
			return line
		}
		i += end - 1
	}
	return ""
}
