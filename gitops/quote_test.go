package gitops

import "testing"

func TestWithoutUsers(t *testing.T) {
	for in, want := range map[string]string{
		"https://git.example.com/a/b":                                 "https://git.example.com/a/b",
		"https://token@git.example.com/a/b":                           "https://…@git.example.com/a/b",
		"https://bot:pa55w0rd@git.example.com/a":                      "https://…@git.example.com/a",
		"https://bot:pa55/w0rd@git.example.com/a":                     "https://…@git.example.com/a",
		"https://bot:pa55@w0rd@git.example.com/a":                     "https://…@git.example.com/a",
		"https://git.example.com:8443/a@v1":                           "https://git.example.com:8443/a@v1",
		"git@git.example.com:a/b.git":                                 "git@git.example.com:a/b.git",
		"from https://x:y@a.example/b and https://x:y@c.example/d ok": "from https://…@a.example/b and https://…@c.example/d ok",
	} {
		if got := WithoutUsers(in); got != want {
			t.Errorf("%s is %s, want %s", in, got, want)
		}
	}
}
