package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/sealift/sealift/commands"
)

// commandsPage is the reference of all commands, of comments and of the command line,
// written from the program.
const commandsPage = "../../docs/commands.md"

// TestCommandsPage fails when docs/commands.md is not what the program says.
// `make docs` writes it.
func TestCommandsPage(t *testing.T) {
	var page bytes.Buffer
	page.WriteString("<!-- Written by `make docs`; do not edit. -->\n# Commands\n\n## In a comment on a pull request\n\n" + commands.Help())
	root := (&bot{getenv: os.Getenv}).root()
	root.InitDefaultCompletionCmd()
	describe(&page, root)
	if *update {
		if err := os.WriteFile(commandsPage, page.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(commandsPage)
	if err != nil || !bytes.Equal(got, page.Bytes()) {
		t.Errorf("docs/commands.md is not current, run `make docs` (%v)", err)
	}
}

// describe writes a command and those below it.
func describe(w *bytes.Buffer, cmd *cobra.Command) {
	fmt.Fprintf(w, "\n## %s\n\n%s.\n", cmd.CommandPath(), cmd.Short)
	if cmd.Runnable() && cmd.HasParent() {
		fmt.Fprintf(w, "\n```\n%s\n```\n", cmd.UseLine())
	}
	for _, text := range []string{cmd.Long, cmd.Example, cmd.LocalFlags().FlagUsages()} {
		if text = strings.Trim(text, "\n"); text != "" {
			fmt.Fprintf(w, "\n```text\n%s\n```\n", text)
		}
	}
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() && cmd.Name() != "completion" {
			describe(w, sub)
		}
	}
}

// metricName is a metric of ours, in the code, the pages and the alarms.
var metricName = regexp.MustCompile(`\bsealift_[a-z]+_[a-z_]+\b`)

// TestMetricsPage holds the table of metrics, and the alarms, to what the code has.
func TestMetricsPage(t *testing.T) {
	names := func(files ...string) []string {
		var list []string
		for _, name := range files {
			list = append(list, metricName.FindAllString(readDoc(t, name), -1)...)
		}
		slices.Sort(list)
		return slices.Compact(list)
	}
	code := names("../../webhook/metrics.go", "../../webhook/backlog.go")
	if page := names("../../docs/operations.md"); !slices.Equal(page, code) {
		t.Errorf("docs/operations.md has %q, the code %q", page, code)
	}
	for _, name := range names("../../deploy/components/monitoring/rules.yaml") {
		if !slices.Contains(code, name) {
			t.Errorf("an alarm is about %s, which is not there", name)
		}
	}
}

// testName is how pages name a test.
var testName = regexp.MustCompile("`((?:Test|Fuzz)[A-Z][A-Za-z0-9]*)`")

// TestNamedTests fails when a page names a test that is not there.
func TestNamedTests(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := allTests(t)
	named := 0
	for _, page := range append(pages, "../../README.md", "../../CONTRIBUTING.md", "../../DESIGN.md") {
		for _, m := range testName.FindAllStringSubmatch(readDoc(t, page), -1) {
			named++
			if !tests[m[1]] {
				t.Errorf("%s names %s, which is not there", page, m[1])
			}
		}
	}
	if named == 0 {
		t.Error("no page names a test")
	}
}

// allTests are the names of all tests and fuzz targets of the module.
func allTests(t *testing.T) map[string]bool {
	t.Helper()
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Z][A-Za-z0-9]*)\(`)
	all := map[string]bool{}
	for _, dir := range []string{"cmd", "commands", "gitops", "webhook"} {
		err := filepath.WalkDir(filepath.Join("..", "..", dir), func(path string, _ os.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			for _, m := range declared.FindAllStringSubmatch(readDoc(t, path), -1) {
				all[m[1]] = true
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// pageLinkTo is a link from a page to a file of the repository.
var pageLinkTo = regexp.MustCompile(`\]\(([^)#:]+)?(#[^)]*)?\)`)

// TestLinks fails when a page points at a file or a heading that is not there.
func TestLinks(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, "../../README.md", "../../CONTRIBUTING.md", "../../DESIGN.md") {
		for _, m := range pageLinkTo.FindAllStringSubmatch(readDoc(t, page), -1) {
			target := page
			if m[1] != "" {
				target = filepath.Join(filepath.Dir(page), m[1])
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %v", page, err)
			} else if m[2] != "" && !slices.Contains(headings(readDoc(t, target)), m[2][1:]) {
				t.Errorf("%s: %s has no heading %s", page, target, m[2])
			}
		}
	}
}

// headings are the anchors that GitHub gives the headings of a page.
func headings(page string) []string {
	var list []string
	for line := range strings.Lines(page) {
		title, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " ")
		if !ok || !strings.HasPrefix(line, "#") {
			continue
		}
		title = regexp.MustCompile(`[^a-z0-9 _-]`).ReplaceAllString(strings.ToLower(strings.TrimSpace(title)), "")
		list = append(list, strings.ReplaceAll(title, " ", "-"))
	}
	return list
}

func readDoc(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
