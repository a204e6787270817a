package seal

import (
	"bytes"
	"cmp"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sealift/sealift/gitops"
)

const (
	// renewal is how often a controller makes a new key unless it is told
	// otherwise: --key-renew-period of sealed-secrets.
	renewal = 30 * 24 * time.Hour
	// soon is how long before its end a certificate is warned about.
	soon = 14 * 24 * time.Hour
	// skew is how far a controller's clock may be ahead of ours.
	skew = 5 * time.Minute

	maxPEM     = 1 << 20 // bytes of a file of certificates
	maxChain   = 100     // certificates in a file
	minKeyBits = 2048
)

// Certificate is the public half of a controller's key. [ParseCertificates] makes it.
type Certificate struct {
	X509 *x509.Certificate
	// Fingerprint is the SHA-256 of the DER, in hex.
	Fingerprint string
}

// key is the public key; ParseCertificates has seen that it is RSA.
func (c *Certificate) key() *rsa.PublicKey { return c.X509.PublicKey.(*rsa.PublicKey) }

// PEM returns the certificate as a PEM block.
func (c *Certificate) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.X509.Raw})
}

// ParseCertificates reads one or more certificates in PEM, with RSA keys of at
// least 2048 bits. file is for messages. A private key in the file is an error that
// says so: it was to stay in the cluster.
func ParseCertificates(file string, data []byte) ([]Certificate, error) {
	if len(data) > maxPEM {
		return nil, badCertificate(file, "file is larger than 1 MiB")
	}
	if what := notUTF8(data); what != "" {
		return nil, &gitops.Error{Code: gitops.Invalid, File: file, Message: "file is " + what + ", as PowerShell writes it: neither this nor kubeseal reads that",
			Hint: "write it as plain UTF-8: `kubeseal --fetch-cert | Out-File -Encoding ascii cert.pem`, or `iconv -t UTF-8`"}
	}
	var out []Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		switch {
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			return nil, &gitops.Error{Code: gitops.Invalid, File: file, Message: "file holds a private key, not only certificates",
				Hint: "whoever can read it can decrypt every SealedSecret: renew the controller's key, and change the secrets"}
		case block.Type != "CERTIFICATE":
			continue
		case len(out) == maxChain:
			return nil, badCertificate(file, fmt.Sprintf("more than %d certificates", maxChain))
		}
		c, err := parseCertificate(file, block.Bytes)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, badCertificate(file, "no certificate in PEM found")
	}
	return out, nil
}

// notUTF8 says how a text is written, by its byte order mark or by the zeros between its
// characters; "" for plain UTF-8.
func notUTF8(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return "UTF-8 with a byte order mark"
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")), bytes.Contains(data, []byte("-\x00-\x00-")):
		return "UTF-16"
	}
	return ""
}

// parseCertificate reads one certificate. What is wrong with it is said without any of
// it.
func parseCertificate(file string, der []byte) (Certificate, error) {
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return Certificate{}, badCertificate(file, "certificate cannot be read")
	}
	key, ok := parsed.PublicKey.(*rsa.PublicKey)
	if !ok {
		return Certificate{}, badCertificate(file, "certificate has no RSA key")
	}
	if bits := key.N.BitLen(); bits < minKeyBits {
		return Certificate{}, badCertificate(file, fmt.Sprintf("certificate has a key of %d bits, at least %d are needed", bits, minKeyBits))
	}
	sum := sha256.Sum256(der)
	return Certificate{X509: parsed, Fingerprint: hex.EncodeToString(sum[:])}, nil
}

// badCertificate says where a good one comes from.
func badCertificate(file, message string) error {
	return &gitops.Error{Code: gitops.Invalid, File: file, Message: message, Hint: "`kubeseal --fetch-cert` or the controller's /v1/cert.pem gives it"}
}

// Choose returns the certificate that is valid at now and was made last. An expired
// one is never returned: its key may be gone. Code invalid when none is valid.
func Choose(list []Certificate, now time.Time) (*Certificate, error) {
	byAge := slices.SortedFunc(slices.Values(list), func(a, b Certificate) int {
		return cmp.Or(b.X509.NotBefore.Compare(a.X509.NotBefore), b.X509.NotAfter.Compare(a.X509.NotAfter), cmp.Compare(a.Fingerprint, b.Fingerprint))
	})
	for i, c := range byAge {
		if !now.Add(skew).Before(c.X509.NotBefore) && now.Before(c.X509.NotAfter) {
			return &byAge[i], nil
		}
	}
	if len(byAge) == 0 {
		return nil, badCertificate("", "no certificate")
	}
	last := byAge[0].X509
	if now.Before(last.NotAfter) {
		return nil, badCertificate("", "certificate is valid only from "+day(last.NotBefore))
	}
	return nil, badCertificate("", "certificate expired on "+day(last.NotAfter))
}

// Warnings says what is odd about the certificate at now, one sentence each: it is
// older than the controller's renewal, or it ends soon.
func (c *Certificate) Warnings(now time.Time) []string {
	var out []string
	if age := now.Sub(c.X509.NotBefore); age > renewal {
		out = append(out, fmt.Sprintf("The certificate is %d days old. The controller makes a new one every 30 days unless it is told otherwise, so there is probably a newer one.", days(age)))
	}
	if left := c.X509.NotAfter.Sub(now); left < soon {
		out = append(out, fmt.Sprintf("The certificate expires on %s (in %d days).", day(c.X509.NotAfter), days(left)))
	}
	return out
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// days are whole ones, rounded towards zero.
func days(d time.Duration) int { return int(d / (24 * time.Hour)) }
