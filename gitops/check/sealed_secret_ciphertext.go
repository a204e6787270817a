package check

import (
	"encoding/base64"
	"encoding/binary"
	"strconv"

	"github.com/sealift/sealift/gitops"
)

func sealedSecretCiphertext() Rule {
	return Rule{
		Name:     "sealed-secret-ciphertext",
		Severity: gitops.SeverityError,
		Doc:      "A value of a SealedSecret is no ciphertext.",
		Long: `A value is base64 of two bytes with the length of the RSA part, that part, and at
least 16 bytes of AES-GCM. The RSA part is as long as the controller's key: 512
bytes for the 4096 bits it makes by default, 256 for 2048 bits, the least it takes.
What is shorter was cut, or is a placeholder or a plain value that somebody put in
place of ciphertext; the value itself is never shown. Placeholders such as ` + "`${PASSWORD}`" + ` are fine.`,
		Bad: exampleWeb("db.yaml") + `apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata:
  name: db
  namespace: web
spec:
  encryptedData:
    password: AgBy3i4OJSWK
`,
		Good: exampleWeb("db.yaml") + exampleSealed("db", "web", ""),
		run:  runSealedSecretCiphertext,
	}
}

// runSealedSecretCiphertext reports a value where the file has it. A node in a place
// that is not known, such as a value that a patch made, is reported at the overlay.
func runSealedSecretCiphertext(p *pass) error {
	all, err := p.sealedSecrets()
	if err != nil {
		return err
	}
	for _, r := range all {
		for i, v := range r.values {
			wrong := notCiphertext(v.cipher)
			if wrong == "" {
				continue
			}
			at := r.places[i]
			if at.node == nil {
				at = place{}
			}
			f := r.finding(at)
			f.Message = "value of " + gitops.Quote(v.key) + " in SealedSecret " + gitops.Quote(r.placed().name) + " " + wrong
			f.Fix = "seal it again: " + p.sealAgain(r, v.key)
			p.report(f)
		}
	}
	return nil
}

const (
	minModulus = 2048 / 8  // the shortest key that the controller takes, in bytes
	maxModulus = 16384 / 8 // the longest that RSA libraries take
	gcmTag     = 16
)

// notCiphertext says why a value cannot be what kubeseal made, "" when it can.
// The format is that of sealed-secrets v0.36.6, pkg/crypto.HybridEncrypt.
func notCiphertext(value string) string {
	if value != "" && !isPlain(value) { // what another tool puts the value in for
		return ""
	}
	data, err := base64.StdEncoding.DecodeString(value)
	switch {
	case value == "":
		return "is empty"
	case err != nil:
		return "is not base64"
	case len(data) < 2+minModulus+gcmTag:
		return "is too short: " + strconv.Itoa(len(data)) + " bytes, a key of 2048 bits gives " + strconv.Itoa(2+minModulus+gcmTag) + " or more"
	}
	modulus := int(binary.BigEndian.Uint16(data))
	switch {
	case modulus < minModulus || modulus > maxModulus:
		return "is no ciphertext: it does not begin with the length of an RSA key"
	case len(data) < 2+modulus+gcmTag:
		return "is cut off: " + strconv.Itoa(len(data)) + " bytes, its key of " + strconv.Itoa(modulus*8) + " bits gives " + strconv.Itoa(2+modulus+gcmTag) + " or more"
	}
	return ""
}
