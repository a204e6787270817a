package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook"
	"github.com/sealift/sealift/webhook/ghapp"
	"github.com/sealift/sealift/webhook/web"
	"github.com/spf13/cobra"
)

func (b *bot) serveCommand() *cobra.Command {
	check := false
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the GitHub App",
		Long: `Serve takes GitHub's deliveries, keeps a comment and a check on every pull request
up to date, and answers commands. Without an App it shows a page that registers one;
its address is printed.

Every setting is a flag, a variable SEALIFT_NAME or a key of the file that --config
names; docs/service-configuration.md lists them. All problems are reported at once.`,
		Example: `  bot serve --check
  bot serve --public-url https://sealift.example.com
  SEALIFT_DATABASE=postgres://… bot serve`,
		Args: args(cobra.NoArgs),
	}
	lookup := addConfigFlags(cmd)
	cmd.Flags().BoolVar(&check, "check", false, "print the effective configuration, with secrets masked, and exit")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, problems := loadConfig(lookup, b.getenv, os.ReadFile)
		if err := b.configProblems(problems); err != nil {
			return err
		}
		if check {
			return c.print(b.stdout)
		}
		return b.serve(cmd.Context(), c)
	}
	return cmd
}

// configProblems prints all problems and returns an error when there are any.
func (b *bot) configProblems(problems []*gitops.Error) error {
	if len(problems) == 0 {
		return nil
	}
	for _, p := range problems {
		fmt.Fprintln(b.stderr, "bot:", gitops.Printable(p.Error()))
		if p.Hint != "" {
			fmt.Fprintln(b.stderr, "hint:", gitops.Printable(p.Hint))
		}
	}
	return gitops.Errorf(gitops.Invalid, "configuration has %d problems", len(problems))
}

// logger returns what the service logs with.
func (b *bot) logger(c serviceConfig) *slog.Logger {
	opts := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(b.stderr, opts))
	}
	return slog.New(slog.NewTextHandler(b.stderr, opts))
}

// drain is how long running jobs may take to end when the service stops.
const drain = 25 * time.Second

// serve runs the service until ctx ends.
func (b *bot) serve(ctx context.Context, c serviceConfig) error {
	log := b.logger(c)
	listener, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return gitops.Errorf(gitops.Unavailable, "listen: %w", err)
	}
	if c.AppID == 0 {
		return b.setUp(ctx, c, listener, log)
	}
	s, err := newService(ctx, c, log)
	if err != nil {
		listener.Close()
		return err
	}
	defer s.close()
	if err := s.start(ctx); err != nil {
		listener.Close()
		return err
	}
	log.Info("listening", "address", listener.Addr().String(), "app", c.AppID, "version", version())
	err = s.listen(ctx, listener)
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	return cmp.Or(s.stop(end), err)
}

// listen serves the webhook, the pages and, at an address of their own, the
// metrics, until ctx ends.
func (s *service) listen(ctx context.Context, l net.Listener) error {
	if s.config.MetricsAddr != "" {
		ml, err := net.Listen("tcp", s.config.MetricsAddr)
		if err != nil {
			l.Close()
			return gitops.Errorf(gitops.Unavailable, "listen for metrics: %w", err)
		}
		done := make(chan error, 1)
		go func() { done <- webhook.Serve(ctx, ml, s.metrics.Handler(), s.log) }()
		defer func() { <-done }()
	}
	return webhook.Serve(ctx, l, s.handler, s.log)
}

// setUp serves the page that registers an App, until it is registered and the
// service is started again.
func (b *bot) setUp(ctx context.Context, c serviceConfig, l net.Listener, log *slog.Logger) error {
	pages, err := web.New(web.Options{
		PublicURL: c.PublicURL, Key: randomKey(), Version: version(), WebURL: c.GitHubWebURL, Proxies: c.TrustedProxies, Log: log,
		Setup: &web.Setup{
			Manifest: appManifest(), Converter: converter{c, log},
			Store: func(_ context.Context, got web.Credentials) error {
				return writeApp(c.DataDir, storedApp{ID: got.ID, Slug: got.Slug, PEM: got.PrivateKey, WebhookSecret: got.WebhookSecret, ClientID: got.ClientID, ClientSecret: got.ClientSecret})
			},
			After: "They are in " + filepath.Join(c.DataDir, appFile) + ". Start the service again.",
		},
	})
	if err != nil {
		l.Close()
		return err
	}
	fmt.Fprintf(b.stdout, "There is no GitHub App yet. Register one at\n\n  %s\n\n", pages.SetupURL())
	return webhook.Serve(ctx, l, setupHandler(pages), log)
}

// converter turns the code of GitHub's manifest flow into an App.
type converter struct {
	config serviceConfig
	log    *slog.Logger
}

// Convert implements web.Converter.
func (v converter) Convert(ctx context.Context, code string) (web.Credentials, error) {
	got, err := ghapp.Convert(ctx, ghapp.Config{APIURL: v.config.GitHubURL, WebURL: v.config.GitHubWebURL, Log: v.log}, code)
	if err != nil {
		return web.Credentials{}, err
	}
	return web.Credentials{
		ID: got.ID, Slug: got.Slug, Name: got.Name, ClientID: got.ClientID, ClientSecret: got.ClientSecret,
		WebhookSecret: got.WebhookSecret, PrivateKey: got.PrivateKeyPEM,
	}, nil
}
