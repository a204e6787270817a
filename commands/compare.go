package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops"
)

// CheckName is the name of the check run.
const CheckName = "sealift/diff"

// slotDiff is the series of comments that show the diff.
const slotDiff = "diff"

// outcome is a comparison of two commits.
type outcome struct {
	report     gitops.Report
	conflicts  []string // paths that merging would conflict in
	base, head string   // full commit ids: the base's tip and the head
	branch     string   // that the change is for
	failed     bool
	// exposed are files whose values are in the history in plain.
	exposed []Expose
}

// planDiff compares the base's tip with the merge of the head into it, and plans
// the comment and the check.
func (s *Service) planDiff(ctx context.Context, host Host, pull gitops.Pull) (Plan, error) {
	o, err := s.comparePull(ctx, pull)
	if err != nil {
		return nil, err
	}
	if o.exposed, err = s.unchanged(ctx, pull.Repo, pull.Number); err != nil {
		return nil, err
	}
	return Plan{
		Sticky{
			Slot: slotDiff, Bodies: s.bodies(pull, o, s.Options.MaxComment),
			Shorten: func(max int) []string { return s.bodies(pull, o, max) },
		},
		Check{s.check(pull.Repo, o.head, o), pull},
	}, nil
}

// comparePull compares what merging would do with the base. When the head moved
// meanwhile it fails with code stale: a report of the old head must not be written.
func (s *Service) comparePull(ctx context.Context, pull gitops.Pull) (outcome, error) {
	src, err := s.Source(ctx, pull.Repo)
	if err != nil {
		return outcome{}, err
	}
	defer src.Close()
	o := outcome{head: pull.Head.SHA, branch: pull.Base.Ref}
	if o.base, err = src.Fetch(ctx, pull.Number, pull.Base.Ref, o.head); err != nil {
		return o, err
	}
	if o, err = s.compareMerge(ctx, src, pull.Repo, o); err != nil {
		return o, err
	}
	// The head may have moved meanwhile. Git is asked, which costs no call of the API.
	_, err = src.Fetch(ctx, pull.Number, pull.Base.Ref, o.head)
	return o, err
}

// Report returns what a pull request did at two commits that it had: its head,
// and a tip of its base branch. Others are not found.
func (s *Service) Report(ctx context.Context, pull gitops.Pull, base, head string) (gitops.Report, error) {
	src, err := s.Source(ctx, pull.Repo)
	if err != nil {
		return gitops.Report{}, err
	}
	defer src.Close()
	tip, err := src.Fetch(ctx, pull.Number, pull.Base.Ref, pull.Head.SHA)
	if err != nil {
		return gitops.Report{}, err
	}
	for commit, in := range map[string]string{base: tip, head: pull.Head.SHA} {
		if from, err := src.MergeBase(ctx, commit, in); err != nil || from != commit {
			return gitops.Report{}, gitops.Errorf(gitops.NotFound, "pull request never had commit %s", gitops.Quote(commit))
		}
	}
	o, err := s.compareMerge(ctx, src, pull.Repo, outcome{base: base, head: head, branch: pull.Base.Ref})
	return o.report, err
}

// compareMerge compares the base with the merge of the head into it.
func (s *Service) compareMerge(ctx context.Context, src Source, repo gitops.Repository, o outcome) (outcome, error) {
	base, err := src.Tree(ctx, o.base)
	if err != nil {
		return o, err
	}
	merged, conflicts, err := src.MergeTree(ctx, o.base, o.head)
	if err != nil {
		return o, err
	}
	o.conflicts = conflicts
	if len(conflicts) > 0 { // show what the branch does to where it left
		from, err := src.MergeBase(ctx, o.base, o.head)
		if err != nil {
			return o, err
		}
		if base, err = src.Tree(ctx, from); err != nil {
			return o, err
		}
		if merged, err = src.Tree(ctx, o.head); err != nil {
			return o, err
		}
	}
	return s.compareTrees(ctx, repo, base, merged, o)
}

// compareCommits compares a commit with the merge of another into it; for a merge
// group, which starts at its base, that is the group itself.
func (s *Service) compareCommits(ctx context.Context, repo gitops.Repository, baseID, headID string) (outcome, error) {
	src, err := s.Source(ctx, repo)
	if err != nil {
		return outcome{}, err
	}
	defer src.Close()
	if err := src.FetchCommits(ctx, baseID, headID); err != nil {
		return outcome{}, err
	}
	return s.compareMerge(ctx, src, repo, outcome{base: baseID, head: headID})
}

