package promote

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sealift/sealift/gitops/edit"
)

// account is a number of an account of AWS, which registries and roles have in their
// names (https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html),
// and address the host of a URL.
var (
	account = regexp.MustCompile(`(?:^|[^0-9A-Za-z])([0-9]{12})(?:$|[^0-9A-Za-z])`)
	address = regexp.MustCompile(`[a-z][a-z0-9+.-]*://(?:[^/@\s"']*@)?([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)`)
)

// clusterFields hold names that belong to one cluster.
var clusterFields = []string{"cluster", "clusterName", "clusterDomain", "server", "domain", "host", "hostname"}

// shortestName is how long the value of such a field must be to be looked for.
const shortestName = 4

// foreign are the names that the source had at the last promotion, in its own files, and
// the target does not have anywhere: accounts, domains and clusters of the source.
func (m *maker) foreign() []string {
	theirs, ours := map[string]bool{}, map[string]bool{}
	for file, data := range m.sourceThen() {
		ownNames(file, data, theirs)
	}
	for file, data := range m.was {
		ownNames(file, data, ours)
	}
	var list []string
	for name := range theirs {
		if !ours[name] && !m.inTarget(name) {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// sourceThen are the source's files at the last promotion, or now when there was none.
func (m *maker) sourceThen() map[string][]byte {
	if m.app.Last == nil {
		return m.now
	}
	return m.old
}

// inTarget reports whether a file of the target has a name in some other form.
func (m *maker) inTarget(name string) bool {
	for _, data := range m.was {
		if strings.Contains(string(data), name) {
			return true
		}
	}
	return false
}

// ownNames collects what names an environment's own things in a file.
func ownNames(file string, data []byte, names map[string]bool) {
	for _, found := range account.FindAllStringSubmatch(string(data), -1) {
		names[found[1]] = true
	}
	for _, found := range address.FindAllStringSubmatch(string(data), -1) {
		names[domainOf(found[1])] = true
	}
	f, err := edit.Parse(file, data)
	if !isYAML(file) || err != nil {
		return
	}
	for _, root := range f.Documents() {
		each(root, func(n *yaml.Node) {
			for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
				value := text(n.Content[i+1])
				if slices.Contains(clusterFields, n.Content[i].Value) && len(value) >= shortestName && !strings.ContainsAny(value, " \n{}") {
					names[value] = true
				}
			}
		})
	}
}

// domainOf is the part of a host's name that somebody owns: its last two labels, or three
// where the second is short, as in example.co.uk.
func domainOf(host string) string {
	labels := strings.Split(strings.ToLower(host), ".")
	n := 2
	if len(labels) > 2 && len(labels[len(labels)-2]) <= 3 && len(labels[len(labels)-1]) == 2 {
		n = 3
	}
	return strings.Join(labels[max(0, len(labels)-n):], ".")
}

// names returns what of the source a value names, for people: the source itself, or
// something that only the source has; "" for nothing.
func (m *maker) names(value string) string {
	if m.swap.named(value) {
		return m.From
	}
	for _, name := range m.foreignNames {
		if hasWord(value, name) {
			return name + " of " + m.From
		}
	}
	return ""
}
