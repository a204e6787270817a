package gitops

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
)

// Overlay is a kustomization, or a directory of plain manifests, that something deploys.
type Overlay struct {
	// Path is its directory, relative to the root of the repository.
	Path string `json:"path"`
	// App is the application it deploys, "" when the layout does not tell.
	App string `json:"app"`
	// Environment is where to, "" when the layout does not tell.
	Environment string `json:"environment"`
}

// Object is one rendered manifest.
type Object struct {
	APIVersion string
	Kind       string
	Namespace  string // "" for cluster-wide objects and those that leave it out
	Name       string
	// YAML is the manifest as kustomize prints it, with the final newline and
	// without the "---" line.
	YAML []byte
}

// Read is one thing that a render looked at. A render of the same path gives
// the same output in every tree in which all its reads hold.
type Read struct {
	// Path is where it looked, clean and relative to the root. For a remote
	// base it is the address as written, and Kind is Remote.
	Path string
	// Kind is what was there; Missing when nothing was.
	Kind Kind
	// ID is the blob id of a File or Symlink, and the commit or content id of
	// a Remote. It is empty for a directory, unless the names in it were read: then
	// it is theirs.
	ID string
}

// Remote is the kind of a [Read] outside of the repository. Trees have no
// entries of this kind.
const Remote Kind = Submodule + 1

// Rendered is what one path of one tree renders to.
type Rendered struct {
	// Path is the overlay's directory.
	Path string
	// Objects are in the order in which kustomize prints them; nil with Err.
	Objects []Object
	// Err says why the path does not render. It is nil when it does.
	Err *Error
	// Reads is everything the render read or looked for, sorted by path.
	Reads []Read
	// Doubts are what the objects depend on that is not known here.
	Doubts []Doubt
}

// Doubt is something that a render depends on and that is not known here, such as an object
// that a chart looks up in its cluster.
type Doubt struct {
	// Message says it on one line, with foreign values quoted.
	Message string
	// Key stands for what it would render to if it were known, in any form: where it
	// differs between two renders the change may do more than their objects show.
	Key string
}

// YAML returns the objects as `kustomize build` prints them.
func (r *Rendered) YAML() []byte {
	var b bytes.Buffer
	for i, o := range r.Objects {
		if i > 0 {
			b.WriteString("---\n")
		}
		b.Write(o.YAML)
	}
	return b.Bytes()
}

// SHA256 returns the hex SHA-256 of [Rendered.YAML]. It must not leave the
// machine of the person who asked: the hash of a short secret can be guessed.
func (r *Rendered) SHA256() string {
	h := sha256.New()
	for i, o := range r.Objects {
		if i > 0 {
			h.Write([]byte("---\n"))
		}
		h.Write(o.YAML)
	}
	return hex.EncodeToString(h.Sum(nil))
}
