package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/ghapp"
	"github.com/sealift/sealift/webhook/queue"
	"github.com/sealift/sealift/webhook/store"
	"github.com/spf13/cobra"
)

// serviceCommand is a command that works on the service's database: it takes the
// settings of `bot serve`, and shows those that say where the database is.
func (b *bot) serviceCommand(cmd *cobra.Command, run func(context.Context, serviceConfig, []string) error) *cobra.Command {
	lookup := addConfigFlags(cmd)
	for _, s := range configTable() {
		if s.name != "data-dir" && s.name != "database" {
			_ = cmd.Flags().MarkHidden(s.name) // fails for secrets, which are no flags
			_ = cmd.Flags().MarkHidden(s.name + "-file")
		}
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, problems := loadConfig(lookup, b.getenv, os.ReadFile)
		if err := b.configProblems(problems); err != nil {
			return err
		}
		return run(cmd.Context(), c, args)
	}
	return cmd
}

// withQueue calls f with the queue, which need not run.
func withQueue(ctx context.Context, c serviceConfig, f func(*store.Store, *queue.Queue) error) error {
	s, err := store.Open(ctx, c.Database, store.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	q, err := queue.New(s, nil, queue.Options{})
	if err != nil {
		return err
	}
	return f(s, q)
}

func (b *bot) jobsCommand() *cobra.Command {
	outcome := ""
	jobs := b.serviceCommand(&cobra.Command{
		Use:   "jobs",
		Short: "List, retry and drop the work of the service",
		Long: `Jobs lists deliveries, newest first: those that wait, run, are done, or were given
up after their last attempt ("failed"). "bot jobs retry ID" does one again, "bot jobs
drop ID" gives one up.

It takes every setting of "bot serve", also from the environment, so that in the
service's pod it needs none.`,
		Example: "  bot jobs --outcome failed\n  bot jobs retry 72d3162e-cc78-11e3-81ab-4c9367dc0958",
		Args:    args(cobra.NoArgs),
	}, func(ctx context.Context, c serviceConfig, _ []string) error {
		return withQueue(ctx, c, func(_ *store.Store, q *queue.Queue) error { return b.listJobs(ctx, q, outcome) })
	})
	jobs.Flags().StringVar(&outcome, "outcome", "", "only those that are pending, done, failed, superseded or dropped")
	jobs.AddCommand(
		b.serviceCommand(&cobra.Command{Use: "retry ID", Short: "Do a job again", Args: args(cobra.ExactArgs(1))},
			func(ctx context.Context, c serviceConfig, args []string) error {
				return withQueue(ctx, c, func(_ *store.Store, q *queue.Queue) error { return q.Retry(ctx, args[0]) })
			}),
		b.serviceCommand(&cobra.Command{Use: "drop ID", Short: "Give a job up", Args: args(cobra.ExactArgs(1))},
			func(ctx context.Context, c serviceConfig, args []string) error {
				return withQueue(ctx, c, func(_ *store.Store, q *queue.Queue) error { return q.Drop(ctx, args[0]) })
			}),
	)
	return jobs
}

func (b *bot) listJobs(ctx context.Context, q *queue.Queue, outcome string) error {
	list, err := q.List(ctx, store.Filter{Outcome: store.Outcome(outcome)})
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(b.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tEVENT\tON\tOUTCOME\tCODE\tATTEMPTS\tRECEIVED")
	for _, d := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%s\n", gitops.Printable(d.ID), gitops.Printable(d.Event), gitops.Printable(d.Key), d.Outcome, d.Code, d.Attempt, d.Received.UTC().Format(time.RFC3339))
	}
	return w.Flush()
}

func (b *bot) logCommand() *cobra.Command {
	target := ""
	cmd := b.serviceCommand(&cobra.Command{
		Use:   "log",
		Short: "Show who asked for what, and what was done",
		Long: `Log lists what the service did and was asked for, newest first: when, by whom, on
which pull request, what, and whether it is done. It takes every setting of "bot
serve", also from the environment.`,
		Example: "  bot log\n  bot log --on acme/shop#12",
		Args:    args(cobra.NoArgs),
	}, func(ctx context.Context, c serviceConfig, _ []string) error {
		return withQueue(ctx, c, func(s *store.Store, _ *queue.Queue) error { return b.listActions(ctx, s, target) })
	})
	cmd.Flags().StringVar(&target, "on", "", "only what was done on `OWNER/NAME#NUMBER`")
	return cmd
}

func (b *bot) listActions(ctx context.Context, s *store.Store, target string) error {
	list, err := s.Actions(ctx, store.ActionFilter{Target: target})
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(b.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "WHEN\tWHO\tON\tWHAT\tDONE")
	for _, a := range list {
		who, done := a.Actor, "no"
		if who == "" {
			who = "(service)"
		}
		if !a.Done.IsZero() {
			done = "yes"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", a.Planned.UTC().Format(time.RFC3339), gitops.Printable(who), gitops.Printable(a.Target), gitops.Printable(a.What), done)
	}
	return w.Flush()
}

func (b *bot) redeliverCommand() *cobra.Command {
	since := githubKeeps
	cmd := b.serviceCommand(&cobra.Command{
		Use:   "redeliver",
		Short: "Ask GitHub to repeat the deliveries that never came",
		Long: `Redeliver asks GitHub for the deliveries of the last days (it keeps three) and has
those repeated that failed and are not in the database. The service does the same by
itself when it starts, when it had to refuse deliveries, and every ten minutes, and asks
again until they came. It takes every setting of "bot serve", also from the environment:
those of the App are needed.`,
		Args: args(cobra.NoArgs),
	}, func(ctx context.Context, c serviceConfig, _ []string) error { return b.redeliver(ctx, c, since) })
	cmd.Flags().DurationVar(&since, "since", since, "how far to look back")
	return cmd
}

func (b *bot) redeliver(ctx context.Context, c serviceConfig, since time.Duration) error {
	if c.AppID == 0 {
		return gitops.Errorf(gitops.Invalid, "app-id: there is no App yet")
	}
	app, err := newApp(c, b.logger(c), nil)
	if err != nil {
		return err
	}
	return withQueue(ctx, c, func(s *store.Store, _ *queue.Queue) error {
		list, _, err := missing(ctx, app, s, time.Now().Add(-since))
		if err != nil {
			return err
		}
		n, err := redeliver(ctx, app, list, func(ghapp.Delivery) {})
		fmt.Fprintf(b.stdout, "%d deliveries asked for again\n", n)
		return err
	})
}
