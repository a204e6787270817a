package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sealift/sealift/commands"
	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/diff"
	"github.com/sealift/sealift/gitops/promote"
	"github.com/sealift/sealift/gitops/tree"
	"github.com/spf13/cobra"
)

// promoteFlags are those of `bot promote`.
type promoteFlags struct {
	from, to, at, since, format string
	apps, take                  []string
	all, create, force          bool
	write, commit, patch        bool
	noRender                    bool
}

func (b *bot) promoteCommand() *cobra.Command {
	var f promoteFlags
	cmd := &cobra.Command{
		Use:   "promote --from ENVIRONMENT --to ENVIRONMENT",
		Short: "Carry a change from one environment to the next",
		Long: `Promote gives one environment what another has, and only that: versions always
(images, refs of remote bases, charts, operator channels), and what else changed in
the source since it was promoted there last. The commit that was promoted last is
read from trailers of commits (Promoted-From, Promoted-To, Promoted-App); where there
is none, only versions are carried, and what earlier commits of the source left behind
is listed. --since carries what changed in the source since a commit, and only that.

The target is built with the edits first: what does not build any more is refused.

Values are matched by meaning, so that files keep their comments, order and quotes.
What must not be carried is listed with the reason.

Without --to it is the next environment in the order, without --from the one before.
Nothing is written unless --write says so; it edits the working tree, and refuses
when a file to edit has uncommitted changes. --commit does the same and prints the
message of the commit, by whose trailers the next promotion knows of this one, and
nothing else. --patch prints what "git apply" reads.`,
		Example: `  bot promote --from dev --to staging
  bot promote --to prod --app web --app api --write
  bot promote --from dev --to staging --patch | git apply
  bot promote --from dev --to staging --commit >message && git add . && git commit -F message
  bot promote --to staging --take apps/web/overlays/staging/env.yaml:spec.replicas=source`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return b.promote(cmd.Context(), f)
		},
	}
	b.addCommonFlags(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.from, "from", "", "the `ENVIRONMENT` to promote (default: the one before --to)")
	flags.StringVar(&f.to, "to", "", "the `ENVIRONMENT` or group to promote to (default: the one after --from)")
	flags.StringVar(&f.at, "at", "HEAD", "the `COMMIT` to promote")
	flags.StringVar(&f.since, "since", "", "the `COMMIT` before the change: carry what the source got since")
	flags.BoolVar(&f.noRender, "no-render", false, "do not build the target with the edits")
	flags.StringArrayVar(&f.apps, "app", nil, "`NAME` of an app; may be repeated (default: all)")
	b.completeNames(cmd, "from", environmentOf)
	b.completeNames(cmd, "to", environmentOf)
	b.completeNames(cmd, "app", appOf)
	flags.BoolVar(&f.all, "all", false, "every app that the source has")
	flags.BoolVar(&f.write, "write", false, "edit the files of the working tree")
	flags.BoolVar(&f.commit, "commit", false, "edit the files of the working tree, and print the message of the commit")
	flags.BoolVar(&f.patch, "patch", false, "print a patch and nothing else")
	flags.StringArrayVar(&f.take, "take", nil, "`source|target`, or FILE[:PATH]=source|target: decide conflicts; may be repeated")
	flags.BoolVar(&f.create, "create", false, "copy overlays that the target does not have")
	flags.BoolVar(&f.force, "force", false, "promote down the chain, and versions that go back")
	addChoice(cmd, &f.format, "format", "", "text", "json")
	return cmd
}

func (b *bot) promote(ctx context.Context, f promoteFlags) error {
	switch {
	case f.write && f.patch, f.commit && f.patch:
		return usageError{errors.New("patch cannot be had together with write or commit")}
	case f.commit && f.format == "json":
		return usageError{errors.New("commit prints a message, not JSON")}
	case f.all && len(f.apps) > 0:
		return usageError{errors.New("all and app cannot be had together")}
	case f.from != "" && f.from == f.to:
		return usageError{fmt.Errorf("from and to are both %s: name two environments", gitops.Quote(f.to))}
	}
	print, err := b.planWriter(f.format)
	if err != nil {
		return err
	}
	take, err := decisions(f.take)
	if err != nil {
		return err
	}
	repo, err := tree.Open(ctx, b.flags.repo, tree.Options{})
	if err != nil {
		return err
	}
	defer repo.Close()
	p, err := promotionOf(ctx, repo, f)
	if err != nil {
		return err
	}
	p.Take = take
	r, err := b.planned(ctx, repo, p, f)
	if err != nil {
		return err
	}
	b.historyEnds(repo, r.Plan)
	if f.write || f.commit {
		if err := writePlan(ctx, repo, p.Target, r.Plan); err != nil {
			return err
		}
	}
	if f.commit {
		return b.write([]byte(commands.PromotionMessage(r.Plan, "", 0)), nil)
	}
	if f.patch {
		return b.printPatch(ctx, p.Target, r.Plan)
	}
	return print(r.Plan)
}

