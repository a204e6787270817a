package web

import (
	"encoding/base64"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzLocal looks for a return address that leads to another site.
func FuzzLocal(f *testing.F) {
	for _, s := range []string{"/", "/r/a/b/1/x..y", "//a", "/\\a", "http://a", "/%2f/a", "/a?b#c", "/.."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := local(s)
		if got[0] != '/' || len(got) > 1 && (got[1] == '/' || got[1] == '\\') {
			t.Errorf("local(%q) = %q", s, got)
		}
		for _, c := range got {
			if c <= ' ' || c >= 0x7f {
				t.Errorf("local(%q) = %q", s, got)
			}
		}
	})
}

// FuzzVisible looks for text that is shown otherwise than it is.
func FuzzVisible(f *testing.F) {
	for _, s := range []string{"a", "\u202eb", "\x00\x1b[31m", "\xff", "\ufffd", "\t", "日本", "a\nb\r"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := visible(s)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, hidden) {
			t.Errorf("visible(%q) = %q", s, got)
		}
		if again := visible(got); again != got {
			t.Errorf("visible(%q) = %q, again %q", s, got, again)
		}
	})
}

// FuzzSubmission reads what anybody may send. What is taken holds nothing that
// could be a text.
func FuzzSubmission(f *testing.F) {
	good := base64.StdEncoding.EncodeToString(append([]byte{1, 0}, make([]byte, 256+16)...))
	head := `{"environment":"dev","overlay":"a/b","namespace":"n","name":"x","type":"Opaque","scope":"strict","fingerprint":"` + strings.Repeat("0a", 32) + `"`
	for _, s := range []string{head + `,"items":{"k":"` + good + `"}}`, head + `,"Items":{"k":"text"}}`, head + `,"items":{"k":"` + good + `"},"items":{"l":"x"}}`, head + "}", "[]", "{}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := readSubmission("application/json", strings.NewReader(s))
		if err != nil && strings.Contains(s, "secret-to-keep") && strings.Contains(err.Error(), "secret-to-keep") {
			t.Errorf("the error quotes %q", s)
		}
		for key, value := range got.Items {
			raw, bad := base64.StdEncoding.DecodeString(value)
			if err != nil || bad != nil || raw[0] > 8 || len(raw) < 2+256+16 || len(key) > 253 {
				t.Errorf("%q was taken: %q %v", s, value, err)
			}
		}
	})
}

// FuzzCookie feeds the sealer what browsers may send. Nothing of it was sealed.
func FuzzCookie(f *testing.F) {
	s, err := newSealer([32]byte{1})
	if err != nil {
		f.Fatal(err)
	}
	good, err := s.seal("session", session{Login: "dev"})
	if err != nil {
		f.Fatal(err)
	}
	for _, value := range []string{"", "AAAA", "%", good[:20], good[1:], good + "AAAA"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if v := (session{}); s.open("session", value, &v) {
			t.Errorf("%q was opened", value)
		}
	})
}
