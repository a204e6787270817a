// Bot is Sealift: one program that shows what a change to a GitOps repository
// does to every overlay, offline on a clone and (later) as a GitHub App.
//
// This comment is the tour of the code, bottom up.
//
// gitops holds the words as types and imports the standard library only: a Tree
// is the files of a repository at one commit, an Overlay is a kustomization that
// something deploys, a Rendered is what it renders to, a Report is what a change
// does. Error is the one error type, with the table of what each code means to
// HTTP, the command line and the queue.
//
// gitops/tree reads trees: commits of a clone through system git, which it runs
// as if every repository were hostile, directories and memory. Its Remotes fetch
// what kustomizations name elsewhere, from an allow-list.
//
// gitops/layout finds out which overlays a tree has, of which app and
// environment, and the order of environments, from Argo CD and Flux objects, the
// kustomizations and .sealift.yaml.
//
// gitops/render turns an overlay into objects. It runs kustomize in worker
// processes without network, files and environment, answers their questions about
// files, and notes every answer: the notes tell whether a change reaches an
// overlay and are the key of the cache.
//
// gitops/diff compares two renders and masks secrets. gitops/check finds what is
// wrong, with file, line and column. Both are pure.
//
// commands ties these together, one file per verb, and commands/reply turns a
// report into Markdown, text and JSON.
//
// cmd/bot is the command line: it opens trees, the cache and remotes, calls a
// verb and prints. main does nothing else, so that a test can run all of it.
// gitops/monorepo generates the repository that benchmarks run on.
//
// fence_test.go holds the direction of imports and the owners of dependencies.
package main
