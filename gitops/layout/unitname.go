package layout

import (
	"path"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// unit says what a unit is for people: what its directory says, and where that says
// nothing what its deployer is called and where it deploys to.
func (n *namer) unit(u gitops.Unit) gitops.Overlay {
	o := n.overlay(u.Path)
	if u.DeployedBy == nil || n.config.rule(u.Path) != nil {
		return o
	}
	app, env := n.split(u.DeployedBy.Name)
	if c := u.Build.Chart; c != nil { // one chart serves many releases
		if app != "" {
			o.App = app
		}
		if env == "" {
			env = n.valuesFor(c)
		}
	}
	if app == syncName || app == o.Environment { // the cluster as a whole
		app = ""
	}
	if o.Environment == "" {
		o.Environment = n.deployedTo(u, env)
	}
	if o.App == "" || n.generic(u.Path, o.App) {
		if app != "" {
			o.App = app
		}
	}
	return o
}

// valuesFor is the environment that the paths of the values files of a release tell, the
// last one first.
func (n *namer) valuesFor(c *gitops.ChartBuild) string {
	for _, v := range slices.Backward(c.Values) {
		words := strings.FieldsFunc(v.File, func(c rune) bool { return strings.ContainsRune("/-_.", c) })
		for _, w := range slices.Backward(words) {
			if n.known[w] || certain(w) {
				return w
			}
		}
	}
	return ""
}

// generic reports whether an app is called by a word that only says what the directory
// holds: its own name, which many others have too.
func (n *namer) generic(dir, app string) bool {
	switch app {
	case "app", "apps", "main", "helm", "chart", "charts", "release", "default", "install", "kubernetes":
		return path.Base(dir) == app || strings.Contains("/"+dir+"/", "/"+app+"/")
	}
	return n.structural[app]
}

// split cuts the name of a deployer, such as web-prod or prod-web, into the app and the
// environment that it names, as far as they can be told.
func (n *namer) split(name string) (app, env string) {
	words := strings.FieldsFunc(name, func(c rune) bool { return c == '-' || c == '_' || c == '.' })
	for _, i := range []int{len(words) - 1, 0} {
		if len(words) > 1 && (n.known[words[i]] || certain(words[i])) {
			rest := slices.Delete(slices.Clone(words), i, i+1)
			return strings.Join(rest, "-"), words[i]
		}
	}
	for known := range n.known {
		if rest, ok := strings.CutSuffix(name, "-"+known); ok && rest != "" {
			return rest, known
		}
	}
	return name, ""
}

// deployedTo is the environment that a unit of no telling directory goes to: that of its
// deployer's name, or of the directory of its cluster.
func (n *namer) deployedTo(u gitops.Unit, env string) string {
	if env != "" {
		return env
	}
	for _, dir := range []string{u.DeployedBy.Cluster, u.Entry} {
		for elem := range strings.SplitSeq(dir, "/") {
			if n.known[elem] || certain(elem) {
				return elem
			}
		}
	}
	return ""
}
