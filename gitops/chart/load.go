package chart

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
)

// Chart is a chart that was read, with those that it has in it.
type Chart struct {
	files []File // of all charts, unpacked
	chart *chart.Chart
}

// Local returns the files of the directory of a chart at a path relative to that of
// another, such as "../common": what `repository: file://../common` names.
type Local func(dir string) ([]File, error)

// MissingError is a dependency that is not in the repository.
type MissingError struct{ Name, Version, Repository string }

// Error names the dependency and where it would come from.
func (e *MissingError) Error() string {
	from := ""
	if e.Repository != "" {
		from = " of " + e.Repository
	}
	return strings.TrimSpace(fmt.Sprintf("chart depends on %s %s", e.Name, e.Version)) + from + ", which is not in its charts/ directory"
}

// Load reads a chart from the files of its directory. What .helmignore names is left
// out. Dependencies are in charts/, packed or not. One that is missing and has an address
// of file:// is read by local, as `helm dependency build` would; a nil local builds
// none, as `helm template` alone. Any other that is missing is a [MissingError].
func Load(files []File, local Local) (*Chart, error) {
	files, err := ignored(files)
	if err != nil {
		return nil, err
	}
	return load(files, local)
}

// LoadArchive reads a packed chart. Nothing is beside it.
func LoadArchive(data []byte) (*Chart, error) {
	files, err := ReadArchive(data)
	if err != nil {
		return nil, err
	}
	return load(files, nil)
}

func load(files []File, local Local) (*Chart, error) {
	left := &budget{maxFiles, maxUnpacked}
	files, err := unpacked(files, left, 0)
	if err != nil {
		return nil, err
	}
	c := &Chart{files: files}
	if c.chart, err = read(files); err != nil {
		return nil, err
	}
	if t := c.chart.Metadata.Type; t != "" && t != "application" {
		return nil, fmt.Errorf("chart of type %q cannot be deployed", t)
	}
	missing := missingOf(c.chart)
	for _, d := range missing {
		at, ok := strings.CutPrefix(d.Repository, "file://")
		if !ok || local == nil {
			return nil, &MissingError{d.Name, d.Version, d.Repository}
		}
		more, err := dependency(d, at, local, left)
		if err != nil {
			return nil, fmt.Errorf("dependency %s: %w", d.Name, err)
		}
		c.files = append(c.files, more...)
	}
	if len(missing) > 0 {
		c.chart, err = read(c.files)
	}
	return c, err
}

// read makes a chart of files. Rendering changes what it gets, so each render reads anew.
func read(files []File) (*chart.Chart, error) {
	list := make([]*loader.BufferedFile, len(files))
	for i, f := range files {
		list[i] = &loader.BufferedFile{Name: f.Name, Data: f.Data}
	}
	out, err := loader.LoadFiles(list)
	if err != nil {
		return nil, err
	}
	inOrder(out)
	return out, nil
}

// inOrder puts the charts in a chart into one order. Helm reads them from a map.
func inOrder(c *chart.Chart) {
	list := slices.Clone(c.Dependencies())
	slices.SortFunc(list, func(a, b *chart.Chart) int {
		return cmp.Or(cmp.Compare(a.Name(), b.Name()), cmp.Compare(a.Metadata.Version, b.Metadata.Version))
	})
	c.SetDependencies(list...)
	for _, d := range list {
		inOrder(d)
	}
}

// missingOf returns the dependencies that Chart.yaml names and that are not there
// (CheckDependencies of Helm's action package).
func missingOf(c *chart.Chart) []*chart.Dependency {
	var out []*chart.Dependency
	for _, d := range c.Metadata.Dependencies {
		if d == nil {
			continue
		}
		if !slices.ContainsFunc(c.Dependencies(), func(have *chart.Chart) bool { return have.Name() == d.Name }) {
			out = append(out, d)
		}
	}
	return out
}

// dependency returns the files of a chart beside another as they would be in its charts/.
func dependency(d *chart.Dependency, at string, local Local, left *budget) ([]File, error) {
	files, err := local(at)
	if err != nil {
		return nil, err
	}
	if files, err = ignored(files); err != nil {
		return nil, err
	}
	if files, err = unpacked(files, left, 1); err != nil {
		return nil, err
	}
	c, err := read(files)
	if err != nil {
		return nil, err
	}
	if d.Version != "" && !chartutil.IsCompatibleRange(d.Version, c.Metadata.Version) {
		return nil, fmt.Errorf("version %s is not %s", c.Metadata.Version, d.Version)
	}
	for i := range files {
		files[i].Name = "charts/" + c.Name() + ".local/" + files[i].Name
	}
	return files, nil
}

// Name is the name of the chart.
func (c *Chart) Name() string { return c.chart.Name() }

// Version is the version of the chart.
func (c *Chart) Version() string { return c.chart.Metadata.Version }
