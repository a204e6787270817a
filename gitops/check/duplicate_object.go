package check

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/node"
)

func duplicateObject() Rule {
	return Rule{
		Name:     "duplicate-object",
		Severity: gitops.SeverityError,
		Doc:      "An overlay has the same object twice.",
		Long: `Two objects with the same group, kind, namespace and name cannot both exist in a
cluster. kustomize refuses them when their versions are equal too, and prints
both otherwise: the last one applied wins. The finding stands at the second and
names the place of the first.`,
		Bad: `overlay: apps/web | invalid | duplicate | apps/web/kustomization.yaml | 0 | duplicate object
-- in/apps/web/kustomization.yaml --
resources:
- service.yaml
- all.yaml
-- in/apps/web/service.yaml --
apiVersion: v1
kind: Service
metadata:
  name: web
-- in/apps/web/all.yaml --
apiVersion: v1
kind: Service
metadata:
  name: web
`,
		Good: `overlay: apps/web
-- in/apps/web/kustomization.yaml --
resources:
- service.yaml
-- in/apps/web/service.yaml --
apiVersion: v1
kind: Service
metadata:
  name: web
`,
		run: runDuplicateObject,
	}
}

// runDuplicateObject looks for the inputs only of an overlay whose output has an object
// twice, or that kustomize refused for it.
func runDuplicateObject(p *pass) error {
	for _, o := range p.overlays {
		if o.Head == nil {
			continue
		}
		twice := renderedTwice(o.Head)
		if len(twice) == 0 && (o.Head.Err == nil || o.Head.Err.Cause != gitops.CauseDuplicate) {
			continue
		}
		w := &walker{pass: p, left: maxWalk}
		objects, err := w.directory(o.Head.Path)
		if err != nil {
			return err
		}
		p.reportDuplicates(o.Head, objects, twice)
	}
	return nil
}

// id names an object in a cluster.
type id struct{ group, kind, namespace, name string }

