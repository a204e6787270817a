package commands

import (
	"strings"
	"unicode/utf8"
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
}

// Bounds of what is read of a comment.
const (
	// MaxRequests is how many commands of one comment are carried out.
	MaxRequests = 10
	maxLine     = 1000 // bytes of a command line; one with ciphertext may be longer
)

// Parse returns the commands in a comment: lines that start with a slash and a
// letter, outside of code fences, quotes, HTML comments and indented code, made
// of printable ASCII only. A line that is not of this form says nothing. At most
// [MaxRequests] are returned; more says that there were others.
func Parse(body string) (list []Request, more bool) {
	var s scanner
	var f fenceOf
	number := 0
	for line := range strings.Lines(body) {
		number++
		line = strings.TrimRight(line, "\r\n")
		opened := s.fence != ""
		if !s.visible(line) {
			f.hidden(opened, s.fence != "", line)
			continue
		}
		r, ok := parseLine(line)
		f.visible(ok, line)
		if !ok {
			continue
		}
		if len(list) == MaxRequests {
			return list, true
		}
		r.Line = number
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
// /seal, which may carry ciphertext.
func parseLine(line string) (Request, bool) {
	long := len(line) > maxLine && !isSeal(line)
	if len(line) < 2 || long || line[0] != '/' || !letter(line[1]) || !printableASCII(line) {
		return Request{}, false
	}
	words := strings.Fields(line)
	verb := words[0][1:]
	for i := range len(verb) {
		if !letter(verb[i]) && verb[i] != '-' {
			return Request{}, false
		}
	}
	return Request{Verb: verb, Args: words[1:]}, true
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' }

// printableASCII keeps look-alikes and invisible characters out of commands.
func printableASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf || s[i] < ' ' || s[i] == 0x7f {
			return false
		}
	}
	return true
}

// scanner tells which lines of a comment are text, by the rules of GitHub's
// Markdown that matter here.
type scanner struct {
	fence   string // the fence that is open
	comment bool   // an HTML comment is open
	quote   bool   // a quote is open: it goes on until an empty line
}

// visible reports whether GitHub shows the line as text of the comment itself: a
// command in a comment of HTML, a fence or a quotation was not given by the author.
func (s *scanner) visible(line string) bool {
	if s.comment {
		_, rest, ended := strings.Cut(line, "-->")
		s.comment = !ended || opensComment(rest)
		return false
	}
	trimmed := strings.TrimLeft(line, " ")
	if s.fence != "" {
		if rest, ok := strings.CutPrefix(trimmed, s.fence); ok && strings.Trim(rest, s.fence[:1]+" \t") == "" && len(line)-len(trimmed) < 4 {
			s.fence = ""
		}
		return false
	}
	s.quote = strings.HasPrefix(trimmed, ">") || s.quote && strings.TrimSpace(line) != ""
	if s.quote {
		return false
	}
	if f := opensFence(trimmed); f != "" {
		s.fence = f
		return false
	}
	if opensComment(line) {
		s.comment = true
		return false
	}
	return true
}

// opensComment reports whether an HTML comment is left open at the end of line.
func opensComment(line string) bool {
	i := strings.LastIndex(line, "<!--")
	return i >= 0 && !strings.Contains(line[i:], "-->")
}

// opensFence returns the fence that a line opens: three or more backticks or
// tildes. A fence of backticks has none behind it.
func opensFence(line string) string {
	for _, c := range []string{"`", "~"} {
		n := len(line) - len(strings.TrimLeft(line, c))
		if n >= 3 && (c == "~" || !strings.Contains(line[n:], "`")) {
			return line[:n]
		}
	}
	return ""
}
