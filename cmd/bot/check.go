package main

import (
	"context"
	"fmt"

	"github.com/sealift/sealift/commands"
	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops"
	"github.com/spf13/cobra"
)

// checkFlags are those of `bot check` beside the common ones.
type checkFlags struct {
	at   string
	list bool
}

func (b *bot) checkCommand() *cobra.Command {
	var f checkFlags
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Validate the repository and its configuration",
		Long: `Check renders every overlay of the working tree, or of a commit with --at, and
prints what is wrong: the configuration, kustomizations that do not build, references
to files that are not there, duplicate objects, plain Secrets and tokens, SealedSecrets
that cannot be decrypted, remote bases without a pinned commit. Each rule is explained in docs/checks.md.

It exits with 2 when a finding has the severity that fail-on of .sealift.yaml names
(error when it says nothing).`,
		Example: `  bot check
  bot check --at main
  bot check --list`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return b.check(cmd.Context(), f) },
	}
	b.addCommonFlags(cmd)
	cmd.Flags().StringVar(&f.at, "at", "", "the `COMMIT` to check (default: the working tree)")
	cmd.Flags().BoolVar(&f.list, "list", false, "list the overlays with app and environment, and check nothing")
	return cmd
}

func (b *bot) check(ctx context.Context, f checkFlags) error {
	opts, err := b.textOptions()
	if err != nil {
		return err
	}
	src, err := b.source(ctx, f.at)
	if err != nil {
		return err
	}
	defer src.close()
	s, err := b.open(src.id)
	if err != nil {
		return err
	}
	p := b.progress("rendering")
	c := commands.Validation{Tree: src.tree, Renderer: s.renderer, Memo: s.memo(), Repository: src.who, Progress: p.step}
	if f.list {
		err = b.list(ctx, c)
	} else {
		err = b.report(ctx, c, p, opts)
	}
	if f.list {
		p.stop()
	}
	s.close()
	b.printStats(s)
	return err
}

func (b *bot) report(ctx context.Context, c commands.Validation, p *progress, opts reply.TextOptions) error {
	result, err := c.Run(ctx)
	p.stop()
	if err != nil {
		return err
	}
	if err := reply.Findings(b.stdout, result.Findings, opts); err != nil {
		return err
	}
	fmt.Fprintln(b.stdout, summary(result.Overlays, result.Findings))
	if result.Failed {
		b.exit = gitops.Invalid.Exit()
	}
	return nil
}

// summary is the last line of a check: "2 overlays, 3 findings: 1 error, 2 notes".
func summary(overlays int, findings []gitops.Finding) string {
	s := counted(overlays, "overlay") + ", " + counted(len(findings), "finding")
	if overlays == 0 {
		s = "no overlays: there is no kustomization here, and nothing that Argo CD or Flux deploys; " + counted(len(findings), "finding")
	}
	sep := ": "
	for _, severity := range []gitops.Severity{gitops.SeverityError, gitops.SeverityWarning, gitops.SeverityNote} {
		n := 0
		for _, f := range findings {
			if f.Severity == severity {
				n++
			}
		}
		if n > 0 {
			s += sep + counted(n, string(severity))
			sep = ", "
		}
	}
	return s
}

// counted is a number of things.
func counted(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

func (b *bot) list(ctx context.Context, c commands.Validation) error {
	overlays, err := c.List(ctx)
	if err != nil {
		return err
	}
	for _, o := range overlays {
		fmt.Fprintf(b.stdout, "%s\t%s\t%s\n", gitops.Printable(o.Path), gitops.Printable(o.App), gitops.Printable(o.Environment))
	}
	return nil
}
