package commands

import (
	"regexp"
	"slices"
	"strings"
)

// textLine is what a line of a comment is.
type textLine struct {
	// text says that it is text of the comment itself, fenced that it begins or belongs to a
	// code fence that is open behind it.
	text, fenced bool
	// first says that it begins a paragraph, outside of any list.
	first bool
}

// textLines tells what the lines of a comment are, by the rules of GitHub's Markdown. What is
// in a fence, a quotation, HTML, indented code, a code span or a link's address is not text
// of the comment itself. Where the rules need more than is kept here, such as what a list
// holds, the answer is no, for the line or for all that follow: a command that was quoted
// must never be carried out, and one that was overlooked can be written again.
func textLines(lines []string) []textLine {
	out := make([]textLine, len(lines))
	var s scanner
	from := 0 // where the paragraph begins
	for i, line := range lines {
		first := !s.text && !s.list
		text := s.visible(line)
		out[i] = textLine{text: text, fenced: s.fence != "", first: first && s.text}
		if !s.text {
			s.unclear = !concealInline(lines[from:i], out[from:i]) || s.unclear
			from = i + 1
		}
	}
	concealInline(lines[from:], out[from:])
	return out
}

// scanner tells which lines of a comment are text, block by block (CommonMark 0.31,
// sections 4 and 5).
type scanner struct {
	fence   string          // the fence that is open
	block   strings.Builder // the HTML that is open, so far
	html    string          // what ends the HTML that is open; "\n" is an empty line
	indent  int             // of the block that is open
	quote   bool            // a quotation is open: it goes on until an empty line
	text    bool            // a paragraph is open
	list    bool            // there was a list, or what looks like one
	raw     []string        // elements such as <pre> that are open
	unclear bool            // what follows may be anything
}

// visible reports whether a line is text, and goes on to the next one.
func (s *scanner) visible(line string) bool {
	trimmed := strings.TrimLeft(line, " \t")
	indent := len(line) - len(trimmed)
	if strings.HasPrefix(line[:indent], "\t") {
		indent = 4
	}
	switch {
	case s.unclear:
		s.text = s.text && trimmed != ""
		return false
	case s.fence != "":
		s.outdented(trimmed, indent)
		if rest, ok := strings.CutPrefix(trimmed, s.fence); ok && strings.Trim(strings.TrimLeft(rest, s.fence[:1]), " \t") == "" && indent < 4 {
			s.fence = ""
		}
		return false
	case s.html != "":
		s.outdented(trimmed, indent)
		s.inHTML(line, line)
		return false
	case trimmed == "":
		s.quote, s.text = false, false
		return len(s.raw) == 0
	}
	return s.begins(line, trimmed, indent)
}

// begins takes a line at which a block may begin.
func (s *scanner) begins(line, trimmed string, indent int) bool {
	if indent < 4 {
		switch f, end := opensFence(trimmed), opensHTML(trimmed, s.text); {
		case f != "":
			s.fence, s.indent, s.quote, s.text = f, indent, false, false
			return false
		case end != "":
			s.html, s.indent, s.quote, s.text = end, indent, false, false
			s.inHTML(line, trimmed[2:]+" x")
			return false
		}
	}
	if indent >= 4 && !s.text && !s.quote { // code, or text of a list
		s.unclear = s.unclear || openHTML(line) || rawTag.MatchString(line)
		return false
	}
	held := len(s.raw) > 0
	s.tags(line)
	held = held || len(s.raw) > 0
	s.quote = s.quote || quotation.MatchString(trimmed) && (indent < 4 || s.list)
	if s.quote {
		s.unclear = s.unclear || openHTML(line) || held
		return false
	}
	s.text = true
	s.list = s.list || listItem.MatchString(trimmed)
	s.unclear = s.unclear || s.list && (openHTML(line) || held)
	return len(s.raw) == 0 && !s.unclear
}

// openHTML reports whether a line of a list or a quotation has HTML in it that does not end
// there: it may go on as a reader of HTML sees it, and not as Markdown does.
func openHTML(line string) bool {
	return declares(line) || htmlStart.MatchString(line) && !wellFormed.MatchString(line)
}

// declares reports whether a text has what begins a comment or an instruction of HTML.
func declares(text string) bool { return strings.Contains(text, "<!") || strings.Contains(text, "<?") }

