package argocd

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// pick is the selector of a generator: which of its sets count, by their flat parameters
// (LabelSelectorAsSelector in applicationset/utils).
type pick []requirement

type requirement struct {
	key, operator string
	values        []string
}

// newPick reads a selector, nil for none.
func newPick(g object) (pick, error) {
	selector, ok := g["selector"].(object)
	if !ok {
		return nil, nil
	}
	out := pick{}
	labels := textMap(selector, "matchLabels")
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		out = append(out, requirement{k, "In", []string{labels[k]}})
	}
	for _, e := range list(selector, "matchExpressions") {
		out = append(out, requirement{text(e, "key"), text(e, "operator"), texts(e, "values")})
	}
	for _, r := range out {
		if !r.valid() {
			return nil, refuse("has a selector that Argo CD refuses, at the key %s", gitops.Quote(r.key))
		}
	}
	return out, nil
}

// valid reports whether a requirement is one (newRequirement).
func (r requirement) valid() bool {
	switch r.operator {
	case "In", "NotIn":
		return qualifiedName(r.key) && len(r.values) > 0
	case "Exists", "DoesNotExist":
		return qualifiedName(r.key) && len(r.values) == 0
	}
	return false
}

// namePart and subdomain are those of k8s.io/apimachinery, validation.IsQualifiedName.
var (
	namePart  = regexp.MustCompile(`^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$`)
	subdomain = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
)

// qualifiedName reports whether a key is one of a label: a name, and before a slash the
// domain of whoever gave it.
func qualifiedName(key string) bool {
	prefix, name, ok := strings.Cut(key, "/")
	if !ok {
		prefix, name = "", key
	} else if len(prefix) > maxName || !subdomain.MatchString(prefix) {
		return false
	}
	return len(name) <= 63 && namePart.MatchString(name)
}

// takes reports whether parameters are selected. certain is false when that hangs on some
// that are not known: then they are.
func (p pick) takes(flat map[string]string, open bool) (takes, certain bool) {
	certain = true
	for _, r := range p {
		v, ok := flat[r.key]
		if open && (!ok || unfilled(v)) {
			certain = false
			continue
		}
		holds := false
		switch r.operator {
		case "In":
			holds = ok && slices.Contains(r.values, v)
		case "NotIn":
			holds = !ok || !slices.Contains(r.values, v)
		case "Exists":
			holds = ok
		case "DoesNotExist":
			holds = !ok
		}
		if !holds {
			return false, true
		}
	}
	return true, certain
}
