package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/sealift/sealift/commands"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/seal"
	"github.com/spf13/cobra"
)

func (b *bot) resealCommand() *cobra.Command {
	var f certFlags
	var write bool
	cmd := &cobra.Command{
		Use:   "reseal",
		Short: "Encrypt SealedSecrets again with the controller's newest key",
		Long: `Reseal asks the controller of an environment (/v1/rotate) to encrypt again, with its
newest key, every SealedSecret that the environment's overlays read. Values stay in the
cluster. Name, scope and template stay as they are: of the answer only ciphertext
is taken, and an answer that differs elsewhere is refused. What cannot be encrypted
again is listed with the reason.

Without --write the files stay as they are. ` + "`kubectl port-forward`" + ` brings the controller to this
machine. It exits with 2 when something was left as it is.

Resealing is no substitute for changing a value that somebody has seen.`,
		Example: `  kubectl -n kube-system port-forward service/sealed-secrets-controller 8080 &
  bot reseal --env prod --controller prod=http://localhost:8080 --write`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return b.reseal(cmd.Context(), f, write) },
	}
	b.addEnvFlags(cmd, &f)
	cmd.Flags().BoolVar(&write, "write", false, "change the files")
	return cmd
}

func (b *bot) reseal(ctx context.Context, f certFlags, write bool) error {
	if f.env == "" {
		return usageError{errors.New("--env is needed")}
	}
	known, err := b.known(f)
	if err != nil {
		return err
	}
	src, err := b.source(ctx, "")
	if err != nil {
		return err
	}
	defer src.close()
	if write && src.root == "" {
		return gitops.Errorf(gitops.Invalid, "a bare repository has no files to write")
	}
	config, env, err := environment(ctx, src.tree, f.env)
	if err != nil {
		return err
	}
	name := env.Sealing.Controller
	if name == "" {
		return &gitops.Error{Code: gitops.Invalid, File: layout.ConfigFile, Message: "environment " + gitops.Quote(f.env) + " names no controller", Hint: "only a controller can encrypt again what is sealed"}
	}
	done, err := resealed(ctx, src.tree, config, f.env, func(ctx context.Context, body []byte) ([]byte, error) { return known.Rotate(ctx, name, body) })
	if err != nil {
		return err
	}
	return b.printResealed(src, done, write)
}

// resealed encrypts again what the overlays of an environment read.
func resealed(ctx context.Context, t gitops.Tree, config *layout.Config, env string, rotate func(context.Context, []byte) ([]byte, error)) ([]seal.Resealed, error) {
	l, err := layout.Read(ctx, t, config, nil)
	if err != nil {
		return nil, err
	}
	var own, others []string
	for _, o := range l.Overlays {
		if o.Environment == env {
			own = append(own, o.Path)
		} else {
			others = append(others, o.Path)
		}
	}
	index, err := commands.SealIndex(ctx, t, l)
	if err != nil {
		return nil, err
	}
	return index.Reseal(ctx, own, others, rotate)
}

// printResealed says what was done with each SealedSecret, and does it with write.
func (b *bot) printResealed(src source, done []seal.Resealed, write bool) error {
	word := "could be resealed"
	if write {
		word = "resealed"
	}
	files, left := map[string][]byte{}, 0
	for _, r := range done {
		what := gitops.Printable(r.File + ": " + r.Namespace + "/" + r.Name)
		if r.Err != nil {
			left++
			fmt.Fprintf(b.stdout, "%s left: %s\n", what, gitops.Printable(r.Err.Error()))
			continue
		}
		files[r.File] = r.Content
		fmt.Fprintf(b.stdout, "%s %s (%s)\n", what, word, gitops.Printable(strings.Join(r.Keys, ", ")))
	}
	fmt.Fprintf(b.stdout, "%d %s, %d left\n", len(done)-left, word, left)
	if left > 0 {
		b.exit = gitops.Invalid.Exit()
	}
	if !write {
		return nil
	}
	for file, content := range files {
		if err := replaceFile(filepath.Join(src.root, filepath.FromSlash(file)), content); err != nil {
			return err
		}
	}
	return nil
}
