package main

import (
	"context"
	"fmt"

	"github.com/sealift/sealift/cmd/bot/sample"
	"github.com/sealift/sealift/commands"
	"github.com/sealift/sealift/gitops/tree"
	"github.com/spf13/cobra"
)

func (b *bot) demoCommand() *cobra.Command {
	format := "text"
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See it work on a sample repository, with nothing to set up",
		Long: `Demo holds a small event-driven repository (Kafka, MQ, three services, dev, staging
and prod, Argo CD Applications) with a pull request, and prints what the pull
request does: what Sealift would comment on it. Nothing is installed, fetched or
written.`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return b.demo(cmd.Context(), format) },
	}
	b.addCommonFlags(cmd)
	cmd.Flags().StringVar(&format, "format", format, "text, markdown or json")
	return cmd
}

func (b *bot) demo(ctx context.Context, format string) error {
	write, err := b.reportWriter(format)
	if err != nil {
		return err
	}
	s, err := b.open("")
	if err != nil {
		return err
	}
	base, change := sample.Base(), sample.Change()
	d := commands.Diff{
		Base: tree.Memory(base), Head: tree.Memory(change.Apply(base)),
		Overlays: commands.AutoOverlays, Renderer: s.renderer,
	}
	result, err := d.Run(ctx)
	s.close()
	if err != nil {
		return err
	}
	b.printStats(s)
	fmt.Fprintf(b.stderr, "Pull request %q, branch %s:\n\n", change.Title, change.Branch)
	return write(result.Report)
}
