// Package tree provides the sources of [gitops.Tree]: commits of a git
// repository ([Open]), a directory on disk ([Dir]), files in memory ([Memory]),
// repositories and files elsewhere that kustomizations name ([Remotes]), and
// mirrors of the repositories that the App sees ([Mirrors]).
//
// It is the only package that runs git, and it runs it as if every repository
// were hostile. A person's repository is asked for one thing only: which commit
// a name means (rev-parse, cat-file --batch-check, for-each-ref; none of which
// runs a program that a repository's configuration names). Everything else
// happens in a git directory of our own, the shadow, made for each [Repo] in a
// temporary directory: it has no configuration, refs, hooks, attributes or
// remotes, and borrows the objects of the repository as an alternate. So no
// diff or merge driver, textconv, filter, hook, fsmonitor, credential helper or
// lazy fetch of the repository can run, nothing is ever written to it, and
// objects that a merge makes go into the shadow and away with [Repo.Close]. No
// working tree is ever checked out.
//
// The environment of git is built from nothing. System and user configuration,
// replace refs, prompts, optional locks and all protocols are off; [Remotes] and
// [Mirrors] turn on https alone, to addresses that were checked and pinned first.
// Values that came from a person or a manifest reach git on its standard input
// or behind --end-of-options, never where an option could stand.
//
// Every error is a *[gitops.Error]. A cancelled context is one of code
// unavailable that wraps the context's error.
package tree
