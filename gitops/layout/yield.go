package layout

import (
	"bytes"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// yields says which parts of deployers' objects a text has. An object is made of parts
// that may stand in different files: a patch gives one its kind, another its spec.
type yields uint8

const (
	argoGroup yields = 1 << iota
	argoKind
	fluxGroup
	fluxKind
	fluxRelease
)

// yieldWords are the words that tell the parts.
func yieldWords() map[yields][]string {
	return map[yields][]string{
		argoGroup:   {"argoproj"},
		argoKind:    {"Application", "AppProject"},
		fluxGroup:   {"kustomize.toolkit", "source.toolkit", "helm.toolkit", "fluxcd.controlplane"},
		fluxKind:    {"Kustomization", "GitRepository", "OCIRepository", "Bucket", "FluxInstance"},
		fluxRelease: {"HelmRelease"},
	}
}

// yieldsOf looks for the parts in a text. Parts that only come about by joining pieces of
// a word are not seen.
func yieldsOf(data []byte) (y yields) {
	for bit, words := range yieldWords() {
		for _, w := range words {
			if bytes.Contains(data, []byte(w)) {
				y |= bit
				break
			}
		}
	}
	if y&(argoGroup|fluxGroup) == 0 { // "Kustomization" alone stands in half of all files
		y &^= fluxKind | fluxRelease
	}
	return y
}

// whole reports whether the parts make an object that a deployer reads. Releases of Flux
// count only where a chart of the tree may be released: most charts are from elsewhere.
func (y yields) whole(releases bool) bool {
	return releases && y&fluxGroup != 0 && y&fluxRelease != 0 || y&argoGroup != 0 && y&argoKind != 0 || y&fluxGroup != 0 && y&fluxKind != 0
}

// mayYield reports whether the render of a unit may have a deployer's object, or a
// ConfigMap of a wanted name. It never says no wrongly, within what yieldsOf can see: all
// that the unit may read is looked at, and what cannot be looked at may be anything.
func (d *discovery) mayYield(u gitops.Unit) bool {
	key := strconv.Itoa(len(d.wanted)) + "\x00" + renderKey(u)
	may, ok := d.yielding[key]
	if !ok {
		may = d.yields(u)
		d.yielding[key] = may
	}
	return may
}

// yields is mayYield, looked for.
func (d *discovery) yields(u gitops.Unit) bool {
	have := yieldsOf([]byte(u.Build.JSON()))
	sure := true
	if u.Build.Engine == gitops.Helm {
		near := d.yieldsNear(u.Near)
		have, sure = have|near, near != packed && u.Build.Chart.Repo == ""
	}
	d.graph.walk(seeds(u), func(p string, k *kustomization) bool {
		if k != nil {
			if k.loose || k.remote && d.reader.Remotes || slices.ContainsFunc(k.maps, d.wants) {
				sure = false
			}
			have |= k.yields
		} else if f, ok := d.files[p]; ok {
			if slices.ContainsFunc(f.Maps, d.wants) {
				sure = false
			}
			have |= f.Yields
		} else if d.tree.Lookup(p).Kind == gitops.Dir { // of charts
			near := d.yieldsNear([]string{p})
			have, sure = have|near, sure && near != packed
		} else if !saysSomething(path.Base(p)) {
			have |= d.unscanned(p)
		}
		return sure && !have.whole(d.releases)
	})
	return !sure || have.whole(d.releases)
}

// anything is what a file may have that cannot be read.
const anything = argoGroup | argoKind | fluxGroup | fluxKind

// packed says that there is something that cannot be looked into, such as a packed chart.
const packed = ^yields(0)

// yieldsNear looks into all files in or below some paths, as a chart may read them.
func (d *discovery) yieldsNear(near []string) yields {
	key := strings.Join(near, "\x00")
	if known, ok := d.nears[key]; ok {
		return known
	}
	var y yields
	for e := range d.tree.Entries() {
		if y == packed || !slices.ContainsFunc(near, func(p string) bool { return p == "." || e.Path == p || strings.HasPrefix(e.Path, p+"/") }) {
			continue
		}
		f, known := d.files[e.Path]
		switch {
		case known && slices.ContainsFunc(f.Maps, d.wants), path.Ext(e.Path) == ".tgz":
			y = packed
		case known:
			y |= f.Yields
		case !saysSomething(path.Base(e.Path)):
			y |= d.unscanned(e.Path)
		}
	}
	d.nears[key] = y
	return y
}

// mayRelease reports whether a HelmRelease may have a chart of the tree: one that says so,
// or any that stands beside a HelmChart.
func mayRelease(docs []placed) bool {
	for _, doc := range docs {
		if doc.Kind == "HelmChart" || doc.Kind == "HelmRelease" && strings.Contains(doc.Text, "GitRepository") || strings.Contains(doc.Text, "chartRef") {
			return true
		}
	}
	return false
}

// unscanned looks into a file that is not read for its facts, such as a patch in JSON.
func (d *discovery) unscanned(p string) yields {
	if known, ok := d.others[p]; ok {
		return known
	}
	e := d.tree.Lookup(p)
	var y yields
	if e.Kind == gitops.File {
		data, err := d.tree.Read(d.ctx, p)
		if y = yieldsOf(data); err != nil {
			y = anything
		}
	}
	d.others[p] = y
	return y
}

// wants reports whether a ConfigMap of that name is asked for, whatever a prefix or a
// suffix makes of it.
func (d *discovery) wants(name string) bool {
	for wanted := range d.wanted {
		if strings.Contains(wanted, name) {
			return true
		}
	}
	return false
}
