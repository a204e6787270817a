package commands

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops/golden"
)

// TestParse reads the comments of testdata/parse: each says in want which commands
// are in it.
func TestParse(t *testing.T) {
	golden.Run(t, "testdata/parse/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		list, more := Parse(string(c.Inputs[0].Data))
		var got strings.Builder
		for _, r := range list {
			fmt.Fprintf(&got, "%d /%s %q\n", r.Line, r.Verb, r.Args)
		}
		if more {
			got.WriteString("more\n")
		}
		return map[string]string{"commands": got.String()}
	})
}

func TestParseMany(t *testing.T) {
	list, more := Parse(strings.Repeat("/diff\r\n", 500))
	if len(list) != MaxRequests || !more || list[9].Line != 10 {
		t.Errorf("%d, more %t", len(list), more)
	}
	if list, _ := Parse("/diff " + strings.Repeat("x", maxLine)); list != nil {
		t.Error("a line that is too long is a command")
	}
	for _, line := range []string{"/di\u0456f", "/diff \u202e", "/diff\x00", "/diff\u00a0x", "\ufeff/diff", "/diff\vx", "//diff", "/", "/1", "/diff/x", "/Diff"} {
		if list, _ := Parse(line); list != nil {
			t.Errorf("%q is a command", line)
		}
	}
}

// A command is always a line of the comment, made of ASCII, and never below a fence
// that is open.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"/diff", "```\n/diff\n```\n/help", "<!-- /x\n-->\n/diff a b", "> q\n/diff\n\n/diff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		list, more := Parse(body)
		lines := strings.Split(body, "\n")
		for _, r := range list {
			if line := lines[r.Line-1]; !strings.HasPrefix(line, "/"+r.Verb) || !printableASCII(r.Verb+strings.Join(r.Args, "")) {
				t.Errorf("%+v of %q", r, line)
			}
		}
		if len(list) > MaxRequests || more && len(list) != MaxRequests {
			t.Errorf("%d commands, more %t", len(list), more)
		}
		if inside, _ := Parse("```````\n" + strings.ReplaceAll(body, "```````", "") + "\n"); len(inside) != 0 {
			t.Errorf("in a fence: %+v", inside)
		}
		if inside, _ := Parse("<!--\n" + strings.ReplaceAll(body, "-->", "")); len(inside) != 0 {
			t.Errorf("in an HTML comment: %+v", inside)
		}
	})
}
