package seal

import (
	"bytes"
	"cmp"
	"context"
	"path"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/edit"
	"github.com/sealift/sealift/gitops/node"
)

// found is a SealedSecret of an overlay and the kustomization that names its file.
type found struct {
	Existing
	site   *site
	items  map[string]string
	broken error // why it cannot be decrypted as it stands
}

// find returns the SealedSecrets that an overlay reads. Files that are not YAML have
// none.
func (x *Index) find(ctx context.Context, overlay string) ([]found, error) {
	var out []found
	for _, s := range x.sites(overlay) {
		for _, file := range s.files {
			data, err := x.tree.Read(ctx, file)
			if err != nil {
				return nil, err
			}
			if !bytes.Contains(data, []byte(kind)) {
				continue
			}
			list, err := Read(file, data)
			if err != nil {
				continue
			}
			for _, e := range list {
				out = append(out, found{e.Existing, s, e.Items, e.consistent()})
			}
		}
	}
	return out, nil
}

// List returns the SealedSecrets that an overlay reads, each with the namespace that
// kustomize gives it, in the order in which kustomize comes to them.
func (x *Index) List(ctx context.Context, overlay string) ([]Existing, error) {
	list, err := x.find(ctx, overlay)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, nil
	}
	shared := x.shared(overlay)
	var out []Existing
	for _, f := range list {
		e := f.Existing
		e.Shared = shared[f.site.dir]
		e.Namespace = cmp.Or(f.site.finalNamespace(), e.Namespace)
		out = append(out, e)
	}
	return out, nil
}

// Namespace returns the namespace of an overlay: the one its kustomization sets, else
// that of the first kustomization below that sets one, else that of its SealedSecrets
// when all have the same; "" when nothing tells.
func (x *Index) Namespace(ctx context.Context, overlay string) (string, error) {
	for _, s := range x.sites(overlay) {
		if s.finalNamespace() != "" {
			return s.finalNamespace(), nil
		}
	}
	list, err := x.find(ctx, overlay)
	if err != nil || len(list) == 0 {
		return "", err
	}
	first := list[0].Namespace
	if slices.ContainsFunc(list, func(f found) bool { return f.Namespace != first }) {
		return "", nil
	}
	return first, nil
}

// Put returns the edits that bring a secret into an overlay: [Merge] into the file
// existing when it is not "", else [Index.Place]. existing must be a file that the
// overlay reads.
func (x *Index) Put(ctx context.Context, overlay, existing string, s Secret) ([]gitops.FileEdit, error) {
	if existing == "" {
		return x.Place(ctx, overlay, s)
	}
	list, err := x.find(ctx, overlay)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(f found) bool { return f.File == existing && f.Name == s.Name })
	if i < 0 {
		return nil, gitops.Errorf(gitops.NotFound, "overlay %s has no SealedSecret %s in %s", gitops.Quote(overlay), gitops.Quote(s.Name), gitops.Quote(existing))
	}
	if err := list[i].site.keeps(s); err != nil {
		return nil, err
	}
	data, err := x.tree.Read(ctx, existing)
	if err != nil {
		return nil, err
	}
	merged, err := Merge(existing, data, s)
	if err != nil {
		return nil, err
	}
	return []gitops.FileEdit{{Path: existing, Content: merged, Executable: x.tree.Lookup(existing).Executable}}, nil
}

// Place returns the edits that add a new SealedSecret to an overlay: the file, and its
// name in the kustomization beside it, if there is one. It goes where the overlay keeps its others, if
// nothing else reads them, and else to the overlay's own directory. A secret that
// kustomize would move to another namespace or rename, so that it could not be
// decrypted, is refused with code invalid, as is one that is there already.
func (x *Index) Place(ctx context.Context, overlay string, s Secret) ([]gitops.FileEdit, error) {
	if x.dirs[overlay] == nil {
		return nil, gitops.Errorf(gitops.NotFound, "no kustomization in %s", gitops.Quote(overlay))
	}
	content, err := New(s)
	if err != nil {
		return nil, err
	}
	list, err := x.find(ctx, overlay)
	if err != nil {
		return nil, err
	}
	for _, f := range list {
		if ns := cmp.Or(f.site.finalNamespace(), f.Namespace, s.Namespace); f.Name == s.Name && ns == s.Namespace {
			return nil, &gitops.Error{Code: gitops.Invalid, File: f.File, Message: "SealedSecret " + gitops.Quote(s.Name) + " is there already", Hint: "change its keys instead of making it anew"}
		}
	}
	where, like := x.home(overlay, list)
	if err := where.keeps(s); err != nil {
		return nil, err
	}
	dir := where.dir
	if like != nil {
		dir = path.Dir(like.File)
	}
	file := x.freeName(dir, nameLike(like, s.Name))
	if where.file == "" { // nothing has to name it
		return []gitops.FileEdit{{Path: file, Content: content}}, nil
	}
	k, err := x.addResource(ctx, where.file, strings.TrimPrefix(file, where.dir+"/"))
	if err != nil {
		return nil, err
	}
	return []gitops.FileEdit{{Path: file, Content: content}, k}, nil
}

