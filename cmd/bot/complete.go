package main

import (
	"slices"

	"github.com/sealift/sealift/commands"
	"github.com/sealift/sealift/gitops"
	"github.com/spf13/cobra"
)

// completeNames completes a flag in the shell with what the overlays of the working
// tree are called: their environments, or their apps.
func (b *bot) completeNames(cmd *cobra.Command, flag string, name func(gitops.Overlay) string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return b.names(cmd, name), cobra.ShellCompDirectiveNoFileComp
	})
}

func environmentOf(o gitops.Overlay) string { return o.Environment }

func appOf(o gitops.Overlay) string { return o.App }

// names returns the names that overlays have, sorted; none when they cannot be read.
// What a terminal would obey is no name.
func (b *bot) names(cmd *cobra.Command, name func(gitops.Overlay) string) []string {
	src, err := b.source(cmd.Context(), "")
	if err != nil {
		return nil
	}
	defer src.close()
	overlays, err := commands.Validation{Tree: src.tree}.List(cmd.Context())
	if err != nil {
		return nil
	}
	var list []string
	for _, o := range overlays {
		if n := name(o); n != "" && gitops.Printable(n) == n {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
