package commands

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/render"
)

// hashed matches the hash that kustomize appends to names (its hasher encodes with these).
var hashed = regexp.MustCompile(`-[24-9bcdfghkmt]{10} `)

// How the fuzzed ledger is run. One number in SEALIFT_LEDGER_SEED is the first world, and
// WORLD:EDIT, as failures name them, that edit alone.
const (
	ledgerEdits   = "SEALIFT_LEDGER_EDITS"
	ledgerSeed    = "SEALIFT_LEDGER_SEED"
	editsPerWorld = 25
)

// TestLedgerNeverLies makes repositories and edits of them at random: "nothing rendered
// changes" is said of none that changes what is deployed, by what kustomize itself makes
// of the two, and always of one that changes notes. The edits are 500, or as many as
// SEALIFT_LEDGER_EDITS says.
func TestLedgerNeverLies(t *testing.T) {
	edits, first, only := 500, uint64(1), -1
	if s := os.Getenv(ledgerEdits); s != "" {
		edits = int(number(t, s))
	}
	if s := os.Getenv(ledgerSeed); s != "" {
		world, edit, one := strings.Cut(s, ":")
		if first = number(t, world); one {
			only = int(number(t, edit))
		}
	}
	f := &ledgerFuzz{r: newRenderer(t)}
	for i := 0; edits > 0; i++ {
		base := f.base(t, first+uint64(i))
		for e := range min(edits, editsPerWorld) {
			if only < 0 || e == only {
				f.try(t, base, uint64(e))
			}
		}
		if edits -= editsPerWorld; only >= 0 {
			break
		}
	}
	t.Logf("%d edits, of which %d change what is deployed; %d changes of units compared", f.edits, f.changes, f.units)
}

// FuzzLedger is the same for one edit of one world.
func FuzzLedger(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed+1, seed)
	}
	var fuzz *ledgerFuzz
	f.Fuzz(func(t *testing.T, world, edit uint64) {
		if fuzz == nil {
			r, err := render.New(render.Options{})
			if err != nil {
				t.Fatal(err)
			}
			fuzz = &ledgerFuzz{r: r}
		}
		fuzz.try(t, fuzz.base(t, world), edit)
	})
}

