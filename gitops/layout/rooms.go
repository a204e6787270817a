package layout

import (
	"bytes"
	"cmp"
	"context"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout/argocd"
	"github.com/sealift/sealift/gitops/layout/flux"
)

// handled reports whether a room reads documents of a kind, or needs them to read others.
func handled(apiVersion, kind string) bool {
	return argocd.Handles(apiVersion, kind) || flux.Handles(apiVersion, kind) || flux.Wants(apiVersion, kind) && strings.Contains(apiVersion, "fluxcd")
}

// Artifact returns the tree as a deployer is given it; see [gitops.Unit.Artifact].
func Artifact(ctx context.Context, t gitops.Tree, name string) (gitops.Tree, error) {
	return flux.Artifact(ctx, t, name)
}

// rooms are what Argo CD and Flux mean.
type rooms struct {
	discovery *discovery
	argocd    *argocd.Room
	flux      *flux.Room
	// seen are the files whose content the rooms read.
	seen  map[string]sight
	known map[string]gitops.Deployed // what documents of Argo CD come to
}

func newRooms(d *discovery) *rooms {
	r := &rooms{discovery: d, seen: map[string]sight{}, known: map[string]gitops.Deployed{}}
	t := &noted{Tree: d.tree, seen: r.seen}
	r.argocd = &argocd.Room{Tree: t, Options: d.reader.Config.ArgoCD, Reach: d.ours.reach, Remotes: d.reader.Remotes}
	r.flux = &flux.Room{Tree: t, Options: d.reader.Config.Flux, Reach: d.ours.reach, Remotes: d.reader.Remotes}
	return r
}

// noted is a tree that notes which files are read.
type noted struct {
	gitops.Tree
	seen map[string]sight
}

// Read implements [gitops.Tree].
func (n *noted) Read(ctx context.Context, p string) ([]byte, error) {
	n.seen[p] = counted
	return n.Tree.Read(ctx, p)
}

// deploy asks the room of a document what it comes to.
func (r *rooms) deploy(ctx context.Context, q queued) (gitops.Deployed, error) {
	d := q.doc
	switch {
	case argocd.Handles(d.APIVersion, d.Kind):
		return r.deployArgo(ctx, d)
	case d.Kind == kindUnreadable, d.From == nil && bytes.Contains(d.YAML, []byte("{{")):
		return unreadable(d), nil // of a chart, or another kind of template
	case flux.Handles(d.APIVersion, d.Kind):
		r.discovery.want(d)
		return r.flux.Deploy(ctx, d, r.discovery.worldFor(q.dir))
	}
	return gitops.Deployed{}, nil
}

// deployArgo asks the room of Argo CD once for each document: it knows nothing but the tree.
func (r *rooms) deployArgo(ctx context.Context, d gitops.Document) (gitops.Deployed, error) {
	key := d.Namespace + "\x00" + d.File + "\x00" + strconv.Itoa(d.Line) + "\x00" + strconv.FormatBool(d.From == nil) + "\x00" + string(d.YAML)
	if known, ok := r.known[key]; ok {
		return known, nil
	}
	out, err := r.argocd.Deploy(ctx, d)
	if err == nil {
		r.known[key] = out
	}
	return out, err
}

// templatePath matches the paths in a document that is a template, in any style of YAML.
var templatePath = regexp.MustCompile(`\bpath["']?[ \t]*:[ \t]*["']?((?:\{\{.*?\}\}|[^"'\n#,}])+)`)

// templateHole matches what a template fills in.
var templateHole = regexp.MustCompile(`\{\{.*?\}\}`)

// unreadable says of a document that is no plain YAML, or has something to fill in, where
// it may deploy from.
func unreadable(d gitops.Document) gitops.Deployed {
	o := gitops.Opaque{Reason: gitops.ReasonPointer, File: d.File, Line: d.Line, Key: string(d.YAML)}
	shown := ""
	for _, m := range templatePath.FindAllSubmatch(d.YAML, 100) {
		written := strings.TrimSpace(string(m[1]))
		p, ok := cleanDir(written)
		if !ok || p == "." {
			continue
		}
		p = path.Clean(templateHole.ReplaceAllString(escapeGlob(p), "*"))
		if strings.Trim(p, "*/") != "" {
			o.Reads = append(o.Reads, p, p+"/**")
			shown = cmp.Or(shown, written)
		}
	}
	slices.Sort(o.Reads)
	o.Reads = slices.Compact(o.Reads)
	who := "what " + gitops.Quote(d.File) + " has for Argo CD or Flux"
	if d.Name != "" {
		who = d.Kind + " " + gitops.Quote(d.Name)
	}
	o.Message = who + " is filled in by a template, and what it deploys is not compared"
	if shown != "" {
		o.Message = who + " is filled in by a template: it may deploy " + gitops.Quote(shown) + ", which is not compared"
	}
	return gitops.Deployed{Opaque: []gitops.Opaque{o}}
}

