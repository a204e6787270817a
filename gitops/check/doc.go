// Package check looks at the files and renders of a repository and says what
// is wrong with them, as findings with file, line and column.
//
// Each rule has one file, one entry in [Rules], and cases in testdata/ok and
// testdata/err named after it. A rule is a pure function of a pass: the tree,
// the renders and the set of files to look at. It parses a file only when that
// file is in the set, or when a render that fails leads there, so that the
// cost of a check follows the size of the change and not of the repository.
//
// Nothing in the files is trusted. Files over [MaxFile] are not parsed, YAML
// aliases are never expanded, and no message ever holds the value of a secret.
// Findings come sorted, each once, with the overlays that they concern; the
// same input gives the same bytes.
package check
