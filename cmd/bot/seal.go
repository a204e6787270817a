package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/seal"
	"github.com/spf13/cobra"
)

// sealFlags are those of `bot seal`.
type sealFlags struct {
	certFlags
	name, namespace, scope, kind string
	literals, files              []string
	raw                          bool
	mergeInto, output            string
}

func (b *bot) sealCommand() *cobra.Command {
	var f sealFlags
	cmd := &cobra.Command{
		Use:   "seal",
		Short: "Make a SealedSecret from values that nobody else sees",
		Long: `Seal encrypts values for one environment and prints a SealedSecret, in the form of
kubeseal. The certificate is the one that .sealift.yaml names for --env, or a file.

Values never stand on the command line, where the history of the shell and the list
of processes keep them. --from-literal KEY asks for the value, without showing it; when
standard input is no terminal, it takes a line of it. --from-file takes a file byte for
byte, and "KEY=-" standard input.

--merge-into changes or adds the keys given in a SealedSecret that is there, and leaves
every other byte of its file. --raw prints the ciphertext of one value alone.`,
		Example: `  bot seal --env prod --name db --namespace web --from-literal password
  bot seal --env prod --name web-tls --namespace web --type tls --from-file tls.crt --from-file tls.key
  pass show db | bot seal --env prod --merge-into apps/web/prod/db-sealedsecret.yaml --from-literal password
  bot seal --cert prod.pem --name db --namespace web --raw --from-file token.txt`,
		Args: noValues,
		RunE: func(cmd *cobra.Command, _ []string) error { return b.seal(cmd.Context(), f) },
	}
	b.addCertFlags(cmd, &f.certFlags)
	fs := cmd.Flags()
	fs.StringVar(&f.name, "name", "", "the secret's `NAME`")
	fs.StringVar(&f.namespace, "namespace", "", "the `NAMESPACE` it is for")
	fs.StringVar(&f.scope, "scope", "", "strict, namespace-wide or cluster-wide (default: strict, or what the file of --merge-into has)")
	fs.StringVar(&f.kind, "type", "", "opaque, dockerconfigjson, basic-auth, tls or ssh-auth (default: opaque)")
	fs.StringArrayVar(&f.literals, "from-literal", nil, "ask for the value of `KEY`; may be repeated")
	fs.StringArrayVar(&f.files, "from-file", nil, "take a value from `[KEY=]FILE`; may be repeated")
	fs.BoolVar(&f.raw, "raw", false, "print the ciphertext of one value, as kubeseal --raw does")
	fs.StringVar(&f.mergeInto, "merge-into", "", "change the SealedSecret in `FILE`")
	fs.StringVarP(&f.output, "output", "o", "", "write to `FILE`")
	_ = cmd.RegisterFlagCompletionFunc("scope", cobra.FixedCompletions([]string{"strict", "namespace-wide", "cluster-wide"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("type", cobra.FixedCompletions([]string{"opaque", "dockerconfigjson", "basic-auth", "tls", "ssh-auth"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.AddCommand(b.verifyCommand())
	return cmd
}

// noValues refuses arguments without repeating them: they may be secrets.
func noValues(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usageError{fmt.Errorf("no arguments are taken, and values are never given as such; see `%s --help`", cmd.CommandPath())}
}

func (b *bot) seal(ctx context.Context, f sealFlags) error {
	if f.mergeInto != "" && (f.raw || f.output != "") {
		return usageError{errors.New("--merge-into goes neither with --raw nor with --output")}
	}
	wanted, err := f.wanted()
	if err != nil {
		return err
	}
	into, err := f.target()
	if err != nil {
		return err
	}
	if err := f.check(into, wanted); err != nil {
		return err
	}
	c, err := b.certificate(ctx, f.certFlags)
	if err != nil {
		return err
	}
	values, err := b.values(ctx, wanted)
	defer func() {
		for _, v := range values {
			clear(v)
		}
	}()
	if err != nil {
		return err
	}
	if f.raw {
		return b.sealRaw(c, into, values, f.output)
	}
	s, err := c.Seal(into, values)
	if err != nil {
		return err
	}
	if f.mergeInto != "" {
		return mergeFile(f.mergeInto, s)
	}
	text, err := seal.New(s)
	if err != nil {
		return err
	}
	return b.output(f.output, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// check finds mistakes before anybody types a value.
func (f sealFlags) check(into seal.Secret, list []wanted) error {
	if f.raw {
		return into.CheckTarget()
	}
	if err := into.CheckNames(); err != nil || f.mergeInto != "" {
		return err
	}
	var keys []string
	for _, w := range list {
		keys = append(keys, w.key)
	}
	return seal.CheckKeys(into.Type, keys)
}

// target is whom the secret is for, as far as flags and the file of --merge-into say.
func (f sealFlags) target() (seal.Secret, error) {
	scope, err := seal.ParseScope(f.scope)
	if err != nil {
		return seal.Secret{}, err
	}
	s := seal.Secret{Name: f.name, Namespace: f.namespace, Scope: scope}
	if f.kind != "" || f.mergeInto == "" {
		if s.Type, err = seal.ParseType(f.kind); err != nil {
			return seal.Secret{}, err
		}
	}
	if f.mergeInto == "" {
		return s, nil
	}
	return f.existing(s)
}

// existing fills in what the SealedSecret of --merge-into says.
func (f sealFlags) existing(s seal.Secret) (seal.Secret, error) {
	data, err := readFile(f.mergeInto)
	if err != nil {
		return s, err
	}
	list, err := seal.Read(f.mergeInto, data)
	if err != nil {
		return s, err
	}
	var fits []seal.Sealed
	for _, e := range list {
		if (s.Name == "" || s.Name == e.Name) && (s.Namespace == "" || e.Namespace == "" || s.Namespace == e.Namespace) {
			fits = append(fits, e)
		}
	}
	switch {
	case len(fits) == 0:
		return s, &gitops.Error{Code: gitops.NotFound, File: f.mergeInto, Message: "no such SealedSecret in the file", Hint: "leave out --merge-into to make one"}
	case len(fits) > 1:
		return s, &gitops.Error{Code: gitops.Invalid, File: f.mergeInto, Message: "the file has several SealedSecrets", Hint: "say which with --name and --namespace"}
	}
	s.Name = fits[0].Name
	if s.Namespace == "" {
		s.Namespace = fits[0].Namespace
	}
	if f.scope == "" {
		s.Scope = fits[0].Scope
	}
	if f.kind == "" {
		s.Type = fits[0].Type
	}
	return s, nil
}

// sealRaw prints the ciphertext of one value.
func (b *bot) sealRaw(c *seal.Certificate, to seal.Secret, values map[string][]byte, output string) error {
	for _, value := range values {
		text, err := c.Encrypt(to.Scope, to.Namespace, to.Name, value)
		if err != nil {
			return err
		}
		if output == "" && b.outTerminal {
			text += "\n"
		}
		return b.output(output, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		})
	}
	return nil
}
