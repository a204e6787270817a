package main

import (
	"bytes"
	"fmt"
	"os"
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
