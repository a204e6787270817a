package commands

import (
	"slices"
	"strings"
)

// withheld stands where a value was that must not be kept.
const withheld = "[withheld]"

// Redact returns a comment without the values that somebody wrote in plain behind
// `/seal`, so that they are never stored. All that follows a value is left out too:
// a value may have spaces and lines. A comment without such values is returned as
// it is; a command whose value was left out can still be told, see [Parse].
//
// What is ciphertext stays: `key=` with what `kubeseal --raw` prints, and a fence
// with a SealedSecret.
func Redact(body string) string {
	var s scanner
	seal, inside := false, 0 // a /seal came last; where the fence behind it began
	at := 0
	for text := range strings.Lines(body) {
		start, line := at, strings.TrimRight(text, "\r\n")
		at += len(text)
		opened := s.fence != ""
		switch visible := s.visible(line); {
		case visible && isSeal(line):
			if cut := plainFrom(line); cut >= 0 {
				return body[:start+cut] + withheld
			}
			seal = true
		case visible:
			seal = seal && strings.TrimSpace(line) == ""
		case seal && !opened && s.fence != "":
			seal, inside = false, at
		case opened && s.fence == "" && inside > 0:
			if !sealedFence(body[inside:start]) {
				return body[:inside] + withheld
			}
			inside = 0
		case !opened:
			seal = false
		}
	}
	if inside > 0 && !sealedFence(body[inside:]) {
		return body[:inside] + withheld
	}
	return body
}

// isSeal reports whether a line is /seal with something behind it, in whatever
// characters.
func isSeal(line string) bool {
	rest, ok := strings.CutPrefix(line, "/seal")
	return ok && rest != "" && strings.ContainsRune(" \t", rune(rest[0]))
}

// plainFrom returns where the first value begins in a line that is neither an
// option nor ciphertext, -1 when there is none.
func plainFrom(line string) int {
	at := 0
	for word := range strings.FieldsSeq(line) {
		begin := at + strings.Index(line[at:], word)
		at = begin + len(word)
		key, value, ok := strings.Cut(word, "=")
		if ok && !slices.Contains(sealOptions(), key) && !isCiphertext(value) {
			return begin + len(key) + 1
		}
	}
	return -1
}

// exposed reports whether a comment has a value that was written in plain, also
// when the value was left out already.
func exposed(body string) bool {
	return Redact(body) != body || strings.HasSuffix(body, withheld)
}
