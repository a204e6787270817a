// Package layout finds out what a tree deploys: which units there are ([gitops.Unit]), of
// which app and environment, and in which order the environments follow each other. It
// needs no configuration; `.sealift.yaml` ([Config]) overrides it.
//
// The units of a tree are what Argo CD Applications and ApplicationSets and Flux
// Kustomizations deploy, what the configuration names, and the roots, which are the
// kustomizations that nothing else reads. The roots always count, so that no change is
// invisible because a pointer to it could not be read. A Component is never a unit.
//
// Deployers' documents are found in files and, with [Reader.Render], in what units render
// to, until nothing new comes (found.go). What a document means is for the rooms
// gitops/layout/argocd and gitops/layout/flux to say. What is deployed and cannot be
// rendered, such as a Helm chart, is in [Layout.Opaque] with the files that it is made of.
// What is seen and not understood is said in [Layout.Notes] with file and line, and never
// guessed.
//
// Files are read statically, only YAML up to 1 MiB, and only the parts of it that name
// paths. What a file says is kept by blob id through a [Memo], so that the next tree costs
// only the files that differ. No input makes the package panic, and its time and memory are
// bounded by the size of the tree.
package layout
