package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sealift/sealift/gitops"
	sigs "sigs.k8s.io/yaml"
)

// readJSON reads the one object of a file of JSON. Argo CD lets a file pass that it may
// take for a manifest of an OCI image, and then fails on it for want of a kind.
func readJSON(text []byte) ([]document, *failure) {
	d := json.NewDecoder(bytes.NewReader(text))
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		return nil, notJSON(text, err)
	}
	o, why := objectOf(raw)
	if o == nil && why == nil {
		why = noObject("null")
	}
	if why == nil && d.More() {
		why = &failure{line: lineAt(text, d.InputOffset()), message: "a file of JSON may have one object only"}
	}
	if why != nil {
		why.cause, why.line = gitops.CauseYAML, max(why.line, lineAt(text, d.InputOffset()-int64(len(raw))))
		return nil, why
	}
	return []document{{o, 1}}, nil
}

// notJSON says where a file stops being JSON.
func notJSON(text []byte, err error) *failure {
	f := &failure{cause: gitops.CauseYAML, line: lineAt(text, int64(len(text))), message: "invalid JSON: " + err.Error()}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		f.line = lineAt(text, syntax.Offset-1)
	}
	return f
}

// lineAt is the line of an offset.
func lineAt(text []byte, offset int64) int {
	return 1 + bytes.Count(text[:max(0, min(int(offset), len(text)))], []byte("\n"))
}

// objectOf reads an object of JSON; nil is null. Numbers are whole ones where they can
// be, as the client library of Kubernetes has them (util/json of apimachinery).
func objectOf(raw []byte) (plain, *failure) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, notJSON(raw, err)
	}
	if v == nil {
		return nil, nil
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, noObject(typeOf(v))
	}
	if err := numbers(m); err != nil {
		return nil, &failure{cause: gitops.CauseYAML, message: err.Error()}
	}
	if !hasKind(m) {
		return nil, &failure{cause: gitops.CauseYAML, message: "object has no kind"}
	}
	return m, nil
}

// noObject is a document of another type, said as YAML has it.
func noObject(what string) *failure {
	return &failure{cause: gitops.CauseYAML, message: "manifest is " + what + " where an object is expected"}
}

// typeOf is the type of a value of JSON in words.
func typeOf(v any) string {
	switch v.(type) {
	case []any:
		return "a list"
	case string:
		return "a string"
	case bool:
		return "true or false"
	}
	return "a number"
}

// numbers turns the numbers below v into integers or floats, in place.
func numbers(v any) error {
	var err error
	turn := func(v any) any {
		n, ok := v.(json.Number)
		if !ok {
			err = errors.Join(err, numbers(v))
			return v
		}
		if i, bad := n.Int64(); bad == nil {
			return i
		}
		f, bad := n.Float64()
		if bad != nil {
			err = fmt.Errorf("number is out of range: %s", gitops.Quote(n.String()))
		}
		return f
	}
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			v[k] = turn(e)
		}
	case []any:
		for i, e := range v {
			v[i] = turn(e)
		}
	}
	return err
}

// readStream reads the objects of a file as YAMLOrJSONDecoder of apimachinery does:
// objects of JSON one behind the other where the text begins like one, and documents of
// YAML otherwise, and from where it stops being JSON. Those before an error are returned
// with it.
func readStream(text []byte) ([]document, *failure) {
	const peek = 4096 // how far Argo CD lets it look for the first brace
	var list []document
	rest, line := text, 1
	var first *failure
	if bytes.HasPrefix(bytes.TrimLeftFunc(text[:min(len(text), peek)], unicode.IsSpace), []byte("{")) {
		var end bool
		if list, rest, end, first = readObjects(text); end {
			return list, first
		}
		line = lineAt(text, int64(len(text)-len(rest)))
	}
	d := documents{text: rest, line: line}
	for {
		at, doc, err := d.next()
		if err == io.EOF {
			return list, nil
		}
		var o plain
		var why *failure
		if err != nil {
			why = &failure{cause: gitops.CauseYAML, line: at, message: "invalid YAML: " + err.Error()}
		} else if o, why = yamlObject(doc); why != nil {
			why.line = at + max(why.line, 1) - 1
		}
		if why != nil && first != nil {
			why = first
		}
		if why != nil {
			return list, why
		}
		if first = nil; o != nil {
			list = append(list, document{o, at})
		}
	}
}

