// Package gitops holds the words that the whole program speaks, as types:
// [Tree], [Overlay], [Object], [Rendered], [Report], [Finding] and the one
// error type, [Error], with the table of what each [Code] means at each edge.
//
// A tree is the files of a repository at one commit. A render turns one path of
// a tree, an overlay, into objects. A comparison of the renders of two trees is
// a report; rules over trees and renders give findings.
//
// The package imports the standard library only and does no input or output.
// Its sub-packages each own one step: tree, layout, render, diff, check,
// promote and seal. They import this package and never each other.
package gitops