// outdented notices a line that stands less far to the right than the block that it is
// taken for a part of: if that was in a list, the list ends here.
func (s *scanner) outdented(trimmed string, indent int) {
	s.unclear = s.unclear || trimmed != "" && indent < s.indent
}

// inHTML takes in a line of HTML, of which rest may have its end. A reader of HTML may see
// more or less than one element in it than Markdown does.
func (s *scanner) inHTML(line, rest string) {
	s.block.WriteString(line + "\n")
	s.unclear = s.unclear || opensFence(strings.TrimSpace(line)) != "" // it may be one, if this is no HTML
	if s.html == "\n" && strings.TrimSpace(rest) != "" || s.html != "\n" && !strings.Contains(strings.ToLower(rest), s.html) {
		return
	}
	block := s.block.String()
	s.unclear = s.unclear || !oneRaw.MatchString(block) && (rawTag.MatchString(block) || !wellFormed.MatchString(block))
	s.html = ""
	s.block.Reset()
}

var (
	// quotation matches what begins one, in a list or not.
	quotation = regexp.MustCompile(`^(?:(?:[-+*]|[0-9]{1,9}[.)])[ \t]+)*>`)
	listItem  = regexp.MustCompile(`^(?:[-+*]|[0-9]{1,9}[.)])(?:[ \t]|$)`)
	htmlStart = regexp.MustCompile(`</?[A-Za-z]`)
	// rawTag matches the tags of elements in which text is quoted, code or not shown.
	rawTag = regexp.MustCompile(`(?i)<(/?)(pre|code|samp|kbd|var|tt|blockquote|q|s|strike|del|script|style|textarea|template|title|xmp|listing|plaintext|noscript|noembed|noframes|iframe|svg|math|select|option|button|table|summary)(?:[\s/>]|$)`)
	// htmlBlock matches what begins HTML that ends with an empty line (CommonMark, HTML blocks of
	// kind 6), and htmlTag what does so where no paragraph is open (kind 7).
	htmlBlock = regexp.MustCompile(`(?i)^</?(?:address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link|main|menu|menuitem|nav|noframes|ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot|th|thead|title|tr|track|ul|source)(?:[\s>]|/>|$)`)
	htmlTag   = regexp.MustCompile(`^<(?:/[A-Za-z][A-Za-z0-9-]*\s*|[A-Za-z][A-Za-z0-9-]*(?:\s[^<>]*|"[^"]*"|'[^']*')*/?)>\s*$`)
	// htmlRaw matches what begins HTML that its own end ends (kind 1).
	htmlRaw = regexp.MustCompile(`(?i)^<(pre|script|style|textarea)(?:[\s>]|$)`)
	// wellFormed matches HTML without instructions, of which all tags and comments end.
	wellFormed = regexp.MustCompile(`^(?:[^<]|</?[A-Za-z][^<>"']*(?:(?:"[^"<>]*"|'[^'<>]*')[^<>"']*)*>|<!--(?:[^->]|-[^->])(?:[^-]|-[^-])*-->)*$`)
	// oneRaw matches one such element with nothing but text in it.
	oneRaw = regexp.MustCompile(`(?i)^\s*<(?:pre(?:\s[^<>]*)?>[^<]*</pre>|style(?:\s[^<>]*)?>[^<]*</style>|script(?:\s[^<>]*)?>[^<]*</script>|textarea(?:\s[^<>]*)?>[^<]*</textarea>)\s*$`)
)

// tags counts the elements that a line opens and closes. Those that a line opens and does
// not close, beside quotes or code, may be anything.
func (s *scanner) tags(line string) {
	odd := len(s.raw) > 0
	for _, m := range rawTag.FindAllStringSubmatch(line, -1) {
		name := strings.ToLower(m[2])
		if m[1] == "" {
			s.raw, odd = append(s.raw, name), true
			s.unclear = s.unclear || len(s.raw) > 1 // the end of one may be text of the other
		} else if i := slices.Index(s.raw, name); i >= 0 {
			s.raw = slices.Delete(s.raw, i, i+1)
		}
	}
	s.unclear = s.unclear || odd && strings.ContainsAny(line, "`\"'\\") || odd && declares(line)
}

