package main

import (
	"github.com/spf13/cobra"
)

func (b *bot) demoCommand() *cobra.Command {
	return &cobra.Command{Use: "demo", Short: "See it work on a sample repository", RunE: func(*cobra.Command, []string) error { return nil }}
}
