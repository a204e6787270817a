// Bot is Sealift: one program that shows what a change to a GitOps repository
// does to every overlay, offline on a clone and as a GitHub App on the pull request.
//
// This comment is the tour of the code, bottom up.
//
// gitops holds the words as types and imports the standard library only: a Tree
// is the files of a repository at one commit, an Overlay is a kustomization that
// something deploys, a Rendered is what it renders to, a Report is what a change
// does. Error is the one error type, with the table of what each code means to
// HTTP, the command line and the queue.
//
// gitops/edit changes YAML files and leaves every byte that it does not change; what
// it wrote is parsed again and must mean what was asked. gitops/node reads them.
//
// gitops/tree reads trees: commits of a clone through system git, which it runs
// as if every repository were hostile, directories and memory. Its Remotes fetch
// what kustomizations name elsewhere, from an allow-list.
//
// gitops/layout finds out which overlays a tree has, of which app and
// environment, and the order of environments, from Argo CD and Flux objects, the
// kustomizations and .sealift.yaml. What a document comes to is known by
// gitops/layout/argocd and gitops/layout/flux, which read nothing but the tree.
//
// gitops/chart renders Helm charts from files in memory, as the helm command does, and
// finds out which of their values are others each time.
//
// gitops/render turns an overlay into objects. It runs kustomize in worker
// processes without network, files and environment, answers their questions about
// files, and notes every answer: the notes tell whether a change reaches an
// overlay and are the key of the cache.
//
// gitops/diff compares two renders and masks secrets. gitops/check finds what is
// wrong, with file, line and column. Both are pure.
//
// gitops/promote carries a change from one environment to another, trees in, edits out:
// versions by their meaning, the rest by a three-way merge of structure. gitops/seal
// makes, changes and places SealedSecrets. Both are pure too.
//
// commands ties these together, one file per verb, and commands/reply turns a
// report into Markdown, text and JSON.
//
// webhook is the HTTP edge: it verifies a delivery, decodes the few events that
// something is done about, and answers 202 once the delivery is on disk.
// webhook/store is the database, webhook/queue the durable inbox and the worker:
// one job per pull request, the newest head supersedes. webhook/ghapp is the GitHub
// side, with a way round every defect of the libraries. webhook/web has the bot's own
// pages: set-up, log-in, the whole report, and the form in which the browser encrypts
// secrets. webhook/hub is a GitHub in a box for tests
// and the demo, webhook/hub/pages what a person sees of it.
//
// commands also answers events: service.go decides, a Plan says what is to be done,
// act.go does it, each action once. A branch with one pull
// request is such an action too. GitHub, git and the action log are interfaces there
// (host.go), because commands and webhook never see each other.
//
// cmd/bot is the command line: it opens trees, the cache and remotes, calls a verb
// and prints. service.go and adapter.go wire the App together, search.go looks for
// deliveries that were lost; demoworld.go starts it beside a hub. main does nothing else, so that a test can run all of it.
// gitops/monorepo generates the repository that benchmarks run on, cmd/bot/sample is
// the one of the demo.
//
// fence_test.go holds the direction of imports and the owners of dependencies.
package main
