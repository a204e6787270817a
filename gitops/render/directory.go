package render

import (
	"bytes"
	"fmt"
	"path"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/sealift/sealift/gitops"
)

// directory returns the objects of plain manifests as Argo CD reads them (findManifests
// and GenerateManifests of its reposerver/repository/repository.go, v3.3): each file by
// itself, in the order given, lists taken apart.
func directory(fs *files, names []string) ([]manifest, error) {
	paths := make([]string, len(names))
	for i, name := range names {
		paths[i] = path.Join(treeRoot, name)
	}
	if err := fs.prefetch(paths); err != nil {
		return nil, err
	}
	var list []manifest
	for i, name := range names {
		text, err := fs.manifest(paths[i])
		if err != nil {
			return nil, err
		}
		objects, why := readManifest(name, text)
		if why != nil {
			return nil, why
		}
		for _, o := range objects {
			list = append(list, o)
		}
	}
	return list, nil
}

// manifest returns the text of a file that the deployer names, whatever it is called:
// what is in a directory of manifests is never a kustomization.
func (f *files) manifest(virtual string) ([]byte, error) {
	at, err := f.look(virtual)
	switch {
	case f.fail != nil:
		return nil, err
	case err != nil:
		return nil, &failure{cause: gitops.CauseMissing, file: relative(virtual), message: "no such file or directory: " + gitops.Quote(relative(virtual))}
	case at.kind != gitops.File:
		return nil, &failure{cause: gitops.CauseOther, file: relative(virtual), message: "a manifest is expected, and this is a directory: " + gitops.Quote(relative(virtual))}
	}
	return at.content, nil
}

// skipMarker makes Argo CD pass over a file that has it anywhere.
const skipMarker = "+argocd:skip-file-rendering"

// readManifest returns the objects of one file.
func readManifest(name string, text []byte) ([]plain, *failure) {
	text = inUTF8(text)
	if bytes.Contains(text, []byte(skipMarker)) {
		return nil, nil
	}
	read := readStream
	switch path.Ext(name) {
	case ".jsonnet":
		return nil, &failure{cause: gitops.CausePlugin, file: name, message: "Jsonnet is not evaluated here: " + gitops.Quote(name)}
	case ".json":
		read = readJSON
	}
	docs, why := read(text)
	if why != nil && path.Ext(name) != ".json" && len(docs) == 0 && !likeManifest(text) {
		return nil, nil
	}
	var list []plain
	for _, d := range docs {
		if why != nil {
			break
		}
		var items []plain
		items, why = d.items()
		list = append(list, items...)
	}
	if why != nil {
		why.file = name
		return nil, why
	}
	return list, nil
}

// likeManifest reports whether a file that does not parse must have been meant as one:
// Argo CD leaves others alone, such as the values of a chart.
func likeManifest(text []byte) bool {
	for _, key := range []string{"apiVersion:", "kind:", "metadata:"} {
		if !bytes.Contains(text, []byte(key)) {
			return false
		}
	}
	return true
}

// document is one object of a file, or a list of them, with the line that it begins in.
type document struct {
	object plain
	line   int
}

// isList reports whether an object is a list: whatever has items is one, and one whose
// items are null has none.
func (d document) isList() bool {
	items, has := d.object["items"]
	if _, ok := items.([]any); ok || !has {
		return ok
	}
	_, spec := d.object["spec"]
	_, status := d.object["status"]
	return items == nil && !spec && !status
}

// items takes a list apart. Items of items stay as they are.
func (d document) items() ([]plain, *failure) {
	if !d.isList() {
		return []plain{d.object}, nil
	}
	items, _ := d.object["items"].([]any)
	var list []plain
	for i, item := range items {
		m, ok := item.(map[string]any)
		if !ok {
			return nil, &failure{cause: gitops.CauseYAML, line: d.line, message: fmt.Sprintf("item %d of the list is no object", i+1)}
		}
		if !hasKind(m) {
			return nil, &failure{cause: gitops.CauseYAML, line: d.line, message: fmt.Sprintf("item %d of the list has no kind", i+1)}
		}
		list = append(list, m)
	}
	return list, nil
}

// hasKind reports whether an object says what it is, as the client library of Kubernetes
// reads it: with an apiVersion of more than a group and a version there is no kind either.
func hasKind(o plain) bool {
	return o.GetKind() != "" && strings.Count(o.GetApiVersion(), "/") < 2
}

// inUTF8 returns text in UTF-8 without a byte order mark. Argo CD reads UTF-16 that has
// one, and puts U+FFFD for each byte that is none.
func inUTF8(text []byte) []byte {
	var order func(b []byte) uint16
	switch {
	case bytes.HasPrefix(text, []byte("\xef\xbb\xbf")):
		text = text[3:]
	case bytes.HasPrefix(text, []byte("\xff\xfe")):
		order = func(b []byte) uint16 { return uint16(b[0]) | uint16(b[1])<<8 }
	case bytes.HasPrefix(text, []byte("\xfe\xff")):
		order = func(b []byte) uint16 { return uint16(b[0])<<8 | uint16(b[1]) }
	}
	if order == nil {
		return printableUTF8(text)
	}
	var units []uint16
	for i := 2; i+1 < len(text); i += 2 {
		units = append(units, order(text[i:]))
	}
	out := string(utf16.Decode(units))
	if len(text)%2 == 1 {
		out += string(utf8.RuneError)
	}
	return []byte(out)
}

// printableUTF8 replaces each byte that is no UTF-8.
func printableUTF8(text []byte) []byte {
	if utf8.Valid(text) {
		return text
	}
	out := make([]byte, 0, len(text)+16)
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		out = utf8.AppendRune(out, r)
		text = text[n:]
	}
	return out
}
