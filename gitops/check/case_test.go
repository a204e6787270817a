package check_test

import (
	"cmp"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"iter"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/check"
	"github.com/sealift/sealift/gitops/layout"
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
		return gitops.Entry{Path: p, Kind: gitops.File, ID: gitops.BlobID([]byte(data)), Size: int64(len(data))}
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

// ciphers matches what stands for ciphertext in a case: CIPHER-a is always the
// same, and another one than CIPHER-b.
var ciphers = regexp.MustCompile(`CIPHER-[a-z0-9]+`)

// cipher has the form of a value sealed with a key of 2048 bits.
func cipher(seed string) string {
	data := []byte{1, 0}
	for sum := sha1.Sum([]byte(seed)); len(data) < 2+256+16; sum = sha1.Sum(sum[:]) {
		data = append(data, sum[:]...)
	}
	return base64.StdEncoding.EncodeToString(data)
}

// parseCase reads a case: a sentence, then lines of these keys, then files
// below in/ and base/, with CIPHER-x for ciphertext.
//
//	overlay: PATH [| CODE | CAUSE | FILE | LINE | MESSAGE]   one overlay at the head, with its error
//	was: PATH [| CODE | CAUSE | FILE | LINE | MESSAGE]       the same at the base
//	files: PATH...     the files to look at; all without it
//	allow: RULE GLOB
//	environments: DIR=NAME...
//	same-key: NAME...
//	only-new: true
func parseCase(t *testing.T, ar *txtar.Archive) check.Input {
	t.Helper()
	in := check.Input{}
	head, base := memory{}, memory{}
	for _, f := range ar.Files {
		data := ciphers.ReplaceAllStringFunc(string(f.Data), cipher)
		if p, ok := strings.CutPrefix(f.Name, "in/"); ok {
			head[p] = data
		}
		if p, ok := strings.CutPrefix(f.Name, "base/"); ok {
			base[p] = data
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
			config, errs := layout.ParseConfig(fmt.Appendf(nil, "version: 1\nchecks: {%s: {allow: [%q]}}\n", rule, glob))
			if errs != nil {
				t.Fatal(errs)
			}
			in.Allowed = config.Allowed
		case "environments":
			dirs := strings.Fields(value)
			in.Environment = func(dir string) string {
				for _, d := range dirs {
					if at, env, _ := strings.Cut(d, "="); dir == at || strings.HasPrefix(dir, at+"/") {
						return env
					}
				}
				return ""
			}
		case "same-key":
			in.SameKey = func(a, b string) bool {
				return slices.Contains(strings.Fields(value), a) && slices.Contains(strings.Fields(value), b)
			}
		case "only-new":
			in.OnlyNew = value == "true"
		}
	}
	return in
}

// rendered stands in for the renderer: the overlay reads what its
// kustomizations name, and its objects are those of the files with namespace,
// namePrefix, nameSuffix and commonAnnotations.
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
	for _, o := range trace(tree, r, f[0], map[string]bool{}) {
		data, err := yaml.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		meta := child(o, "metadata")
		r.Objects = append(r.Objects, gitops.Object{
			APIVersion: word(o["apiVersion"]), Kind: word(o["kind"]), Name: word(meta["name"]), Namespace: word(meta["namespace"]), YAML: data,
		})
	}
	slices.SortFunc(r.Reads, func(a, b gitops.Read) int { return cmp.Compare(a.Path, b.Path) })
	r.Reads = slices.CompactFunc(r.Reads, func(a, b gitops.Read) bool { return a.Path == b.Path })
	if r.Err != nil {
		r.Objects = nil
	}
	return r
}

func trace(tree memory, r *gitops.Rendered, dir string, seen map[string]bool) []map[string]any {
	if seen[dir] {
		return nil
	}
	seen[dir] = true
	var out []map[string]any
	for _, name := range []string{"kustomization.yaml", "kustomization.yml", "Kustomization"} {
		file := path.Join(dir, name)
		data, ok := tree[file]
		if !ok {
			continue
		}
		r.Reads = append(r.Reads, gitops.Read{Path: file, Kind: gitops.File})
		var k struct {
			Resources, Bases, Components []string
			Namespace                    string
			NamePrefix                   string                           `yaml:"namePrefix"`
			NameSuffix                   string                           `yaml:"nameSuffix"`
			Annotations                  map[string]string                `yaml:"commonAnnotations"`
			SecretGenerator              []struct{ Envs, Files []string } `yaml:"secretGenerator"`
		}
		if yaml.Unmarshal([]byte(data), &k) != nil {
			continue
		}
		for _, g := range k.SecretGenerator {
			for _, e := range slices.Concat(g.Envs, g.Files) {
				p := path.Join(dir, e[strings.Index(e, "=")+1:])
				r.Reads = append(r.Reads, gitops.Read{Path: p, Kind: tree.Lookup(p).Kind})
			}
		}
		var objects []map[string]any
		for _, e := range slices.Concat(k.Resources, k.Bases, k.Components) {
			p := path.Join(dir, e)
			entry := tree.Lookup(p)
			r.Reads = append(r.Reads, gitops.Read{Path: p, Kind: entry.Kind})
			if entry.Kind == gitops.Dir {
				objects = append(objects, trace(tree, r, p, seen)...)
			}
			objects = append(objects, parseObjects(tree[p])...)
		}
		for _, o := range objects {
			meta := child(o, "metadata")
			meta["name"] = k.NamePrefix + word(meta["name"]) + k.NameSuffix
			if k.Namespace != "" {
				meta["namespace"] = k.Namespace
			}
			for name, value := range k.Annotations {
				child(meta, "annotations")[name] = value
			}
		}
		out = append(out, objects...)
	}
	return out
}

func parseObjects(data string) []map[string]any {
	var out []map[string]any
	dec := yaml.NewDecoder(strings.NewReader(data))
	for {
		var o map[string]any
		if dec.Decode(&o) != nil {
			return out
		}
		if word(o["kind"]) != "" {
			out = append(out, o)
		}
	}
}

// child returns the mapping under a key, and makes it if there is none.
func child(o map[string]any, key string) map[string]any {
	m, ok := o[key].(map[string]any)
	if !ok {
		m = map[string]any{}
		o[key] = m
	}
	return m
}

func word(v any) string {
	s, _ := v.(string)
	return s
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
