package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// maxWorking is how many reports and forms are made at a time; others wait.
const maxWorking = 4

// Reader tells whether a person may read a repository.
type Reader interface {
	// MayRead asks GitHub as the person. It returns false as well when there is
	// no such repository, or the App is not on it, and fails with code denied
	// when the token does not work any more.
	MayRead(ctx context.Context, token, owner, repo string) (bool, error)
}

// Reports makes the report of a pull request at two full commit ids. It fails with
// code not_found when the pull request never had them.
type Reports interface {
	Report(ctx context.Context, owner, repo string, number int, base, head string) (gitops.Report, error)
}

// target is what the address of a report names.
type target struct {
	Owner, Repo string
	Number      int
	Base, Head  string
}

// The forms of the parts of an address.
var (
	ownerForm  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$`)
	repoForm   = regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`)
	numberForm = regexp.MustCompile(`^[1-9][0-9]{0,9}$`)
	rangeForm  = regexp.MustCompile(`^(?:([0-9a-f]{40})\.\.([0-9a-f]{40})|([0-9a-f]{64})\.\.([0-9a-f]{64}))$`)
)

// ReportPath returns the path of the page of a report, from commit base to head.
func ReportPath(owner, repo string, number int, base, head string) string {
	return fmt.Sprintf("/r/%s/%s/%d/%s..%s", owner, repo, number, base, head)
}

func parseTarget(r *http.Request) (target, bool) {
	t := target{Owner: r.PathValue("owner"), Repo: r.PathValue("repo")}
	commits := rangeForm.FindStringSubmatch(r.PathValue("range"))
	number := r.PathValue("number")
	if !ownerForm.MatchString(t.Owner) || !repoForm.MatchString(t.Repo) || strings.Trim(t.Repo, ".") == "" || !numberForm.MatchString(number) || commits == nil {
		return t, false
	}
	t.Number, _ = strconv.Atoi(number) // ten digits
	t.Base, t.Head = commits[1]+commits[3], commits[2]+commits[4]
	return t, true
}

func (t target) path() string { return ReportPath(t.Owner, t.Repo, t.Number, t.Base, t.Head) }

// report shows a report to a person who may read the repository. Nobody else
// learns whether there is one.
func (p *Pages) report(w http.ResponseWriter, r *http.Request) error {
	t, ok := parseTarget(r)
	if !ok {
		return errNotFound()
	}
	s, ok := p.session(r)
	if !ok {
		http.Redirect(w, r, loginPath(t.path()), http.StatusSeeOther)
		return nil
	}
	may, err := p.opts.Reader.MayRead(r.Context(), s.Token, t.Owner, t.Repo)
	switch {
	case gitops.CodeOf(err) == gitops.Denied:
		p.drop(w, cookieSession)
		return &loginError{&gitops.Error{Code: gitops.Denied, Message: "Your log-in at GitHub ended", Err: err}, t.path()}
	case gitops.CodeOf(err) == gitops.NotFound || err == nil && !may:
		return errNotFound()
	case err != nil:
		return behind(err)
	}
	report, err := p.makeReport(r.Context(), t)
	if gitops.CodeOf(err) == gitops.NotFound {
		return errNotFound()
	}
	if err != nil {
		return behind(err)
	}
	p.stream(w, r, newReportView(p, s, t, report))
	return nil
}

// makeReport waits for its turn and makes a report.
func (p *Pages) makeReport(ctx context.Context, t target) (gitops.Report, error) {
	end, err := p.turn(ctx)
	if err != nil {
		return gitops.Report{}, err
	}
	defer end()
	return p.opts.Reports.Report(ctx, t.Owner, t.Repo, t.Number, t.Base, t.Head)
}

// turn waits until there is room for more work. The caller says when its own ends.
func (p *Pages) turn(ctx context.Context) (end func(), err error) {
	select {
	case p.working <- struct{}{}:
		return func() { <-p.working }, nil
	case <-ctx.Done():
		return nil, gitops.Errorf(gitops.Unavailable, "page: %w", ctx.Err())
	}
}

// stream sends a report as it is written, which may be long.
func (p *Pages) stream(w http.ResponseWriter, r *http.Request, v reportView) {
	begin(w, http.StatusOK)
	if err := p.execute(w, "report", v); err != nil && r.Context().Err() == nil {
		p.log.Debug("report not sent", slog.Any(keyError, err)) // half of it is there
	}
}
