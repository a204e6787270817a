package promote

import (
	"slices"
	"strings"
)

// synonyms are words that mean one kind of environment: who writes "dev" in a path may
// write "development" in a value.
var synonyms = [][]string{
	{"dev", "develop", "development", "devel"},
	{"test", "testing", "tst"},
	{"int", "integ", "integration"},
	{"stage", "staging", "stg", "stag"},
	{"uat", "acceptance"},
	{"preprod", "preproduction", "pprod"},
	{"prod", "production", "prd"},
}

// glued are the words that are looked for within others as well, such as devdb and
// webdev, with words that have them and mean nothing of the kind.
var glued = map[string][]string{
	"dev":     {"device", "devel", "devop", "devis", "devia", "devo", "devs"},
	"stage":   {"staged", "upstage", "backstage", "stagef"},
	"staging": nil,
	"stg":     {"postg"},
	"prod":    {"product", "produce", "prodig"},
	"uat":     {"uate", "uati", "uato", "aquat", "squat"},
	"preprod": nil,
}

// synonymsOf returns the words that mean what an environment's name means, itself
// included where it is one of them; nil for other names.
func synonymsOf(env string) []string {
	env = strings.TrimRight(strings.ToLower(env), "0123456789")
	for _, group := range synonyms {
		if slices.Contains(group, env) {
			return group
		}
	}
	return nil
}

// also are the other names of the source in values: its synonyms that do not mean the
// target as well.
func also(from, to string) (list []string) {
	theirs := synonymsOf(to)
	for _, word := range synonymsOf(from) {
		if !slices.Contains(theirs, word) {
			list = append(list, word)
		}
	}
	return list
}

// hasSynonym reports whether a value has one of some words as a word of its own, with or
// without a number behind it: dev01.
func hasSynonym(value string, words []string) bool {
	if len(words) == 0 {
		return false
	}
	fields := strings.FieldsFunc(strings.ToLower(value), func(c rune) bool { return c >= 0x80 || !wordByte(byte(c)) })
	return slices.ContainsFunc(fields, func(field string) bool {
		return slices.Contains(words, strings.TrimRight(field, "0123456789"))
	})
}

// hasGlued reports whether a value has a word within which one of some words stands at
// the beginning or the end.
func hasGlued(value string, words []string) bool {
	fields := strings.FieldsFunc(strings.ToLower(value), func(c rune) bool { return c >= 0x80 || !wordByte(byte(c)) })
	for _, word := range words {
		others, ok := glued[word]
		if !ok {
			continue
		}
		for _, field := range fields {
			other := func(o string) bool { return strings.Contains(field, o) }
			if field != word && (strings.HasPrefix(field, word) || strings.HasSuffix(field, word)) && !slices.ContainsFunc(others, other) {
				return true
			}
		}
	}
	return false
}

// devices takes the paths of devices out of a value: /dev/shm names no environment.
func devices(value string) string {
	for at := 0; ; {
		i := strings.Index(value[at:], "/dev/")
		if i < 0 {
			return value
		}
		i += at
		if i == 0 || strings.ContainsRune(" \t\"'=:,([{", rune(value[i-1])) {
			value = value[:i] + value[i+len("/dev"):]
			at = i
		} else {
			at = i + 1
		}
	}
}
