// Package edit changes YAML files and leaves every byte that it does not change.
//
// [Parse] reads a file. The nodes of its documents are those of the YAML
// library, for reading: callers find what they look for and never change a node.
// Changes are asked for by node ([File.SetValue], [File.Replace], [File.SetKey],
// [File.RemoveKey], [File.InsertItem], [File.RemoveItem]) and are made together
// by [File.Bytes].
//
// An edit is a few replaced bytes. Comments, order, quoting, indentation,
// anchors, line ends, a byte order mark and a missing final newline stay. What
// is new is laid out as the file is: its steps of indentation, its lists
// indented below their key or not.
//
// The package does not trust itself with the many forms of YAML: Bytes parses
// what it wrote and compares it with the old structure and the edits applied to
// it. When they differ there is an error and no file.
package edit
