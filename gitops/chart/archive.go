package chart

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"
)

// maxRatio is how many times its size an archive may unpack to. Charts of nothing but
// definitions of resources, which repeat themselves most, come to 40.
const maxRatio = 200

// drive matches a path of Windows.
var drive = regexp.MustCompile(`^[a-zA-Z]:/`)

// ReadArchive returns the files of a packed chart, without the directory that all of them
// are in. It reads what `helm package` writes, and refuses what has another place in mind
// than the chart: absolute paths, paths that climb, links, devices.
func ReadArchive(data []byte) ([]File, error) {
	return readArchive(data, &budget{maxFiles, maxUnpacked})
}

// readArchive does not spend what it reads: who takes the files does. It stops where the
// budget would.
func readArchive(data []byte, left *budget) ([]File, error) {
	zip, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("not a packed chart: %w", err)
	}
	most := min(left.bytes, max(maxFile, maxRatio*len(data)))
	limited := &io.LimitedReader{R: zip, N: int64(most) + 1<<20} // room for the headers
	in := tar.NewReader(limited)
	var files []File
	for entries := 0; ; entries++ {
		head, err := in.Next()
		switch {
		case limited.N <= 0:
			return nil, &LimitError{fmt.Sprintf("packed chart unpacks to more than %d MiB", most>>20)}
		case errors.Is(err, io.EOF):
			return files, nonEmpty(files)
		case err != nil:
			return nil, fmt.Errorf("not a packed chart: %w", err)
		case entries > 2*maxFiles || len(files) >= left.files:
			return nil, &LimitError{fmt.Sprintf("chart has more than %d files", maxFiles)}
		}
		name, err := entryName(head)
		if err != nil {
			return nil, err
		}
		if name == "" {
			continue
		}
		if head.Size > maxFile {
			return nil, &LimitError{fmt.Sprintf("file of the chart is larger than %d MiB: %s", maxFile>>20, name)}
		}
		content, err := io.ReadAll(in)
		switch {
		case limited.N <= 0:
			return nil, &LimitError{fmt.Sprintf("packed chart unpacks to more than %d MiB", most>>20)}
		case err != nil:
			return nil, fmt.Errorf("not a packed chart: %w", err)
		}
		files = append(files, File{Name: name, Data: content})
	}
}

func nonEmpty(files []File) error {
	if len(files) == 0 {
		return errors.New("packed chart has no files")
	}
	return nil
}

// entryName is the name of an entry within the chart, "" for one that is no file
// (LoadArchiveFiles of Helm's loader).
func entryName(head *tar.Header) (string, error) {
	switch head.Typeflag {
	case tar.TypeXGlobalHeader, tar.TypeXHeader, tar.TypeDir:
		return "", nil
	case tar.TypeReg:
	default:
		return "", fmt.Errorf("packed chart has something that is no file: %q", head.Name)
	}
	if head.FileInfo().IsDir() {
		return "", nil
	}
	name := strings.ReplaceAll(head.Name, `\`, "/")
	first, rest, _ := strings.Cut(name, "/")
	clean := path.Clean(rest)
	switch {
	case first == "Chart.yaml":
		return "", errors.New("packed chart has Chart.yaml outside of a directory")
	case path.IsAbs(name), path.IsAbs(rest), clean == ".", clean == "..", strings.HasPrefix(clean, "../"), drive.MatchString(clean):
		return "", fmt.Errorf("packed chart has a path outside of its directory: %q", head.Name)
	}
	return clean, nil
}
