package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

// What is below the directory of the cache; nothing else there is ever removed.
const (
	cacheRepos   = "repos"
	cacheMirrors = "mirrors"
)

func (b *bot) cacheCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cache",
		Short: "Say where the render cache is, or clear it",
		Args:  args(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().StringVar(&b.flags.cacheDir, "cache-dir", "", "`DIR` of the render cache (default: below the user's cache directory)")
	cmd.AddCommand(&cobra.Command{
		Use: "dir", Short: "Print the directory of the cache", Args: args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			dir, _, err := b.cachePlace()
			if err == nil {
				fmt.Fprintln(b.stdout, dir)
			}
			return err
		},
	}, &cobra.Command{
		Use: "clear", Short: "Remove everything in the cache", Args: args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			dir, _, err := b.cachePlace()
			if err != nil {
				return err
			}
			return errors.Join(os.RemoveAll(filepath.Join(dir, cacheRepos)), os.RemoveAll(filepath.Join(dir, cacheMirrors)))
		},
	})
	return cmd
}
