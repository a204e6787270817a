package check

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/node"
)

// feed is a file that a secretGenerator reads.
type feed struct {
	file      string
	generator string // its name
	env       bool   // lines of KEY=value, not one value
}

// generatorFiles reports the files with plain values that secret generators read:
// those to look at, and those of kustomizations to look at.
func (p *pass) generatorFiles() error {
	feeds := &feeds{pass: p, asked: map[string]bool{}}
	for _, file := range p.files {
		if err := feeds.add(file); err != nil {
			return err
		}
	}
	for _, f := range feeds.list {
		if err := p.fed(f); err != nil {
			return err
		}
	}
	return nil
}

// feeds collects what secret generators read.
type feeds struct {
	*pass
	asked map[string]bool // the kustomizations that were read
	list  []feed
}

// add adds what a kustomization names, or, for a file that may be read by a generator,
// what the kustomizations beside it in a render name. For such a file that is more
// kustomizations than name it, but a change of one file must not cost a read of the
// whole repository.
func (f *feeds) add(file string) error {
	if isKustomization(file) {
		return f.kustomization(file)
	}
	s, err := f.source(file)
	if err != nil || isManifest(s) {
		return err
	}
	for _, o := range f.overlays {
		if o.Head == nil || !reads(o.Head, file) {
			continue
		}
		for _, r := range o.Head.Reads {
			if r.Kind != gitops.File || !isKustomization(r.Path) {
				continue
			}
			if err := f.kustomization(r.Path); err != nil {
				return err
			}
		}
	}
	return nil
}

// isManifest reports whether a file is what resources name, which is the most of
// a repository.
func isManifest(s *source) bool {
	return bytes.Contains(s.data, []byte("kind:")) && bytes.Contains(s.data, []byte("apiVersion:"))
}

// kustomization adds the files that one kustomization's secret generators read,
// if they are to be looked at.
func (f *feeds) kustomization(file string) error {
	if f.asked[file] {
		return nil
	}
	f.asked[file] = true
	s, err := f.source(file)
	if err != nil || !bytes.Contains(s.data, []byte("secretGenerator")) {
		return err
	}
	whole := f.looksAt(file)
	for _, k := range s.documents() {
		for gen := range node.Elements(k, "secretGenerator") {
			name := node.Text(gen, "name")
			for _, r := range generatorRefs("secretGenerator", gen) {
				e, _, err := gitops.Resolve(f.ctx, f.tree, path.Dir(file)+"/"+r.path)
				if err != nil || e.Kind != gitops.File { // missing-file reports it
					continue
				}
				if whole || f.looksAt(e.Path) {
					f.list = append(f.list, feed{e.Path, name, r.env})
				}
			}
		}
	}
	return f.ctx.Err()
}

// looksAt reports whether a file is among those to look at, which are sorted.
func (p *pass) looksAt(file string) bool {
	_, ok := slices.BinarySearch(p.files, file)
	return ok
}

// fed reports the first plain value of a file that a generator reads.
func (p *pass) fed(f feed) error {
	s, err := p.source(f.file)
	if err != nil || s.large || isEncrypted(s.data) {
		return err
	}
	line, what := 1, "a plain value"
	switch {
	case f.env:
		var key string
		if line, key = plainLine(s.data); line == 0 {
			return nil
		}
		what = "a plain value of " + gitops.Quote(key)
	case !isPlain(string(s.data)) || isPublic(s.data):
		return nil
	}
	p.reportValues(gitops.Finding{
		File: f.file, Line: line, Column: 1,
		Message: "secretGenerator " + gitops.Quote(f.generator) + " takes " + what + " from this file",
		Fix:     fixGenerated,
	}, string(s.data))
	return nil
}

// plainLine returns the first line of an environment file that has a plain value,
// with its key; 0 when there is none.
func plainLine(data []byte) (line int, key string) {
	for l := range bytes.Lines(data) {
		line++
		key, value, ok := strings.Cut(strings.TrimSpace(string(l)), "=")
		if ok && !strings.HasPrefix(key, "#") && isPlain(strings.Trim(value, `"'`)) {
			return line, key
		}
	}
	return 0, ""
}

// encrypted matches what SOPS, age, PGP and git-crypt write.
var encrypted = regexp.MustCompile(`ENC\[AES256_GCM,|-----BEGIN (AGE ENCRYPTED FILE|PGP MESSAGE)-----|^\x00GITCRYPT`)

// isEncrypted reports whether some of a file is encrypted; the rest of such a file is
// what those tools leave readable on purpose.
func isEncrypted(data []byte) bool { return encrypted.Match(data) }

// pem matches the first line of each block of a PEM file.
var pem = regexp.MustCompile(`-----BEGIN ([A-Z0-9 ]+)-----`)

// isPublic reports whether a file has certificates and public keys only.
func isPublic(data []byte) bool {
	blocks := pem.FindAllSubmatch(data, -1)
	for _, b := range blocks {
		if kind := string(b[1]); !strings.HasSuffix(kind, "CERTIFICATE") && !strings.HasSuffix(kind, "PUBLIC KEY") && !strings.HasSuffix(kind, "CERTIFICATE REQUEST") {
			return false
		}
	}
	return len(blocks) > 0 && bytes.HasPrefix(bytes.TrimSpace(data), []byte("-----BEGIN "))
}
