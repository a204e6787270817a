package main

import (
	"context"
	"fmt"

	"github.com/sealift/sealift/commands"
	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/tree"
	"github.com/spf13/cobra"
)

// diffFlags are those of `bot diff` beside the common ones.
type diffFlags struct {
	format   string
	overlays string
	branch   string
	exitCode bool
}

func (b *bot) diffCommand() *cobra.Command {
	var f diffFlags
	cmd := &cobra.Command{
		Use:   "diff [BASE..HEAD | BASE...HEAD | BASE HEAD]",
		Short: "Show what a change does to every overlay it reaches",
		Long: `Diff renders the overlays of both sides and shows what differs, worst news
first: overlays that no longer render, then the environments furthest along the
chain. Nothing is checked out and nothing is fetched unless --allow-remote says so.

BASE..HEAD compares two commits; BASE...HEAD compares HEAD with the commit at
which it left BASE, as a pull request does; BASE alone is BASE..HEAD. Without
arguments it compares the commit that is checked out with the working tree and all
files in it. Secret values are never shown: the diff says that a value changed.

Overlays: "auto" compares what Argo CD or Flux deploys, directories of plain manifests
included, and every kustomization that no other one reads; "all" compares every
kustomization directory and nothing else; a glob such as
'apps/*/overlays/prod' or 'environments/prod/**' compares the directories it matches.`,
		Example: `  bot diff
  bot diff main...my-branch
  bot diff main...HEAD --overlays 'environments/prod/**'
  bot diff v1.4.0 v1.5.0 --format markdown
  bot diff origin/main... --exit-code`,
		Args: args(cobra.MaximumNArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error { return b.diff(cmd.Context(), f, args) },
	}
	b.addCommonFlags(cmd)
	addChoice(cmd, &f.format, "format", "", "text", "markdown", "json")
	cmd.Flags().StringVar(&f.overlays, "overlays", commands.AutoOverlays, "auto, all or a `GLOB` over directories")
	cmd.Flags().StringVar(&f.branch, "branch", "", "the `BRANCH` that the change is for, which deployers may follow; by default that of the remote")
	cmd.Flags().BoolVar(&f.exitCode, "exit-code", false, "exit with 1 when there are differences, or when something may change that is not compared")
	_ = cmd.RegisterFlagCompletionFunc("overlays", cobra.FixedCompletions([]string{"auto", "all"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (b *bot) diff(ctx context.Context, f diffFlags, args []string) error {
	write, err := b.reportWriter(f.format)
	if err != nil {
		return err
	}
	s, err := b.start()
	if err != nil {
		return err
	}
	defer s.close()
	s.workers.Prestart(1) // it gets ready while the trees and the layout are read
	repo, err := tree.Open(ctx, b.flags.repo, tree.Options{})
	if err != nil {
		return err
	}
	defer repo.Close()
	if err := b.use(s, repo.GitDir()); err != nil {
		return err
	}
	report, err := b.compare(ctx, s, repo, f, args)
	s.close()
	if err != nil {
		return err
	}
	b.printStats(s)
	if f.exitCode && !reply.Nothing(report) {
		b.exit = 1
	}
	return write(report)
}

func (b *bot) compare(ctx context.Context, s *session, repo *tree.Repo, f diffFlags, args []string) (gitops.Report, error) {
	c, err := trees(ctx, repo, args)
	if err != nil {
		return gitops.Report{}, err
	}
	defer c.close()
	who, err := identity(ctx, repo, f.branch)
	if err != nil {
		return gitops.Report{}, err
	}
	d := commands.Diff{Base: c.base, Head: c.head, Overlays: f.overlays, Renderer: s.renderer, Memo: s.memo(), Repository: who}
	if b.errTerminal && c.atHead && repo.Root() != "" {
		dirty := make(chan int, 1)
		go func() { dirty <- uncommitted(ctx, c.head, repo) }()
		defer func() { b.noteUncommitted(<-dirty) }()
	}
	p := b.progress("rendering")
	defer p.stop()
	d.Progress = p.step
	result, err := d.Run(ctx)
	return result.Report, err
}

// identity is what a clone says about its repository. Without a branch the change is for
// the default branch of the remote.
func identity(ctx context.Context, repo *tree.Repo, branch string) (commands.Identity, error) {
	o, err := repo.Origin(ctx)
	if branch == "" {
		branch = o.Branch
	}
	return commands.Identity{Addresses: o.Addresses, Branch: branch, DefaultBranch: o.Branch}, err
}

// reportWriter returns what prints a report in a format.
func (b *bot) reportWriter(format string) (func(gitops.Report) error, error) {
	opts, err := b.textOptions()
	if err != nil {
		return nil, err
	}
	return printer(format,
		form[gitops.Report]{"text", func(r gitops.Report) error { return reply.Text(b.stdout, r, opts) }},
		form[gitops.Report]{"markdown", b.printMarkdown},
		form[gitops.Report]{"json", func(r gitops.Report) error { return b.write(reply.JSON(r)) }},
	)
}

// printMarkdown prints the comments that the service would write, as many as it takes:
// there is no limit here.
func (b *bot) printMarkdown(r gitops.Report) error {
	for _, part := range reply.Markdown(r, reply.Options{MaxComments: 1000}) {
		if _, err := fmt.Fprintln(b.stdout, part); err != nil {
			return err
		}
	}
	return nil
}
