package main

import (
	"context"
	"time"

	"github.com/sealift/sealift/commands"
	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops/tree"
	"github.com/spf13/cobra"
)

func (b *bot) statusCommand() *cobra.Command {
	var at, format string
	var names []string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show which version of each app is in which environment",
		Long: `Status shows an app a line and an environment a column: the version there, and how
many commits the environment before it got since it was promoted last. What only the
service knows, holds and open promotions, is not shown.`,
		Example: `  bot status
  bot status --app web --format json`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			print, err := b.statusWriter(format)
			if err != nil {
				return err
			}
			s, err := b.status(cmd.Context(), at, names)
			if err != nil {
				return err
			}
			return print(s)
		},
	}
	b.addRepoFlags(cmd)
	flags := cmd.Flags()
	flags.StringVar(&at, "at", "HEAD", "the `COMMIT` to look at")
	flags.StringArrayVar(&names, "app", nil, "`NAME` of an app; may be repeated (default: all)")
	b.completeNames(cmd, "app", appOf)
	addChoice(cmd, &format, "format", "", "text", "json")
	return cmd
}

func (b *bot) status(ctx context.Context, at string, names []string) (reply.Status, error) {
	repo, err := tree.Open(ctx, b.flags.repo, tree.Options{})
	if err != nil {
		return reply.Status{}, err
	}
	defer repo.Close()
	tip, err := repo.Resolve(ctx, at)
	if err != nil {
		return reply.Status{}, err
	}
	t, err := repo.Tree(ctx, tip)
	if err != nil {
		return reply.Status{}, err
	}
	return commands.Status{Tree: t, Commits: repo, Tip: tip, Apps: names, Now: time.Now()}.Run(ctx)
}

// statusWriter returns what prints a status in the form that was asked for.
func (b *bot) statusWriter(format string) (func(reply.Status) error, error) {
	opts, err := b.textOptions()
	if err != nil {
		return nil, err
	}
	return printer(format,
		form[reply.Status]{"text", func(s reply.Status) error { return reply.StatusText(b.stdout, s, opts) }},
		form[reply.Status]{"json", func(s reply.Status) error { return b.write(reply.StatusJSON(s)) }},
	)
}
