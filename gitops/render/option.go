package render

import (
	"github.com/sealift/sealift/gitops"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
)

// option is one thing that a deployer adds to a kustomization.
type option struct {
	name string // as the deployer's own document calls it, such as "kustomize.images"
	// edit returns the text of the kustomization with it. A *failure is the option's own
	// fault, any other error that of the text.
	edit func(text []byte) ([]byte, error)
}

// adding is a kustomization that is built with what a deployer adds to it.
type adding struct {
	deployer string // in words: "Application"
	dir      string
	made     made
	text     []byte // what is added to
	options  []option
	build    *krusty.Options
}

// run builds with all options. When that fails, what it says names the option at fault.
func (a *adding) run(fs *files) (resmap.ResMap, error) {
	text := a.text
	var err error
	for _, o := range a.options {
		text, err = o.edit(text)
		if why, own := err.(*failure); own {
			return nil, a.fault(o, *why)
		}
		if err != nil {
			return nil, a.blame(fs, err)
		}
	}
	m, err := a.built(fs, text)
	if err != nil {
		return nil, a.blame(fs, err)
	}
	return m, nil
}

// built is one build of one text.
func (a *adding) built(fs *files, text []byte) (resmap.ResMap, error) {
	fs.put(a.made, text)
	return krusty.MakeKustomizer(a.build).Run(fs, a.dir)
}

// maxBlamePaths is how many paths a render may have looked at, and maxBlameBytes how many
// bytes of files it may have read, for its options to be tried one after the other: each try costs what the render
// cost.
const (
	maxBlamePaths = 1_000
	maxBlameBytes = 1 << 20
)

// blame returns what is wrong with a build that fails, as the fault of whom it is:
// without any option it is the repository's, else that of the first option with which the
// build fails. Nothing but trying tells, because kustomize does not know where its text
// comes from. The tries read what they read by the same rules as the render.
func (a *adding) blame(fs *files, err error) error {
	offline := fs.fail != nil && fs.fail.code == gitops.Unavailable // each try would wait again
	if offline || len(fs.seen) > maxBlamePaths || fs.size() > maxBlameBytes {
		return a.unplaced(classify(fs, a.dir, err))
	}
	text := a.text
	if why := a.try(fs, text); why != nil && why.cause != gitops.CauseEmpty {
		return why // an empty kustomization may be no longer empty with an option
	}
	for _, o := range a.options {
		next, bad := o.edit(text)
		if bad != nil {
			return a.fault(o, classify(fs, a.dir, bad))
		}
		text = next
		if why := a.try(fs, text); why != nil {
			return a.fault(o, *why)
		}
	}
	return a.unplaced(classify(fs, a.dir, err))
}

// fault says that an option is to blame.
func (a *adding) fault(o option, f failure) *failure {
	f.message = o.name + " of the " + a.deployer + ": " + f.message
	return a.unplaced(f)
}

// try returns why a text does not build, nil when it does.
func (a *adding) try(fs *files, text []byte) *failure {
	again := newFiles(fs.ask)
	_, err := a.built(again, text)
	if err == nil {
		return nil
	}
	f := classify(again, a.dir, err)
	return &f
}

// unplaced takes the place of a failure that would be in a text which nobody wrote. That
// it has none says that it is the unit's.
func (a *adding) unplaced(f failure) *failure {
	if f.file == relative(a.made.file) {
		f.file, f.line, f.column = "", 0, 0
	}
	return &f
}

// size is how many bytes of files a render has read.
func (f *files) size() int {
	n := 0
	for _, at := range f.seen {
		n += len(at.content)
	}
	return n
}