// compareTrees renders both sides with the repository's own cache.
func (s *Service) compareTrees(ctx context.Context, repo gitops.Repository, base, head gitops.Tree, o outcome) (outcome, error) {
	bench, err := s.Bench(ctx, repo)
	if err != nil {
		return o, err
	}
	defer bench.Close()
	d := Diff{Base: base, Head: head, Overlays: AutoOverlays, Renderer: bench.Renderer, Memo: bench.Memo, Repository: s.identity(repo, o.branch)}
	result, err := d.Run(ctx)
	if err != nil {
		return o, err
	}
	o.report, o.failed = result.Report, result.Failed
	o.report.Base, o.report.Head = o.base, o.head
	return o, nil
}

// identity is how deployers may name a repository and a branch of it.
func (s *Service) identity(repo gitops.Repository, branch string) Identity {
	who := Identity{Branch: branch, DefaultBranch: repo.DefaultBranch}
	if s.Options.WebURL != "" {
		who.Addresses = []string{strings.TrimSuffix(s.Options.WebURL, "/") + "/" + repo.String()}
	}
	return who
}

// bodies returns the comments for an outcome, none longer than max.
func (s *Service) bodies(pull gitops.Pull, o outcome, max int) []string {
	opts := reply.Options{Marker: marker(slotDiff), MaxBytes: max, MaxComments: s.Options.MaxComments}
	if s.Options.WebURL != "" {
		opts.CommitURL = strings.TrimSuffix(s.Options.WebURL, "/") + "/" + pull.Repo.String() + "/commit/"
	}
	if s.Options.FullURL != nil {
		opts.FullURL = s.Options.FullURL(pull.Repo, pull.Number, o.base, o.head)
	}
	bodies := reply.Markdown(o.report, opts)
	if len(o.conflicts) > 0 {
		bodies[0] = insertAfterMarker(bodies[0], conflictNote(o))
	}
	if len(o.exposed) > 0 {
		bodies[0] = insertAfterMarker(bodies[0], reply.ExposedFiles(exposedPaths(o.exposed)))
	}
	return bodies
}

// marker is the word in the hidden comment that tells our comments apart.
func marker(slot string) string { return "sealift:" + slot }

// insertAfterMarker puts a paragraph before the text of a comment.
func insertAfterMarker(body, paragraph string) string {
	first, rest, ok := strings.Cut(body, "\n")
	if !ok || !strings.HasPrefix(first, "<!--") {
		return paragraph + "\n\n" + body
	}
	return first + "\n" + paragraph + "\n\n" + rest
}

// conflictNote says that the report is not about a merge. It names ten files at most.
func conflictNote(o outcome) string {
	const most = 10
	var b strings.Builder
	fmt.Fprintf(&b, "**This branch conflicts with its base** (%d files), so what merging would do is unknown. Shown is what the branch does to the commit at which it left.", len(o.conflicts))
	for _, p := range o.conflicts[:min(len(o.conflicts), most)] {
		b.WriteString("\n- " + code(p))
	}
	return b.String()
}

// check returns the check run for an outcome.
func (s *Service) check(repo gitops.Repository, head string, o outcome) gitops.CheckRun {
	run := gitops.CheckRun{
		Name: CheckName, HeadSHA: head, Conclusion: gitops.Success,
		Title: reply.Title(o.report), Summary: reply.Summary(o.report, reply.Options{}),
		ExternalID: o.base + ".." + o.head,
	}
	switch {
	case o.failed:
		run.Conclusion = gitops.Failure
	case o.report.Ledger != nil && !o.report.Ledger.Clear():
		run.Conclusion = gitops.Neutral // nobody has seen all that changes
	}
	if len(o.exposed) > 0 {
		run.Conclusion, run.Title = gitops.Failure, "Secrets are in the history; "+run.Title
		run.Summary = reply.ExposedFiles(exposedPaths(o.exposed)) + "\n\n" + run.Summary
	}
	if len(o.conflicts) > 0 {
		run.Summary = conflictNote(o) + "\n\n" + run.Summary
	}
	run.Annotations = slices.DeleteFunc(slices.Clone(o.report.Findings), func(f gitops.Finding) bool { return f.Line == 0 })
	return run
}
