package check

import (
	"context"
	"slices"
	"sync"

	"github.com/sealift/sealift/gitops"
)

// Overlay is one overlay with its renders.
type Overlay struct {
	// Head is its render at the head; nil when it does not exist there.
	Head *gitops.Rendered
	// Base is its render at the base; nil when it did not exist there or when
	// there is no base.
	Base *gitops.Rendered
}

// Input is what the rules look at.
type Input struct {
	// Tree is the head.
	Tree gitops.Tree
	// Base is the tree before the change; nil when a single tree is checked.
	Base gitops.Tree
	// Overlays are the overlays in question. Files that they do not read are
	// looked at only when Files names them.
	Overlays []Overlay
	// Files are the paths to look at, such as those that a change touches. Nil
	// means every file that the overlays read. Kustomizations of an overlay
	// that stopped rendering are always looked at.
	Files []string
	// Allowed reports whether a rule is to find nothing in a file. It may be nil:
	// nothing is allowed.
	Allowed func(rule, file string) bool
	// Environment returns the environment of a directory, "" when it has none. It
	// may be nil.
	Environment func(dir string) string
	// SameKey reports whether the clusters of two environments decrypt
	// SealedSecrets with the same key. It may be nil: they do not.
	SameKey func(a, b string) bool
	// OnlyNew leaves out what was found at the base already (the same rule, file,
	// message and secret value). Otherwise such findings become notes.
	OnlyNew bool
}

// Rule is one check, with its documentation.
type Rule struct {
	// Name is lower case with hyphens, such as "plain-secret".
	Name string
	// Severity is what its findings have unless the rule says otherwise.
	Severity gitops.Severity
	// Doc says in one sentence what it finds.
	Doc string
	// Long says why it matters and what to do, in Markdown.
	Long string
	// Bad and Good are examples, as txtar archives of a repository: the rule
	// has findings in Bad and none in Good.
	Bad, Good string

	run func(*pass) error
}

// Rules returns every rule, sorted by name.
func Rules() []Rule { return slices.Clone(rules()) }

// rules are in the order of their names, which is the order of findings in one place.
var rules = sync.OnceValue(func() []Rule {
	return []Rule{
		dataRemoved(),
		duplicateObject(),
		immutableField(),
		missingFile(),
		plainSecret(),
		renderError(),
		sealedSecretCiphertext(),
		sealedSecretCopied(),
		sealedSecretKeys(),
		sealedSecretName(),
		sealedSecretScope(),
		sealedSecretTemplate(),
		secretValue(),
		unpinnedRemote(),
	}
})

// Run returns what the rules find, sorted by file, line, column and rule. It
// fails only when ctx ends or a tree cannot be read; a file that is no YAML is
// not its business.
func Run(ctx context.Context, in Input) ([]gitops.Finding, error) {
	head := in.head(ctx)
	if err := head.run(func(string) bool { return true }); err != nil {
		return nil, err
	}
	found := once(head.findings())
	if in.Base == nil || len(found) == 0 {
		return plain(found), nil
	}
	return in.compare(ctx, found)
}

// plain returns the findings without the values they are about.
func plain(found []finding) []gitops.Finding {
	var out []gitops.Finding
	for _, f := range found {
		out = append(out, f.Finding)
	}
	return out
}

// once leaves out a render error where a rule that knows more has an error at the
// same place.
func once(found []finding) []finding {
	type place struct {
		file         string
		line, column int
	}
	said := map[place]bool{}
	for _, f := range found {
		if f.Rule != renderErrorName && f.Severity == gitops.SeverityError && f.Line > 0 {
			said[place{f.File, f.Line, f.Column}] = true
		}
	}
	return slices.DeleteFunc(found, func(f finding) bool {
		return f.Rule == renderErrorName && said[place{f.File, f.Line, f.Column}]
	})
}

// compare finds out which findings were there at the base. A finding is known when the
// base has one of the same rule, file and words, wherever its line is now; how many of
// them there were does not count.
func (in *Input) compare(ctx context.Context, found []finding) ([]gitops.Finding, error) {
	rules := map[string]bool{}
	for _, f := range found {
		rules[f.Rule] = true
	}
	p := in.before(ctx, found)
	// A render error may have been left out for the finding of any rule.
	if err := p.run(func(rule string) bool { return rules[rule] || rules[renderErrorName] }); err != nil {
		return nil, err
	}
	old := map[string]bool{}
	for _, f := range once(p.findings()) {
		old[identity(f)] = true
	}
	var out []gitops.Finding
	for _, f := range found {
		known := old[identity(f)]
		if known && in.OnlyNew {
			continue
		}
		if known {
			f.Severity = gitops.SeverityNote
		}
		out = append(out, f.Finding)
	}
	return out, nil
}
