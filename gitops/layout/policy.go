package layout

import (
	"slices"
	"time"

	"github.com/robfig/cron/v3"
)

// Promote is the section `promote` of the configuration: what a promotion carries.
type Promote struct {
	// Carry and Keep say, for files and fields, what is always carried and what
	// is never, whatever the merge would say. Keep wins.
	Carry, Keep []FieldRule
	// Copy is patterns of files that are copied whole, such as "**/version.yml".
	Copy []string
	// Together are lists of apps that always move in one promotion.
	Together [][]string
	// Groups are names for several environments that follow the same one, such
	// as "prod" for "prod-eu" and "prod-us".
	Groups []Group
	// Skip allows a promotion to leave out environments of the chain.
	Skip bool

	copy []glob
}

// FieldRule names fields of files.
type FieldRule struct {
	// Path is a pattern of files; "" is every file.
	Path string
	// Field is a path as [gitops.ParseFieldPath] reads it; "" is the whole file.
	Field string

	glob glob
}

// Matches reports whether the rule is about a file.
func (r FieldRule) Matches(file string) bool { return r.Path == "" || r.glob.match(file) }

// Copies reports whether a file is copied whole.
func (p Promote) Copies(file string) bool { return matchAny(p.copy, file) }

// WithApp returns the apps that move together with one, itself included, in the
// order of the configuration.
func (p Promote) WithApp(app string) []string {
	for _, apps := range p.Together {
		if slices.Contains(apps, app) {
			return apps
		}
	}
	return []string{app}
}

// Group returns the group of a name.
func (p Promote) Group(name string) (Group, bool) {
	i := slices.IndexFunc(p.Groups, func(g Group) bool { return g.Name == name })
	if i < 0 {
		return Group{}, false
	}
	return p.Groups[i], true
}

// Group is several environments under one name.
type Group struct {
	Name    string
	Members []string // in the order in which they are promoted to
	// Soak is how long one must have been promoted before the next is.
	Soak time.Duration
}

// Gate is what must hold before something is promoted to an environment.
type Gate struct {
	// Promoters are the rights ("write", "maintain", "admin"), logins ("ada") and
	// teams ("@acme/platform") that may promote; empty means "write".
	Promoters []string
	// Freezes are the times when nobody may.
	Freezes []Freeze
	// Soak is how long the source must have been as it is.
	Soak time.Duration
	// Checks must be green on the source commit, Labels be on the pull request
	// that asks.
	Checks, Labels []string
	// Auto opens the promotion when the source changes; AutoMerge merges it.
	Auto, AutoMerge bool
}

// Freeze is a time that comes again and again.
type Freeze struct {
	// Cron says when it begins, in five fields, in Zone.
	Cron string
	// For is how long it lasts.
	For    time.Duration
	Zone   *time.Location
	Reason string

	starts cron.Schedule
}

// Sealing is how secrets of one environment are sealed.
type Sealing struct {
	// Certificates are files of the repository, PEM.
	Certificates []string
	// Controller is a name that the operator's configuration maps to an address
	// or a file; "" when there are Certificates.
	Controller string
	// Sealers are who may seal, written as Gate.Promoters; empty means "write".
	Sealers []string
}

// Environment returns what is said about an environment; all but its name is zero
// when nothing is.
func (c *Config) Environment(name string) Environment {
	for _, e := range c.Environments {
		if e.Name == name {
			return e
		}
	}
	return Environment{Name: name}
}