// opensHTML returns the end of the HTML that a line opens, in lower case, "\n" for an empty
// line; "" when it opens none. text says that a paragraph is open.
func opensHTML(line string, text bool) string {
	if !strings.HasPrefix(line, "<") {
		return ""
	}
	if m := htmlRaw.FindStringSubmatch(line); m != nil {
		return "</" + strings.ToLower(m[1]) + ">"
	}
	switch {
	case strings.HasPrefix(line, "<!--"):
		return "-->"
	case strings.HasPrefix(line, "<?"):
		return "?>"
	case strings.HasPrefix(line, "<![CDATA["):
		return "]]>"
	case len(line) > 2 && line[1] == '!' && (letter(line[2]) || letter(line[2]|0x20)):
		return ">"
	case htmlBlock.MatchString(line), !text && htmlTag.MatchString(line):
		return "\n"
	}
	return ""
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

// concealInline takes those lines of a paragraph for no text that may begin within a code
// span, a tag, or the text or the address of a link. It reports whether what follows the
// paragraph is clear.
func concealInline(lines []string, out []textLine) bool {
	text := strings.Join(lines, "\n")
	declared := declares(text)
	spans := codeSpans(text)
	var in inlineState
	at := 0
	for i, line := range lines {
		rest := text[at:]
		if in.code(spans, at) || in.open(rest) || declared && (i > maxDeclared || !wellFormed.MatchString(text[:at])) {
			out[i].text = false
		}
		in.read(line)
		at += len(line) + 1
	}
	return !declared || wellFormed.MatchString(text)
}

// maxDeclared is how many lines of a paragraph with comments or instructions of HTML are read.
const maxDeclared = 50

// codeSpans returns where the code spans of a paragraph begin and end (CommonMark, section
// 6.1): a run of backticks, the first of which may be escaped, and the next run of its
// length.
func codeSpans(text string) [][2]int {
	var spans [][2]int
	runs := map[int][]int{} // where runs of a length begin
	for i := 0; i < len(text); i++ {
		n := backticks(text[i:])
		if n > 0 {
			runs[n] = append(runs[n], i)
			i += n
		}
	}
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' {
			i++
			continue
		}
		n := backticks(text[i:])
		if n == 0 {
			continue
		}
		left := runs[n]
		for len(left) > 0 && left[0] < i+n {
			left = left[1:]
		}
		if runs[n] = left; len(left) > 0 {
			spans = append(spans, [2]int{i, left[0]})
			i = left[0]
		}
		i += n - 1
	}
	return spans
}

// backticks is how many of them a text begins with.
func backticks(text string) int { return len(text) - len(strings.TrimLeft(text, "`")) }

// inlineState is what the lines of a paragraph so far have open.
type inlineState struct {
	next     int  // of the spans
	inside   int  // up to where
	quoted   bool // there was a quote
	tag      bool
	brackets int
	address  bool // of a link
	defined  bool // the paragraph may define links
	declared bool // a comment of HTML
}

// code reports whether a place may be in a code span; places come in order.
func (s *inlineState) code(spans [][2]int, at int) bool {
	for s.next < len(spans) && spans[s.next][0] < at {
		s.inside = max(s.inside, spans[s.next][1])
		s.next++
	}
	return at <= s.inside && s.inside > 0
}

// open reports whether something is open that the rest of the paragraph may close.
func (s *inlineState) open(rest string) bool {
	return s.defined || (s.tag || s.declared) && strings.Contains(rest, ">") || s.brackets > 0 && strings.Contains(rest, "]") || s.address && strings.Contains(rest, ")")
}

// read takes in a line.
func (s *inlineState) read(line string) {
	s.declared = s.declared || declares(line)
	for i := range len(line) {
		next := byte(0)
		if i+1 < len(line) {
			next = line[i+1]
		}
		switch line[i] {
		case '<':
			s.tag = s.tag || next == '/' || next == '!' || next == '?' || letter(next|0x20)
		case '>':
			s.tag = s.tag && s.quoted // it may stand in an attribute
		case '"', '\'':
			s.quoted = true
		case '[':
			s.brackets++
		case ']':
			s.brackets = max(0, s.brackets-1)
			s.address = s.address || next == '('
			s.defined = s.defined || next == ':'
		case ')':
			s.address = s.address && (s.quoted || strings.Contains(line[:i], "("))
		}
	}
}
