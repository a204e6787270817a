package commands

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/promote"
	"github.com/sealift/sealift/gitops/tree"
)

// actions writes each part, and answers.
func (p *promoting) actions(ctx context.Context, parts []*part, shared []string, refused []promote.Refusal) (Plan, error) {
	var plan Plan
	said := reply.Promotion{
		Plan: &promote.Plan{From: parts[0].Plan.From, To: parts[0].Plan.To, At: p.at, Refused: refused}, Apps: map[string]reply.PromotedApp{},
		By: parts[0].by, Number: p.pull.Number, When: p.when(), Later: parts[0].Later, Shared: shared,
	}
	branches := map[string]string{}
	for _, one := range parts {
		if err := p.history(ctx, one); err != nil {
			return nil, err
		}
		if one.branch != "" && !one.Plan.Empty() {
			publish, err := p.publish(ctx, one)
			if err != nil {
				return nil, err
			}
			plan = append(plan, publish)
		}
		for _, a := range one.Plan.Apps {
			said.Apps[a.App] = one.about[a.App]
			branches[a.App] = one.branch
			if one.about[a.App].Newer != "" {
				a = promote.AppPlan{App: a.App}
			}
			said.Plan.Apps = append(said.Plan.Apps, told(a, one.Plan.From, p.taking))
		}
	}
	if p.when() != reply.Now && !said.Plan.Empty() {
		report, err := p.report(ctx, said.Plan.Files())
		if err != nil {
			return nil, err
		}
		said.Report = report
		said.Plan.Refused = append(said.Plan.Refused, unbuilt(report)...)
		if p.when() == reply.OnMerge {
			plan = append(plan, Remember{Ask: p.ask, Key: p.key})
		}
	}
	opts := p.options(p.service.Options.MaxComment)
	return append(plan, Answer{p.key, func(made map[string]int) string {
		for app, branch := range branches {
			if n := made[branch]; n != 0 {
				about := said.Apps[app]
				about.Pull = n
				said.Apps[app] = about
			}
		}
		return reply.PromotionReply(said, opts)
	}}), nil
}

// options are how to write about the promotion.
func (p *promoting) options(max int) reply.PromotionOptions {
	o := reply.PromotionOptions{MaxBytes: max, Command: p.command()}
	if web := p.service.Options.WebURL; web != "" {
		o.RepoURL = strings.TrimSuffix(web, "/") + "/" + p.event.Repo.String()
	}
	return o
}

// command is what was asked without what decides conflicts.
func (p *promoting) command() string {
	words := append([]string{"/promote", p.ask.To}, p.ask.Apps...)
	if p.ask.To == "" {
		words = words[:1]
	}
	if p.ask.From != "" {
		words = append(words, "--from", p.ask.From)
	}
	if p.ask.All {
		words = append(words, "--all")
	}
	return strings.Join(words, " ")
}

// taking is what was asked with what carries a place of the source too.
func (p *promoting) taking(place string) string {
	return p.command() + " --take " + promote.TakeSource + " " + place
}

// publish is the pull request of one part.
func (p *promoting) publish(ctx context.Context, one *part) (Publish, error) {
	files := one.Plan.Files()
	report, err := p.report(ctx, files)
	if err != nil {
		return Publish{}, err
	}
	if broken := unbuilt(report); len(broken) > 0 {
		return Publish{}, refusedBy(one.Plan.To, broken)
	}
	said := reply.Promotion{
		Plan: Told(one.Plan, p.taking), Apps: one.about, Report: report, Chain: p.chain(ctx, one),
		By: one.by, Number: one.number, Later: one.Later,
	}
	title, message := reply.PromotionTitle(one.Plan), PromotionMessage(one.Plan, one.by, one.number)
	return Publish{
		Key: p.key + " " + one.branch, Branch: one.branch, Base: p.pull.Base.Ref, Tip: p.base, Seen: one.seen,
		Edits: promote.FileEdits(one.Plan.Apps), Message: message, Title: title,
		Body: func(old string, max int) string { return reply.PromotionBody(said, p.options(max), old) },
	}, nil
}

// PromotionMessage is the message of the commit that carries a plan out, with the trailers
// that the next promotion reads. by and number are who asked on which pull request, "" and
// 0 when nobody did.
func PromotionMessage(plan *promote.Plan, by string, number int) string {
	message := reply.PromotionTitle(plan) + "\n\n"
	if by != "" {
		message += TrailerBy + ": @" + by + "\n"
	}
	if number != 0 {
		message += fmt.Sprintf("%s: #%d\n", TrailerOn, number)
	}
	return message + PromotionTrailers(plan.From, plan.At, plan.To, moving(plan)) + sinceTrailers(plan)
}

// sinceTrailers say what the source was compared with, by app.
func sinceTrailers(plan *promote.Plan) string {
	var b strings.Builder
	for _, a := range plan.Apps {
		if len(a.Files) > 0 && a.LastPromoted != "" {
			b.WriteString(TrailerSince + ": " + a.App + "@" + a.LastPromoted + "\n")
		}
	}
	return b.String()
}

