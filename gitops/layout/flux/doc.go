// Package flux says what the documents of Flux come to: which directories of the tree they
// deploy, and with which options, as Flux's own controllers would find it
// (kustomize-controller v1.10, source-controller v1.10, fluxcd/pkg/kustomize v1.41,
// helm-controller v1.6, flux-operator v0.59).
//
// It is pure. A [Room] knows the tree; a [World] is what else is known of one cluster: the
// sources of Flux, and the ConfigMaps and Secrets from which variables come. Who finds the
// documents fills the World with all objects that [Wants] names, from files and from
// renders, and asks [Room.Deploy] again while more of them turn up: a Kustomization may
// render the ConfigMap from which it is substituted itself.
//
// What comes of a document:
//
//   - A Kustomization of a source that is this repository is a unit. One whose source is
//     another repository is nothing, and nothing is said of it. Where it cannot be told,
//     because the source is not defined, its address is only like that of this repository,
//     or a name still has a variable in it, it is opaque and reads all below its path.
//   - An OCIRepository, a Bucket or an ExternalArtifact is filled by somebody else, mostly by
//     a pipeline. It is this repository when [Options.Aliases] says so. Else a Kustomization
//     of it is opaque when its path is a directory here, since such artifacts are often
//     pushed from the repository that deploys them, and nothing otherwise.
//   - A FluxInstance is the source and the Kustomization that the operator makes of spec.sync.
//   - A HelmRelease is opaque. Its objects come from a chart, and the document itself is an
//     object of the unit that renders it, so that a change of its values is seen there.
//     Therefore its Key has only what no render shows: all of it for one that stands in a
//     file as it is, and for one that is rendered the values that come from objects in files.
//   - A ResourceSet makes objects from a template of its own. It is opaque by the same rule.
//
// The controllers never see the tree but an artifact that the source-controller cut out of
// it; see [Artifact].
package flux
