// Package sample is a small GitOps repository of our own and a pull request
// against it: what `bot demo` shows, and what tests that need a believable
// repository start from.
//
// The repository runs a store that is driven by events: three services, Kafka
// topics of Strimzi and a queue manager of IBM MQ, in dev, staging and prod. Its
// layout is that of KAM: pipelines.yaml names the environments in order, each
// environment is a tree of its own, and Argo CD Applications point at what is
// deployed. It renders without a network. Nothing in it is real: the sealed
// values are random bytes, and the tokens are made up.
//
// The directories base, change and release hold the files as they lie in the
// repository; all are plain files, not executable. The package only returns them: whoever
// asks puts them into a tree or into git.
package sample

import (
	"embed"
	"io/fs"
	"maps"
	"strings"
)

// files holds the directories; "all:" includes names that begin with a dot.
//
//go:embed all:base all:change all:release
var files embed.FS

// PullRequest is what a pull request says, and what it does to the files of the
// branch that it is meant for.
type PullRequest struct {
	// Title is one line. Body is GitHub's Markdown.
	Title, Body string
	// Branch is the head branch.
	Branch string
	// Files are added, or replaced as a whole, by path.
	Files map[string]string
	// Delete are the paths that go.
	Delete []string
}

// Base returns the files of the main branch by path. The map is the caller's.
func Base() map[string]string {
	return read("base")
}

// body tells what the developer thinks the change does.
const body = `An order whose payment fails is no longer lost. It goes to the new topic ` + "`orders-retry`" + ` and is tried again, five times at most.

- orders v1.5.0 in dev and staging
- topic ` + "`orders-retry`" + ` in dev and staging
- six partitions for ` + "`orders`" + ` in dev, to see how the consumers share them
- a new test token for the payment provider, and a key for the alerts
- more memory for orders in prod, ahead of the roll-out
`

// Change returns a pull request as a developer would open it. It brings a new
// image to dev and staging, a topic, more partitions and another generated
// ConfigMap. It also has two mistakes: a Secret that is not sealed in dev, and
// in prod a patch whose file is spelled differently, so that the store's
// overlay there no longer renders.
func Change() PullRequest {
	return PullRequest{
		Title:  "Orders 1.5.0: retry topic, more partitions",
		Branch: "orders-1.5.0",
		Body:   body,
		Files:  read("change"),
	}
}

// Release returns a second pull request, without mistakes: a new version of one
// service, in dev only. Once it is merged there is something to promote.
func Release() PullRequest {
	return PullRequest{
		Title:  "Notifier 1.0.0 in dev",
		Branch: "notifier-1.0.0",
		Body:   "The first stable release of the notifier. It tries five times to reach the warehouse before it gives up.\n\nMerge it, then write `/promote staging`.",
		Files:  read("release"),
	}
}

// Apply returns the files after the change. Base stays as it is.
func (pr PullRequest) Apply(base map[string]string) map[string]string {
	out := map[string]string{}
	maps.Copy(out, base)
	maps.Copy(out, pr.Files)
	for _, p := range pr.Delete {
		delete(out, p)
	}
	return out
}

// read returns the files below dir, by their path in it. Embedded files cannot
// be missing, so an error is a mistake in this package.
func read(dir string) map[string]string {
	out := map[string]string{}
	sub, err := fs.Sub(files, dir)
	if err != nil {
		panic(err)
	}
	err = fs.WalkDir(sub, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(sub, p)
		out[p] = string(data)
		return err
	})
	if err != nil {
		panic(err)
	}
	return out
}

// Repair returns the files of a second push to [Change] that corrects the name
// which breaks production.
func Repair() map[string]string {
	const file = "environments/prod/apps/store/overlays/kustomization.yaml"
	broken := Change().Files[file]
	return map[string]string{file: strings.Replace(broken, "orders-resource.yaml", "orders-resources.yaml", 1)}
}
