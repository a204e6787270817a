package diff

import (
	"fmt"
	"strconv"
	"strings"
)

// Patch returns the change of one file as `git apply` reads it, "" when there is
// none. nil is a file that is not there; executable says that one which comes or goes
// may be run. Values are written out as they are: it is for the person whose files
// these are.
func Patch(name string, before, after []byte, executable bool) string {
	if string(before) == string(after) && (before == nil) == (after == nil) {
		return ""
	}
	a, b := quoteName("a/"+name), quoteName("b/"+name)
	mode := "100644\n"
	if executable {
		mode = "100755\n"
	}
	head := "diff --git " + a + " " + b + "\n"
	switch {
	case before == nil:
		head += "new file mode " + mode
		a = "/dev/null"
	case after == nil:
		head += "deleted file mode " + mode
		b = "/dev/null"
	}
	text := unified(string(before), string(after))
	if text == "" { // an empty file comes or goes
		return head
	}
	return head + "--- " + ended(a) + "\n+++ " + ended(b) + "\n" + text
}

// ended marks where a name with spaces ends, as git does.
func ended(name string) string {
	if strings.Contains(name, " ") && name[0] != '"' {
		return name + "\t"
	}
	return name
}

// quoteName writes a path as git does: in quotes when it has bytes that end a
// line or a field.
func quoteName(p string) string {
	if !strings.ContainsFunc(p, func(r rune) bool { return r < 0x20 || r == '"' || r == '\\' || r >= 0x7f }) {
		return p
	}
	var b strings.Builder
	for i := range len(p) {
		switch c := p[i]; {
		case c == '"' || c == '\\':
			b.WriteString(`\` + string(c))
		case c < 0x20 || c >= 0x7f:
			b.WriteString(`\` + fmt.Sprintf("%03s", strconv.FormatUint(uint64(c), 8)))
		default:
			b.WriteByte(c)
		}
	}
	return `"` + b.String() + `"`
}
