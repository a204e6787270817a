package commands

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/sealift/sealift/commands/reply"
)

// prose puts a message or a hint into a comment. Such texts are words of ours with
// foreign values in between, most of them quoted by [gitops.Quote] or in backticks:
// those become code elements, in which GitHub makes nothing of anything. So does
// every other word that GitHub could take for something: an address, a mention, a
// reference, a commit, Markdown, HTML.
func prose(text string) string {
	var b strings.Builder
	for text != "" {
		part := nextPart(text)
		text = text[len(part):]
		switch unquoted, err := strconv.Unquote(part); {
		case strings.TrimSpace(part) == "":
			b.WriteByte(' ')
		case err == nil && unquoted != "":
			b.WriteString(code(unquoted))
		case harmless.MatchString(part) && !linked.MatchString(part):
			b.WriteString(part)
		default:
			b.WriteString(code(part))
		}
	}
	return b.String()
}

// nextPart returns what a text begins with: a quoted string, blanks, or a word up
// to the next of these.
func nextPart(text string) string {
	if quoted, err := strconv.QuotedPrefix(text); err == nil && text[0] != '\'' {
		return quoted
	}
	const blanks = " \t\r\n"
	if rest := strings.TrimLeft(text, blanks); len(rest) < len(text) {
		return text[:len(text)-len(rest)]
	}
	if i := strings.IndexAny(text[1:], blanks+"\"`"); i >= 0 {
		return text[:i+1]
	}
	return text
}

var (
	// harmless are words of letters, digits and punctuation without a meaning.
	harmless = regexp.MustCompile(`^[\p{L}0-9.,;:!?()/'…-]+$`)
	// linked are those of them that GitHub makes links of.
	linked = regexp.MustCompile(`(?i)://|www\.|\bgh-[0-9]|\b[0-9a-f]{7,64}\b|mailto:|xmpp:|:[a-z0-9_+-]+:`)
)

// code shows a foreign text as it is, in a code element.
func code(s string) string { return reply.Code(s) }
