package edit

import (
	"bytes"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
)

// AddDocument adds a document at the end of the file.
func (f *File) AddDocument(root *yaml.Node) error {
	if err := f.locate(); err != nil {
		return err
	}
	if f.json {
		return &gitops.Error{Code: gitops.Invalid, File: f.name, Message: "file is JSON, which has one document"}
	}
	f.addedDocs = append(f.addedDocs, root)
	return nil
}

// RemoveDocument removes the document with index at, of the file as it was parsed,
// with its comments and the line "---" before it.
func (f *File) RemoveDocument(at int) error {
	if err := f.locate(); err != nil {
		return err
	}
	if at < 0 || at >= len(f.docs) {
		return &gitops.Error{Code: gitops.NotFound, File: f.name, Message: "document is not there"}
	}
	if bytes.HasPrefix(f.text, []byte("%")) || bytes.Contains(f.text, []byte("\n%")) {
		return &gitops.Error{Code: gitops.Invalid, File: f.name, Message: "documents of a file with directives cannot be removed"}
	}
	if f.removedDocs == nil {
		f.removedDocs = map[int]bool{}
	}
	f.removedDocs[at] = true
	return nil
}

// documents makes the splices of whole documents.
func (w *writer) documents() error {
	for i := range w.docs {
		if w.removedDocs[i] {
			w.out = append(w.out, splice{start: w.documentStart(i), end: w.documentStart(i + 1)})
		}
	}
	for _, root := range w.addedDocs {
		_, tail, err := w.value(root, 0, 0, 0)
		if err != nil {
			return &gitops.Error{Code: gitops.Invalid, File: w.name, Message: err.Error()}
		}
		if !blockNode(root) {
			return &gitops.Error{Code: gitops.Invalid, File: w.name, Message: "document is neither a mapping nor a list"}
		}
		text := w.above(append([]string{"---"}, tail...))
		if end := len(w.text); end > 0 && w.src.lineStart(end) != end && len(w.addedDocs) > 0 {
			text = w.src.newline + text
		}
		w.out = append(w.out, splice{start: len(w.text), end: len(w.text), text: text})
	}
	return nil
}

// documentStart is where the line "---" of a document starts, the end of the file
// for the one behind the last.
func (w *writer) documentStart(i int) int {
	if i == 0 {
		return 0
	}
	if i == len(w.docs) {
		return len(w.text)
	}
	return w.src.lines[w.docs[i].Line-1]
}
