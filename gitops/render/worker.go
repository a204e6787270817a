package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
	"sigs.k8s.io/kustomize/api/provenance"
	"sigs.k8s.io/kustomize/kyaml/openapi"
)

// workerName is the argv[0] of a worker; the one argument says warm or cold and
// the walls to build.
const workerName = "sealift-render-worker"

// IsWorker reports whether this process was started as a worker. The main
// function, and TestMain of every package that renders, calls it first.
func IsWorker() bool { return len(os.Args) > 0 && os.Args[0] == workerName }

// WorkerMain renders what the parent asks for until standard input ends. It returns the
// exit status. The walls are built before the parent is told that a job may come; a
// worker that cannot build them does not run.
func WorkerMain() int {
	in, out := os.Stdin, os.Stdout
	runtime.GOMAXPROCS(1)
	debug.SetMaxStack(maxStack)
	_ = os.Setenv("PATH", "")
	http.DefaultTransport = refuseHTTP{}
	debug.SetGCPercent(-1) // see collectRarely; the warm-up is small
	cold := len(os.Args) > 1 && os.Args[1] == argCold
	if !cold {
		warmUp()
	}
	collectRarely()
	walls, err := enclose()
	if err != nil {
		fmt.Fprintln(os.Stderr, workerName+": walls:", err)
		return 1
	}
	ready := newFrame(msgReady)
	ready.string(strings.Join(walls, ","))
	if ready.writeTo(out) != nil {
		return 1
	}
	w := &workerSide{in: in, out: out, schema: openapi.GetSchemaVersion()}
	for w.job() {
	}
	return 0
}

// collectRarely makes memory in use the only reason to collect garbage: a tenth of the
// time of an ordinary render would go into collecting otherwise. The limit is set anew
// after each collection, because what is live differs from render to render: a large
// one gets the room to work, and gives it back. A finalizer runs after a collection,
// which is how it hears of one.
func collectRarely() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	n := int64(live[0].Value.Uint64())
	debug.SetMemoryLimit(min(mostMemory, max(ordinaryMemory, 2*n+ordinaryMemory/3)))
	runtime.SetFinalizer(new([16]byte), func(*[16]byte) { collectRarely() })
}

// The first argument of a worker.
const (
	argWarm = "warm"
	argCold = "cold"
)

// refuseHTTP replaces the transport that kustomize would fetch with. Remote
// entries are rewritten before kustomize sees them; this is the second wall.
type refuseHTTP struct{}

// RoundTrip refuses every request.
func (refuseHTTP) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, fmt.Errorf("remote file is not served: %s", gitops.Quote(r.URL.String()))
}

// warmUp renders a small kustomization so that the default schema is parsed
// before the first job.
func warmUp() {
	fs := newFiles(nil)
	fs.seen[treeRoot] = &found{kind: gitops.Dir, path: treeRoot}
	for _, name := range kustomizationNames[1:] {
		fs.seen[treeRoot+"/"+name] = &found{}
	}
	for name, text := range map[string]string{
		"kustomization.yaml": "resources: [d.yaml]\nnamePrefix: a-\ncommonLabels: {a: b}\nconfigMapGenerator: [{name: c, literals: [a=b]}]\npatches: [{path: p.yaml}]\n",
		"d.yaml":             "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {spec: {containers: [{name: c, image: i}]}}}\n",
		"p.yaml":             "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {spec: {containers: [{name: c, image: j}]}}}\n",
	} {
		p := treeRoot + "/" + name
		fs.seen[p] = &found{kind: gitops.File, path: p, content: []byte(text)}
	}
	_, _ = kustomize(fs, treeRoot, gitops.Build{})
}

// workerSide is the worker's end of the pipes.
type workerSide struct {
	in, out *os.File
	buf     []byte // of the frame read last
	schema  string // the schema version before the first job
}

// job does one job. It returns false when there is none any more.
func (w *workerSide) job() bool {
	msg, d, buf, err := readFrame(w.in, w.buf)
	w.buf = buf
	if err != nil || msg != msgJob {
		return false
	}
	dir := d.string()
	var b gitops.Build
	if err := json.Unmarshal(d.raw(), &b); err != nil || d.bad {
		return false
	}
	fs := newFiles(w.ask)
	answer := w.render(fs, treeRoot+"/"+dir, b)
	return answer.writeTo(w.out) == nil
}

