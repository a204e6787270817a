package check

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"

	"github.com/sealift/sealift/gitops"
)

func sealedSecretCopied() Rule {
	return Rule{
		Name:     "sealed-secret-copied",
		Severity: gitops.SeverityError,
		Doc:      "The same ciphertext stands in two namespaces or environments.",
		Long: `A SealedSecret cannot be copied: what was sealed for one name and namespace, and with
one cluster's certificate, is decrypted there only. kubeseal never makes the same
ciphertext twice, so equal values are copies. A copy for another name or namespace
is an error. One for another environment is a warning: it works when the clusters
share their sealing key, which ` + "`.sealift.yaml`" + ` says by giving both environments the same
certificates or controller. When a change adds ciphertext, every file of the repository
is searched for it, not only those that the change renders.`,
		Bad: `overlay: apps/web/prod
files: apps/web/prod/db.yaml
-- in/apps/web/prod/kustomization.yaml --
resources: [db.yaml]
-- in/apps/web/prod/db.yaml --
` + exampleSealed("db", "prod", "") + `-- in/apps/web/dev/db.yaml --
` + exampleSealed("db", "dev", ""),
		Good: `overlay: apps/web/prod
files: apps/web/prod/db.yaml
-- in/apps/web/prod/kustomization.yaml --
resources: [db.yaml]
-- in/apps/web/prod/db.yaml --
` + exampleSealed("db", "prod", ""),
		run: runSealedSecretCopied,
	}
}

// runSealedSecretCopied first takes in all that is rendered, then, only if the change
// brings ciphertext, the rest of the repository.
func runSealedSecretCopied(p *pass) error {
	all, err := p.sealedSecrets()
	if err != nil {
		return err
	}
	c := &copies{pass: p, by: map[string][]copied{}}
	for _, r := range all {
		if err := c.add(r); err != nil {
			return err
		}
	}
	if err := c.search(all); err != nil {
		return err
	}
	c.reportAll()
	return nil
}

// copied is one place of a ciphertext.
type copied struct {
	*rendered
	index int  // of the value
	fresh bool // the file did not have it at the base
}

// copies finds ciphertext that stands in several places.
type copies struct {
	*pass
	by    map[string][]copied // ciphertext -> its places
	order []string            // of the keys of by
	fresh bool                // some ciphertext is
}

// add notes the values of r, unless it is no ciphertext, or in a place that it
// cannot be decrypted in as it is: other rules report those.
func (c *copies) add(r *rendered) error {
	if r.placed().differs(r.sealedFor()) {
		return nil
	}
	for i, v := range r.values {
		if !isPlain(v.cipher) || notCiphertext(v.cipher) != "" {
			continue
		}
		fresh, err := c.isFresh(r, v.cipher)
		if err != nil {
			return err
		}
		if len(c.by[v.cipher]) == 0 {
			c.order = append(c.order, v.cipher)
		}
		c.by[v.cipher] = append(c.by[v.cipher], copied{r, i, fresh})
		c.fresh = c.fresh || fresh
	}
	return nil
}

// isFresh reports whether the file that r comes from did not have a ciphertext at
// the base.
func (c *copies) isFresh(r *rendered, cipher string) (bool, error) {
	if r.source == nil {
		return false, nil
	}
	if c.base == nil {
		return true, nil
	}
	old := c.base.Lookup(r.source.file)
	if old.Kind != gitops.File {
		return true, nil
	}
	if old.ID == c.tree.Lookup(r.source.file).ID {
		return false, nil
	}
	data, err := c.base.Read(c.ctx, r.source.file)
	if gitops.CodeOf(err) == gitops.Invalid { // over the limit of the tree
		return true, nil
	}
	return !bytes.Contains(data, []byte(cipher)), err
}

// search looks for fresh ciphertext in the files that nothing rendered comes from. It
// reads files without keeping them, and asks the parser only about those that have the
// word SealedSecret in them.
func (c *copies) search(all []*rendered) error {
	if !c.fresh {
		return nil
	}
	known := map[string]bool{}
	for _, r := range all {
		if r.source != nil {
			known[r.source.file] = true
		}
	}
	for e := range c.tree.Entries() {
		tooSmall := e.Size >= 0 && e.Size < minModulus
		if e.Kind != gitops.File || tooSmall || !isYAML(e.Path) || known[e.Path] {
			continue
		}
		s, ok := c.sources[e.Path]
		if !ok { // not kept: it is most of the repository
			var err error
			if s, err = c.load(e.Path); err != nil {
				return err
			}
		}
		for _, found := range sealedIn(e.Path, s) {
			c.join(alone(&found))
		}
	}
	return nil
}

// join adds a SealedSecret that has ciphertext of those already known.
func (c *copies) join(r *rendered) {
	for i, v := range r.values {
		if len(c.by[v.cipher]) > 0 {
			c.by[v.cipher] = append(c.by[v.cipher], copied{r, i, false})
		}
	}
}

// reportAll reports, for each ciphertext, the places that do not go together with the
// first: the one that was there before the change, else the first by path and line. Of
// one SealedSecret only one value is reported, and the command for it names all.
func (c *copies) reportAll() {
	reported := map[*rendered]bool{}
	for _, cipher := range c.order {
		places := c.by[cipher]
		first := slices.MinFunc(places, func(a, b copied) int {
			if a.fresh != b.fresh {
				if b.fresh {
					return -1
				}
				return 1
			}
			return cmp.Or(cmp.Compare(a.dir(), b.dir()), cmp.Compare(a.line(), b.line()))
		})
		for _, other := range places {
			if !reported[other.rendered] {
				reported[other.rendered] = c.compare(first, other)
			}
		}
	}
}

// line is where the value stands, 0 when that is not known.
func (c copied) line() int {
	if n := c.places[c.index].node; n != nil {
		return n.Line
	}
	return 0
}

// compare reports other when it cannot be decrypted together with first.
func (c *copies) compare(first, other copied) bool {
	v := other.values[other.index]
	a, b := first.placed(), other.placed()
	from, to := c.in.environment(first.dir()), c.in.environment(other.dir())
	f := other.finding(other.places[other.index])
	f.Message = "value of " + gitops.Quote(v.key) + " in SealedSecret " + gitops.Quote(b.name) + " is the same ciphertext as at " + first.place() + ", "
	switch {
	case a.differs(b):
		f.Message += "for " + a.String() + "; here it is for " + b.String() + ", and only one of them can be decrypted"
	case unequal(from, to) && (c.in.SameKey == nil || !c.in.SameKey(from, to)):
		f.Severity = gitops.SeverityWarning
		f.Message += "in environment " + gitops.Quote(from) + "; here it is in " + gitops.Quote(to) + ", which can decrypt it only with the same sealing key"
	default:
		return false
	}
	f.Fix = "seal it for this place: " + c.sealAgain(other.rendered, c.shared(other.rendered)...)
	c.report(f)
	return true
}

// shared returns the keys of r whose ciphertext stands elsewhere too.
func (c *copies) shared(r *rendered) []string {
	var out []string
	for _, v := range r.values {
		if len(c.by[v.cipher]) > 1 {
			out = append(out, v.key)
		}
	}
	return out
}

// place is where a value stands, for messages.
func (c copied) place() string {
	at := c.places[c.index]
	if at.node == nil {
		return gitops.Printable(c.dir())
	}
	return gitops.Printable(at.file) + ":" + strconv.Itoa(at.node.Line)
}
