package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sealift/sealift/commands"
	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops"
	"github.com/spf13/cobra"
)

func (b *bot) verifyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify [PATH]",
		Short: "Check the SealedSecrets of the repository",
		Long: `Verify renders every overlay and says which SealedSecrets could not be decrypted where
they are, or are not what they seem: sealed for another name, namespace or scope, copied,
damaged. With PATH it says so of the files below it, and of those that an overlay there
reads. No private key is needed, and none is used.

It exits with 2 when there is an error. The rules are those of docs/checks.md whose
names begin with "sealed-", and plain-secret as far as it is about a SealedSecret.`,
		Example: `  bot seal verify
  bot seal verify apps/web/overlays/prod`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error { return b.verify(cmd.Context(), args) },
	}
	b.addCommonFlags(cmd)
	return cmd
}

func (b *bot) verify(ctx context.Context, args []string) error {
	opts, err := b.textOptions()
	if err != nil {
		return err
	}
	src, err := b.source(ctx, "")
	if err != nil {
		return err
	}
	defer src.close()
	below := "."
	if len(args) == 1 {
		if below, err = src.relative(args[0]); err != nil {
			return err
		}
		if src.tree.Lookup(below).Kind == gitops.Missing {
			return gitops.Errorf(gitops.NotFound, "no such file or directory: %s", gitops.Quote(args[0]))
		}
	}
	s, err := b.open(src.id)
	if err != nil {
		return err
	}
	p := b.progress("rendering")
	result, err := commands.Validation{Tree: src.tree, Renderer: s.renderer, Memo: s.memo(), Repository: src.who, Progress: p.step}.Run(ctx)
	p.stop()
	s.close()
	if err != nil {
		return err
	}
	found := slices.DeleteFunc(result.Findings, func(f gitops.Finding) bool { return !aboutSealed(f, below) })
	if err := reply.Findings(b.stdout, found, opts); err != nil {
		return err
	}
	fmt.Fprintln(b.stdout, summary(result.Overlays, found))
	if commands.Fails(found, gitops.SeverityError) {
		b.exit = gitops.Invalid.Exit()
	}
	return nil
}

// aboutSealed reports whether a finding is of a rule about SealedSecrets, and of a file
// or overlay below a path.
func aboutSealed(f gitops.Finding, below string) bool {
	in := func(p string) bool { return below == "." || p == below || strings.HasPrefix(p, below+"/") }
	sealed := strings.HasPrefix(f.Rule, "sealed-") || f.Rule == "plain-secret" && strings.HasPrefix(f.Message, "SealedSecret ")
	return sealed && (in(f.File) || slices.ContainsFunc(f.Overlays, in))
}
