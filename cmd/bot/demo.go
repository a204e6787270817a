package main

import (
	"context"
	"fmt"
	"net"
	"os"

	"github.com/sealift/sealift/cmd/bot/sample"
	"github.com/sealift/sealift/commands"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/tree"
	"github.com/spf13/cobra"
)

// demoFlags are those of `bot demo` beside the common ones.
type demoFlags struct {
	format string
	print  bool
	addr   string
}

func (b *bot) demoCommand() *cobra.Command {
	f := demoFlags{format: "text", addr: "127.0.0.1:8090"}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See it work on a sample repository, with nothing to set up",
		Long: `Demo starts, on this machine only and in a temporary directory, a GitHub in a box with
a small event-driven repository (Kafka, MQ, three services, dev, staging and prod,
Argo CD Applications) and Sealift as a real App of it, and opens two pull requests. It
prints their addresses: read what Sealift says there, and comment as developer,
administrator or stranger. Everything is gone when it ends.

--print prints what the first pull request does, and starts nothing.`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.print {
				return b.printDemo(cmd.Context(), f.format)
			}
			return b.serveDemo(cmd.Context(), f.addr)
		},
	}
	b.addCommonFlags(cmd)
	cmd.Flags().BoolVar(&f.print, "print", false, "print the report and start nothing")
	cmd.Flags().StringVar(&f.format, "format", f.format, "of --print: text, markdown or json")
	cmd.Flags().StringVar(&f.addr, "addr", f.addr, "`HOST:PORT` of the pull request's page, on this machine")
	return cmd
}

// printDemo prints the report of the sample's pull request.
func (b *bot) printDemo(ctx context.Context, format string) error {
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

// serveDemo runs the demo until ctx ends.
func (b *bot) serveDemo(ctx context.Context, addr string) error {
	l, err := listenLoopback(addr)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "sealift-demo-")
	if err != nil {
		l.Close()
		return gitops.Errorf(gitops.Unavailable, "demo: %w", err)
	}
	defer os.RemoveAll(dir)
	d, err := startDemo(ctx, dir, l, b.flags.workers)
	if err != nil {
		return err
	}
	fmt.Fprintf(b.stdout, demoText, d.pullURL(0), d.pullURL(1))
	<-ctx.Done()
	d.stop()
	return nil
}

// demoText is what a person does next, with the addresses of both pull requests.
const demoText = `A pull request on a GitHub in a box, with Sealift as its App:

  %s

Read what Sealift says there, and comment as one of three people. Write "/seal store dev"
to seal a secret. On the second pull request there is something to promote: merge it, then
write "/promote staging".

  %s

Ctrl-C ends it and removes everything.
`

// listenLoopback listens on addr, which must be of this machine, or on a free port
// when addr is taken.
func listenLoopback(addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil || !loopbackHost(host) {
		return nil, gitops.Errorf(gitops.Invalid, "addr: the demo has no log-in and runs on a loopback address only, not %s", gitops.Quote(addr))
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		l, err = net.Listen("tcp", net.JoinHostPort(host, "0"))
	}
	if err != nil {
		return nil, gitops.Errorf(gitops.Unavailable, "demo: %w", err)
	}
	return l, nil
}
