package commands

import (
	"context"
	"fmt"

	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/seal"
)

// certificate returns the certificate of an environment by the configuration that
// stands in base.
func (s *Service) certificate(ctx context.Context, repo gitops.Repository, base gitops.Tree, env layout.Environment) (*seal.Certificate, error) {
	list, err := Certificates(ctx, base, env, s.Controllers)
	if err != nil {
		return nil, err
	}
	chosen, err := seal.Choose(list, s.now())
	if err == nil && s.Options.Certified != nil {
		s.Options.Certified(repo, env.Name, chosen.X509.NotAfter)
	}
	return chosen, err
}

// Certificates returns all that an environment names: the files of t, and those of its
// controller. It fails with code invalid when it names none, or one that is not there.
func Certificates(ctx context.Context, t gitops.Tree, env layout.Environment, known Controllers) ([]seal.Certificate, error) {
	var list []seal.Certificate
	add := func(name string, data []byte, err error) error {
		if err != nil {
			return err
		}
		found, err := seal.ParseCertificates(name, data)
		list = append(list, found...)
		return err
	}
	for _, file := range env.Sealing.Certificates {
		data, err := t.Read(ctx, file)
		if gitops.CodeOf(err) == gitops.NotFound {
			err = &gitops.Error{Code: gitops.Invalid, File: layout.ConfigFile, Message: fmt.Sprintf("certificate of environment %s is not there: %s", gitops.Quote(env.Name), gitops.Quote(file))}
		}
		if err := add(file, data, err); err != nil {
			return nil, err
		}
	}
	if name := env.Sealing.Controller; name != "" {
		data, err := known.Certificates(ctx, name)
		if err := add("certificates of controller "+name, data, err); err != nil {
			return nil, err
		}
	}
	if len(list) == 0 {
		return nil, &gitops.Error{Code: gitops.Invalid, File: layout.ConfigFile, Message: "environment " + gitops.Quote(env.Name) + " has no certificate to seal with",
			Hint: "Name one under `seal` of the environment."}
	}
	return list, nil
}

// certificateNotes says what is odd about the certificates that the configuration of a
// tree names: warnings, and why there is none to seal with. The one who measures learns
// when each expires.
func (s *Service) certificateNotes(ctx context.Context, repo gitops.Repository, base gitops.Tree) []reply.StatusNote {
	config, problems := layout.ReadConfig(ctx, base)
	if config == nil || len(problems) > 0 {
		return nil
	}
	var list []reply.StatusNote
	for _, env := range config.Environments {
		if len(env.Sealing.Certificates) == 0 && env.Sealing.Controller == "" {
			continue
		}
		c, err := s.certificate(ctx, repo, base, env)
		if err != nil {
			list = append(list, reply.StatusNote{Environment: env.Name, Text: err.Error()})
			continue
		}
		for _, text := range c.Warnings(s.now()) {
			list = append(list, reply.StatusNote{Environment: env.Name, Text: text})
		}
	}
	return list
}
