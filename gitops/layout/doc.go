// Package layout finds out what a tree deploys: which directories are overlays,
// of which app and environment, and in which order the environments follow each
// other. It needs no configuration; `.sealift.yaml` ([Config]) overrides it.
//
// The units of a tree are, in this order of trust: what the configuration
// names, what Argo CD Applications and ApplicationSets or Flux Kustomizations
// point at, and the roots, which are the kustomizations that no other
// kustomization reads. The roots always count, so that no change is invisible
// because a pointer to it could not be read. A Component is never a unit. A directory
// of plain manifests is one when Argo CD or Flux points at it; [Layout.Tree] is what it
// is rendered of. What is deployed and cannot be rendered, such as a Helm chart, is
// found by [Layout.NotCompared] when a change touches it.
//
// Everything is read statically, from the files as they are. What is seen and
// not understood, such as the path of an ApplicationSet that depends on a list
// of clusters, is said in [Layout.Notes] with file and line, and never guessed.
//
// Only YAML up to 1 MiB is looked at, and only the parts of it that name paths.
// What a file says is kept by blob id through a [Memo], so that the next tree
// costs only the files that differ. No input makes the package panic, and its
// time and memory are bounded by the size of the tree.
package layout
