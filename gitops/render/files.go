package render

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sealift/sealift/gitops"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// Where the trees stand in the worker's file system.
const (
	treeRoot   = "/.tree"
	remoteRoot = "/.remote"
)

// kustomizationNames are what kustomize looks for in a directory, in its order.
var kustomizationNames = [...]string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

func isKustomization(p string) bool {
	base := path.Base(p)
	return base == kustomizationNames[0] || base == kustomizationNames[1] || base == kustomizationNames[2]
}

// found is what the parent answered for one path.
type found struct {
	virtual string // what was asked for
	kind    gitops.Kind
	path    string // where it is after symlinks, as a virtual path
	content []byte
	fail    *failure
}

// place is where a kustomization names something.
type place struct {
	file         string
	line, column int
}

// mount is a remote repository or file that a kustomization named.
type mount struct {
	spec gitops.RemoteSpec
	from place
}

// files is the file system that kustomize sees during one render. Only
// CleanedAbs and ReadFile are ever called; both ask the parent once per path.
type files struct {
	filesys.FileSystem // nil: any other call is a bug that the worker reports

	// ask returns one answer for each question and, for each directory, one for
	// each name that a kustomization may have in it.
	ask    func([]question) ([]found, error)
	seen   map[string]*found // virtual path -> the answer; never asked for twice
	made   map[string]made   // what the deployer made of the source's own kustomization
	mounts []mount           // mount n is at /.remote/n; a single file at DIR/.remote-file-n/NAME
	single map[string]int    // virtual path of a single remote file -> its mount
	read   map[string][]byte // kustomizations read so far: virtual path -> text as committed
	last   string            // the kustomization read last
	// rewritten are the texts of read as kustomize got them.
	rewritten map[string][]byte
	fail      *failure // the first path that was refused, rather than missing
	// doubts are what the output depends on that is not known here.
	doubts []gitops.Doubt
	// noCharts says that kustomize is to refuse charts, unrestricted that it reads files
	// anywhere; kubeVersion and apiVersions are what charts see of the cluster.
	noCharts, unrestricted bool
	kubeVersion            string
	apiVersions            []string
	frames                 []frame // of the kustomizations that are being read
	components             int     // made for charts
	// origins says that a kustomization asks for origin annotations, which
	// would show the virtual paths of remote bases.
	origins bool
}

// question asks the parent for one path: of the tree, of a remote repository or
// a remote file.
type question struct {
	virtual string
	spec    gitops.RemoteSpec // zero for the tree
	path    string
	want    want
}

// want is what a question is about.
type want uint8

const (
	wantThere want = iota // what is at the path
	wantNames             // the names in a directory
	wantBelow             // everything below a directory
)

func newFiles(ask func([]question) ([]found, error)) *files {
	return &files{ask: ask, seen: map[string]*found{}, single: map[string]int{}, read: map[string][]byte{}, rewritten: map[string][]byte{}}
}

// question maps a virtual path to what the parent knows; ok is false for a path
// outside of every tree.
func (f *files) question(virtual string) (question, bool) {
	q := question{virtual: virtual}
	if n, ok := f.single[virtual]; ok {
		q.spec = f.mounts[n].spec
		return q, true
	}
	if virtual == treeRoot || strings.HasPrefix(virtual, treeRoot+"/") {
		q.path = strings.TrimPrefix(strings.TrimPrefix(virtual, treeRoot), "/")
		return q, true
	}
	rest, ok := strings.CutPrefix(virtual, remoteRoot+"/")
	if !ok {
		return q, false
	}
	number, p, _ := strings.Cut(rest, "/")
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n >= len(f.mounts) {
		return q, false
	}
	q.spec, q.path = f.mounts[n].spec, p
	return q, true
}

// rootOf returns the root of the tree that a virtual path belongs to.
func rootOf(virtual string) string {
	rest, ok := strings.CutPrefix(virtual, remoteRoot+"/")
	if !ok {
		return treeRoot
	}
	number, _, _ := strings.Cut(rest, "/")
	return remoteRoot + "/" + number
}

