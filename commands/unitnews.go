package commands

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
	"go.yaml.in/yaml/v3"
)

// unitNews says what happens to a unit beside its objects, nothing where directories are
// compared and not what is deployed.
func (c *comparison) unitNews(p layout.Pair) []string {
	if c.Overlays == AllOverlays {
		return nil
	}
	switch {
	case p.Base == nil && p.Head.DeployedBy != nil:
		return []string{fullName(p.Head) + " deploys it now"}
	case p.Head == nil && p.Base.DeployedBy != nil:
		return []string{fullName(p.Base) + " does not deploy it any more"}
	case p.Base == nil || p.Head == nil || p.Base.DeployedBy == nil || p.Head.DeployedBy == nil:
		return nil
	}
	var news []string
	was, now := p.Base, p.Head
	name := fullName(now)
	if a, b := was.DeployedBy, now.DeployedBy; a.Kind != b.Kind || a.Name != b.Name || a.Namespace != b.Namespace {
		line := name + " deploys it instead of " + fullName(was)
		if was.Removed == gitops.PruneDelete {
			line += ", whose objects may be deleted with it"
		}
		news = append(news, line)
	} else if a.Cluster != b.Cluster {
		news = append(news, fmt.Sprintf("%s deploys to %s instead of %s", name, placeName(b.Cluster), placeName(a.Cluster)))
	}
	if was.Path != now.Path {
		news = append(news, fmt.Sprintf("%s deploys %s instead of %s", name, gitops.Quote(now.Path), gitops.Quote(was.Path)))
	}
	if was.Revision != now.Revision {
		news = append(news, fmt.Sprintf("%s follows %s instead of %s", name, revision(now.Revision), revision(was.Revision)))
	}
	if was.Namespace != now.Namespace {
		news = append(news, fmt.Sprintf("%s deploys into namespace %s instead of %s", name, placeName(now.Namespace), placeName(was.Namespace)))
	}
	if was.Dropped != now.Dropped {
		news = append(news, name+" "+dropped(now.Dropped))
	}
	if was.Removed != now.Removed {
		news = append(news, name+" "+removed(now.Removed))
	}
	return news
}

// fullName names the deployer of a unit.
func fullName(u *gitops.Unit) string {
	if u.DeployedBy == nil {
		return gitops.Quote(u.Path)
	}
	name := deployerName(u.DeployedBy)
	if u.Environment != "" && !strings.Contains(u.DeployedBy.Name, u.Environment) {
		name += " (" + gitops.Printable(u.Environment) + ")"
	}
	return name
}

// placeName names a cluster or a namespace.
func placeName(s string) string {
	if s == "" {
		return "the default one"
	}
	return gitops.Quote(s)
}

// revision names what a source follows.
func revision(s string) string {
	if s == "" {
		return "the default branch"
	}
	return gitops.Quote(s)
}

// dropped says what becomes of objects that are not rendered any more.
func dropped(p gitops.Prune) string {
	switch p {
	case gitops.PruneDelete:
		return "prunes now: objects that are gone from it are deleted"
	case gitops.PruneKeep:
		return "does not prune any more: objects that are gone from it are left behind"
	}
	return "does not say any more whether it prunes"
}

// removed says what becomes of the objects when the deployer is deleted.
func removed(p gitops.Prune) string {
	switch p {
	case gitops.PruneDelete:
		return "takes its objects with it when it is deleted, from now on"
	case gitops.PruneKeep:
		return "leaves its objects behind when it is deleted, from now on"
	}
	return "does not say any more what becomes of its objects when it is deleted"
}

// news says what happens to the deployers' documents that no unit renders, such as an
// Application that somebody applies by hand.
func (c *comparison) news() []gitops.News {
	list := slices.Clone(c.held)
	for _, p := range documentPairs(c.base.Raw, c.head.Raw) {
		switch {
		case p.head == nil:
			if !inRender(c.head, *p.base) {
				list = append(list, gitops.News{File: p.base.File, Message: p.base.Kind + " " + gitops.Quote(p.base.Name) + " is gone"})
			}
		case p.base == nil:
			if !inRender(c.base, *p.head) {
				list = append(list, gitops.News{File: p.head.File, Line: p.head.Line, Message: p.head.Kind + " " + gitops.Quote(p.head.Name) + " is new"})
			}
		default:
			if fields := changedFields(p.base.YAML, p.head.YAML); len(fields) > 0 {
				list = append(list, gitops.News{File: p.head.File, Line: p.head.Line, Message: p.head.Kind + " " + gitops.Quote(p.head.Name) + " changes: " + strings.Join(fields, ", ")})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b gitops.News) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Message, b.Message))
	})
	return list
}

