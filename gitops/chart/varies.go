package chart

import (
	"bytes"
	"strings"
)

// maxAgain is how many more renders tell whether the order of a map matters: two keys may
// come in one order twice, but seldom so often.
const maxAgain = 6

// varies is how many more renders find out what is another each time: none for a chart
// that calls nothing of that kind.
func (c *Chart) varies(r Release) int {
	n := 0
	for _, f := range c.files {
		n = max(n, again(f.Data))
	}
	return max(n, again(marshal(r.Values.of))) // text of values may be a template too
}

// again is varies for one text: what stands between the braces of templates counts.
func again(text []byte) int {
	n := 0
	for {
		_, rest, ok := bytes.Cut(text, []byte("{{"))
		if !ok {
			return n
		}
		action, rest, ok := bytes.Cut(rest, []byte("}}"))
		if !ok {
			return n
		}
		n = max(n, calls(string(action)))
		text = rest
	}
}

// calls is varies for one action.
func calls(action string) int {
	n, unsorted := 0, false
	for i := 0; i < len(action); {
		if !letter(action[i]) {
			i++
			continue
		}
		start := i
		for i < len(action) && (letter(action[i]) || action[i] >= '0' && action[i] <= '9') {
			i++
		}
		if start > 0 && (action[start-1] == '.' || action[start-1] == '$') { // a field or a variable
			continue
		}
		switch word := action[start:i]; {
		case unsteady(word):
			n = max(n, len(moments))
		case word == "keys" || word == "values": // in the order of a map
			unsorted = true
		case word == "sortAlpha" || word == "has" || word == "len":
			return n
		}
	}
	if unsorted {
		return maxAgain
	}
	return n
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }

// unsteady reports whether a function of sprig has another result each time.
func unsteady(word string) bool {
	switch word {
	case "now", "ago", "date", "dateInZone", "date_in_zone", "htmlDate", "htmlDateInZone", "dateModify", "date_modify", "mustDateModify",
		"uuidv4", "htpasswd", "bcrypt", "shuffle", "encryptAES", "genPrivateKey":
		return true
	}
	return strings.HasPrefix(word, "rand") || strings.HasPrefix(word, "genCA") || strings.HasPrefix(word, "genSelfSignedCert") || strings.HasPrefix(word, "genSignedCert")
}
