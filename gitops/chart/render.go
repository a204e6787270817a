package chart

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// Output is what a chart renders to.
type Output struct {
	// Documents are in the order in which the command prints them.
	Documents []Document
	// Random names the values that are others in each render, such as
	// "Secret web: data.password". They are [Random] in the documents.
	Random []string
	// Hidden says that something which is not random may stand where the mark is: what the
	// chart renders to is not seen as a whole.
	Hidden bool
	// Lookups are the kinds of objects that templates look up in the cluster; here
	// there are none.
	Lookups []string
	// Versions are API versions that templates ask for and that the cluster is not known
	// to have, where that changes the output; Otherwise identifies what it would be
	// with them.
	Versions  []string
	Otherwise string
}

// Text is what `helm template` prints.
func (o *Output) Text() []byte { return text(o.Documents) }

// Render renders the chart. What it says in an error is about the chart or the release.
func (c *Chart) Render(r Release) (*Output, error) {
	fresh := c.chart
	if c.chart = nil; fresh == nil { // it was rendered before
		var err error
		if fresh, err = read(c.files); err != nil {
			return nil, err
		}
	}
	first, err := render(fresh, r, false)
	if err != nil {
		return nil, err
	}
	out := &Output{Documents: first.docs, Lookups: slices.Sorted(slices.Values(first.asks.lookups))}
	again := c.varies(r)
	if err := out.compare(c, r, again, false); err != nil {
		return nil, err
	}
	if len(first.asks.versions) > 0 {
		out.otherwise(c, r, again, first.asks.versions)
	}
	return out, nil
}

// compare renders the chart more often, each time at another moment.
func (o *Output) compare(c *Chart, r Release, again int, all bool) error {
	var others [][]Document
	for i := range again {
		other, err := c.once(r, elsewhen(c.files, i), all)
		if err != nil {
			return err
		}
		others = append(others, other.docs)
	}
	return o.steady(others)
}

// once renders files of the chart.
func (c *Chart) once(r Release, files []File, all bool) (*once, error) {
	fresh, err := read(files)
	if err != nil {
		return nil, err
	}
	return render(fresh, r, all)
}

// otherwise finds out whether API versions that are not there matter.
func (o *Output) otherwise(c *Chart, r Release, again int, versions []string) {
	with, err := c.once(r, c.files, true)
	if err != nil {
		o.Versions, o.Otherwise = slices.Sorted(slices.Values(versions)), "fails: "+err.Error()
		return
	}
	other := Output{Documents: with.docs}
	if err := other.compare(c, r, again, true); err != nil {
		other.Documents = []Document{{Text: "fails: " + err.Error()}}
	}
	if string(other.Text()) != string(o.Text()) {
		sum := sha256.Sum256(other.Text())
		o.Versions, o.Otherwise = slices.Sorted(slices.Values(with.asks.versions)), hex.EncodeToString(sum[:])
	}
}
