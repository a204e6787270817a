// Package promote carries a change from one environment to another: trees in,
// edits out. It is pure; it changes nothing and asks nobody.
//
// What is carried is matched by meaning, never by line. Versions always move:
// the tags, digests and names of images by the image's name, refs of remote bases
// by address, chart versions, operator channels, and the pointer of a catalog.
// What else changed in the source since it was last promoted moves by a three-way
// merge of structure: base is the source then, theirs the source now, ours the
// target. What the source did not change since is never touched, so that
// namespaces, replicas and hosts that differ stay.
//
// The target's files keep their comments, order and quoting: only the lines of
// values that move differ. No value is made up: each was in the source. What the
// source has and the target must not get is said in the plan with the reason, and
// a field that both sides changed is a conflict that a person decides.
package promote