// render returns the frame that ends a job. A panic of kustomize is an error of the
// overlay; the heap it leaves is the worker's own, which renders for the same tenant
// only.
func (w *workerSide) render(fs *files, dir string, b gitops.Build) (answer *encoder) {
	defer func() {
		if p := recover(); p != nil {
			answer = w.failed(fs, dir, fmt.Errorf("kustomize panicked: %v", p))
		}
	}()
	list, err := build(fs, strings.TrimSuffix(dir, "/."), b)
	if err == nil && fs.origins && len(fs.mounts) > 0 {
		fs.refuse(fs.last, failure{cause: gitops.CauseRemote, file: relative(fs.last),
			message: "buildMetadata cannot show the origin of remote bases here"})
		err = errors.New(fs.fail.message)
	}
	if err != nil {
		return w.failed(fs, dir, err)
	}
	return w.result(fs, dir, list)
}

// failed is the frame of a job that does not render.
func (w *workerSide) failed(fs *files, dir string, err error) *encoder {
	f := classify(fs, dir, err)
	f.poisoned = w.poisoned()
	e := newFrame(msgFailed)
	e.failure(f)
	return e
}

// poisoned reports whether the job changed kustomize's schema for the process.
func (w *workerSide) poisoned() bool { return openapi.GetSchemaVersion() != w.schema }

// result is the frame of a job that does. The limit is on the YAML of all objects
// together, without the lines that separate them.
func (w *workerSide) result(fs *files, dir string, manifests []manifest) *encoder {
	var list []gitops.Object
	size := 0
	for _, m := range manifests {
		y, err := m.AsYAML()
		if err != nil {
			return w.failed(fs, dir, err)
		}
		y = pinned(y)
		if size += len(y); size > maxOutput {
			return w.failed(fs, dir, errOutput)
		}
		list = append(list, gitops.Object{APIVersion: m.GetApiVersion(), Kind: m.GetKind(), Namespace: m.GetNamespace(), Name: m.GetName(), YAML: y})
	}
	e := newFrame(msgResult)
	e.flag(w.poisoned())
	e.objects(list)
	e.doubts(fs.doubts)
	return e
}

// Version is the kustomize release whose output is reproduced. It stands in the
// label that `buildMetadata: [managedByLabel]` adds, which a library build
// would fill with its own module's version.
const Version = "v5.8.2"

const managedByLabel = "app.kubernetes.io/managed-by"

// pinned puts Version into the label of an object that has it. kustomize prints
// keys in order, with two spaces a level, so nothing else can stand there.
func pinned(y []byte) []byte {
	line := []byte("\n    " + managedByLabel + ": kustomize-")
	if !bytes.Contains(y, line) {
		return y
	}
	at := 0
	for _, key := range []string{"\nmetadata:\n", "\n  labels:\n", string(line) + provenance.GetProvenance().Semver() + "\n"} {
		i := bytes.Index(y[at:], []byte(key))
		if i < 0 {
			return y
		}
		at += i
	}
	at += len(line)
	rest := y[at+len(provenance.GetProvenance().Semver()):]
	return slices.Concat(y[:at], []byte(Version), rest)
}

var errOutput = fmt.Errorf("output is larger than %d MiB", maxOutput>>20)

// ask sends questions to the parent and reads its answers. The answers may come in any
// number and order; each says which path it is about.
func (w *workerSide) ask(qs []question) ([]found, error) {
	e := newFrame(msgLookup)
	e.uint(len(qs))
	for _, q := range qs {
		e.string(q.virtual)
		e.string(q.path)
		e.string(q.spec.Repo)
		e.string(q.spec.Ref)
		e.string(q.spec.File)
		e.uint(int(q.want))
	}
	if err := e.writeTo(w.out); err != nil {
		return nil, err
	}
	msg, d, buf, err := readFrame(w.in, w.buf)
	w.buf = buf
	if err != nil {
		return nil, err
	}
	if msg != msgFound {
		return nil, io.ErrUnexpectedEOF
	}
	return decodeFound(d)
}

// decodeFound reads the parent's answers, and turns its paths, which are relative to a
// tree, into virtual ones. Contents are copied: kustomize keeps them, and the frame is
// used again.
func decodeFound(d *decoder) ([]found, error) {
	list := make([]found, d.count())
	for i := range list {
		at := &list[i]
		at.virtual = d.string()
		at.kind = gitops.Kind(d.uint())
		at.path = d.string()
		at.content = bytes.Clone(d.raw())
		if d.flag() {
			f := d.failure()
			at.fail = &f
		}
		if at.kind == gitops.Dir || at.kind == gitops.File {
			at.path = strings.TrimSuffix(rootOf(at.virtual)+"/"+at.path, "/.")
		}
		if strings.Contains(at.virtual, "/.remote-file-") {
			at.path = at.virtual
		}
	}
	if d.bad {
		return nil, io.ErrUnexpectedEOF
	}
	return list, nil
}
