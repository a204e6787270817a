package commands

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/sealift/sealift/gitops"
)

// Expose notes that the history of a pull request has values of a file in plain. The
// check of the pull request fails until somebody says that they were changed.
type Expose struct{ Path string }

func (Expose) describe() string { return "note values in the history" }

// Acknowledge notes that the values of a file were changed, and renders again.
type Acknowledge struct {
	Path string
	Head string // of the pull request
}

func (Acknowledge) describe() string { return "values in the history were changed" }

// exposedKey names entry i of the files of a pull request that were in plain, and
// changedKey what somebody said of one.
func exposedKey(repo gitops.Repository, number, i int) string {
	return fmt.Sprintf("%s exposed %d", pullKey(repo, number), i)
}

func changedKey(repo gitops.Repository, number int, path string) string {
	return fmt.Sprintf("%s changed %s", pullKey(repo, number), path)
}

// inHistory returns the files of a pull request that were in plain, in the order in
// which they were sealed.
func (s *Service) inHistory(ctx context.Context, repo gitops.Repository, number int) ([]string, error) {
	var list []string
	for {
		path, ok, err := s.Actions.Result(ctx, exposedKey(repo, number, len(list)))
		if err != nil || !ok {
			return list, err
		}
		list = append(list, path)
	}
}

// unchanged returns those of inHistory of which nobody said that their values were
// changed.
func (s *Service) unchanged(ctx context.Context, repo gitops.Repository, number int) ([]string, error) {
	all, err := s.inHistory(ctx, repo, number)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, path := range all {
		_, ok, err := s.Actions.Result(ctx, changedKey(repo, number, path))
		if err != nil {
			return nil, err
		}
		if !ok {
			list = append(list, path)
		}
	}
	return list, nil
}

// expose carries out an Expose. One that was dealt with counts anew.
func (s *Service) expose(ctx context.Context, e gitops.Event, x Expose) error {
	list, err := s.inHistory(ctx, e.Repo, e.Number)
	if err != nil {
		return err
	}
	if slices.Contains(list, x.Path) {
		return s.Actions.Forget(ctx, changedKey(e.Repo, e.Number, x.Path))
	}
	_, err = s.once(ctx, e, exposedKey(e.Repo, e.Number, len(list)), x.describe(), func(context.Context) (string, error) { return x.Path, nil })
	return err
}

// acknowledge carries out an Acknowledge.
func (s *Service) acknowledge(ctx context.Context, e gitops.Event, x Acknowledge) error {
	_, err := s.once(ctx, e, changedKey(e.Repo, e.Number, x.Path), x.describe(), func(context.Context) (string, error) { return "", nil })
	if err != nil {
		return err
	}
	return s.Enqueue(ctx, gitops.Event{
		Delivery: "ack-" + strconv.FormatInt(e.Comment.ID, 10) + "-" + trailerKey(x.Path), Kind: gitops.PullChanged, Action: "acknowledged",
		Repo: e.Repo, Number: e.Number, Head: x.Head, Installation: e.Installation,
	})
}

// planAck takes note that somebody who may seal there changed the values of a file.
func (w *sealing) planAck(ctx context.Context, a *asked, path string) (Plan, error) {
	list, err := w.service.unchanged(ctx, w.pull.Repo, w.pull.Number)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(list, path) {
		if len(list) == 0 {
			return nil, gitops.Errorf(gitops.NotFound, "no file of this pull request waits for that")
		}
		return nil, notThere("file that waits for that:", path, list)
	}
	login := a.event.Comment.Author.Login
	for _, o := range w.layout.Overlays {
		if !w.layout.Reached(o.Path, []string{path}) {
			continue
		}
		if err := w.allowed(ctx, o.Environment, login); err != nil {
			return nil, err
		}
	}
	body := code(login) + " says that the values which " + code(path) + " had in plain were changed. The check is done again."
	return Plan{Acknowledge{path, w.pull.Head.SHA}, Reply{commentKey(a.event, "ack "+strconv.Itoa(a.request.Line)), body}}, nil
}