// readObjects reads objects of JSON. end says that nothing is left to read, or that what
// is left cannot be YAML; else rest may be, and why is what JSON says of it.
func readObjects(text []byte) (list []document, rest []byte, end bool, why *failure) {
	d := json.NewDecoder(bytes.NewReader(text))
	done := int64(0)
	for count := 0; ; count++ {
		var raw json.RawMessage
		err := d.Decode(&raw)
		if err == io.EOF {
			return list, nil, true, nil
		}
		var o plain
		if err != nil {
			why = notJSON(text, err)
		} else if o, why = objectOf(raw); why != nil {
			why.line = lineAt(text, d.InputOffset()-int64(len(raw)))
		}
		if why != nil {
			rest, ok := skipLine(text[done:])
			return list, rest, count > 1 || !ok, why
		}
		if o != nil {
			list = append(list, document{o, lineAt(text, d.InputOffset()-int64(len(raw)))})
		}
		done = d.InputOffset()
	}
}

// skipLine takes white space from the start of text, to the end of a line at the most.
// ok is false when there is nothing else, and also when the decoder of Kubernetes thinks
// so, which looks at four bytes at a time.
func skipLine(text []byte) (rest []byte, ok bool) {
	for len(text) >= 4 {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError:
			return nil, false
		case !unicode.IsSpace(r):
			return text, true
		case r == '\n':
			return text[n:], true
		}
		text = text[n:]
	}
	return nil, false
}

// yamlObject reads one document of YAML.
func yamlObject(doc []byte) (plain, *failure) {
	raw, err := sigs.YAMLToJSON(doc)
	if err != nil {
		f := &failure{cause: gitops.CauseYAML, line: firstNumber(err.Error()), message: err.Error()}
		if m := yamlSays.FindStringSubmatch(err.Error()); m != nil {
			f.message = "invalid YAML: " + m[1]
		}
		if yamlParser.MatchString(f.message) {
			f.line++
		}
		return nil, f
	}
	o, why := objectOf(raw)
	if why != nil {
		why.line = contentLine(doc)
	}
	return o, why
}

// yamlSays finds what is wrong behind the place that the YAML library puts before it.
var yamlSays = regexp.MustCompile(`yaml: (?:line \d+: )?(.+)$`)

// yamlParser are the errors whose line the YAML library counts from 0: those of its
// parser (decode.go, fail). It counts those of its scanner from 1.
var yamlParser = regexp.MustCompile(`did not find expected (?:node content|'-' indicator|key|'[,<])`)

// contentLine is the first line of a document with more than a comment.
func contentLine(doc []byte) int {
	for i, line := range bytes.Split(doc, []byte("\n")) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' && !bytes.HasPrefix(line, []byte("---")) {
			return i + 1
		}
	}
	return 1
}

// documents cuts a text into documents of YAML where a line begins with three dashes, as
// YAMLReader of apimachinery does: in the text of a block scalar too.
type documents struct {
	text []byte
	line int // of what is left of text
}

// next returns a document and the line of the file that it begins in. Lines end with a
// line feed, whatever they end with in the file. The error is io.EOF at the end.
func (d *documents) next() (int, []byte, error) {
	var doc []byte
	at := d.line
	for len(d.text) > 0 {
		line, rest, _ := bytes.Cut(d.text, []byte("\n"))
		line = bytes.TrimSuffix(line, []byte("\r"))
		d.text = rest
		d.line++
		if after, ok := bytes.CutPrefix(line, []byte("---")); ok {
			after := strings.TrimSpace(string(after))
			if after != "" && after[0] != '#' {
				return d.line - 1, nil, errors.New("a document begins in the line of its separator: " + gitops.Quote(after))
			}
			if len(doc) > 0 {
				return at, doc, nil
			}
		}
		doc = append(append(doc, line...), '\n')
	}
	if len(doc) > 0 {
		return at, doc, nil
	}
	return at, nil, io.EOF
}