// opaqueNote says of something that is deployed and not rendered what it is.
func opaqueNote(o gitops.Opaque) gitops.Finding {
	return gitops.Finding{Rule: RuleName, Severity: gitops.SeverityNote, File: o.File, Line: o.Line, Message: o.Message}
}

// escapeGlob takes what means something in a pattern out of a path, but for the braces of
// templates.
func escapeGlob(p string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(p)
}

// want notes the names of the ConfigMaps that a document of Flux takes values from.
func (d *discovery) want(doc gitops.Document) {
	if !bytes.Contains(doc.YAML, []byte("ubstituteFrom")) && !bytes.Contains(doc.YAML, []byte("valuesFrom")) {
		return
	}
	r := &reader{left: maxNodes}
	spec := r.get(parseYAML(doc.YAML), "spec")
	names := append(r.each(r.get(r.get(spec, "postBuild"), "substituteFrom"), "name"), r.each(r.get(spec, "valuesFrom"), "name")...)
	for _, name := range names {
		d.wanted[name] = true
	}
}

// worldFor returns what is known of a cluster: what the renders of the last round had, and
// what stands in files and no render has, the nearest first.
func (d *discovery) worldFor(dir string) *flux.World {
	if w := d.worlds[dir]; w != nil {
		return w
	}
	w := &flux.World{}
	has := map[string]bool{}
	for _, doc := range d.learned.objects[dir] {
		w.Add(doc)
		has[doc.Kind+"/"+doc.Name] = true
	}
	for _, near := range []bool{true, false} {
		var more []gitops.Document
		for _, doc := range d.raws() {
			if isNear(dir, doc.File) == near && !has[doc.Kind+"/"+doc.Name] {
				more = append(more, doc)
			}
		}
		for _, doc := range more {
			w.Add(doc)
			has[doc.Kind+"/"+doc.Name] = true
		}
	}
	d.worlds[dir] = w
	return w
}

// isNear reports whether a file belongs to the cluster of an entry.
func isNear(entry, file string) bool {
	root := clusterDir(entry)
	return root == "." || strings.HasPrefix(file, root+"/")
}

// raws are the objects in files, which no render replaces, that worlds are made of.
func (d *discovery) raws() []gitops.Document {
	if d.rawObjects != nil {
		return d.rawObjects
	}
	d.rawObjects = []gitops.Document{}
	for _, doc := range d.docs {
		if flux.Wants(doc.APIVersion, doc.Kind) && !d.learned.replaced[place{doc.file, doc.Line}] {
			d.rawObjects = append(d.rawObjects, gitops.Document{APIVersion: doc.APIVersion, Kind: doc.Kind, Namespace: doc.Namespace, Name: doc.Name, YAML: []byte(doc.Text), File: doc.file, Line: doc.Line})
		}
	}
	for file, f := range d.files {
		if slices.ContainsFunc(f.Maps, d.wants) {
			d.rawObjects = append(d.rawObjects, d.objectsIn(file)...)
		}
	}
	slices.SortStableFunc(d.rawObjects, func(a, b gitops.Document) int { return strings.Compare(a.File, b.File) })
	return d.rawObjects
}

// objectsIn returns the ConfigMaps of a file.
func (d *discovery) objectsIn(file string) []gitops.Document {
	data, err := d.content(d.ctx, file)
	if err != nil {
		return nil
	}
	d.rooms.seen[file] = max(d.rooms.seen[file], consulted)
	var list []gitops.Document
	line := 1
	for text := range splitDocuments(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))) {
		r := &reader{left: maxNodes}
		doc, _ := r.document(parseYAML(text))
		if flux.Wants(doc.APIVersion, doc.Kind) {
			list = append(list, gitops.Document{APIVersion: doc.APIVersion, Kind: doc.Kind, Namespace: doc.Namespace, Name: doc.Name, YAML: text, File: file, Line: line})
		}
		line += bytes.Count(text, []byte("\n"))
	}
	return list
}
