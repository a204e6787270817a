package chart

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"sigs.k8s.io/yaml"
)

// Packed is a version of a chart in the index of a repository.
type Packed struct {
	Version string `json:"version"`
	// URLs are where its archive is, relative to the repository or not.
	URLs []string `json:"urls"`
	// Digest is the SHA-256 of the archive in hex, "" when the index has none.
	Digest string `json:"digest"`
}

// maxIndex is how large an index may be that must be read as a whole.
const maxIndex = 2 << 20

// Find returns the version of a chart that a repository's index.yaml has for an exact
// version or a range; "" is the newest that is no pre-release (IndexFile.Get of Helm).
func Find(index []byte, name, version string) (Packed, error) {
	var all map[string][]Packed
	if block := entryOf(index, name); block != nil {
		if err := yaml.Unmarshal(block, &all); err != nil {
			return Packed{}, fmt.Errorf("index of the repository: %w", err)
		}
	} else if len(index) <= maxIndex { // JSON, or written by hand
		var file struct {
			Entries map[string][]Packed `json:"entries"`
		}
		if err := yaml.Unmarshal(index, &file); err != nil {
			return Packed{}, fmt.Errorf("index of the repository: %w", err)
		}
		all = file.Entries
	}
	list := all[name]
	if len(list) == 0 {
		return Packed{}, fmt.Errorf("repository has no chart %s", name)
	}
	if i := slices.IndexFunc(list, func(p Packed) bool { return version != "" && p.Version == version }); i >= 0 {
		return list[i], nil
	}
	return newest(list, name, version)
}

// newest is the newest version in a range.
func newest(list []Packed, name, version string) (Packed, error) {
	if version == "" {
		version = "*"
	}
	within, err := semver.NewConstraint(version)
	if err != nil {
		return Packed{}, fmt.Errorf("version %s of chart %s is no range: %w", version, name, err)
	}
	var best Packed
	var top *semver.Version
	for _, p := range list {
		v, err := semver.NewVersion(p.Version)
		if err == nil && within.Check(v) && (top == nil || v.GreaterThan(top)) {
			best, top = p, v
		}
	}
	if top == nil {
		return Packed{}, fmt.Errorf("repository has no version %s of chart %s", version, name)
	}
	return best, nil
}

// entryOf cuts the entry of one chart out of an index as helm writes it: indexes are
// megabytes, and all but one entry of them is for other charts. It is nil when there is
// none of that form.
func entryOf(index []byte, name string) []byte {
	_, rest, ok := bytes.Cut(index, []byte("\nentries:\n"))
	if !ok {
		return nil
	}
	indent := len(rest) - len(bytes.TrimLeft(rest, " "))
	key := []byte("\n" + strings.Repeat(" ", indent) + name + ":\n")
	rest = append([]byte("\n"), rest...)
	start := bytes.Index(rest, key)
	if start < 0 {
		return nil
	}
	rest = rest[start+1:]
	end := len(key) - 1
	for end < len(rest) {
		line, _, _ := bytes.Cut(rest[end:], []byte("\n"))
		own := len(line) - len(bytes.TrimLeft(line, " "))
		if len(line) > 0 && (own < indent || own == indent && line[own] != '-') {
			break
		}
		end = min(end+len(line)+1, len(rest))
	}
	return rest[:end]
}

// Verify reports whether an archive is the one that an index means. An index without a
// digest vouches for nothing.
func (p Packed) Verify(archive []byte) error {
	if p.Digest == "" {
		return nil
	}
	sum := sha256.Sum256(archive)
	if got := hex.EncodeToString(sum[:]); !strings.EqualFold(got, strings.TrimPrefix(p.Digest, "sha256:")) {
		return errors.New("archive is not the one that the index of the repository means: its digest is another")
	}
	return nil
}
