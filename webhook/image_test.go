package webhook_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// instructions returns the lines of the Dockerfile as "WORD rest", continued
// lines joined and comments left out.
func instructions(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	open := false
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		text, goesOn := strings.CutSuffix(line, `\`)
		if open {
			out[len(out)-1] += " " + text
		} else {
			out = append(out, text)
		}
		open = goesOn
	}
	return out
}

// values returns what follows an instruction, of the whole file.
func values(lines []string, word string) []string {
	var out []string
	for _, line := range lines {
		if rest, ok := strings.CutPrefix(line, word+" "); ok {
			out = append(out, rest)
		}
	}
	return out
}

// TestImage checks what the Dockerfile makes: bases with tags, git and certificates,
// the program alone, no root.
func TestImage(t *testing.T) {
	lines := instructions(t)
	from := values(lines, "FROM")
	if len(from) != 2 || !strings.HasSuffix(from[0], " AS build") {
		t.Fatalf("stages: %q", from)
	}
	for _, image := range from {
		name, _, _ := strings.Cut(image, " ")
		if _, tag, ok := strings.Cut(name, ":"); !ok || tag == "latest" {
			t.Errorf("image %s has no tag", name)
		}
	}
	last := lines[slices.Index(lines, "FROM "+from[1]):]
	if user := values(last, "USER"); len(user) != 1 || !regexp.MustCompile(`^[1-9]\d+:[1-9]\d+$`).MatchString(user[0]) {
		t.Errorf("user %q is not one number above 0", user)
	}
	if run := strings.Join(values(last, "RUN"), "\n"); !regexp.MustCompile(`\binstall\b.*\bca-certificates\b.*\bgit\b`).MatchString(run) {
		t.Errorf("git or the certificates are not installed: %s", run)
	}
	if copied := values(last, "COPY"); len(copied) != 1 || !strings.HasPrefix(copied[0], "--from=build ") {
		t.Errorf("the image holds more than the program: %q", copied)
	}
	if entry, cmd := values(last, "ENTRYPOINT"), values(last, "CMD"); len(entry) != 1 || entry[0] != `["/usr/local/bin/bot"]` || len(cmd) != 1 || cmd[0] != `["serve"]` {
		t.Errorf("runs %q %q", entry, cmd)
	}
}

// TestImageHasNoSecrets also keeps out what was not in the checkout.
func TestImageHasNoSecrets(t *testing.T) {
	lines := instructions(t)
	if added := values(lines, "ADD"); len(added) > 0 {
		t.Errorf("ADD may fetch: %q", added)
	}
	for _, line := range lines {
		word, rest, _ := strings.Cut(line, " ")
		if (word == "ENV" || word == "ARG") && regexp.MustCompile(`(?i)secret|token|password|private|key`).MatchString(rest) {
			t.Errorf("%s in the image: %s", word, rest)
		}
		if regexp.MustCompile(`\bcurl\b|\bwget\b|https?://`).MatchString(rest) {
			t.Errorf("fetches from elsewhere: %s", line)
		}
	}
}

// TestImageContext lets only the source into the build.
func TestImageContext(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", ".dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	rules := strings.Fields(regexp.MustCompile(`(?m)^#.*$`).ReplaceAllString(string(data), ""))
	if len(rules) == 0 || rules[0] != "*" {
		t.Fatalf("not everything is left out first: %q", rules)
	}
	allowed := map[string]bool{"!go.mod": true, "!go.sum": true, "!cmd": true, "!commands": true, "!gitops": true, "!webhook": true}
	for _, rule := range rules {
		if strings.HasPrefix(rule, "!") && !allowed[rule] {
			t.Errorf("%s goes into the build", rule)
		}
	}
}
