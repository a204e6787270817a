package layout

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout/flux"
)

// The limits of discovery.
const (
	maxRounds = 8      // until what is found does not change any more
	maxFound  = 20_000 // documents of deployers in one round
	maxChain2 = 32     // deployers above each other
	maxBuilds = 200    // ways in which one directory is deployed
)

// discovery finds the units of a tree: what the documents of deployers name, those that
// stand in files and those that units render to, until nothing new comes.
//
// It goes in rounds. Each begins with the documents in files and the roots, follows all
// that they lead to, and ends with what it learned: which files a render has already
// read, so that their documents count as that render has them, and which directories
// something deploys, so that they are no roots. When a round learns nothing new, what it
// found is the answer. A document in a file is replaced only by a successful render that
// does not descend from it: an Argo CD that manages itself keeps its entry.
type discovery struct {
	*scanned
	graph  *graph
	reader Reader
	ours   *ours
	rooms  *rooms

	// learned is what the round before ended with, and learning is of this one.
	learned, learning lesson
	wanted            map[string]bool          // names of ConfigMaps that are substituted from
	edges             map[place]map[place]bool // documents in files that the renders of one have
	synced            map[string]bool          // directories that a FluxInstance syncs
	places            map[string][]place       // of documents in files, by kind/name
	renders           map[string]*yielded
	others            map[string]yields
	nears             map[string]yields // what yieldsNear said
	yielding          map[string]bool   // what mayYield said
	releases          bool              // a chart of the tree may be one of a HelmRelease

	found      found    // of this round
	syncs      []queued // Kustomizations that no file has, see addSyncs
	worlds     map[string]*flux.World
	rawObjects []gitops.Document
}

// lesson is what a round learns.
type lesson struct {
	// replaced are the documents in files that a render has, by place.
	replaced map[place]bool
	// loaded are the directories that a deployed unit reads.
	loaded map[string]bool
	// self are documents as their own renders have them, by the place of the entry.
	self map[place]string
	// objects are those of renders that rooms need to know, by entry.
	objects map[string][]gitops.Document
}

// place names a document in a file.
type place struct {
	file string
	line int
}

// yielded is what discovery keeps of a render: its reads and the objects that rooms read.
// dropped are the names of the ConfigMaps that nobody wanted.
type yielded struct {
	gitops.Rendered
	dropped []string
}

// found is what one round found.
type found struct {
	units  []gitops.Unit
	raw    []gitops.Document // entries: documents in files that no render has
	opaque []gitops.Opaque
	notes  notes
	seen   map[string]int // units by identity and entry
	// builds are the different ways in which directories are deployed, rest those beyond
	// [maxBuilds], by directory.
	builds map[string]map[string]bool
	rest   map[string]*gitops.Opaque
	// renders are those that were looked into, with who descends from what.
	renders []rendering
	docs    int
}

// rendering is one render of a round.
type rendering struct {
	done *yielded
	from chain
	root bool // nothing deploys it
}

// chain is what leads to a document.
type chain struct {
	// entry is the place of the document in a file where it starts; zero for a root.
	entry place
	// dir is the Entry of units, cluster the part of it that names the cluster of Flux.
	dir string
	// above are the documents above, outermost first; units the identities of the units
	// whose renders have them.
	above []documentName
	units []string
}

// queued is a document and what leads to it.
type queued struct {
	doc gitops.Document
	chain
}

// newDiscovery prepares the rounds over what was scanned.
func newDiscovery(ctx context.Context, r Reader, s *scanned, g *graph) *discovery {
	s.ctx = context.WithoutCancel(ctx) // entries are resolved later too
	d := &discovery{
		scanned: s, graph: g, reader: r, edges: map[place]map[place]bool{}, synced: map[string]bool{}, places: map[string][]place{},
		wanted: map[string]bool{}, renders: map[string]*yielded{}, others: map[string]yields{}, nears: map[string]yields{}, yielding: map[string]bool{},
	}
	for _, doc := range s.docs {
		at := place{doc.file, doc.Line}
		d.places[doc.Kind+"/"+doc.Name] = append(d.places[doc.Kind+"/"+doc.Name], at)
		d.places[doc.Kind+"/"] = append(d.places[doc.Kind+"/"], at)
	}
	d.releases = r.Remotes || mayRelease(s.docs)
	d.ours = s.newOurs(ctx, r)
	d.rooms = newRooms(d)
	return d
}

