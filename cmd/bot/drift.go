package main

import (
	"context"
	"errors"

	"github.com/sealift/sealift/commands"
	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops/tree"
	"github.com/spf13/cobra"
)

// driftFlags are those of `bot drift` beside the common ones.
type driftFlags struct {
	at, format string
	envs, apps []string
	exitCode   bool
}

func (b *bot) driftCommand() *cobra.Command {
	var f driftFlags
	cmd := &cobra.Command{
		Use:   "drift [--env ENVIRONMENT --env ENVIRONMENT]",
		Short: "Show where environments differ in what is meant to be equal",
		Long: `Drift renders the overlays of each app in two environments and compares the objects
field by field. Without --env it is each environment and the next in its chain.

Left out is what belongs to one environment: namespaces, replicas, ciphertext, what
differs only in the name of the environment, fields and files that .sealift.yaml names
in promote.keep, and what differs since both overlays exist. A difference is drift

  - when it was not there before one of the last 20 commits that change either
    overlay; that commit is shown, or
  - when it is a version (image, chart, ref) of which the environment earlier in the
    chain has a later one.

Values of secrets are neither shown nor compared.`,
		Example: `  bot drift
  bot drift --env dev --env prod --app web
  bot drift --format json --exit-code`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return b.drift(cmd.Context(), f) },
	}
	b.addCommonFlags(cmd)
	flags := cmd.Flags()
	flags.StringArrayVar(&f.envs, "env", nil, "`ENVIRONMENT` to compare; given twice or not at all")
	flags.StringArrayVar(&f.apps, "app", nil, "`NAME` of an app; may be repeated (default: all)")
	b.completeNames(cmd, "env", environmentOf)
	b.completeNames(cmd, "app", appOf)
	flags.StringVar(&f.at, "at", "HEAD", "the `COMMIT` to look at")
	flags.BoolVar(&f.exitCode, "exit-code", false, "exit with 1 when there is drift")
	addChoice(cmd, &f.format, "format", "", "text", "json")
	return cmd
}

func (b *bot) drift(ctx context.Context, f driftFlags) error {
	if len(f.envs) != 0 && len(f.envs) != 2 {
		return usageError{errors.New("env must be given twice or not at all")}
	}
	print, err := b.driftWriter(f.format)
	if err != nil {
		return err
	}
	repo, err := tree.Open(ctx, b.flags.repo, tree.Options{})
	if err != nil {
		return err
	}
	defer repo.Close()
	s, err := b.open(repo.GitDir())
	if err != nil {
		return err
	}
	defer s.close()
	found, err := b.findDrift(ctx, s, repo, f)
	s.close()
	if err != nil {
		return err
	}
	b.printStats(s)
	if f.exitCode && found.Found() {
		b.exit = 1
	}
	return print(found)
}

func (b *bot) findDrift(ctx context.Context, s *session, repo *tree.Repo, f driftFlags) (reply.Drift, error) {
	t, err := treeAt(ctx, repo, f.at)
	if err != nil {
		return reply.Drift{}, err
	}
	p := b.progress("comparing")
	defer p.stop()
	return commands.Drift{
		Tree: t, Commits: repo, Tip: t.Commit(), Environments: f.envs, Apps: f.apps,
		Renderer: s.renderer, Memo: s.memo(), Progress: p.step,
	}.Run(ctx)
}

// driftWriter returns what prints drift in the form that was asked for.
func (b *bot) driftWriter(format string) (func(reply.Drift) error, error) {
	opts, err := b.textOptions()
	if err != nil {
		return nil, err
	}
	return printer(format,
		form[reply.Drift]{"text", func(d reply.Drift) error { return reply.DriftText(b.stdout, d, opts) }},
		form[reply.Drift]{"json", func(d reply.Drift) error { return b.write(reply.DriftJSON(d)) }},
	)
}