func number(t *testing.T, s string) uint64 {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// ledgerFuzz tries edits.
type ledgerFuzz struct {
	r                     *render.Renderer
	edits, changes, units int
}

// fuzzBase is a world and what is deployed of it.
type fuzzBase struct {
	*world
	seed     uint64
	witness  *witness
	deployed map[string]deployed
}

func (f *ledgerFuzz) base(t *testing.T, seed uint64) *fuzzBase {
	b := &fuzzBase{world: newWorld(seed), seed: seed, witness: newWitness(t)}
	b.deployed = b.witness.deploys(b.world)
	return b
}

// try makes an edit and looks at what is said of it.
func (f *ledgerFuzz) try(t *testing.T, base *fuzzBase, seed uint64) {
	head := base.copied(base.seed<<20 + seed)
	notes := head.chance(6)
	if notes {
		head.notes()
	} else {
		head.edit()
	}
	d := Diff{
		Base: base.tree(), Head: head.tree(), Overlays: AutoOverlays, Renderer: f.r,
		Repository: Identity{Addresses: []string{worldURL}, Branch: worldBranch, DefaultBranch: worldBranch},
	}
	got, err := d.Run(t.Context())
	if err != nil {
		t.Fatalf("world %d:%d: %v", base.seed, seed, err)
	}
	f.edits++
	said := func(format string, args ...any) {
		t.Helper()
		var b strings.Builder
		if err := reply.Text(&b, got.Report, reply.TextOptions{}); err != nil {
			t.Fatal(err)
		}
		if only := strings.Contains(os.Getenv(ledgerSeed), ":"); only {
			t.Log(b.String())
		}
		t.Errorf("%s=%d:%d: %s", ledgerSeed, base.seed, seed, strings.Join(head.said, "; "))
		t.Errorf(format, args...)
	}
	if notes {
		if !reply.Nothing(got.Report) {
			said("notes change what is deployed: %+v", got.Report)
		}
		return
	}
	after := base.witness.deploys(head)
	changed := changedUnits(base.deployed, after)
	if len(changed) > 0 {
		f.changes++
	}
	if len(changed) > 0 && reply.Nothing(got.Report) {
		said("nothing is said to change, but these do: %q\nledger: %+v\nbefore: %s\nafter: %s", changed, got.Report.Ledger, base.deployed[changed[0]].text, after[changed[0]].text)
	}
	for _, key := range slices.Sorted(maps.Keys(base.deployed)) {
		was, is := base.deployed[key], after[key]
		if was.objects == nil || is.objects == nil || was.path != is.path || was.several || was.unsure || is.unsure {
			continue
		}
		want := changedObjects(was.objects, is.objects)
		have, ok := objectsSaid(got.Report, was)
		if slices.ContainsFunc(want, func(o string) bool { return strings.Contains(o, " /") }) { // a namespace that is not known may be any
			want, have = folded(anywhere(want)), folded(anywhere(have))
		}
		if ok && !slices.Equal(have, want) {
			said("%s: objects are said to change: %q, want %q", key, have, want)
		}
		f.units++
	}
}

// changedUnits names what is not deployed as before.
func changedUnits(before, after map[string]deployed) []string {
	var list []string
	for key, d := range before {
		if after[key].text != d.text {
			list = append(list, key)
		}
	}
	for key := range after {
		if _, ok := before[key]; !ok {
			list = append(list, key)
		}
	}
	slices.Sort(list)
	return list
}

// changedObjects names the objects that are not as before, with what happens to them.
func changedObjects(before, after map[string]string) []string {
	var list []string
	for key, text := range before {
		switch now, ok := after[key]; {
		case !ok:
			list = append(list, key+" "+string(gitops.Removed))
		case now != text:
			list = append(list, key+" "+string(gitops.Changed))
		}
	}
	for key := range after {
		if _, ok := before[key]; !ok {
			list = append(list, key+" "+string(gitops.Added))
		}
	}
	slices.Sort(list)
	return list
}

// objectsSaid is changedObjects as a report has it of a unit; not ok when several of the
// report may be the unit.
func objectsSaid(r gitops.Report, d deployed) (list []string, ok bool) {
	n := 0
	for _, o := range r.Overlays {
		if o.Path != d.path || o.PartOf != "" || (o.DeployedBy == nil) != (d.kind == "") {
			continue
		}
		if by := o.DeployedBy; by != nil && (by.Kind != d.kind || by.Name != d.name || d.kind == "Kustomization" && by.Cluster != d.cluster) {
			continue
		}
		n++
		for _, c := range o.Objects {
			key := c.Kind + " " + c.Namespace + "/"
			if c.Status == gitops.Renamed {
				was := key + c.RenamedFrom
				if strings.Contains(c.RenamedFrom, "/") { // it had another namespace
					was = c.Kind + " " + c.RenamedFrom
				}
				list = append(list, was+" "+string(gitops.Removed), key+c.Name+" "+string(gitops.Added))
			} else {
				list = append(list, key+c.Name+" "+string(c.Status))
			}
		}
	}
	for i, o := range list {
		list[i] = hashed.ReplaceAllString(strings.ReplaceAll(o, "-(hash, changed)", "-(hash)"), "-(hash) ")
	}
	list = folded(list)
	slices.Sort(list)
	return list, n == 1
}

// folded says that an object changes which is removed and added: it changes wholly, and so
// has another hash.
func folded(list []string) []string {
	added, removed := " "+string(gitops.Added), " "+string(gitops.Removed)
	var out []string
	for _, o := range list {
		if key, ok := strings.CutSuffix(o, removed); ok && slices.Contains(list, key+added) {
			out = append(out, key+" "+string(gitops.Changed))
		} else if key, ok := strings.CutSuffix(o, added); !ok || !slices.Contains(list, key+removed) {
			out = append(out, o)
		}
	}
	slices.Sort(out)
	return out
}

// anywhere leaves out namespaces.
func anywhere(list []string) (out []string) {
	for _, o := range list {
		kind, rest, _ := strings.Cut(o, " ")
		_, name, _ := strings.Cut(rest, "/")
		out = append(out, kind+" "+name)
	}
	return out
}
