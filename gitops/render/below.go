package render

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"path"
	"strings"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/chart"
)

// maxLinkDepth is how many links to directories may lead into each other below a directory.
const maxLinkDepth = 8

// below appends a directory and every file below it, with the names that they have there:
// symbolic links are followed. All paths are noted together, so that a render is done
// again when one comes or goes. Submodules are answers that fail.
func (s *server) below(ctx context.Context, t gitops.Tree, q question, list []found) []found {
	at := s.at(ctx, t, q.path)
	at.virtual, at.content = q.virtual, nil
	list = append(list, at)
	if at.fail != nil || at.kind != gitops.Dir {
		return list
	}
	return s.filesBelow(ctx, t, at.path, q.virtual, 0, list)
}

// filesBelow appends the files below a directory of the tree.
func (s *server) filesBelow(ctx context.Context, t gitops.Tree, dir, virtual string, depth int, list []found) []found {
	paths := pathsBelow(t, dir)
	if t == s.tree {
		s.note(gitops.Read{Path: dir, Kind: gitops.Dir, ID: belowID(paths)})
	}
	for _, p := range paths {
		name := path.Join(virtual, p)
		at := s.at(ctx, t, path.Join(dir, p))
		at.virtual = name
		switch {
		case at.kind == gitops.Dir && depth < maxLinkDepth:
			list = s.filesBelow(ctx, t, at.path, name, depth+1, list)
			continue
		case at.kind == gitops.Dir:
			at.fail = &failure{cause: gitops.CauseSymlink, message: "symbolic links to directories lead into each other: " + gitops.Quote(path.Join(dir, p))}
		}
		list = append(list, at)
		if s.err != nil || s.lookups > maxLookups {
			break
		}
	}
	return list
}

// pathsBelow returns the paths of the files, links and submodules below a directory,
// relative to it, in byte order.
func pathsBelow(t gitops.Tree, dir string) []string {
	prefix := dir + "/"
	if dir == "." {
		prefix = ""
	}
	var list []string
	for e := range t.Entries() {
		if rest, ok := strings.CutPrefix(e.Path, prefix); ok {
			list = append(list, rest)
		}
	}
	return list
}

// belowPrefix begins the id of all paths below a directory.
const belowPrefix = "below:"

// belowID identifies the paths below a directory.
func belowID(paths []string) string {
	sum := sha256.Sum256([]byte(strings.Join(paths, "\x00")))
	return belowPrefix + hex.EncodeToString(sum[:])
}

// chartFiles returns the files of a chart's directory. A file that cannot be had is an
// error of its own, because .helmignore may leave it out.
func (f *files) chartFiles(virtual string) ([]chart.File, error) {
	q, ok := f.question(virtual)
	if !ok {
		return nil, &failure{cause: gitops.CauseOutside, message: "path leads out of the repository: " + gitops.Quote(relative(virtual))}
	}
	q.want = wantBelow
	answers, err := f.ask([]question{q})
	if err != nil {
		return nil, err
	}
	if len(answers) == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	at := answers[0]
	switch {
	case at.fail != nil:
		return nil, at.fail
	case at.kind != gitops.Dir:
		return nil, &failure{cause: gitops.CauseMissing, message: "no such directory: " + gitops.Quote(relative(virtual))}
	}
	var list []chart.File
	for _, a := range answers[1:] {
		file := chart.File{Name: strings.TrimPrefix(a.virtual, virtual+"/"), Data: a.content}
		switch {
		case a.fail != nil:
			file.Err = a.fail
		case a.kind != gitops.File:
			file.Err = &failure{cause: gitops.CauseMissing, message: "symbolic link leads nowhere: " + gitops.Quote(relative(a.virtual))}
		}
		list = append(list, file)
	}
	return list, nil
}