// planned plans the promotion, and builds the target with it unless that is not wanted.
func (b *bot) planned(ctx context.Context, repo *tree.Repo, p commands.Promotion, f promoteFlags) (commands.PromotionResult, error) {
	if f.noRender {
		return p.Run(ctx)
	}
	s, err := b.open(repo.GitDir())
	if err != nil {
		return commands.PromotionResult{}, err
	}
	defer s.close()
	p.Renderer, p.Memo = s.renderer, s.memo()
	return p.Run(ctx)
}

// historyEnds says that a promotion may have been recorded before the history of a shallow
// clone begins.
func (b *bot) historyEnds(repo *tree.Repo, p *promote.Plan) {
	ends := repo.Ends()
	if len(ends) == 0 || !slices.ContainsFunc(p.Apps, func(a promote.AppPlan) bool { return a.LastPromoted == "" }) {
		return
	}
	fmt.Fprintf(b.stderr, "bot: the clone is shallow: its history ends at %.12s, and what was promoted before is not known\nhint: git fetch --unshallow brings the rest\n", ends[0])
}

// promotionOf reads the commits. The target is what is promoted, or what is
// checked out when it is to be written.
func promotionOf(ctx context.Context, repo *tree.Repo, f promoteFlags) (commands.Promotion, error) {
	p := commands.Promotion{From: f.from, To: f.to, Apps: f.apps, All: len(f.apps) == 0, Create: f.create, Force: f.force, LeftBehind: true}
	var err error
	if f.since != "" {
		if p.Since, err = repo.Resolve(ctx, f.since); err != nil {
			return p, err
		}
		p.Touched = true
	}
	if p.At, err = repo.Resolve(ctx, f.at); err != nil {
		return p, err
	}
	tip := p.At
	if f.write || f.commit {
		if tip, err = repo.Resolve(ctx, "HEAD"); err != nil {
			return p, err
		}
	}
	if p.Source, err = repo.Tree(ctx, p.At); err != nil {
		return p, err
	}
	p.Target = p.Source
	if tip != p.At {
		p.Target, err = repo.Tree(ctx, tip)
	}
	p.Commits, p.Tip = repo, tip
	return p, err
}

// decisions reads the values of --take.
func decisions(values []string) (map[string]string, error) {
	take := map[string]string{}
	for _, v := range values {
		where, side := "", v
		if i := strings.LastIndexByte(v, '='); i >= 0 {
			where, side = v[:i], v[i+1:]
		}
		if side != promote.TakeSource && side != promote.TakeTarget {
			return nil, usageError{fmt.Errorf("take: want source, target, FILE=source or FILE:PATH=source, not %s", gitops.Quote(v))}
		}
		take[where] = side
	}
	return take, nil
}

// planWriter returns what prints a plan in the form that was asked for.
func (b *bot) planWriter(format string) (func(*promote.Plan) error, error) {
	opts, err := b.textOptions()
	if err != nil {
		return nil, err
	}
	return printer(format,
		form[*promote.Plan]{"text", func(p *promote.Plan) error {
			return reply.PromotionText(b.stdout, commands.Told(p, func(place string) string { return "--take " + place + "=" + promote.TakeSource }), opts)
		}},
		form[*promote.Plan]{"json", func(p *promote.Plan) error {
			e := json.NewEncoder(b.stdout)
			e.SetEscapeHTML(false)
			e.SetIndent("", "  ")
			return e.Encode(p)
		}},
	)
}

func (b *bot) printPatch(ctx context.Context, target gitops.Tree, p *promote.Plan) error {
	if err := allowed(p); err != nil {
		return err
	}
	for _, e := range promote.FileEdits(p.Apps) {
		before, err := content(ctx, target, e.Path)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprint(b.stdout, diff.Patch(e.Path, before, e.Content, e.Executable || e.Delete && target.Lookup(e.Path).Executable)); err != nil {
			return gitops.Errorf(gitops.Unavailable, "output: %w", err)
		}
	}
	return nil
}
