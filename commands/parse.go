package commands

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/sealift/sealift/gitops"
)

// Request is one command that a person wrote.
type Request struct {
	// Verb is the word after the slash, such as "diff".
	Verb string
	// Args are the words behind it.
	Args []string
	// Line is the line of the comment, from 1.
	Line int
	// Fence is what the code fence holds that directly follows the line, "" when
	// none does.
	Fence string
	// Err is why the line is clearly a command and cannot be read; Args are empty then.
	Err error
}

// Bounds of what is read of a comment.
const (
	// MaxRequests is how many commands of one comment are carried out.
	MaxRequests = 10
	maxLine     = 1000 // bytes of a command line; one with ciphertext may be longer
)

// Parse returns the commands in a comment: lines of its text that start with a slash and a
// word. A line that is not of this form says nothing. At most [MaxRequests] are
// returned; more says that there were others.
func Parse(body string) (list []Request, more bool) {
	lines := strings.Split(body, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], "\r")
	}
	var f fenceOf
	opened := false
	for i, is := range textLines(lines) {
		if !is.text {
			f.hidden(opened, is.fenced, lines[i])
			opened = is.fenced
			continue
		}
		r, ok := parseLine(lines[i], is.first)
		f.visible(ok, lines[i])
		if !ok {
			continue
		}
		if len(list) == MaxRequests {
			return list, true
		}
		r.Line = i + 1
		list = append(list, r)
		f.of = &list[len(list)-1]
	}
	return list, false
}

// fenceOf gives a request the code fence that directly follows it; empty lines may
// stand between.
type fenceOf struct {
	of     *Request
	near   bool // the fence may begin
	inside bool
}

func (f *fenceOf) visible(request bool, line string) {
	f.near = request || f.near && strings.TrimSpace(line) == ""
}

// hidden takes a line that says nothing, with whether a fence was open before it
// and is after it.
func (f *fenceOf) hidden(before, after bool, line string) {
	if f.inside && after {
		f.of.Fence += line + "\n"
		return
	}
	f.inside, f.near = f.near && after && !before, false
}

// parseLine reads a line that may be a command. What is none is not an error: people
// write paths and slashes. A line that is too long is no command, but for
// /seal, which may carry ciphertext. Spaces may stand before it where it begins a paragraph.
func parseLine(line string, first bool) (Request, bool) {
	if first && len(line)-len(strings.TrimLeft(line, " ")) < 4 {
		line = strings.TrimLeft(line, " ")
	}
	m := commandLine.FindStringSubmatch(line)
	if m == nil {
		return Request{}, false
	}
	r := Request{Verb: strings.ToLower(m[1])}
	if len(line) > maxLine && r.Verb != "seal" {
		return Request{}, false
	}
	if r.Args = strings.Fields(m[2]); !readable(m[2]) {
		r.Args, r.Err = nil, unreadable(r.Verb, m[2])
	}
	return r, true
}

// commandLine matches a slash with a word, and what stands behind it: nothing, a space, or a
// character that does not belong into a command.
var commandLine = regexp.MustCompile(`^/([A-Za-z][A-Za-z-]*)((?:[ \t]|[^\x21-\x7e]).*|)$`)

func letter(c byte) bool { return c >= 'a' && c <= 'z' }

// readable reports whether a text is printable ASCII and blanks: look-alikes and invisible
// characters are no part of a command.
func readable(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf || s[i] < ' ' && s[i] != '\t' || s[i] == 0x7f {
			return false
		}
	}
	return true
}

// dashes are what keyboards and editors make of two hyphens.
const dashes = "\u2012\u2013\u2014\u2015\u2212"

// unreadable says why what stands behind a verb is not read. What stands behind /seal is not
// repeated.
func unreadable(verb, text string) error {
	if verb == "seal" {
		return gitops.Errorf(gitops.Invalid, "/seal takes plain ASCII only, and what stands behind it is not")
	}
	for word := range strings.FieldsSeq(text) {
		if readable(word) {
			continue
		}
		e := gitops.Errorf(gitops.Invalid, "/%s takes plain ASCII only, and %s is not", verb, gitops.Quote(word))
		if option := strings.TrimLeft(word, dashes+"-"); option != word && option != "" && readable(option) {
			e.Hint = "Write `--" + strings.ReplaceAll(option, "`", "") + "`, with two hyphens."
		}
		return e
	}
	return gitops.Errorf(gitops.Invalid, "/%s takes plain ASCII only, and something behind it is not", verb)
}
