package main

import (
	"fmt"
	"strings"

	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops"
	"github.com/spf13/cobra"
)

// addRepoFlags adds the flags of every command that reads a repository and prints for
// people.
func (b *bot) addRepoFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&b.flags.repo, "repo", ".", "`DIR` of the repository: a clone or a bare repository")
	_ = cmd.MarkFlagDirname("repo")
	addChoice(cmd, &b.flags.color, "color", "colours: ", "auto", "always", "never")
}

// addChoice adds a flag that takes one of a few words, the first by default. Nothing
// refuses another word before the command runs: what reads the value does, with
// wrongChoice.
func addChoice(cmd *cobra.Command, value *string, name, about string, words ...string) {
	cmd.Flags().StringVar(value, name, words[0], about+either(words))
	_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// wrongChoice is the error for a word that is none of those that a flag takes.
func wrongChoice(name, got string, words ...string) error {
	return usageError{fmt.Errorf("%s: want %s, not %s", name, either(words), gitops.Quote(got))}
}

// either lists words as a sentence does: "a, b or c". There are at least two.
func either(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// form is one way to print a result, which --format names.
type form[T any] struct {
	name  string
	print func(T) error
}

// printer returns what prints results in a format. Commands ask for it before they do
// anything, so that a wrong --format costs nobody a render.
func printer[T any](format string, forms ...form[T]) (func(T) error, error) {
	var names []string
	for _, f := range forms {
		if f.name == format {
			return f.print, nil
		}
		names = append(names, f.name)
	}
	return nil, wrongChoice("format", format, names...)
}

// textOptions are those of everything that is printed for people on standard output.
func (b *bot) textOptions() (reply.TextOptions, error) {
	color, err := b.useColor()
	return reply.TextOptions{Color: color, Width: b.width}, err
}

// write prints what a function of package reply returned.
func (b *bot) write(data []byte, err error) error {
	if err == nil {
		_, err = b.stdout.Write(data)
	}
	return err
}
