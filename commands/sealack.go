package commands

import (
	"context"
	"slices"
	"strconv"

	"github.com/sealift/sealift/gitops"
)

// Expose notes that the history of a pull request has values of a file in plain, and of
// which environment they are. The check of the pull request fails until somebody who
// may seal there says that they were changed.
type Expose struct{ Path, Environment string }

func (Expose) describe() string { return "note values in the history" }

// act notes the file. One that was dealt with counts anew.
func (x Expose) act(ctx context.Context, a *actor) error {
	if err := a.State.Expose(ctx, a.event.Repo.ID, a.event.Number, x.Path, x.Environment); err != nil {
		return err
	}
	return a.note(ctx, a.event, x.describe())
}

// Acknowledge notes that the values of a file were changed, and renders again.
type Acknowledge struct {
	Path string
	Head string // of the pull request
}

func (Acknowledge) describe() string { return "values in the history were changed" }

func (x Acknowledge) act(ctx context.Context, a *actor) error {
	e := a.event
	if err := a.State.Unexpose(ctx, e.Repo.ID, e.Number, x.Path); err != nil {
		return err
	}
	if err := a.note(ctx, e, x.describe()); err != nil {
		return err
	}
	return a.Enqueue(ctx, gitops.Event{
		Delivery: "ack-" + strconv.FormatInt(e.Comment.ID, 10) + "-" + trailerKey(x.Path), Kind: gitops.PullChanged, Action: "acknowledged",
		Repo: e.Repo, Number: e.Number, Head: x.Head, Installation: e.Installation,
	})
}

// unchanged returns the files of a pull request that were in plain, and of which nobody said
// that their values were changed, in the order in which they were sealed.
func (s *Service) unchanged(ctx context.Context, repo gitops.Repository, number int) ([]Expose, error) {
	all, err := s.State.Exposures(ctx, repo.ID, number)
	if err != nil {
		return nil, err
	}
	var list []Expose
	for _, x := range all {
		if !x.Changed {
			list = append(list, Expose{x.Path, x.Environment})
		}
	}
	return list, nil
}

// exposedPaths are the files.
func exposedPaths(list []Expose) []string {
	names := make([]string, len(list))
	for i, x := range list {
		names[i] = x.Path
	}
	return names
}

// planAck takes note that somebody who may seal there changed the values of a file.
func (w *sealing) planAck(ctx context.Context, a *asked, path string) (Plan, error) {
	list, err := w.service.unchanged(ctx, w.pull.Repo, w.pull.Number)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, gitops.Errorf(gitops.NotFound, "no file of this pull request waits for that")
	}
	if !slices.Contains(exposedPaths(list), path) {
		return nil, notThere("file that waits for that:", path, exposedPaths(list))
	}
	login := a.event.Comment.Author.Login
	for _, x := range list {
		if x.Path != path {
			continue
		}
		if err := w.allowed(ctx, x.Environment, login); err != nil {
			return nil, err
		}
	}
	body := code(login) + " says that the values which " + code(path) + " had in plain were changed. The check is done again."
	return Plan{Acknowledge{path, w.pull.Head.SHA}, Reply{commentKey(a.event, "ack "+strconv.Itoa(a.request.Line)), body}}, nil
}
