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

// Chart is a chart that was read, with those that it has in it. It is not safe for
// concurrent use.
type Chart struct {
	files []File // of all charts, unpacked
	// chart is what was read of them, nil once it was rendered.
	chart *chart.Chart
}

// Dependency is what Chart.yaml says of a chart that a chart needs. Chart.lock says its
// version, where it does.
type Dependency struct{ Name, Version, Repository string }

// Fetch returns the files of a dependency that is not in charts/, such as those of the
// directory that `repository: file://../common` names. A [MissingError] says that they
// cannot be had.
type Fetch func(d Dependency) ([]File, error)

// MissingError is a dependency that cannot be had.
type MissingError struct{ Dependency }

// Error names the dependency and where it would come from.
func (e *MissingError) Error() string {
	from := ""
	if e.Repository != "" {
		from = " of " + e.Repository
	}
	return strings.TrimSpace(fmt.Sprintf("chart depends on %s %s", e.Name, e.Version)) + from + ", which is not in its charts/ directory"
}

// Load reads a chart from the files of its directory. What .helmignore names is left
// out. Dependencies are in charts/, packed or not. What is missing there is fetched, as
// `helm dependency build` would; a nil fetch gives a [MissingError], as `helm template`
// alone fails.
func Load(files []File, fetch Fetch) (*Chart, error) {
	files, err := ignored(files)
	if err != nil {
		return nil, err
	}
	return load(files, fetch)
}

// LoadArchive reads a packed chart. Nothing is beside it.
func LoadArchive(data []byte) (*Chart, error) {
	files, err := ReadArchive(data)
	if err != nil {
		return nil, err
	}
	return load(files, nil)
}

func load(files []File, fetch Fetch) (*Chart, error) {
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
		if fetch == nil {
			return nil, &MissingError{Dependency{d.Name, d.Version, d.Repository}}
		}
		more, err := dependency(d, locked(c.chart, d), fetch, left)
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

// locked is the version of a dependency that Chart.lock has, or else Chart.yaml.
func locked(c *chart.Chart, d *chart.Dependency) string {
	if c.Lock != nil {
		for _, l := range c.Lock.Dependencies {
			if l.Name == d.Name && !strings.HasPrefix(d.Repository, "file://") {
				return l.Version
			}
		}
	}
	return d.Version
}

// dependency returns the files of another chart as they would be in charts/ of one.
func dependency(d *chart.Dependency, version string, fetch Fetch, left *budget) ([]File, error) {
	files, err := fetch(Dependency{d.Name, version, d.Repository})
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