// plainKind matches a kind that needs no quotes in a message.
var plainKind = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{0,62}$`)

// String names the object as messages do, such as `Deployment "web"`.
func (i id) String() string {
	kind := i.kind
	if !plainKind.MatchString(kind) {
		kind = gitops.Quote(kind)
	}
	s := kind + " " + gitops.Quote(i.name)
	if i.namespace != "" {
		s += " in namespace " + gitops.Quote(i.namespace)
	}
	return s
}

// newID returns the id of an object. A missing namespace and "default" are one
// to kustomize.
func newID(apiVersion, kind, namespace, name string) id {
	group, _, ok := strings.Cut(apiVersion, "/")
	if !ok {
		group = ""
	}
	if namespace == "default" {
		namespace = ""
	}
	return id{group, kind, namespace, name}
}

// renderedTwice returns the ids that occur twice in what r renders to.
func renderedTwice(r *gitops.Rendered) map[id]bool {
	seen, twice := map[id]bool{}, map[id]bool{}
	for _, o := range r.Objects {
		i := newID(o.APIVersion, o.Kind, o.Namespace, o.Name)
		if seen[i] {
			twice[i] = true
		}
		seen[i] = true
	}
	return twice
}

// reportDuplicates reports the inputs that have one id, or, when the inputs
// do not tell, the ids of the output.
func (p *pass) reportDuplicates(r *gitops.Rendered, inputs []input, twice map[id]bool) {
	first := map[id]input{}
	for _, in := range inputs {
		was, ok := first[in.id]
		if !ok {
			first[in.id] = in
			continue
		}
		if r.Err == nil && !twice[in.id] {
			continue
		}
		delete(twice, in.id)
		message := in.id.String() + " is defined twice, first at " + was.place()
		if was.file == in.file && was.line == in.line {
			message = in.id.String() + " is included twice"
		}
		p.report(gitops.Finding{
			File: in.file, Line: in.line, Column: in.column, Overlays: []string{r.Path},
			Message: message, Fix: "remove one of the two",
		})
	}
	for i := range twice {
		p.report(gitops.Finding{
			File: r.Path, Overlays: []string{r.Path},
			Message: i.String() + " is rendered twice", Fix: "remove one of the two",
		})
	}
}

// input is an object as a file of the repository defines it, with the name it
// has so far.
type input struct {
	id           id
	file         string
	line, column int
}

func (i input) place() string {
	return gitops.Printable(i.file) + ":" + strconv.Itoa(i.line)
}

// maxWalk is how many entries and objects are visited to find the inputs of one
// overlay; bases that include each other twice would have no end otherwise.
const maxWalk = 20_000

// walker finds the inputs of one overlay. It follows prefix, suffix and
// namespace; other transformers do not change an id.
type walker struct {
	*pass
	left  int      // of maxWalk; at 0 what was found so far is all
	stack []string // the directories that lead here
}

// directory returns the inputs of a kustomization directory. One that is on the way to
// itself has none more: kustomize reports the cycle. A directory with two
// kustomizations, which kustomize refuses, has those of both.
func (w *walker) directory(dir string) ([]input, error) {
	if slices.Contains(w.stack, dir) {
		return nil, nil
	}
	w.stack = append(w.stack, dir)
	defer func() { w.stack = w.stack[:len(w.stack)-1] }()
	var out []input
	for _, name := range []string{"kustomization.yaml", "kustomization.yml", "Kustomization"} {
		file := path.Join(dir, name)
		if w.left <= 0 || w.tree.Lookup(file).Kind != gitops.File {
			continue
		}
		s, err := w.source(file)
		if err != nil {
			return nil, err
		}
		for _, k := range s.documents() {
			in, err := w.kustomization(file, k)
			if err != nil {
				return nil, err
			}
			out = append(out, in...)
		}
	}
	return out, nil
}

// kustomization returns the inputs of one kustomization with the names that it gives
// them. What generators make has no hash here, so two of one name are found.
func (w *walker) kustomization(file string, k *yaml.Node) ([]input, error) {
	var out []input
	for _, r := range collect(k) {
		if r.field != "resources" && r.field != "bases" && r.field != "components" {
			continue
		}
		in, err := w.resource(file, r)
		if err != nil {
			return nil, err
		}
		out = append(out, in...)
	}
	out = append(out, generated(file, k)...)
	prefix, suffix := node.Text(k, "namePrefix"), node.Text(k, "nameSuffix")
	namespace := node.Text(k, "namespace")
	for i, in := range out {
		if namespace != "" {
			in.id.namespace = newID("", "", namespace, "").namespace
		}
		in.id.name = prefix + in.id.name + suffix
		out[i] = in
	}
	return out, nil
}

// resource returns the inputs behind an entry; of a remote base there are none.
func (w *walker) resource(file string, r ref) ([]input, error) {
	w.left--
	e, err := w.lookup(file, r)
	if err != nil || w.left <= 0 {
		return nil, err
	}
	switch e.Kind {
	case gitops.Dir:
		return w.directory(e.Path)
	case gitops.File:
		return w.objects(e.Path)
	}
	return nil, nil
}

// objects returns the inputs in a file. What has no kind or no name is no object yet,
// and kustomize says so.
func (w *walker) objects(file string) ([]input, error) {
	s, err := w.source(file)
	if err != nil {
		return nil, err
	}
	var out []input
	for m := range node.Manifests(s.documents()) {
		if w.left--; w.left <= 0 {
			break
		}
		meta := node.Field(m, "metadata")
		i := newID(node.Text(m, "apiVersion"), node.Text(m, "kind"), node.Text(meta, "namespace"), node.Text(meta, "name"))
		if i.kind != "" && i.name != "" {
			out = append(out, input{i, file, m.Line, m.Column})
		}
	}
	return out, nil
}

// generated returns what the generators of a kustomization create.
func generated(file string, k *yaml.Node) []input {
	var out []input
	for _, g := range []struct{ field, kind string }{{"configMapGenerator", "ConfigMap"}, {"secretGenerator", "Secret"}} {
		for e := range node.Elements(k, g.field) {
			behavior := node.Text(e, "behavior")
			name := node.Field(e, "name")
			if node.Text(name) == "" || behavior == "merge" || behavior == "replace" {
				continue
			}
			out = append(out, input{newID("v1", g.kind, node.Text(e, "namespace"), name.Value), file, name.Line, name.Column})
		}
	}
	return out
}
