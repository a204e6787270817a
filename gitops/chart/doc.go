// Package chart renders Helm charts as `helm template` of the pinned version does, from
// files in memory: without a cluster, a network, a disk or the helm command. It is the
// only package that knows Helm, and it is pure: who calls it has the files.
//
// What is rendered is [Load]ed from the files of a directory or of an archive, with the
// charts it depends on, and then rendered as a [Release]. The [Output] has the text that
// the command prints, document by document, and what the text depends on that is not
// known here: objects that templates look up in a cluster and API versions that they ask
// for. A chart may have values that are other ones in each render, such as passwords
// that it makes up; [Chart.Render] finds them by rendering twice, with another time of
// day, and puts [Random] in their place.
package chart
