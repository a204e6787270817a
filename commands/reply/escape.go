package reply

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is how many bytes an escaped name takes at most; longer ones are cut.
const maxName = 300

// visible returns s with every character written out that does not show, that
// changes the direction of the text, or that a terminal obeys. Tabs and newlines
// too, unless they are in keep.
func visible(s, keep string) string {
	if plain(s, keep) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case shows(r) || strings.ContainsRune(keep, r):
			b.WriteRune(r)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		i += n
	}
	return b.String()
}

// plain reports whether s has printable ASCII and characters of keep only.
func plain(s, keep string) bool {
	for i := range len(s) {
		if (s[i] < 0x20 || s[i] > 0x7e) && strings.IndexByte(keep, s[i]) < 0 {
			return false
		}
	}
	return true
}

// blank are characters that Unicode counts as graphic and that show nothing.
var blank = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x00ad, Hi: 0x00ad, Stride: 1}, // soft hyphen
		{Lo: 0x034f, Hi: 0x034f, Stride: 1}, // combining grapheme joiner
		{Lo: 0x115f, Hi: 0x1160, Stride: 1}, // Hangul fillers
		{Lo: 0x17b4, Hi: 0x17b5, Stride: 1}, // Khmer inherent vowels
		{Lo: 0x180b, Hi: 0x180f, Stride: 1}, // Mongolian selectors
		{Lo: 0x2800, Hi: 0x2800, Stride: 1}, // braille blank
		{Lo: 0x3164, Hi: 0x3164, Stride: 1}, // Hangul filler
		{Lo: 0xfe00, Hi: 0xfe0f, Stride: 1}, // variation selectors
		{Lo: 0xffa0, Hi: 0xffa0, Stride: 1}, // halfwidth Hangul filler
	},
	R32: []unicode.Range32{{Lo: 0xe0100, Hi: 0xe01ef, Stride: 1}},
}

// shows reports whether a reader sees r for what it is.
func shows(r rune) bool {
	if r == ' ' {
		return true
	}
	return unicode.IsGraphic(r) && !unicode.Is(unicode.Zs, r) && !unicode.Is(blank, r)
}

// Code returns a foreign text as a code element for Markdown and HTML, on one line
// and cut to 300 bytes: nothing in it is a mention, a link or a mark.
func Code(s string) string { return code(s) }

// code returns a foreign text as a code element for Markdown and HTML, on one
// line and cut to maxName bytes.
func code(s string) string { return "<code>" + escape(s, maxName) + "</code>" }

// escape makes a foreign text mean nothing in Markdown and HTML. It stays on one
// line and is cut to limit bytes. It is for use inside a code element: GitHub
// looks for mentions and references in the text of all others, after entities
// are resolved.
func escape(s string, limit int) string {
	var b strings.Builder
	for _, r := range visible(oneLine(s[:min(len(s), 2*limit)]), "") {
		e := entity(r)
		if b.Len()+len(e) > limit-len("…") {
			b.WriteString("…")
			break
		}
		b.WriteString(e)
	}
	return strings.ReplaceAll(strings.ReplaceAll(b.String(), "ww.", "ww&#46;"), "WW.", "WW&#46;")
}

// oneLine joins the lines of a text with spaces.
func oneLine(s string) string {
	return strings.ReplaceAll(strings.TrimRight(s, "\r\n"), "\n", " ")
}

// entity returns r, as a numeric entity when Markdown or HTML may give it a
// meaning.
func entity(r rune) string {
	if r < 0x80 && strings.ContainsRune("&<>\"'`*_~[]()!\\|@#:$^{}=+", r) {
		return fmt.Sprintf("&#%d;", r)
	}
	return string(r)
}

// fence returns text as a code block of diff, in backticks that the text does
// not contain.
func fence(text string) string {
	run := strings.Repeat("`", max(3, longestRun(text)+1))
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return run + "diff\n" + text + run + "\n"
}

// longestRun returns the length of the longest run of backticks.
func longestRun(s string) int {
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// maxLine is how many bytes of one line of a diff are shown.
const maxLine = 1000

// diffLines returns the lines of a diff as they may be shown, without newlines.
func diffLines(diff string) []string {
	var out []string
	for line := range strings.Lines(diff) {
		line = strings.TrimSuffix(line, "\n")
		rest := 0
		if len(line) > maxLine {
			rest = utf8.RuneCountInString(line[maxLine:])
			line = strings.ToValidUTF8(line[:maxLine], "")
		}
		line = visible(line, "\t")
		if rest > 0 {
			line += fmt.Sprintf("… (%d more characters)", rest)
		}
		out = append(out, line)
	}
	return out
}
