package argocd

import (
	"bytes"
	"context"
	"path"
	"regexp"
	"slices"
	"strings"
)

// maxReads is how many patterns one opaque thing has.
const maxReads = 2_000

// imports matches what jsonnet reads: import, importstr and importbin take the text of a
// path, in any of the language's quotes (https://jsonnet.org/ref/spec.html#imports).
var (
	imports    = regexp.MustCompile(`\bimport(?:str|bin)?\s*@?(?:"([^"\n]*)"|'([^'\n]*)')`)
	importWord = regexp.MustCompile(`\bimport(?:str|bin)?\b`)
)

// jsonnetReads returns patterns of the files that jsonnet files of a directory are made
// of: themselves, and what they import, relative to the file, to the directory and to the
// libraries, which are relative to the root of the repository. Where an import cannot be
// told it may be any file of those.
func (a *app) jsonnetReads(ctx context.Context, dir string, files, libs []string) ([]string, error) {
	search := []string{dir}
	for _, lib := range libs {
		search = append(search, strings.TrimLeft(path.Clean("/"+lib), "/"))
	}
	seen := map[string]bool{}
	todo := slices.Clone(files)
	for len(todo) > 0 {
		file := todo[0]
		todo = todo[1:]
		if seen[file] {
			continue
		}
		if seen[file] = true; len(seen) > maxReads {
			return []string{"**"}, nil
		}
		data, ok, err := a.read(ctx, file)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		found := imports.FindAllSubmatch(data, maxReads)
		if len(importWord.FindAllIndex(data, len(found)+1)) > len(found) {
			seen[anywhere] = true
		}
		for _, m := range found {
			todo = append(todo, importPaths(file, search, string(bytes.Join(m[1:], nil)))...)
		}
	}
	var out []string
	for _, p := range slices.Sorted(keysOf(seen)) {
		if p != anywhere {
			out = append(out, literal(p))
			continue
		}
		for _, s := range search {
			out = append(out, dirPatterns(s)...)
		}
	}
	return out, nil
}

// anywhere stands for a file that cannot be told.
const anywhere = "\x00"

// importPaths are the places where an import is looked for.
func importPaths(file string, search []string, name string) []string {
	if path.IsAbs(name) {
		return nil
	}
	out := []string{path.Join(path.Dir(file), name)}
	for _, s := range search {
		out = append(out, path.Join(s, name))
	}
	return slices.DeleteFunc(out, func(p string) bool { return p == ".." || strings.HasPrefix(p, "../") })
}
