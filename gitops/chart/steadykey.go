package chart

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// pemForm matches a key or a certificate (RFC 7468).
var pemForm = regexp.MustCompile(`(?s)-----BEGIN [^-]+-----.*?-----END [^-]+-----\n?`)

// pemBlocks are the keys and certificates in a text.
func pemBlocks(text string) []string { return pemForm.FindAllString(text, -1) }

// withoutKeys puts marks in the place of keys and certificates that differ, and reports
// whether there are any. A mark says what a certificate is for, which the chart chose.
func (w *weave) withoutKeys(texts []string) (shown []string, found bool) {
	blocks := each(texts, pemBlocks)
	if len(blocks[0]) == 0 || !sameLength(blocks) {
		return texts, false
	}
	shown = texts
	for i := range blocks[0] {
		these := each(blocks, func(b []string) string { return b[i] })
		if equal(these) {
			continue
		}
		found = true
		says := each(these, keySays)
		if says[0] == "" || !equal(says) { // none, or something stands in it
			says, w.hidden = each(says, func(string) string { return Random }), true
		}
		for t := range shown {
			if t == 0 {
				shown = append([]string{}, shown...)
			}
			shown[t] = strings.Replace(shown[t], these[t], says[t], 1)
		}
	}
	return shown, found
}

// keySays is a mark for a key or a certificate, "" for what is none.
func keySays(text string) string {
	block, rest := pem.Decode([]byte(text))
	if block == nil || len(strings.TrimSpace(string(rest))) > 0 || len(block.Headers) > 0 || strings.TrimSpace(string(pem.EncodeToMemory(block))) != strings.TrimSpace(text) {
		return ""
	}
	end := text[len(strings.TrimRight(text, "\n")):]
	if c, err := x509.ParseCertificate(block.Bytes); err == nil {
		return fmt.Sprintf("(random, certificate of %s for %s, %d days, CA %t)", c.Subject, names(c), int(c.NotAfter.Sub(c.NotBefore).Round(time.Hour)/(24*time.Hour)), c.IsCA) + end
	}
	switch key := privateKey(block.Bytes).(type) {
	case *rsa.PrivateKey:
		return fmt.Sprintf("(random, RSA key of %d bits)", key.N.BitLen()) + end
	case *ecdsa.PrivateKey:
		return "(random, key on " + key.Curve.Params().Name + ")" + end
	case ed25519.PrivateKey:
		return "(random, Ed25519 key)" + end
	}
	return ""
}

// names are what a certificate is for.
func names(c *x509.Certificate) string {
	list := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		list = append(list, ip.String())
	}
	return "[" + strings.Join(list, " ") + "]"
}

// privateKey reads a key in one of the forms in which sprig makes them, nil for another.
func privateKey(der []byte) any {
	if k, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return k
	}
	if k, err := x509.ParseECPrivateKey(der); err == nil {
		return k
	}
	if k, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return k
	}
	return nil
}