// home is the kustomization that names an overlay's SealedSecrets, with one of them,
// the last, as the pattern for the next; the overlay itself and nil when it has none.
func (x *Index) home(overlay string, list []found) (*site, *found) {
	shared := x.shared(overlay)
	for i := len(list) - 1; i >= 0; i-- {
		f := &list[i]
		if inside(f.site.dir, f.File) && !shared[f.site.dir] {
			return f.site, f
		}
	}
	return x.sites(overlay)[0], nil
}

// inside reports whether a file is below a directory; a symlink can lead elsewhere.
func inside(dir, file string) bool { return dir == "." || strings.HasPrefix(file, dir+"/") }

// keeps says why a secret that stands here could not be decrypted; nothing for a nil
// site, which is not known.
func (s *site) keeps(secret Secret) error {
	if ns := s.finalNamespace(); ns != "" && ns != secret.Namespace && secret.Scope.binds("namespace") {
		return &gitops.Error{Code: gitops.Invalid, File: s.file, Message: "kustomize puts what is here into namespace " + gitops.Quote(ns) + ", the secret is for " + gitops.Quote(secret.Namespace), Hint: "seal it for " + gitops.Quote(ns)}
	}
	if k := s.renamer(); k != nil && secret.Scope.binds("name") {
		return &gitops.Error{Code: gitops.Invalid, File: k.file, Message: "kustomize renames what is here (namePrefix " + gitops.Quote(k.prefix) + ", nameSuffix " + gitops.Quote(k.suffix) + "), a strict secret could then not be decrypted", Hint: "use the scope namespace-wide"}
	}
	return nil
}

// nameLike is the name of the file for a secret: as that of another one is made of its
// name, else NAME-sealedsecret.yaml.
func nameLike(like *found, name string) string {
	if like == nil {
		return name + "-sealedsecret.yaml"
	}
	base := path.Base(like.File)
	if ext := path.Ext(base); strings.Count(base, like.Name) == 1 && (ext == ".yaml" || ext == ".yml") && base != like.Name+ext {
		return strings.Replace(base, like.Name, name, 1)
	}
	return name + "-sealedsecret" + path.Ext(base)
}

// freeName is a path for a new file, numbered when the name is taken.
func (x *Index) freeName(dir, base string) string {
	ext := path.Ext(base)
	name := path.Join(dir, base)
	for i := 2; x.tree.Lookup(name).Kind != gitops.Missing; i++ {
		name = path.Join(dir, strings.TrimSuffix(base, ext)+"-"+strconv.Itoa(i)+ext)
	}
	return name
}

// addResource names a file at the end of the resources of a kustomization.
func (x *Index) addResource(ctx context.Context, file, entry string) (gitops.FileEdit, error) {
	data, err := x.tree.Read(ctx, file)
	if err != nil {
		return gitops.FileEdit{}, err
	}
	f, err := edit.Parse(file, data)
	if err != nil {
		return gitops.FileEdit{}, err
	}
	docs := f.Documents()
	if len(docs) != 1 || docs[0] == nil || docs[0].Kind != yaml.MappingNode {
		return gitops.FileEdit{}, &gitops.Error{Code: gitops.Invalid, File: file, Message: "kustomization is not one mapping"}
	}
	if list := node.Field(docs[0], "resources"); list != nil && list.Kind == yaml.SequenceNode {
		err = f.InsertItem(list, len(list.Content), edit.Scalar(entry))
	} else {
		err = f.SetKey(docs[0], "resources", &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*yaml.Node{edit.Scalar(entry)}})
	}
	if err != nil {
		return gitops.FileEdit{}, err
	}
	out, err := f.Bytes()
	return gitops.FileEdit{Path: file, Content: out, Executable: x.tree.Lookup(file).Executable}, err
}
