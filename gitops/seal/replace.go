package seal

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/edit"
)

// Target is where plain Secrets are to be decrypted.
type Target struct {
	// Namespace is for Secrets that name none, "" when it is not known.
	Namespace string
	// Scope is for Secrets whose annotations say none; "" is strict.
	Scope Scope

	site *site // what kustomize does to them; nil when it is not known
}

// Replace is [Replace] for a file that an overlay reads: the namespace that kustomize
// gives to the file's objects counts, and a Secret that kustomize would rename so that it
// could not be decrypted is refused with code invalid. Code not_found when the overlay
// does not read the file as a resource.
func (x *Index) Replace(ctx context.Context, overlay, file string, c *Certificate, to Target) ([]byte, []Existing, error) {
	sites := x.sites(overlay)
	i := slices.IndexFunc(sites, func(s *site) bool { return slices.Contains(s.files, file) })
	if i < 0 {
		return nil, nil, gitops.Errorf(gitops.NotFound, "overlay %s does not name %s among its resources", gitops.Quote(overlay), gitops.Quote(file))
	}
	data, err := x.tree.Read(ctx, file)
	if err != nil {
		return nil, nil, err
	}
	to.site = sites[i]
	return Replace(file, data, c, to)
}

// Replace puts a SealedSecret in the place of every plain Secret of a file, sealed
// for c, and returns the new file with what was sealed. Everything else in the file
// stays byte for byte. Labels, annotations and the type go to the template. Comments
// inside of a Secret are dropped; a value that also stands in a comment elsewhere in
// the file is an error with its line, because it would stay readable. The values were
// readable in data, and stay so in the history: change them. Code not_found when the
// file has no plain Secret.
func Replace(file string, data []byte, c *Certificate, to Target) ([]byte, []Existing, error) {
	f, err := edit.Parse(file, data)
	if err != nil {
		return nil, nil, withoutText(err)
	}
	list, err := readPlain(file, f)
	for i := range list {
		defer list[i].clear()
	}
	if err != nil {
		return nil, nil, err
	}
	if len(list) == 0 {
		return nil, nil, &gitops.Error{Code: gitops.NotFound, File: file, Message: "no plain Secret in the file"}
	}
	needles := needlesOf(list)
	defer func() {
		for _, n := range needles {
			clear(n)
		}
	}()
	var done []Existing
	for i := range list {
		e, err := list[i].replace(f, file, c, to)
		if err != nil {
			return nil, nil, err
		}
		done = append(done, e)
	}
	out, err := f.Bytes()
	if err != nil {
		return nil, nil, withoutText(err)
	}
	if err := inComments(file, data, out, needles); err != nil {
		return nil, nil, err
	}
	return out, done, nil
}

// replace edits one Secret.
func (p *plain) replace(f *edit.File, file string, c *Certificate, to Target) (Existing, error) {
	p.Namespace = cmp.Or(to.site.finalNamespace(), p.Namespace, to.Namespace)
	if p.Scope == Strict {
		p.Scope = cmp.Or(to.Scope, Strict)
	}
	if err := to.site.keeps(p.Secret); err != nil {
		return Existing{}, err
	}
	s, err := c.Seal(p.Secret, p.values)
	if err == nil {
		err = CheckKeys(s.Type, slices.Collect(maps.Keys(s.Items)))
	}
	if err != nil {
		return Existing{}, placed(err, file, p.node)
	}
	text, err := New(s)
	if err != nil {
		return Existing{}, err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return Existing{}, gitops.Errorf(gitops.Internal, "SealedSecret: %w", err)
	}
	if err := f.Replace(p.node, doc.Content[0]); err != nil {
		return Existing{}, err
	}
	made := sealedAt(file, doc.Content[0])
	return made.Existing, nil
}

// placed adds a place to an error of this package.
func placed(err error, file string, n *yaml.Node) error {
	if e, ok := errors.AsType[*gitops.Error](err); ok && e.File == "" {
		e.File, e.Line, e.Column = file, n.Line, n.Column
	}
	return err
}

// withoutText is an error of a YAML parser without its text, which may quote the
// file.
func withoutText(err error) error {
	if e, ok := errors.AsType[*gitops.Error](err); ok {
		return &gitops.Error{Code: e.Code, Cause: e.Cause, File: e.File, Line: e.Line, Message: "file cannot be read as YAML"}
	}
	return err
}

// minNeedle is the shortest value, in bytes, that is looked for in comments:
// shorter ones are words.
const minNeedle = 8

// needlesOf returns the values to look for, as they are and in base64.
func needlesOf(list []plain) [][]byte {
	var out [][]byte
	for _, p := range list {
		for _, v := range p.values {
			if trimmed := bytes.TrimSpace(v); len(trimmed) >= minNeedle {
				out = append(out, bytes.Clone(trimmed), []byte(base64.StdEncoding.EncodeToString(v)))
			}
		}
	}
	return out
}

// inComments fails when a comment of the new file holds one of needles, with the line of
// the old one, where it stands too.
func inComments(file string, before, after []byte, needles [][]byte) error {
	for l := range bytes.Lines(after) {
		_, comment, ok := bytes.Cut(l, []byte("#"))
		if ok && slices.ContainsFunc(needles, func(n []byte) bool { return bytes.Contains(comment, n) }) {
			line := bytes.Count(before[:max(bytes.Index(before, l), 0)], []byte("\n")) + 1
			return &gitops.Error{Code: gitops.Invalid, File: file, Line: line, Message: "a value of the Secret stands in a comment too", Hint: "remove the comment first"}
		}
	}
	return nil
}
