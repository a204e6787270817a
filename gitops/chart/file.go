package chart

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/ignore"
)

// What one chart may have, with all charts in it.
const (
	// maxFiles is how many files.
	maxFiles = 10_000
	// maxUnpacked is how many bytes they have together.
	maxUnpacked = 64 << 20
	// maxFile is the largest file (MaxDecompressedFileSize of Helm).
	maxFile = 5 << 20
	// maxNesting is how deep charts are packed into charts.
	maxNesting = 16
)

// File is a file of a chart.
type File struct {
	// Name is its path relative to the directory of the chart, clean, with slashes.
	Name string
	Data []byte
	// Err says why its content is not known: an error of the chart, unless .helmignore
	// leaves the file out.
	Err error
}

// utf8BOM begins files of editors that Helm reads without it.
const utf8BOM = "\xef\xbb\xbf"

// budget is what is left of the limits of a chart.
type budget struct{ files, bytes int }

// spend takes a file from the budget.
func (b *budget) spend(name string, size int) error {
	b.files--
	b.bytes -= size
	switch {
	case size > maxFile:
		return &LimitError{fmt.Sprintf("file of the chart is larger than %d MiB: %s", maxFile>>20, name)}
	case b.files < 0:
		return &LimitError{fmt.Sprintf("chart has more than %d files", maxFiles)}
	case b.bytes < 0:
		return &LimitError{fmt.Sprintf("chart has more than %d MiB of files", maxUnpacked>>20)}
	}
	return nil
}

// LimitError is a chart that is larger than any that is read.
type LimitError struct{ message string }

// Error says which limit it is.
func (e *LimitError) Error() string { return e.message }

// ignored leaves out the files that .helmignore names (LoadDir of Helm's loader). Files
// of an archive are not left out: who packed it did that.
func ignored(files []File) ([]File, error) {
	rules := ignore.Empty()
	if i := slices.IndexFunc(files, func(f File) bool { return f.Name == ignore.HelmIgnore }); i >= 0 {
		var err error
		if rules, err = ignore.Parse(strings.NewReader(string(files[i].Data))); err != nil {
			return nil, fmt.Errorf("%s: %w", ignore.HelmIgnore, err)
		}
	}
	rules.AddDefaults()
	dirs := map[string]bool{}
	var below func(dir string) bool
	below = func(dir string) bool {
		if dir == "." {
			return false
		}
		skip, known := dirs[dir]
		if !known {
			skip = below(path.Dir(dir)) || rules.Ignore(dir, info{path.Base(dir), true})
			dirs[dir] = skip
		}
		return skip
	}
	var kept []File
	for _, f := range files {
		if below(path.Dir(f.Name)) || rules.Ignore(f.Name, info{path.Base(f.Name), false}) {
			continue
		}
		if f.Err != nil {
			return nil, f.Err
		}
		kept = append(kept, f)
	}
	return kept, nil
}

// info is what the rules of .helmignore ask about a file.
type info struct {
	name string
	dir  bool
}

// Name implements [fs.FileInfo].
func (i info) Name() string { return i.name }

// Size implements [fs.FileInfo]; no rule asks.
func (i info) Size() int64 { return 0 }

// ModTime implements [fs.FileInfo]; no rule asks.
func (i info) ModTime() time.Time { return time.Time{} }

// IsDir implements [fs.FileInfo].
func (i info) IsDir() bool { return i.dir }

// Sys implements [fs.FileInfo].
func (i info) Sys() any { return nil }

// Mode implements [fs.FileInfo].
func (i info) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir
	}
	return 0
}

// unpacked replaces the archives in charts/ of a chart, and of those in it, by their files,
// so that one budget holds for all of them. Helm would unpack each with a budget of its own.
func unpacked(files []File, left *budget, depth int) ([]File, error) {
	if depth > maxNesting {
		return nil, &LimitError{fmt.Sprintf("charts are nested more than %d deep", maxNesting)}
	}
	var out []File
	for _, f := range files {
		dir, name := archiveIn(f.Name)
		if name == "" {
			if err := left.spend(f.Name, len(f.Data)); err != nil {
				return nil, err
			}
			f.Data = []byte(strings.TrimPrefix(string(f.Data), utf8BOM))
			out = append(out, f)
			continue
		}
		inner, err := readArchive(f.Data, left)
		if err == nil {
			inner, err = unpacked(inner, left, depth+1)
		}
		if _, limit := errors.AsType[*LimitError](err); err != nil && !limit {
			return nil, fmt.Errorf("chart in %s: %w", f.Name, err)
		}
		if err != nil {
			return nil, err
		}
		for _, in := range inner {
			out = append(out, File{Name: dir + name + ".files/" + in.Name, Data: in.Data})
		}
	}
	return out, nil
}

// archiveIn splits the name of a packed chart that stands directly in charts/ of a chart;
// the name is "" for any other file. Names with a dot or underscore in front are none.
func archiveIn(p string) (dir, name string) {
	dir, name = path.Split(p)
	if path.Ext(name) != ".tgz" || strings.IndexAny(name, "_.") == 0 || dir != "charts/" && !strings.HasSuffix(dir, "/charts/") {
		return "", ""
	}
	// Every chart around it is in charts/ of the one around that: charts/a/charts/b.tgz.
	parts := strings.Split(strings.TrimSuffix(dir, "/"), "/")
	for i, part := range parts {
		if i%2 == 0 && part != "charts" {
			return "", ""
		}
	}
	if len(parts)%2 == 0 {
		return "", ""
	}
	return dir, name
}
