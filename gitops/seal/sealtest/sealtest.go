// Package sealtest lets tests ask the real kubeseal: it makes keys, decrypts
// SealedSecrets with `kubeseal --recovery-unseal`, and stands in for the controller of
// a cluster. kubeseal comes from the PATH or the project's .cache/bin, where `make
// tools` puts it. Without it the tests that need it end with need.Missing.
package sealtest

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/sealift/sealift/gitops/need"
)

// Key is a controller's key pair.
type Key struct {
	// Cert is the certificate in PEM, CertFile and KeyFile are files of both halves.
	Cert              []byte
	CertFile, KeyFile string
}

// NewKey makes a key with a certificate that is valid from an hour ago for a year.
func NewKey(t testing.TB) *Key {
	t.Helper()
	return NewKeyAt(t, time.Now().Add(-time.Hour), time.Now().Add(365*24*time.Hour))
}

// NewKeyAt makes a key with a certificate that is valid between two times. It has 2048
// bits: controllers use 4096, which take long to make.
func NewKeyAt(t testing.TB, from, until time.Time) *Key {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	shape := &x509.Certificate{SerialNumber: big.NewInt(from.Unix()), Subject: pkix.Name{CommonName: "sealed-secrets"}, NotBefore: from, NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, shape, shape, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	k := &Key{
		Cert:     pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		CertFile: filepath.Join(dir, "tls.crt"), KeyFile: filepath.Join(dir, "tls.key"),
	}
	key := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(private)})
	for name, data := range map[string][]byte{k.CertFile: k.Cert, k.KeyFile: key} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

// Secret is a Secret as kubeseal prints it.
type Secret struct {
	Metadata struct {
		Name, Namespace     string
		Labels, Annotations map[string]string
	} `json:"metadata"`
	Type      string            `json:"type"`
	Immutable bool              `json:"immutable"`
	Data      map[string][]byte `json:"data"`
}

// Unseal decrypts one SealedSecret and fails the test when it cannot.
func (k *Key) Unseal(t testing.TB, sealed []byte) Secret {
	t.Helper()
	s, err := unseal(path(t), sealed, k)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Refuses fails the test when a SealedSecret can be decrypted.
func (k *Key) Refuses(t testing.TB, sealed []byte) {
	t.Helper()
	if _, err := unseal(path(t), sealed, k); err == nil {
		t.Error("kubeseal decrypts it, which it must not")
	}
}

// UnsealRaw decrypts one value that `kubeseal --raw` or its like made.
func (k *Key) UnsealRaw(t testing.TB, item, scope, namespace, name string) []byte {
	t.Helper()
	annotations := ""
	if scope != "strict" {
		annotations = "  annotations: {sealedsecrets.bitnami.com/" + scope + `: "true"}` + "\n"
	}
	manifest := "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  name: " + name + "\n  namespace: " + namespace + "\n" + annotations +
		"spec:\n  encryptedData:\n    k: " + item + "\n"
	return k.Unseal(t, []byte(manifest)).Data["k"]
}

// Kubeseal runs kubeseal on input and returns what it prints.
func Kubeseal(t testing.TB, input []byte, args ...string) []byte {
	t.Helper()
	out, err := run(path(t), input, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func unseal(program string, sealed []byte, keys ...*Key) (Secret, error) {
	args := []string{"--recovery-unseal", "-o", "yaml"}
	for _, k := range keys {
		args = append(args, "--recovery-private-key", k.KeyFile)
	}
	out, err := run(program, sealed, args...)
	if err != nil {
		return Secret{}, err
	}
	var s Secret
	return s, yaml.Unmarshal(out, &s)
}

type runError struct{ stderr string }

// Error says what kubeseal did not take.
func (e runError) Error() string { return "kubeseal: " + strings.TrimSpace(e.stderr) }

func run(program string, input []byte, args ...string) ([]byte, error) {
	cmd := exec.Command(program, args...)
	cmd.Stdin = bytes.NewReader(input)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, runError{stderr.String()}
	}
	return stdout.Bytes(), nil
}

// path finds kubeseal.
func path(t testing.TB) string {
	t.Helper()
	if found, err := exec.LookPath("kubeseal"); err == nil {
		return found
	}
	for dir, err := os.Getwd(); err == nil && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		found := filepath.Join(dir, ".cache", "bin", "kubeseal")
		if _, err := os.Stat(found); err == nil {
			return found
		}
	}
	need.Missing(t, "kubeseal is not there, `make tools` installs it")
	return ""
}

// plainManifest is a Secret as kubeseal reads it.
func (s Secret) plainManifest() []byte {
	data := map[string]string{}
	for k, v := range s.Data {
		data[k] = base64.StdEncoding.EncodeToString(v)
	}
	out, _ := yaml.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Secret", "type": s.Type, "data": data,
		"metadata": map[string]any{"name": s.Metadata.Name, "namespace": s.Metadata.Namespace, "labels": s.Metadata.Labels, "annotations": s.Metadata.Annotations},
	})
	return out
}
