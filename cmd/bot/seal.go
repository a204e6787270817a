package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

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
	cmd.MarkFlagsMutuallyExclusive("raw", "merge-into")
	cmd.MarkFlagsMutuallyExclusive("output", "merge-into")
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
	wanted, err := f.wanted()
	if err != nil {
		return err
	}
	into, err := f.target()
	if err != nil {
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
		if err := to.CheckTarget(); err != nil {
			return err
		}
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

// mergeFile changes a file in place. It keeps its mode, and is whole at any time.
func mergeFile(name string, s seal.Secret) error {
	data, err := readFile(name)
	if err != nil {
		return err
	}
	merged, err := seal.Merge(name, data, s)
	if err != nil {
		return err
	}
	return replaceFile(name, merged)
}

// replaceFile writes a file that is there anew, whole at any time, with the mode that it
// has.
func replaceFile(name string, data []byte) error {
	name, err := filepath.EvalSymlinks(name)
	if err != nil {
		return unreadable(name, err)
	}
	info, err := os.Stat(name)
	if err != nil {
		return unreadable(name, err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), ".seal-*")
	if err != nil {
		return gitops.Errorf(gitops.Unavailable, "output: %w", err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(data)
	if err := errors.Join(err, tmp.Chmod(info.Mode().Perm()), tmp.Close()); err != nil {
		return gitops.Errorf(gitops.Unavailable, "output: %w", err)
	}
	return os.Rename(tmp.Name(), name)
}

func readFile(name string) ([]byte, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, unreadable(name, err)
	}
	return data, nil
}

// unreadable is a file of the command line that cannot be read.
func unreadable(name string, err error) error {
	code := gitops.Unavailable
	if errors.Is(err, os.ErrNotExist) {
		code = gitops.NotFound
	}
	return gitops.Errorf(code, "file %s cannot be read: %w", gitops.Quote(name), reason(err))
}

// reason is what the system says of a file, without its name.
func reason(err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e.Err
	}
	return err
}

// wanted is the values that flags ask for.
func (f sealFlags) wanted() ([]wanted, error) {
	var out []wanted
	for _, key := range f.literals {
		if key, _, ok := strings.Cut(key, "="); ok {
			return nil, &gitops.Error{Code: gitops.Invalid,
				Message: "--from-literal takes a key alone: the value of " + gitops.Quote(key) + " is now in the history of your shell, and every user of this machine could read it in the list of processes",
				Hint:    "change the value, clear the history, and run `--from-literal " + gitops.Printable(key) + "`, which asks for it"}
		}
		out = append(out, wanted{key: key, literal: true})
	}
	for _, arg := range f.files {
		key, file, ok := strings.Cut(arg, "=")
		if !ok {
			key, file = filepath.Base(arg), arg
		}
		if !ok && arg == "-" && !f.raw {
			return nil, usageError{errors.New("--from-file: write KEY=- to take the value of a key from standard input")}
		}
		out = append(out, wanted{key: key, file: file})
	}
	if f.raw && len(out) == 0 {
		out = []wanted{{key: "value", literal: true, file: "-"}}
	}
	if f.raw && len(out) > 1 {
		return nil, usageError{errors.New("--raw takes one value")}
	}
	return out, checkWanted(out, f.raw)
}

// checkWanted refuses keys that are wrong or there twice before anything is asked.
func checkWanted(list []wanted, raw bool) error {
	seen := map[string]bool{}
	stdin := 0
	for _, w := range list {
		if err := seal.CheckKey(w.key); err != nil && !raw {
			return err
		}
		if seen[w.key] {
			return usageError{fmt.Errorf("key %s is given twice", gitops.Quote(w.key))}
		}
		seen[w.key] = true
		if w.file == "-" {
			stdin++
		}
	}
	switch {
	case len(list) == 0:
		return usageError{errors.New("no value to seal: use --from-literal KEY or --from-file [KEY=]FILE")}
	case stdin > 1:
		return usageError{errors.New("standard input can be the value of one key only")}
	}
	return nil
}
