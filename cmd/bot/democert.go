package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"time"

	"github.com/sealift/sealift/gitops"
)

// addCertificates gives each environment of the demo a certificate to seal with, as a
// controller makes them, for ten years; only the keys are shorter, to start sooner.
// Nobody keeps the keys, so what is sealed in the demo is never opened.
func addCertificates(files map[string]string, now time.Time) error {
	for _, env := range []string{"dev", "staging", "prod"} {
		text, err := certificate(env, now)
		if err != nil {
			return gitops.Errorf(gitops.Internal, "demo: certificate: %w", err)
		}
		files["config/seal/"+env+".pem"] = text
	}
	return nil
}

func certificate(env string, now time.Time) (string, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return "", err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "sealed-secrets " + env},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(10, 0, 0), KeyUsage: x509.KeyUsageEncipherOnly,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), err
}
