// Package diff compares what overlays render to before and after a change and
// returns a [gitops.Report]. It is pure: renders in, report out, and the same
// renders give the same bytes.
//
// Objects are matched by group, kind, namespace and name, then by the name
// without the hash that kustomize appends, then across namespaces, then by
// similar content. What a reviewer sees of a changed object is the unified diff
// of its manifest.
//
// Secrets never leave. Every manifest that is shown is parsed, masked as a tree
// and printed anew before anything is compared, so that no text of the render
// reaches the report by another way. The mask is a constant: neither the length
// nor a hash of a value is shown, and two equal values in two objects cannot be
// told from two different ones. Only the two sides of one place of one object
// are compared, and a value that differs is printed as "(secret, changed)".
// The hash suffix of a generated name is an unkeyed hash of the content and
// would let anybody test a guess, so it is masked as well where the content
// holds a secret. See mask.go for what counts as a secret.
package diff
