package commands

import (
	"cmp"
	"strings"
	"testing"
)

// Every verb is in the list with who may use it, and answers to its own name only.
func TestVerbs(t *testing.T) {
	help := Help()
	for _, v := range Verbs() {
		if line := "| `" + v.Usage + "` | " + v.Doc + " | " + cmp.Or(v.Who, v.Right.people()) + " |"; !strings.Contains(help, line) {
			t.Errorf("no %q in help", line)
		}
		if got, ok := verbNamed(v.Name); !ok || got.Usage != v.Usage || v.plan == nil || !strings.HasPrefix(v.Usage, "/"+v.Name) {
			t.Errorf("verb %q: %+v", v.Name, got)
		}
	}
	for name, want := range map[string]bool{"dif": true, "diffs": true, "hel": true, "sealift": true, "approve": false, "di": false, "retest": false, "": false} {
		if meant(name) != want {
			t.Errorf("meant(%q) is %t", name, !want)
		}
	}
}

// A right includes those below it; a permission that is unknown has none.
func TestRights(t *testing.T) {
	for permission, want := range map[string]string{
		"none": "", "": "", "owner": "", "read": "read", "triage": "read", "write": "read write", "maintain": "read write", "admin": "read write admin",
	} {
		var got []string
		for _, r := range []Right{RightRead, RightWrite, RightAdmin} {
			if r.includes(permission) {
				got = append(got, string(r))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q has %v, want %q", permission, got, want)
		}
	}
}

func TestSlotOf(t *testing.T) {
	for body, want := range map[string]int{
		"<!-- sealift:diff 1/3 -->\nx": 0, "<!-- sealift:diff 12/12 -->": 11,
		" <!-- sealift:diff 1/3 -->": -1, "<!-- sealift:other 1/3 -->": -1, "<!-- sealift:diff -->": -1, "<!-- sealift:diff x/3 -->": -1, "": -1,
	} {
		if n, ok := slotOf(body, "diff"); ok != (want >= 0) || ok && n != want {
			t.Errorf("%q is %d %t", body, n, ok)
		}
	}
}
