package check_test

import (
	"cmp"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"iter"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/check"
)

// memory is a tree in memory; a value that starts with "link:" is a symlink.
type memory map[string]string

func (m memory) Commit() string { return "" }

func (m memory) Lookup(p string) gitops.Entry {
	data, ok := m[p]
	switch {
	case ok && strings.HasPrefix(data, "link:"):
		return gitops.Entry{Path: p, Kind: gitops.Symlink}
	case ok:
		sum := sha1.Sum([]byte("blob " + strconv.Itoa(len(data)) + "\x00" + data))
		return gitops.Entry{Path: p, Kind: gitops.File, ID: hex.EncodeToString(sum[:]), Size: int64(len(data))}
	}
	for name := range m {
		if p == "." || strings.HasPrefix(name, p+"/") {
			return gitops.Entry{Path: p, Kind: gitops.Dir}
		}
	}
	return gitops.Entry{Path: p}
}

func (m memory) Entries() iter.Seq[gitops.Entry] {
	return func(yield func(gitops.Entry) bool) {
		for _, p := range slices.Sorted(maps.Keys(m)) {
			if !yield(m.Lookup(p)) {
				return
			}
		}
	}
}

func (m memory) Read(_ context.Context, p string) ([]byte, error) {
	data, ok := m[p]
	if !ok {
		return nil, gitops.Errorf(gitops.NotFound, "no file %s", gitops.Quote(p))
	}
	if target, ok := strings.CutPrefix(data, "link:"); ok {
		return []byte(strings.TrimSpace(target)), nil
	}
	return []byte(data), nil
}

// parseCase reads a case: a sentence, then lines of these keys, then files
// below in/ and base/.
//
//	overlay: PATH [| CODE | CAUSE | FILE | LINE | MESSAGE]   one overlay at the head, with its error
//	was: PATH [| CODE | CAUSE | FILE | LINE | MESSAGE]       the same at the base
//	files: PATH...     the files to look at; all without it
//	allow: RULE GLOB
//	only-new: true
func parseCase(t *testing.T, ar *txtar.Archive) check.Input {
	t.Helper()
	in := check.Input{Allow: map[string][]string{}}
	head, base := memory{}, memory{}
	for _, f := range ar.Files {
		if p, ok := strings.CutPrefix(f.Name, "in/"); ok {
			head[p] = string(f.Data)
		}
		if p, ok := strings.CutPrefix(f.Name, "base/"); ok {
			base[p] = string(f.Data)
		}
	}
	in.Tree = head
	if len(base) > 0 {
		in.Base = base
	}
	for line := range strings.Lines(string(ar.Comment)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "overlay":
			in.Overlays = append(in.Overlays, check.Overlay{Head: rendered(t, head, value)})
		case "was":
			r := rendered(t, base, value)
			i := slices.IndexFunc(in.Overlays, func(o check.Overlay) bool { return o.Head != nil && o.Head.Path == r.Path })
			if i < 0 {
				in.Overlays = append(in.Overlays, check.Overlay{Base: r})
			} else {
				in.Overlays[i].Base = r
			}
		case "files":
			in.Files = strings.Fields(value)
		case "allow":
			rule, glob, _ := strings.Cut(value, " ")
			in.Allow[rule] = append(in.Allow[rule], glob)
		case "only-new":
			in.OnlyNew = value == "true"
		}
	}
	return in
}

// rendered stands in for the renderer: the overlay reads what its
// kustomizations name, and its objects are those of the files, with no
// transformation.
func rendered(t *testing.T, tree memory, spec string) *gitops.Rendered {
	t.Helper()
	f := strings.Split(spec, " | ")
	r := &gitops.Rendered{Path: f[0]}
	if len(f) == 6 {
		line, err := strconv.Atoi(f[4])
		if err != nil {
			t.Fatal(err)
		}
		r.Err = &gitops.Error{Code: gitops.Code(f[1]), Cause: gitops.Cause(f[2]), File: f[3], Line: line, Message: f[5]}
	}
	seen := map[string]bool{}
	trace(tree, r, f[0], seen)
	slices.SortFunc(r.Reads, func(a, b gitops.Read) int { return cmp.Compare(a.Path, b.Path) })
	r.Reads = slices.CompactFunc(r.Reads, func(a, b gitops.Read) bool { return a.Path == b.Path })
	if r.Err != nil {
		r.Objects = nil
	}
	return r
}

func trace(tree memory, r *gitops.Rendered, dir string, seen map[string]bool) {
	if seen[dir] {
		return
	}
	seen[dir] = true
	for _, name := range []string{"kustomization.yaml", "kustomization.yml", "Kustomization"} {
		file := path.Join(dir, name)
		data, ok := tree[file]
		if !ok {
			continue
		}
		r.Reads = append(r.Reads, gitops.Read{Path: file, Kind: gitops.File})
		var k struct{ Resources, Bases, Components []string }
		if yaml.Unmarshal([]byte(data), &k) != nil {
			continue
		}
		for _, e := range slices.Concat(k.Resources, k.Bases, k.Components) {
			p := path.Join(dir, e)
			entry := tree.Lookup(p)
			r.Reads = append(r.Reads, gitops.Read{Path: p, Kind: entry.Kind})
			if entry.Kind == gitops.Dir {
				trace(tree, r, p, seen)
			}
			addObjects(r, tree[p])
		}
	}
}

func addObjects(r *gitops.Rendered, data string) {
	dec := yaml.NewDecoder(strings.NewReader(data))
	for {
		var o struct {
			APIVersion string `yaml:"apiVersion"`
			Kind       string
			Metadata   struct{ Name, Namespace string }
		}
		if dec.Decode(&o) != nil {
			return
		}
		if o.Kind != "" {
			r.Objects = append(r.Objects, gitops.Object{
				APIVersion: o.APIVersion, Kind: o.Kind, Name: o.Metadata.Name, Namespace: o.Metadata.Namespace,
			})
		}
	}
}

// format prints findings as the golden files have them.
func format(found []gitops.Finding) string {
	var b strings.Builder
	for _, f := range found {
		fmt.Fprintf(&b, "%s:%d:%d: %s: %s [%s]\n", f.File, f.Line, f.Column, f.Severity, f.Message, f.Rule)
		if f.Fix != "" {
			fmt.Fprintf(&b, "\t%s\n", f.Fix)
		}
		if len(f.Overlays) > 0 {
			fmt.Fprintf(&b, "\tin %s\n", strings.Join(f.Overlays, ", "))
		}
	}
	return b.String()
}
