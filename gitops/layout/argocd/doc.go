// Package argocd says what one document of Argo CD comes to: an Application, an
// ApplicationSet or an AppProject. It reads the tree and changes nothing, asks nobody, and
// follows Argo CD's own code (github.com/argoproj/argo-cd/v3 at v3.3.0), which is named
// where a rule comes from.
//
// What a document deploys is one of three things: a unit, which can be rendered and
// compared; something opaque, of which only the files that it is made of are known; or
// a further document. What Argo CD would refuse, and what only a cluster or another
// system knows, is said in a note, never left out in silence.
//
// Documents are foreign input. Every loop over them is bounded, and a document that does
// not make sense is a note and no error.
package argocd

// The API of Argo CD's documents.
const (
	group              = "argoproj.io"
	kindApplication    = "Application"
	kindApplicationSet = "ApplicationSet"
	kindProject        = "AppProject"
)

// RuleName is the rule of every finding in the notes.
const RuleName = "layout"