// sight says how the content of a file counts for what is deployed.
type sight uint8

const (
	looked    sight = iota + 1 // it was looked at, by a render or for words
	consulted                  // documents of it count, see [Layout.Others]
	counted                    // all of it counts
)

// seen returns the paths whose contents were read, by renders and by rooms.
func (d *discovery) seen() map[string]sight {
	seen := map[string]sight{}
	for _, done := range d.renders {
		for _, r := range done.Reads {
			seen[r.Path] = looked
		}
	}
	for p := range d.others {
		seen[p] = looked
	}
	for _, doc := range d.found.raw {
		seen[doc.File] = consulted
	}
	maps.Copy(seen, d.rooms.seen)
	return seen
}

// documentName is what a document is called.
type documentName struct{ kind, namespace, name string }

func nameOf(d gitops.Document) documentName { return documentName{d.Kind, d.Namespace, d.Name} }

// may reports whether two names may be those of one document: a namespace that is left out
// may be any.
func (n documentName) may(o documentName) bool {
	return n.kind == o.kind && n.name == o.name && (n.namespace == o.namespace || n.namespace == "" || o.namespace == "")
}

// discover runs the rounds.
func (d *discovery) discover(ctx context.Context) error {
	if err := d.settle(ctx); err != nil || !d.addSyncs() {
		return err
	}
	return d.settle(ctx)
}

// settle runs rounds until one learns nothing new.
func (d *discovery) settle(ctx context.Context) error {
	before := ""
	for round := range maxRounds {
		d.found = found{seen: map[string]int{}, builds: map[string]map[string]bool{}, rest: map[string]*gitops.Opaque{}}
		d.learning = lesson{map[place]bool{}, map[string]bool{}, map[place]string{}, map[string][]gitops.Document{}}
		d.worlds, d.rawObjects = map[string]*flux.World{}, nil
		wanted := len(d.wanted)
		if err := d.round(ctx); err != nil {
			return err
		}
		d.conclude()
		now := d.learning.digest() + fmt.Sprint(len(d.wanted)-wanted) // what is wanted anew is looked for
		if now == before {
			return nil
		}
		before, d.learned = now, d.learning
		if round == maxRounds-1 {
			d.found.notes.add("", 0, "", "what Argo CD and Flux deploy does not settle after %d rounds: the last one counts", maxRounds)
		}
	}
	return nil
}

