package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealift/sealift/commands"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/seal"
)

// certFlags say which certificate to seal with.
type certFlags struct {
	env, cert   string
	controllers []string
}

// addCertFlags adds them, with --repo.
func (b *bot) addCertFlags(cmd *cobra.Command, f *certFlags) {
	b.addEnvFlags(cmd, f)
	cmd.Flags().StringVar(&f.cert, "cert", "", "`FILE` of certificates, instead of --env")
}

func (b *bot) addEnvFlags(cmd *cobra.Command, f *certFlags) {
	cmd.Flags().StringVar(&b.flags.repo, "repo", ".", "`DIR` of the repository")
	cmd.Flags().StringVar(&f.env, "env", "", "the `ENVIRONMENT`, whose certificates "+layout.ConfigFile+" names")
	b.completeNames(cmd, "env", environmentOf)
	cmd.Flags().StringArrayVar(&f.controllers, "controller", nil, "where the controller is that "+layout.ConfigFile+" names, as `NAME=URL`, or NAME=FILE of its certificates; may be repeated (default: $SEALIFT_CONTROLLERS)")
	_ = cmd.MarkFlagDirname("repo")
}

// known returns the controllers of the flags, else those of the environment variable.
func (b *bot) known(f certFlags) (*sealControllers, error) {
	list, err := controllers(cmp.Or(strings.Join(f.controllers, ","), b.getenv("SEALIFT_CONTROLLERS")))
	if err != nil {
		return nil, usageError{fmt.Errorf("--controller: %w", err)}
	}
	return newSealControllers(list), nil
}

// certificate returns the certificate to seal with, and prints what is odd about it.
func (b *bot) certificate(ctx context.Context, f certFlags) (*seal.Certificate, error) {
	list, err := b.certificates(ctx, f)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	c, err := seal.Choose(list, now)
	if err != nil {
		return nil, err
	}
	for _, w := range c.Warnings(now) {
		fmt.Fprintln(b.stderr, "warning:", w)
	}
	return c, nil
}

func (b *bot) certificates(ctx context.Context, f certFlags) ([]seal.Certificate, error) {
	if (f.cert == "") == (f.env == "") {
		return nil, usageError{errors.New("want either --env or --cert")}
	}
	if f.cert != "" {
		data, err := readFile(f.cert)
		if err != nil {
			return nil, err
		}
		return seal.ParseCertificates(f.cert, data)
	}
	src, err := b.source(ctx, "")
	if err != nil {
		return nil, err
	}
	defer src.close()
	_, env, err := environment(ctx, src.tree, f.env)
	if err != nil {
		return nil, err
	}
	known, err := b.known(f)
	if err != nil {
		return nil, err
	}
	return commands.Certificates(ctx, src.tree, env, hinted{known})
}

// hinted is controllers that say how to name one that is not known.
type hinted struct{ *sealControllers }

// Certificates implements commands.Controllers.
func (h hinted) Certificates(ctx context.Context, name string) ([]byte, error) {
	data, err := h.sealControllers.Certificates(ctx, name)
	if gitops.CodeOf(err) == gitops.Invalid {
		err = &gitops.Error{Code: gitops.Invalid, Message: "where controller " + gitops.Quote(name) + " is, is not known", Hint: "say it with --controller " + gitops.Printable(name) + "=URL, or use --cert FILE"}
	}
	return data, err
}

// environment returns the configuration of a tree and what it says of an environment.
func environment(ctx context.Context, t gitops.Tree, name string) (*layout.Config, layout.Environment, error) {
	config, problems := layout.ReadConfig(ctx, t)
	if len(problems) > 0 {
		return nil, layout.Environment{}, problems[0]
	}
	if config == nil {
		return nil, layout.Environment{}, &gitops.Error{Code: gitops.NotFound, Message: "no " + layout.ConfigFile + " in the repository", Hint: "it names the certificates of environments; or use --cert FILE"}
	}
	var names []string
	for _, e := range config.Environments {
		names = append(names, e.Name)
	}
	if !slices.Contains(names, name) {
		return nil, layout.Environment{}, &gitops.Error{Code: gitops.NotFound, File: layout.ConfigFile, Message: "no environment " + gitops.Quote(name), Hint: "there are " + gitops.Printable(strings.Join(names, ", "))}
	}
	return config, config.Environment(name), nil
}
