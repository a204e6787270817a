package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/sealift/sealift/gitops"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// bot is the program with all that it takes from outside, so that a test can
// run the whole of it.
type bot struct {
	stdin          *os.File
	stdout, stderr io.Writer
	getenv         func(string) string
	// terminal says whether standard output and standard error are one, and
	// how wide standard output is (0: unknown).
	outTerminal, errTerminal bool
	width                    int

	flags commonFlags
	exit  int // the status of a run without an error, see --exit-code
}

func newBot() *bot {
	b := &bot{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv,
		outTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		errTerminal: term.IsTerminal(int(os.Stderr.Fd())),
	}
	if b.outTerminal {
		b.width, _, _ = term.GetSize(int(os.Stdout.Fd()))
	}
	return b
}

// interrupted is the exit status after SIGINT, as shells have it.
const interrupted = 130

// run does what args say and returns the exit status: 0, that of the error
// table, or 1 for a difference with --exit-code.
func (b *bot) run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cmd := b.root()
	cmd.SetArgs(args)
	cmd.SetOut(b.stdout)
	cmd.SetErr(b.stderr)
	err := cmd.ExecuteContext(ctx)
	switch {
	case err == nil:
		return b.exit
	case ctx.Err() != nil:
		fmt.Fprintln(b.stderr, "bot: interrupted")
		return interrupted
	}
	return b.fail(err)
}

// fail prints an error and returns its exit status.
func (b *bot) fail(err error) int {
	fmt.Fprintln(b.stderr, "bot:", gitops.Printable(err.Error()))
	if e, ok := errors.AsType[*gitops.Error](err); ok {
		if e.Hint != "" {
			fmt.Fprintln(b.stderr, "hint:", gitops.Printable(e.Hint))
		}
		return e.Code.Exit()
	}
	if _, ok := errors.AsType[usageError](err); ok {
		return gitops.Invalid.Exit()
	}
	return gitops.Internal.Exit()
}

// usageError is a command line that cannot be read.
type usageError struct{ error }

// Unwrap returns what the library said.
func (e usageError) Unwrap() error { return e.error }

func (b *bot) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "bot",
		Short: "Sealift shows what a change to a GitOps repository really does",
		Long: `Sealift answers on a GitOps repository what a change really does to every
overlay: it renders both sides with kustomize, offline and in a sandbox, and
compares the results. It also carries changes from one environment to the next, and
seals secrets.

  bot demo                      see it work on a sample repository, nothing needed
  bot diff main...my-branch     what my branch does, in any clone
  bot render apps/web/prod      what kustomize build prints
  bot check                     what is wrong in the repository
  bot promote --to staging      what a promotion to staging would carry
  bot status                    which version is where
  bot seal --env prod …         a secret as a SealedSecret
  bot serve                     all of this on pull requests, as a GitHub App

Exit status: 0 done, 1 a difference (with --exit-code) or a bug, 2 invalid input
or not found, 3 not allowed, 4 something failed that may work later.`,
		SilenceUsage: true, SilenceErrors: true,
		Version: version(),
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %s for %q%s", gitops.Quote(args[0]), cmd.CommandPath(), suggestions(cmd, args[0]))}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; see `%s --help`", err, cmd.CommandPath())}
	})
	root.SetVersionTemplate("{{.Version}}\n")
	root.AddCommand(b.diffCommand(), b.renderCommand(), b.checkCommand(), b.sealCommand(), b.resealCommand(), b.demoCommand(), b.cacheCommand(),
		b.promoteCommand(), b.statusCommand(), b.driftCommand(), b.serveCommand(), b.jobsCommand(), b.logCommand(), b.redeliverCommand())
	return root
}

func suggestions(cmd *cobra.Command, name string) string {
	if near := cmd.SuggestionsFor(name); len(near) > 0 {
		return ", did you mean " + gitops.Quote(near[0]) + "?"
	}
	return ""
}

// args says how many arguments a command takes, as a usage error.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, list []string) error {
		if err := check(cmd, list); err != nil {
			return usageError{fmt.Errorf("%w; see `%s --help`", err, cmd.CommandPath())}
		}
		return nil
	}
}