// digest tells lessons apart.
func (l *lesson) digest() string {
	h := sha256.New()
	for _, p := range slices.SortedFunc(maps.Keys(l.replaced), func(a, b place) int { return cmp.Or(cmp.Compare(a.file, b.file), a.line-b.line) }) {
		fmt.Fprintln(h, "r", p.file, p.line)
	}
	for _, p := range slices.Sorted(maps.Keys(l.loaded)) {
		fmt.Fprintln(h, "l", p)
	}
	for _, p := range slices.SortedFunc(maps.Keys(l.self), func(a, b place) int { return cmp.Or(cmp.Compare(a.file, b.file), a.line-b.line) }) {
		fmt.Fprintln(h, "s", p.file, p.line, l.self[p])
	}
	for _, e := range slices.Sorted(maps.Keys(l.objects)) {
		for _, doc := range l.objects[e] {
			fmt.Fprintf(h, "o %s %s %s %q\n", e, doc.Kind, doc.Name, doc.YAML)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// round follows the documents in files that nothing replaces, then the roots.
func (d *discovery) round(ctx context.Context) error {
	if err := d.follow(ctx, append(d.entries(), d.syncs...)); err != nil {
		return err
	}
	var roots []gitops.Unit
	for _, dir := range d.roots() {
		u := gitops.Unit{Overlay: gitops.Overlay{Path: dir}, Entry: dir, Build: d.reader.plainBuild()}
		d.found.units = append(d.found.units, u)
		roots = append(roots, u)
	}
	var chains []chain
	for _, u := range roots {
		chains = append(chains, chain{dir: u.Path})
	}
	next, err := d.look(ctx, roots, chains)
	if err != nil {
		return err
	}
	return d.follow(ctx, next)
}

// entries are the documents in files that nothing replaces, in the order of files.
func (d *discovery) entries() []queued {
	var list []queued
	for _, doc := range d.docs {
		at := place{doc.file, doc.Line}
		if d.learned.replaced[at] {
			continue
		}
		text := doc.Text
		if self, ok := d.learned.self[at]; ok {
			text = self
		}
		q := queued{doc: gitops.Document{
			APIVersion: doc.APIVersion, Kind: doc.Kind, Namespace: doc.Namespace, Name: doc.Name,
			YAML: []byte(text), File: doc.file, Line: doc.Line,
		}}
		q.entry, q.dir = at, path.Dir(doc.file)
		d.found.raw = append(d.found.raw, q.doc)
		list = append(list, q)
	}
	return list
}

// roots are the kustomizations that nothing else reads or deploys.
func (d *discovery) roots() []string {
	component := map[string]bool{}
	for dir, k := range d.dirs {
		component[dir] = k.component
	}
	roots := d.graph.roots(component)
	var list []string
	for _, dir := range slices.Sorted(maps.Keys(roots)) {
		if !d.learned.loaded[dir] && !d.learning.loaded[dir] && !matchAny(d.reader.Config.ignore, dir) {
			list = append(list, dir)
		}
	}
	return list
}

// follow deploys documents, renders what they deploy where that may have further ones,
// and goes on with these.
func (d *discovery) follow(ctx context.Context, list []queued) error {
	for len(list) > 0 {
		var units []gitops.Unit
		var chains []chain
		for i := 0; i < len(list); i++ { // grows: documents have documents
			if err := ctx.Err(); err != nil {
				return gitops.Errorf(gitops.Unavailable, "layout: %w", err)
			}
			if d.found.docs++; d.found.docs > maxFound {
				d.found.notes.add(list[i].doc.File, list[i].doc.Line, "", "there are more than %d documents of Argo CD and Flux: the rest is not read", maxFound)
				return nil
			}
			q := list[i]
			deployed, err := d.rooms.deploy(ctx, q)
			if err != nil {
				return err
			}
			below := chain{entry: q.entry, dir: q.dir, above: append(slices.Clip(q.above), nameOf(q.doc)), units: q.units}
			for _, doc := range deployed.Documents {
				if len(below.above) < maxChain2 {
					list = append(list, queued{doc, below})
				}
			}
			for _, u := range deployed.Units {
				if u, fresh := d.take(u, q); fresh {
					units, chains = append(units, u), append(chains, below)
				}
			}
			d.takeOpaque(deployed, q)
		}
		next, err := d.look(ctx, units, chains)
		if err != nil {
			return err
		}
		list = next
	}
	return nil
}

// take adds a unit, and reports whether it is new.
func (d *discovery) take(u gitops.Unit, q queued) (gitops.Unit, bool) {
	u.Entry, u.Parents = q.dir, q.units
	u.Build = d.reader.capable(u.Build)
	if u.File == "" {
		u.File, u.Line = q.doc.File, q.doc.Line
	}
	if u.DeployedBy != nil && u.DeployedBy.Cluster == "" && (u.DeployedBy.Kind == "Kustomization" || u.DeployedBy.Kind == "HelmRelease") {
		by := *u.DeployedBy
		by.Cluster = clusterDir(q.dir)
		u.DeployedBy = &by
	}
	if matchAny(d.reader.Config.ignore, u.Path) {
		return u, false
	}
	if k := d.dirs[u.Path]; k != nil && k.component && u.Build.Files == nil {
		d.found.notes.add(u.File, u.Line, "", "%s %s points at a Component, which does not render alone: %s", u.DeployedBy.Kind, gitops.Quote(u.DeployedBy.Name), gitops.Quote(u.Path))
		return u, false
	}
	if n := len(q.above); n > 0 && q.above[n-1].kind == "FluxInstance" {
		d.synced[u.Path] = true
	}
	for _, p := range seeds(u) {
		d.learning.loaded[p] = true
	}
	d.graph.walk(seeds(u), func(p string, k *kustomization) bool {
		if k != nil {
			d.learning.loaded[p] = true
		}
		return true
	})
	key := u.ID() + "\x00" + u.Entry + "\x00" + u.Path
	build := u.Build.JSON()
	if i, ok := d.found.seen[key]; ok && d.found.units[i].Build.JSON() == build {
		return u, false
	}
	if !d.affords(u, build) {
		return u, false
	}
	d.found.seen[key] = len(d.found.units)
	d.found.units = append(d.found.units, u)
	return u, true
}

// clusterDir is the directory of a cluster: that of its entry, without what bootstrapping
// makes below it.
func clusterDir(dir string) string {
	if path.Base(dir) == "flux-system" {
		return path.Dir(dir)
	}
	return dir
}

// affords reports whether a unit is within the bound on the ways in which one directory is
// deployed, and notes one that is not: each is a render, and one text makes any number.
func (d *discovery) affords(u gitops.Unit, build string) bool {
	ways := d.found.builds[u.Path]
	if ways == nil {
		ways = map[string]bool{}
		d.found.builds[u.Path] = ways
	}
	if ways[build] || len(ways) < maxBuilds {
		ways[build] = true
		return true
	}
	rest := d.found.rest[u.Path]
	if rest == nil {
		rest = &gitops.Opaque{
			Reason: gitops.ReasonBudget, File: u.File, Line: u.Line,
			Message: fmt.Sprintf("%s is deployed in more than %d ways: the others are not compared", gitops.Quote(u.Path), maxBuilds),
		}
		d.found.rest[u.Path] = rest
		d.graph.walk(seeds(u), func(p string, _ *kustomization) bool {
			p = escapeGlob(p)
			rest.Reads = append(rest.Reads, p, path.Join(p, "**"))
			return true
		})
	}
	rest.Key = hash(rest.Key, u.ID(), build)
	return false
}

// hash is a short name for texts.
func hash(texts ...string) string {
	h := sha256.New()
	for _, t := range texts {
		fmt.Fprintf(h, "%d:%s", len(t), t)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// takeOpaque adds what is deployed and not rendered, and what there is to say.
func (d *discovery) takeOpaque(deployed gitops.Deployed, q queued) {
	for _, o := range deployed.Opaque {
		if o.File == "" {
			o.File, o.Line = q.doc.File, q.doc.Line
		}
		d.found.opaque = append(d.found.opaque, o)
		if len(o.Reads) > 0 { // else nothing of it is here but what names it
			d.found.notes.put(opaqueNote(o))
		}
	}
	for _, n := range deployed.Notes {
		if n.File == "" {
			n.File, n.Line = q.doc.File, q.doc.Line
		}
		d.found.notes.put(n)
	}
}

// look renders those of the units that may have documents, and returns these.
func (d *discovery) look(ctx context.Context, units []gitops.Unit, chains []chain) ([]queued, error) {
	var sources []Rendering
	var at []int
	for i, u := range units {
		if d.reader.Render == nil || !d.mayYield(u) {
			continue
		}
		key := renderKey(u)
		if done := d.renders[key]; done == nil || slices.ContainsFunc(done.dropped, func(name string) bool { return d.wanted[name] }) {
			d.renders[key] = &yielded{}
			sources, at = append(sources, Rendering{u.Path, u.Artifact, u.Build}), append(at, i)
		}
	}
	if len(sources) > 0 {
		err := d.reader.Render(ctx, d.tree, sources, func(j int, done gitops.Rendered) {
			d.renders[renderKey(units[at[j]])] = d.keep(done)
		})
		if err != nil {
			return nil, err
		}
	}
	var next []queued
	for i, u := range units {
		if done := d.renders[renderKey(u)]; done != nil {
			d.found.renders = append(d.found.renders, rendering{done, chains[i], u.DeployedBy == nil})
			next = append(next, d.documentsOf(u, done, chains[i])...)
		}
	}
	return next, nil
}

// keep takes out of a render what rooms do not read: a render may be large, and there may
// be many.
func (d *discovery) keep(done gitops.Rendered) *yielded {
	y := &yielded{Rendered: done}
	y.Objects = nil
	for _, o := range done.Objects {
		switch {
		case handled(o.APIVersion, o.Kind), d.wanting(o):
			y.Objects = append(y.Objects, o)
		case flux.Wants(o.APIVersion, o.Kind):
			y.dropped = append(y.dropped, o.Name)
		}
	}
	return y
}

// wanting reports whether a room of Flux wants to know an object.
func (d *discovery) wanting(o gitops.Object) bool {
	return flux.Wants(o.APIVersion, o.Kind) && (strings.Contains(o.APIVersion, "fluxcd") || d.wanted[o.Name])
}

// renderKey names a render.
func renderKey(u gitops.Unit) string { return u.Path + "\x00" + u.Artifact + "\x00" + u.Build.JSON() }

// documentsOf returns the documents that a render has. One that is above it, such as the
// Application of an Argo CD that manages itself, is not followed again: it replaces the
// text of the entry that it is, in the next round.
func (d *discovery) documentsOf(u gitops.Unit, done *yielded, c chain) []queued {
	if done.Err != nil || len(c.units) >= maxChain2 {
		return nil
	}
	below := chain{entry: c.entry, dir: c.dir, above: c.above, units: append(slices.Clip(c.units), u.ID())}
	var list []queued
	for _, o := range done.Objects {
		wanted := d.wanting(o)
		if !wanted && !handled(o.APIVersion, o.Kind) {
			continue
		}
		doc := gitops.Document{APIVersion: o.APIVersion, Kind: o.Kind, Namespace: cmp.Or(o.Namespace, u.Namespace), Name: o.Name, YAML: o.YAML, From: &u}
		if doc.File, doc.Line = d.whereIs(doc, done); doc.File == "" { // of a chart
			doc.File, doc.Line = u.File, u.Line
		}
		if wanted {
			d.learning.objects[c.dir] = append(d.learning.objects[c.dir], doc)
		}
		if !handled(o.APIVersion, o.Kind) {
			continue
		}
		if slices.ContainsFunc(c.above, nameOf(doc).may) {
			if raw := d.rawAt(c.entry); raw != nil && nameOf(doc).may(documentName{raw.Kind, raw.Namespace, raw.Name}) {
				d.learning.self[c.entry] = string(o.YAML)
			}
			continue
		}
		list = append(list, queued{doc, below})
	}
	return list
}

// rawAt returns the document at a place of a file, nil when there is none.
func (d *discovery) rawAt(at place) *placed {
	for i := range d.docs {
		if d.docs[i].file == at.file && d.docs[i].Line == at.line {
			return &d.docs[i]
		}
	}
	return nil
}

// whereIs returns where a rendered document comes from: the document of its kind and
// name in a file that the render read, or else the kustomization.
func (d *discovery) whereIs(doc gitops.Document, done *yielded) (string, int) {
	for _, at := range d.places[doc.Kind+"/"+doc.Name] {
		if readsFile(done, at.file) {
			return at.file, at.line
		}
	}
	if k := d.dirs[done.Path]; k != nil {
		return k.file, 1
	}
	best := ""
	for _, at := range d.places[doc.Kind+"/"] { // a name that was prefixed
		if readsFile(done, at.file) {
			return at.file, at.line
		}
	}
	return best, 0
}

// readsFile reports whether a render read a file.
func readsFile(done *yielded, file string) bool {
	i, ok := slices.BinarySearchFunc(done.Reads, file, func(r gitops.Read, p string) int { return strings.Compare(r.Path, p) })
	return ok && done.Reads[i].Kind == gitops.File
}
