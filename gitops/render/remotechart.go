package render

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/chart"
)

// remoteChart returns the files of a chart of a Helm repository: its index says which archive
// it is, and with which digest. The parent fetches both, where they are allowed, and notes
// what they were.
func (f *files) remoteChart(repo, name, version string) ([]chart.File, error) {
	what := "Helm chart " + gitops.Quote(name) + " of " + gitops.Quote(repo)
	base, err := url.Parse(strings.TrimSuffix(repo, "/") + "/")
	if err != nil || base.Scheme != "https" && base.Scheme != "http" || base.Host == "" {
		return nil, &failure{cause: gitops.CauseHelm, message: what + " is not in the repository, and only charts of repositories with an index are fetched"}
	}
	index, err := f.remote(what, base.JoinPath("index.yaml").String())
	if err != nil {
		return nil, err
	}
	packed, err := chart.Find(index, name, version)
	if err != nil {
		return nil, &failure{cause: gitops.CauseRemote, message: what + ": " + err.Error()}
	}
	if len(packed.URLs) == 0 {
		return nil, &failure{cause: gitops.CauseRemote, message: what + ": the index has no address of version " + gitops.Quote(packed.Version)}
	}
	at, err := base.Parse(packed.URLs[0])
	if err != nil {
		return nil, &failure{cause: gitops.CauseRemote, message: what + ": the index has no address of version " + gitops.Quote(packed.Version)}
	}
	archive, err := f.remote(what, at.String())
	if err != nil {
		return nil, err
	}
	if err := packed.Verify(archive); err != nil {
		return nil, &failure{cause: gitops.CauseRemote, message: what + ": " + err.Error()}
	}
	return chart.ReadArchive(archive)
}

// remote returns what is at an address, for something that is not in the repository.
func (f *files) remote(what, address string) ([]byte, error) {
	answers, err := f.ask([]question{{virtual: "/.address/" + address, spec: gitops.RemoteSpec{File: address}}})
	if err != nil {
		return nil, err
	}
	if len(answers) != 1 {
		return nil, fmt.Errorf("%d answers to one question", len(answers))
	}
	if why := answers[0].fail; why != nil {
		if why.code == gitops.Denied {
			why.message = "its address is not allowed: " + gitops.Quote(address) + howToAllow(strings.TrimSuffix(address, "/index.yaml"))
		}
		why.message = what + " is not in the repository, and " + why.message
		return nil, why
	}
	return answers[0].content, nil
}

// dependency returns the files of a chart that another depends on and does not have: one
// beside it in the tree, or one of a repository.
func (r *chartRun) dependency(d chart.Dependency) ([]chart.File, error) {
	if at, ok := strings.CutPrefix(d.Repository, "file://"); ok {
		more, err := r.fs.chartFiles(path.Join(r.dir, at))
		r.count(more)
		return more, err
	}
	if !strings.HasPrefix(d.Repository, "https://") && !strings.HasPrefix(d.Repository, "http://") {
		return nil, &chart.MissingError{Dependency: d}
	}
	more, err := r.fs.remoteChart(d.Repository, d.Name, d.Version)
	if why, ok := err.(*failure); ok && why.file == "" && r.packed == nil {
		why.file = relative(path.Join(r.dir, "Chart.yaml"))
	}
	r.count(more)
	return slices.Clone(more), err
}
