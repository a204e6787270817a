package layout

import (
	"context"
	"path"
	"slices"

	"github.com/sealift/sealift/gitops"
)

// scanned is what the files of a tree say, before anything is concluded.
type scanned struct {
	tree gitops.Tree
	ctx  context.Context // of the reading that goes on
	dirs map[string]*kustomization
	docs []placed
	// files are the facts of files that may yield something, see mayYield.
	files map[string]facts
	// pipeline is the environments of the root pipelines.yaml, in order.
	pipeline []string
	// symlinks says whether the tree has any; without them resolving a path is
	// one look-up.
	symlinks bool
	// known is what is known of blobs, used the keys of those that this tree has.
	known *known
	used  []string
}

// kustomization is one directory's.
type kustomization struct {
	file string // its path
	// loads and refs are as in facts.
	loads, refs []string
	// named is what loads and refs may mean within the tree.
	named []string
	// broken says that the directory has several kustomization files, or one with
	// an unknown field: kustomize loads nothing of it.
	broken    bool
	loose     bool // as in facts
	component bool
	foreign   bool // a plugin of it is none of kustomize itself
	remote    bool // as in facts
	yields    yields
	maps      []string
	plugins   []string
	words     []string
}

// placed is a document and the file that it is in.
type placed struct {
	document
	file string
}

// pipelinesFile is the root file of the KAM layout.
const pipelinesFile = "pipelines.yaml"

// scan reads the YAML and JSON files of a tree, each blob once.
func scan(ctx context.Context, t gitops.Tree, memo Memo) (*scanned, error) {
	s := &scanned{tree: t, ctx: ctx, dirs: map[string]*kustomization{}, files: map[string]facts{}, known: loadKnown(memo)}
	for e := range t.Entries() {
		base := path.Base(e.Path)
		isK := isKustomization(base)
		if e.Kind == gitops.Symlink {
			s.symlinks = true
			if isK || saysSomething(base) {
				e = s.behind(ctx, e, isK)
			}
		}
		if e.Kind != gitops.File || !isK && !saysSomething(base) {
			continue
		}
		f, err := s.file(ctx, e, isK)
		if err != nil {
			return nil, err
		}
		s.add(e.Path, isK, f)
	}
	return s, s.readPipeline(ctx)
}

// saysSomething reports whether a file of a name may have manifests, of which those of
// deployers count: kubectl takes JSON too.
func saysSomething(base string) bool {
	switch path.Ext(base) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}

// behind returns the entry with the content of the file that a symlink leads to. A manifest
// that is read under its own name is not read again under that of the link.
func (s *scanned) behind(ctx context.Context, e gitops.Entry, isK bool) gitops.Entry {
	target, _, err := gitops.Resolve(ctx, s.tree, e.Path)
	if err != nil || target.Kind != gitops.File || !isK && saysSomething(path.Base(target.Path)) {
		return e
	}
	target.Path = e.Path
	return target
}

// file returns the facts of one file, from what is known when it is.
func (s *scanned) file(ctx context.Context, e gitops.Entry, isK bool) (facts, error) {
	if err := ctx.Err(); err != nil {
		return facts{}, gitops.Errorf(gitops.Unavailable, "layout: %w", err)
	}
	key := e.ID
	if isK {
		key = "k" + key
	}
	if e.ID != "" {
		s.used = append(s.used, key)
		if f, ok := s.known.get(key); ok {
			return f, nil
		}
	}
	data, err := s.content(ctx, e.Path)
	if err != nil {
		return facts{}, err
	}
	f := blobFacts(data, isK)
	if data == nil && e.Size > maxFile { // too large to be read at all
		f = facts{Loose: isK, Yields: anything}
	}
	if e.ID != "" {
		s.known.put(key, f)
	}
	return f, nil
}

// content returns a file's content, nothing for a file that is too large or, behind
// a symlink, gone.
func (s *scanned) content(ctx context.Context, p string) ([]byte, error) {
	if s.tree.Lookup(p).Kind == gitops.Symlink {
		target, _, err := gitops.Resolve(ctx, s.tree, p)
		if err != nil || target.Kind != gitops.File {
			return nil, nil
		}
		p = target.Path
	}
	data, err := s.tree.Read(ctx, p)
	switch gitops.CodeOf(err) {
	case "":
		return data, nil
	case gitops.Invalid, gitops.NotFound:
		return nil, nil
	}
	return nil, err
}

// add takes in what one file says. Two kustomizations in one directory are broken, as
// for kustomize.
func (s *scanned) add(file string, isK bool, f facts) {
	for _, d := range f.Docs {
		s.docs = append(s.docs, placed{document: d, file: file})
	}
	if !isK && (f.Yields != 0 || len(f.Maps) > 0) {
		s.files[file] = f
	}
	if !isK {
		return
	}
	dir := path.Dir(file)
	k := s.dirs[dir]
	if k == nil {
		k = &kustomization{file: file}
		s.dirs[dir] = k
	} else {
		k.broken = true
	}
	k.loads = append(k.loads, f.Loads...)
	k.refs = append(k.refs, f.Refs...)
	k.broken = k.broken || f.Unknown
	k.loose = k.loose || f.Loose
	k.component = k.component || f.Component
	k.foreign = k.foreign || f.Foreign
	k.remote = k.remote || f.Remote
	k.yields |= f.Yields
	k.maps = append(k.maps, f.Maps...)
	k.plugins = append(k.plugins, f.Plugins...)
	k.words = append(k.words, f.Words...)
}

// readPipeline reads the environments that a root pipelines.yaml lists.
func (s *scanned) readPipeline(ctx context.Context) error {
	e := s.tree.Lookup(pipelinesFile)
	if e.Kind != gitops.File || e.Size > maxFile {
		return nil
	}
	data, err := s.content(ctx, pipelinesFile)
	if err != nil || len(data) > maxFile {
		return err
	}
	r := &reader{left: maxNodes}
	for item := range r.items(r.get(parseYAML(data), "environments")) {
		name := r.text(r.get(item, "name"))
		if name != "" && len(s.pipeline) < maxEnvironments && !slices.Contains(s.pipeline, name) {
			s.pipeline = append(s.pipeline, name)
		}
	}
	return nil
}

// resolve returns the entry that a path leads to, through symlinks.
func (s *scanned) resolve(ctx context.Context, p string) gitops.Entry {
	e := s.tree.Lookup(p)
	if !s.symlinks || e.Kind == gitops.File || e.Kind == gitops.Dir {
		return e
	}
	e, _, err := gitops.Resolve(ctx, s.tree, p)
	if err != nil {
		return gitops.Entry{Path: p}
	}
	return e
}
