package layout

import "time"

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
	// Field is a path like "spec.replicas", "spec.containers[name=web].image",
	// "data.*" or "**.image"; "" is the whole file.
	Field string

	glob glob
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
