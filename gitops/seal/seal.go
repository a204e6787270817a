// Package seal makes and reads SealedSecrets.
package seal

import "crypto/x509"

// Scope says where a SealedSecret may be decrypted.
type Scope string

// The scopes, tightest first.
const (
	Strict        Scope = "strict"
	NamespaceWide Scope = "namespace-wide"
	ClusterWide   Scope = "cluster-wide"
)

// Certificate is the public half of a controller's key.
type Certificate struct {
	X509 *x509.Certificate
	// Fingerprint is the SHA-256 of the DER, in hex.
	Fingerprint string
}
