package commands

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/sealift/sealift/gitops"
)

// What was likely meant to be /seal: mistyped, in capitals, in a quote or in the middle of
// a text. It is no command, but a value behind it is a value that everybody can read.

var (
	// slashWord is a slash with a word behind it that is no part of a path or address.
	slashWord = regexp.MustCompile(`(?:^|[^\pL\pN_./-])[/\\／][ \t]*(\pL{2,9})`)
	// keyForm is a key of a Secret.
	keyForm = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)
	// secretKind is a line of a Secret's manifest.
	secretKind = regexp.MustCompile(`\bkind["']?\s*:\s*["']?Secret\b`)
)

// quoting are characters that stand around what is quoted or emphasized.
const quoting = "`*\"'(),;|"

// nearPlainFrom returns where the first value begins behind a word of a line that is /seal
// or near it, -1 when there is none. Ciphertext and what holds the place of a value, such
// as <password>, is none.
func nearPlainFrom(line string) int {
	for _, m := range slashWord.FindAllStringSubmatchIndex(line, -1) {
		if nearVerb(line[m[2]:m[3]]) {
			return pairFrom(line, m[3]) // what is behind others is behind this one
		}
	}
	return -1
}

// pairFrom returns where the value of the first key=value begins from a place on.
func pairFrom(line string, at int) int {
	for word := range strings.FieldsSeq(line[at:]) {
		begin := at + strings.Index(line[at:], word)
		at = begin + len(word)
		key, value, ok := strings.Cut(word, "=")
		name := strings.TrimLeft(key, quoting)
		switch value = strings.Trim(value, quoting); {
		case !ok || !keyForm.MatchString(name) || slices.Contains(sealOptions(), name):
		case isCiphertext(value) || strings.HasPrefix(value, "<") || !strings.ContainsFunc(value, letterOrDigit):
		default:
			return begin + len(key) + 1
		}
	}
	return -1
}

func letterOrDigit(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// nearSeal reports whether a line begins with what was likely meant to be /seal.
func nearSeal(line string) bool {
	m := slashWord.FindStringSubmatchIndex(line)
	return m != nil && m[0] == 0 && nearVerb(line[m[2]:m[3]])
}

// nearVerb reports whether a word is seal, has it in it, or is one mistake away: another
// letter, one too many or too few, or two that changed places. Letters of other
// alphabets count as those that they may look like.
func nearVerb(word string) bool {
	const verb = "seal"
	runes := []rune(strings.ToLower(word))
	for i, r := range runes {
		if r > '~' && i < len(verb) {
			runes[i] = rune(verb[i])
		}
	}
	name := string(runes)
	for i := 1; i < len(verb); i++ {
		if name == verb[:i-1]+string(verb[i])+string(verb[i-1])+verb[i+1:] {
			return true
		}
	}
	return strings.Contains(name, verb) || gitops.Distance(name, verb) < 2
}

// secretFence reports whether a fence has a Secret, or had one that was left out, or a
// value behind /seal. What follows a mistyped verb may be anything else.
func secretFence(text string) bool {
	for line := range strings.Lines(text) {
		if nearPlainFrom(line) >= 0 {
			return true
		}
	}
	return strings.TrimSpace(text) == withheld || secretKind.MatchString(text) && !sealedFence(text)
}