// within reports whether a clean path is root or below it.
func within(p, root string) bool { return p == root || strings.HasPrefix(p, root+"/") }

// prefetch asks for several paths at once, so that a kustomization costs one round trip
// and not two for each file that it names. A path that the parent has no answer for
// stays as missing.
func (f *files) prefetch(virtual []string) error {
	var qs []question
	for _, v := range virtual {
		if f.seen[v] != nil {
			continue
		}
		if q, ok := f.question(v); ok {
			qs = append(qs, q)
			f.seen[v] = &found{}
		}
	}
	if len(qs) == 0 {
		return nil
	}
	answers, err := f.ask(qs)
	if err != nil {
		return err
	}
	for i := range answers {
		if _, ok := f.made[answers[i].virtual]; !ok {
			f.seen[answers[i].virtual] = &answers[i]
		}
	}
	return nil
}

// look returns what is at a path that kustomize made, which may be any string. The
// errors are worded as those of kustomize's own file system, because kustomize, and
// classify, read them; that something was refused is remembered in fail.
func (f *files) look(p string) (*found, error) {
	virtual := filepath.Clean(p)
	if f.seen[virtual] == nil {
		if err := f.prefetch([]string{virtual}); err != nil {
			return nil, err
		}
	}
	at := f.seen[virtual]
	if at == nil {
		at = &found{fail: &failure{cause: gitops.CauseOutside, message: "path leads out of the repository: " + gitops.Quote(relative(virtual))}}
	}
	if at.fail != nil {
		f.refuse(virtual, *at.fail)
		return nil, errors.New(at.fail.message)
	}
	if at.kind == gitops.Missing {
		return nil, fmt.Errorf("lstat %s: no such file or directory", p)
	}
	return at, nil
}

// refuse remembers the first refusal of a render, with the place that named it. The
// first counts: kustomize goes on after it and tries other readings of the same entry,
// whose errors say less.
func (f *files) refuse(virtual string, why failure) {
	if f.fail != nil {
		return
	}
	if why.file == "" {
		if n, ok := f.mountOf(virtual); ok {
			from := f.mounts[n].from
			why.file, why.line, why.column = from.file, from.line, from.column
		} else if from, ok := f.named(virtual); ok {
			why.file, why.line, why.column = from.file, from.line, from.column
		}
	}
	f.fail = &why
}

// mountOf returns the number of the mount that a virtual path is in.
func (f *files) mountOf(virtual string) (int, bool) {
	if n, ok := f.single[virtual]; ok {
		return n, true
	}
	rest, ok := strings.CutPrefix(virtual, remoteRoot+"/")
	if !ok {
		return 0, false
	}
	number, _, _ := strings.Cut(rest, "/")
	n, err := strconv.Atoi(number)
	return n, err == nil && n < len(f.mounts)
}

// CleanedAbs implements filesys.FileSystem: p without symlinks, split into
// directory and file.
func (f *files) CleanedAbs(p string) (filesys.ConfirmedDir, string, error) {
	at, err := f.look(p)
	if err != nil {
		return "", "", fmt.Errorf("evalsymlink failure on '%s' : %w", p, err)
	}
	if at.kind == gitops.Dir {
		return filesys.ConfirmedDir(at.path), "", nil
	}
	return filesys.ConfirmedDir(path.Dir(at.path)), path.Base(at.path), nil
}

// ReadFile implements filesys.FileSystem.
func (f *files) ReadFile(p string) ([]byte, error) {
	at, err := f.look(p)
	if err != nil {
		return nil, err
	}
	if at.kind != gitops.File {
		return nil, fmt.Errorf("read %s: is a directory", p)
	}
	if isKustomization(p) {
		return f.openKustomization(filepath.Clean(p), at.content)
	}
	return at.content, nil
}

// relative returns a virtual path as a person wrote it: relative to the tree.
func relative(virtual string) string {
	if virtual == treeRoot {
		return "."
	}
	return strings.TrimPrefix(virtual, treeRoot+"/")
}