// moving returns the apps that something is written of.
func moving(plan *promote.Plan) []string {
	var list []string
	for _, a := range plan.Apps {
		if len(a.Files) > 0 {
			list = append(list, a.App)
		}
	}
	return list
}

// report is what edits do to what the target renders to.
func (p *promoting) report(ctx context.Context, files map[string][]byte) (*gitops.Report, error) {
	d := Diff{Base: p.target, Head: tree.With(p.target, files), Overlays: AutoOverlays, Renderer: p.bench.Renderer, Memo: p.bench.Memo}
	result, err := d.Run(ctx)
	if err != nil {
		return nil, err
	}
	result.Report.Base, result.Report.Head = "", "" // no commit has this yet
	return &result.Report, nil
}

// maxOrigin is how many commits of an app are looked for.
const maxOrigin = 21

// history adds to the apps of a part where what moves comes from, and since when the
// target has what it has.
func (p *promoting) history(ctx context.Context, one *part) error {
	h := History{Commits: p.src, Tip: p.base, Layout: one.Layout}
	for _, a := range one.Plan.Apps {
		about := one.about[a.App]
		if len(a.Files) == 0 {
			list, err := h.Promotions(ctx, a.App, one.Plan.To)
			if err != nil {
				return err
			}
			if len(list) > 0 {
				about.Since = list[0].Commit
			}
			one.about[a.App] = about
			continue
		}
		paths := h.paths(a.App, one.Plan.From)
		if p.when() != reply.Now || len(paths) == 0 {
			continue
		}
		limit := maxOrigin
		if a.LastPromoted == "" {
			limit = 1
		}
		commits, err := p.src.Log(ctx, one.Plan.At, a.LastPromoted, paths, limit)
		if err != nil {
			return err
		}
		for _, c := range commits {
			about.Commits = append(about.Commits, reply.PromotedCommit{ID: c.ID, Subject: c.Subject, Number: pullIn(c.Subject)})
		}
		one.about[a.App] = about
	}
	return nil
}

// pullNumber finds the number of a pull request where GitHub writes it into the
// subject of a commit.
var pullNumber = regexp.MustCompile(`^Merge pull request #(\d{1,9}) from |\(#(\d{1,9})\)$`)

// pullIn is the pull request that a commit's subject names, 0 when it names none.
func pullIn(subject string) int {
	m := pullNumber.FindStringSubmatch(subject)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1] + m[2]) // digits, by the expression
	return n
}

// chain returns the environments of the apps of a part, with the version in each
// when the part is merged. Versions are left out where they cannot be told.
func (p *promoting) chain(ctx context.Context, one *part) []reply.Stop {
	names := moving(one.Plan)
	var list []reply.Stop
	for _, env := range one.Layout.Environments {
		if env != one.Plan.To && !slices.ContainsFunc(names, func(app string) bool { return slices.Contains(apps(one.Layout, env), app) }) {
			continue
		}
		stop := reply.Stop{Environment: env, Target: env == one.Plan.To}
		if len(names) == 1 {
			stop.Version = p.version(ctx, one, names[0], env)
		}
		list = append(list, stop)
	}
	return list
}

// version returns the version of an app in an environment when the part is merged.
func (p *promoting) version(ctx context.Context, one *part, app, env string) string {
	i := slices.IndexFunc(one.Plan.Apps, func(a promote.AppPlan) bool { return a.App == app })
	if env == one.Plan.From || env == one.Plan.To {
		return one.Plan.Apps[i].NewVersion
	}
	q := p.request()
	q.From, q.To, q.Apps, q.All, q.Commits = one.Plan.From, env, []string{app}, false, nil
	r, err := q.Run(ctx)
	if err != nil || len(r.Plan.Apps) != 1 {
		return ""
	}
	return r.Plan.Apps[0].Version
}

// promotionBranch names the branch of a promotion.
func promotionBranch(plan *promote.Plan) string {
	var apps []string
	for _, a := range plan.Apps {
		apps = append(apps, a.App)
	}
	return PromotionBranches + refName(plan.From) + "-to-" + refName(plan.To) + "/" + refName(strings.Join(apps, "+"))
}

// PromotionBranches is what the branches of promotions begin with.
const PromotionBranches = "sealift/promote/"

var refForm = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_+-]*(\.[A-Za-z0-9_+-]+)*$`)

// refName returns a name as it is when git takes it into the name of a branch, and
// what git takes of it with a hash of all of it otherwise.
func refName(name string) string {
	const longest = 60
	if refForm.MatchString(name) && len(name) <= longest && !strings.HasSuffix(name, ".lock") {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	kept := notInRef.ReplaceAllString(name, "-")
	return strings.Trim(kept[:min(len(kept), longest)], "-") + "-" + hex.EncodeToString(sum[:4])
}

var notInRef = regexp.MustCompile(`[^A-Za-z0-9_+-]+`)
