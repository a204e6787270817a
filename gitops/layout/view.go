package layout

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"path"
	"strconv"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// Tree returns t, of which l is the layout, with what the units without a
// kustomization are rendered by: whoever renders a unit of l renders it of this tree.
// Only the render of such a unit itself finds a kustomization there, see
// [gitops.Viewer]; to everything else the tree is as it was. Call it once for each
// tree, since every call makes another.
func (l *Layout) Tree(t gitops.Tree) gitops.Tree {
	if len(l.plain) == 0 {
		return t
	}
	v := &viewer{Tree: t, views: map[string]*view{}}
	for dir, unit := range l.plain {
		v.views[dir] = newView(t, dir, unit.resources)
	}
	return v
}

// Plain reports whether dir is a unit without a kustomization, whose plain manifests
// are deployed.
func (l *Layout) Plain(dir string) bool { return l.plain[dir] != nil }

// viewer is a tree with the views of its units without a kustomization.
type viewer struct {
	gitops.Tree
	views map[string]*view
}

// View implements [gitops.Viewer].
func (v *viewer) View(dir string) gitops.Tree {
	if view := v.views[dir]; view != nil {
		return view
	}
	return v.Tree
}

// view is a tree with a kustomization that names the resources of one directory.
type view struct {
	gitops.Tree
	dir       string
	file      gitops.Entry
	content   []byte
	resources []string
}

// newView is a tree with one more file: a kustomization of the plain manifests. Its id
// is that of its content, so that the cache knows it again. There is at least one
// resource.
func newView(t gitops.Tree, dir string, resources []string) *view {
	v := &view{Tree: t, dir: dir, content: kustomizationOf(dir, resources), resources: resources}
	v.file = gitops.Entry{
		Path: path.Join(dir, kustomizationNames[0]), Kind: gitops.File,
		ID: blobID(v.content, len(t.Lookup(resources[0]).ID)), Size: int64(len(v.content)),
	}
	return v
}

// kustomizationOf writes a kustomization whose line n+2 names resource n, from 0.
func kustomizationOf(dir string, resources []string) []byte {
	var b strings.Builder
	b.WriteString("resources:\n")
	for _, p := range resources {
		b.WriteString("- " + quoteYAML("./"+within(dir, p)) + "\n")
	}
	return []byte(b.String())
}

// quoteYAML writes any string of valid UTF-8 as a double-quoted scalar of YAML on one
// line. Other bytes cannot be written; kustomize then does not find the file, and
// says so.
func quoteYAML(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f || r >= 0x80:
			hexa := strconv.FormatInt(int64(r), 16)
			b.WriteString(`\U` + strings.Repeat("0", 8-len(hexa)) + hexa)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// blobID is the id that git gives to content, in a repository whose ids have so many
// hex digits.
func blobID(data []byte, digits int) string {
	var h hash.Hash = sha1.New()
	if digits == hex.EncodedLen(sha256.Size) {
		h = sha256.New()
	}
	h.Write([]byte("blob " + strconv.Itoa(len(data)) + "\x00"))
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}

// Lookup implements [gitops.Tree].
func (v *view) Lookup(p string) gitops.Entry {
	if p == v.file.Path {
		return v.file
	}
	return v.Tree.Lookup(p)
}

// Read implements [gitops.Tree].
func (v *view) Read(ctx context.Context, p string) ([]byte, error) {
	if p == v.file.Path {
		return v.content, nil
	}
	return v.Tree.Read(ctx, p)
}

// Origin returns the file of the repository that an error comes from, and its line: one
// in the kustomization that is not there comes from the resource that its line or the
// message names, or else from the directory, and has no line.
func (v *view) Origin(file string, line int, message string) (string, int) {
	if file != v.file.Path {
		return file, line
	}
	if n := line - 2; n >= 0 && n < len(v.resources) {
		return v.resources[n], 0
	}
	for _, p := range v.resources {
		if named := "./" + within(v.dir, p); strings.Contains(message, "'"+named+"'") || strings.Contains(message, gitops.Quote(named)) {
			return p, 0
		}
	}
	return v.dir, 0
}
