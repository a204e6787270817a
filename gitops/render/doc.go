// Package render turns a path of a tree into objects, exactly as its deployer
// does ([gitops.Build]): as `kustomize build` of the pinned version prints them,
// or as plain manifests that Argo CD reads one by one. It is the only package that
// knows kustomize.
//
// # Two processes
//
// A [Renderer] lives in the parent and never parses a manifest. It runs worker
// processes, the same binary executed again ([WorkerMain]), and hands each of
// them one path at a time. A worker has no network, no files, an empty
// environment and bounded memory and time; it asks the parent for every file
// over its standard input and output (wire.go). The parent answers from the
// tree and notes each look-up, found or not: these are the reads of a render,
// its cache key and the answer to "is this overlay affected". A worker that
// dies, hangs or overflows costs its overlay an error that names the limit and
// is replaced.
//
// # Remote bases
//
// kustomize itself never fetches. A worker rewrites the remote entries of a
// kustomization to virtual paths (rewrite.go) and asks the parent for what is
// below them; the parent asks a [Remote], which decides what is allowed.
//
// # What is exact
//
// Output equals that of the kustomize command byte for byte; a test renders
// every directory of the real repositories in shared/testdata. One `openapi:`
// field changes kustomize's schema for the rest of the process, so a worker
// that met one is thrown away, and so is its result unless the worker was fresh.
package render
