package gitops

import (
	"cmp"
	"strconv"
)

// Deployer is who applies what a unit renders to.
type Deployer struct {
	// Kind is "Application" (Argo CD), "Kustomization" or "HelmRelease" (Flux).
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Cluster tells deployers of one name apart: for Argo CD the destination as the
	// Application names it, for Flux the directory from which its chain of
	// Kustomizations starts.
	Cluster string `json:"cluster"`
}

// Prune says what becomes of the objects of a deployer that is gone, or that deploys
// them no more.
type Prune uint8

// What becomes of objects. PruneUnknown is the zero value: nothing tells.
const (
	PruneUnknown Prune = iota
	PruneDelete        // they are deleted
	PruneKeep          // they are left behind
)

// Unit is what one deployer makes of the repository, or, where nothing deploys it as
// far as the repository tells, what a root kustomization renders to. It is the thing
// that is rendered and compared.
type Unit struct {
	// Overlay has the directory of its source, and what it is for people.
	Overlay
	// Environments are all of them, sorted, where one source feeds several; else nil.
	Environments []string
	// DeployedBy is nil for a root.
	DeployedBy *Deployer
	// Source counts the sources of an Application that has several, from 0.
	Source int
	// Entry is where the chain of deployers starts that leads to it: the directory of
	// the unit whose render has the first of them, or of the file that does. It is part
	// of the identity.
	Entry string
	// Parents are the units whose renders have its deployer, outermost first, by [Unit.ID].
	Parents []string
	// Artifact names what its deployer finds of the tree, "" for all of it. A source of Flux
	// hands on only a part: gitops/layout/flux makes the tree of it.
	Artifact string
	// Build is how it is rendered.
	Build Build
	// Near are directories and files of the tree that it may be rendered of beside its
	// path and what kustomizations name, such as the values files of a chart.
	Near []string
	// Namespace is where objects go that name none, "" when that is not known.
	Namespace string
	// Revision is what its source follows, as written; "" is the default branch.
	Revision string
	// Removed is what becomes of its objects when its deployer is deleted, Dropped what
	// becomes of those that it does not render any more.
	Removed, Dropped Prune
	// Suspended says that its deployer does nothing until it is resumed.
	Suspended bool
	// File and Line are where its deployer stands, as far as that is known; lines count
	// from 1 and are 0 when unknown.
	File string
	Line int
}

// ID returns the identity of the unit within its tree: who deploys it, or its path. Two
// units of one ID differ in Entry.
func (u *Unit) ID() string {
	if u.DeployedBy == nil {
		return u.Path
	}
	d := u.DeployedBy
	id := d.Kind + " " + cmp.Or(d.Namespace, "-") + "/" + d.Name
	if u.Source > 0 {
		id += "#" + strconv.Itoa(u.Source)
	}
	if d.Cluster != "" {
		id += " @ " + d.Cluster
	}
	return id
}

// Document is one object of a deployer, such as an Application, with where it stands.
type Document struct {
	APIVersion, Kind, Namespace, Name string
	// YAML is the object alone. Lines in it count from Line of File.
	YAML []byte
	// File and Line are its place. Of one that was rendered it is the place of the
	// document that it was made of, or else of the kustomization, as far as known.
	File string
	Line int
	// From is the unit whose render has it, nil for one that stands in a file as it is.
	From *Unit
}

// Reason says why something that is deployed is not compared.
type Reason string

// The reasons.
const (
	ReasonChart     Reason = "chart"
	ReasonRemote    Reason = "remote"
	ReasonPlugin    Reason = "plugin"
	ReasonJsonnet   Reason = "jsonnet"
	ReasonSubmodule Reason = "submodule"
	ReasonPointer   Reason = "pointer" // what deploys cannot be read, or does not say from where
	ReasonFails     Reason = "fails"
	ReasonBudget    Reason = "budget"
)

// Opaque is something that is deployed and cannot be rendered here.
type Opaque struct {
	Reason Reason
	// Message says what it is on one line, with foreign values quoted.
	Message string
	// File and Line are what deploys it.
	File string
	Line int
	// Reads are doublestar patterns of the paths of the tree that it is made of or may
	// be made of: a change of any may change what is deployed.
	Reads []string
	// Key is what it is deployed with, in any form: where it differs between two trees
	// something changes although no path of Reads does. It is compared and never shown.
	Key string
}

// Reach says whether what a deployer follows is the tree that is compared.
type Reach uint8

// The answers about a repository's address and a revision.
const (
	// Elsewhere is another repository.
	Elsewhere Reach = iota
	// Here is this repository at the branch that is compared.
	Here
	// OtherRevision is this repository at a commit, tag or branch that a change of the
	// branch that is compared does not reach.
	OtherRevision
	// Doubtful may be this repository: the addresses look alike and are not the same.
	Doubtful
)

// Deployed is what the documents of a deployer come to.
type Deployed struct {
	// Units are without what comes from their place in the repository (Overlay.App,
	// Overlay.Environment) and in the chain of deployers (Entry, Parents): who found the
	// document fills that in.
	Units []Unit
	// Documents are further ones that the deployer makes itself, such as the Applications
	// of an ApplicationSet.
	Documents []Document
	// Opaque is what is deployed and cannot be rendered here.
	Opaque []Opaque
	// Notes are what was seen and is not understood, or is wrong.
	Notes []Finding
}
