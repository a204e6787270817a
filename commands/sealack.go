package commands

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// Expose notes that the history of a pull request has values of a file in plain, and of
// which environment they are. The check of the pull request fails until somebody who
// may seal there says that they were changed.
type Expose struct{ Path, Environment string }

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
func (s *Service) inHistory(ctx context.Context, repo gitops.Repository, number int) ([]Expose, error) {
	var list []Expose
	for {
		result, ok, err := s.Actions.Result(ctx, exposedKey(repo, number, len(list)))
		if err != nil || !ok {
			return list, err
		}
		env, path, _ := strings.Cut(result, "\t")
		list = append(list, Expose{path, env})
	}
}

// unchanged returns those of inHistory of which nobody said that their values were
// changed.
func (s *Service) unchanged(ctx context.Context, repo gitops.Repository, number int) ([]Expose, error) {
	all, err := s.inHistory(ctx, repo, number)
	if err != nil {
		return nil, err
	}
	var list []Expose
	for _, x := range all {
		_, ok, err := s.Actions.Result(ctx, changedKey(repo, number, x.Path))
		if err != nil {
			return nil, err
		}
		if !ok {
			list = append(list, x)
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

// expose carries out an Expose. One that was dealt with counts anew.
func (s *Service) expose(ctx context.Context, e gitops.Event, x Expose) error {
	list, err := s.inHistory(ctx, e.Repo, e.Number)
	if err != nil {
		return err
	}
	if slices.Contains(list, x) {
		return s.Actions.Forget(ctx, changedKey(e.Repo, e.Number, x.Path))
	}
	_, err = s.once(ctx, e, exposedKey(e.Repo, e.Number, len(list)), x.describe(), func(context.Context) (string, error) { return x.Environment + "\t" + x.Path, nil })
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