// documentPair is a document on both sides; one of them is nil when it is not there.
type documentPair struct{ base, head *gitops.Document }

// documentPairs finds documents again: first those in the file where they were, for one
// name may stand for each of several clusters, then those that moved.
func documentPairs(base, head []gitops.Document) []documentPair {
	name := func(d *gitops.Document) string { return d.APIVersion + " " + d.Kind + " " + d.Namespace + "/" + d.Name }
	pairs := make([]documentPair, len(base))
	taken := make([]bool, len(head))
	for _, key := range []func(*gitops.Document) string{
		func(d *gitops.Document) string { return name(d) + "\x00" + d.File },
		name,
	} {
		at := map[string][]int{}
		for j := range head {
			if k := key(&head[j]); !taken[j] {
				at[k] = append(at[k], j)
			}
		}
		for i := range base {
			pairs[i].base = &base[i]
			if left := at[key(&base[i])]; pairs[i].head == nil && len(left) > 0 {
				pairs[i].head, taken[left[0]] = &head[left[0]], true
				at[key(&base[i])] = left[1:]
			}
		}
	}
	for j := range head {
		if !taken[j] {
			pairs = append(pairs, documentPair{head: &head[j]})
		}
	}
	return pairs
}

// inRender reports whether a document is not gone but rendered by a unit on that side:
// then the unit shows it.
func inRender(l *layout.Layout, d gitops.Document) bool { return l.Deploys(d.Kind, d.Name) }

// maxFields is how many changed fields of a document are named.
const maxFields = 8

// changedFields names the fields in which two documents differ, with the values of those
// that cannot be secret.
func changedFields(before, after []byte) []string {
	if bytes.Equal(before, after) {
		return nil
	}
	var a, b any
	if yaml.Unmarshal(before, &a) != nil || yaml.Unmarshal(after, &b) != nil {
		return []string{"text"}
	}
	var list []string
	compareFields(&list, "", a, b)
	if more := len(list) - maxFields; more > 0 {
		list = append(list[:maxFields], fmt.Sprintf("and %d more", more))
	}
	return list
}

// compareFields appends the paths of what differs below a field.
func compareFields(list *[]string, at string, a, b any) {
	x, okA := a.(map[string]any)
	y, okB := b.(map[string]any)
	if okA && okB {
		keys := map[string]bool{}
		for k := range x {
			keys[k] = true
		}
		for k := range y {
			keys[k] = true
		}
		for _, k := range slices.Sorted(maps.Keys(keys)) {
			compareFields(list, strings.TrimPrefix(at+"."+k, "."), x[k], y[k])
		}
		return
	}
	if p, errP := json.Marshal(a); errP == nil {
		if q, errQ := json.Marshal(b); errQ == nil && string(p) == string(q) {
			return
		}
	}
	*list = append(*list, gitops.Printable(at)+values(at, a, b))
}

// values shows the two values of a field whose values are never secret.
func values(at string, a, b any) string {
	open := []string{"spec.prune", "spec.suspend", "spec.path", "spec.syncPolicy.", "spec.destination.", "spec.source.path",
		"spec.source.targetRevision", "spec.source.chart", "spec.sourceRef.", "spec.project", "spec.ref."}
	if !slices.ContainsFunc(open, func(p string) bool { return at == p || strings.HasSuffix(p, ".") && strings.HasPrefix(at, p) }) {
		return ""
	}
	text := func(v any) string {
		switch v := v.(type) {
		case nil:
			return "nothing"
		case string:
			return gitops.Quote(v)
		case bool, int, float64:
			return fmt.Sprint(v)
		}
		return "other values"
	}
	return " (" + text(a) + " → " + text(b) + ")"
}
