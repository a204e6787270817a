package promote

import (
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/edit"
)

// create copies the overlays of an app that the target does not have, with names
// adapted. Every adapted value, and every field that is often different in each
// environment, is listed to be checked.
func (m *maker) create() {
	m.plan.Created = true
	for _, file := range m.source.own {
		t, data := m.swap.path(file), m.now[file]
		switch reason := m.sealReason(file, data); {
		case data == nil:
		case m.there(t) || t == file:
			m.withhold(t, "", "is there already")
		case plainSecret(file, data) && m.Options.Take[t] != TakeSource:
			m.withhold(t, "", "is a Secret of "+m.From+" in plain text: make one for "+m.To+" with /seal")
			m.forget(file)
		case reason != "":
			m.withhold(t, "", reason)
			m.forget(file)
		default:
			m.ours[t] = nil // its name is taken, see adapted
		}
	}
	for _, file := range m.source.own {
		if isKustomization(file) && m.now[file] != nil {
			m.links(file)
		}
	}
	for _, file := range m.source.own {
		t := m.swap.path(file)
		if data, ok := m.ours[t]; ok && data == nil {
			m.ours[t], m.runs[t] = m.adapted(t, m.now[file]), m.Source.Lookup(file).Executable
			m.plan.Edits = append(m.plan.Edits, Edit{File: t, Kind: FileAdded, Key: file})
		}
	}
	for _, dir := range m.app.From {
		m.check(m.swap.path(dir), "", "is new: see that something deploys it")
	}
}

// adapted is a copy of a file for the target.
func (m *maker) adapted(t string, data []byte) []byte {
	f, err := edit.Parse(t, data)
	if !isYAML(t) || err != nil {
		return m.adaptedText(t, data)
	}
	roots := f.Documents()
	for i, root := range roots {
		if root != nil {
			m.adapt(f, t, root, document(i, len(roots)), "")
		}
	}
	out, err := f.Bytes()
	if err != nil {
		m.check(t, "", "could not be adapted: "+because(err))
		return data
	}
	return out
}

// specific are fields that each environment often has its own value of.
var specific = map[string]bool{
	"namespace": true, "namePrefix": true, "nameSuffix": true, "replicas": true, "count": true, "host": true, "hosts": true, "hostname": true,
	"storage": true, "storageClassName": true, "cluster": true, "clusterName": true, "server": true, "url": true,
	"minReplicas": true, "maxReplicas": true, "cpu": true, "memory": true,
}

// adapt replaces the source's name in every scalar below n.
func (m *maker) adapt(f *edit.File, t string, n *yaml.Node, at trail, field string) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i].Value
			m.adapt(f, t, n.Content[i+1], at.key(key), key)
		}
	case yaml.SequenceNode:
		for i, c := range n.Content {
			m.adapt(f, t, c, at.item(i, c), field)
		}
	case yaml.ScalarNode:
		value := m.swap.rename(n.Value)
		switch {
		case value == n.Value && specific[field]:
			m.check(t, at.String(), gitops.Quote(oneOf(n.Value))+" is "+m.From+"'s: check")
		case value == n.Value || m.leadsNowhere(t, n.Value, value):
		case f.SetValue(n, value) == nil:
			m.check(t, at.String(), gitops.Quote(oneOf(value))+" was "+gitops.Quote(oneOf(n.Value))+": check")
		}
	}
}

// oneOf is the first line of a value.
func oneOf(s string) string { s, _, _ = strings.Cut(s, "\n"); return s }

// leadsNowhere reports whether a value of a kustomization names something in the
// tree, and nothing any more once it is adapted.
func (m *maker) leadsNowhere(t, value, adapted string) bool {
	if !isKustomization(t) || strings.Contains(value, "\n") {
		return false
	}
	exists := func(entry string) bool {
		p := path.Join(path.Dir(t), entry)
		_, created := m.ours[p]
		below := slices.ContainsFunc(slices.Collect(maps.Keys(m.ours)), func(f string) bool { return strings.HasPrefix(f, p+"/") })
		return created || below || m.Target.Lookup(p).Kind != gitops.Missing
	}
	return exists(value) && !exists(adapted)
}

// adaptedText is a copy of a file that is not YAML.
func (m *maker) adaptedText(t string, data []byte) []byte {
	var b strings.Builder
	at := 0
	for line := range strings.Lines(string(data)) {
		at++
		adapted := m.swap.rename(line)
		if adapted != line {
			m.check(t, lineSpot(at), "names "+m.To+" now, and named "+m.From+": check")
		}
		b.WriteString(adapted)
	}
	return []byte(b.String())
}

func lineSpot(n int) string { return "line " + strconv.Itoa(n) }
