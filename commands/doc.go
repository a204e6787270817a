// Package commands is what a person can ask for, one file per verb. A verb is a
// pure function of trees and a request: it reads, renders and answers, and
// changes nothing. The command line prints the answer; the GitHub side turns it
// into comments and checks.
//
// A verb ties the packages below gitops together: layout says which overlays
// there are, render what they render to, diff what differs and check what is
// wrong. None of these knows of the others.
package commands
