package seal

import (
	"time"

	"github.com/sealift/sealift/gitops"
)

// Ask is what somebody wants to seal, as far as it is known.
type Ask struct {
	Environment, Overlay, App, Name string
	Keys                            []string
}

// Link is a permission to seal, good once, for one person on one pull request.
type Link struct {
	Repo   gitops.Repository
	Number int
	// Head is the commit at the pull request's head when it was asked for.
	Head   string
	Person gitops.User
	// Comment is the comment that asked, Reply the one that has the link.
	Comment, Reply int64
	Ask            Ask
	Expires        time.Time
}

// Form is what one person may see of a repository to fill in the form.
type Form struct {
	Ask          Ask
	Environments []FormEnvironment
	// OwnPull says that the change goes to a pull request of its own, because the
	// branch cannot be written to (a fork).
	OwnPull bool
}

// FormEnvironment is one environment to seal for.
type FormEnvironment struct {
	Name string
	// Refused says why not, with who may; "" when this person may.
	Refused string
	// Certificate is nil when Refused.
	Certificate *Certificate
	// Warnings are about the certificate.
	Warnings []string
	Overlays []FormOverlay
}

// FormOverlay is one overlay with the SealedSecrets that it has.
type FormOverlay struct {
	Path, App, Namespace string
	Secrets              []Existing
}

// Existing is a SealedSecret that is there.
type Existing struct {
	File, Name, Namespace, Type string
	Scope                       Scope
	Keys                        []string
	// Shared says that other overlays read it too: a change of it changes them.
	Shared bool
}

// Submission is what the form sends: ciphertext only.
type Submission struct {
	Environment, Overlay  string
	Namespace, Name, Type string
	Scope                 Scope
	// Fingerprint is that of the certificate the values were encrypted with.
	Fingerprint string
	// Items are keys with base64 ciphertext.
	Items map[string]string
	// Existing is the file of the SealedSecret to change, "" for a new one.
	Existing string
	// OwnPull asks for a pull request of its own.
	OwnPull bool
}

// Outcome is what sealing led to.
type Outcome struct {
	// URL is the pull request; Commit the one that has the secret.
	URL, Commit, File string
}
