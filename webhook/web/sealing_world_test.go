package web_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/seal"
	"github.com/sealift/sealift/webhook/hub/hubtest"
	"github.com/sealift/sealift/webhook/web"
)

// sealing is web.Sealing over a map of links. It notes what was submitted.
type sealing struct {
	mu    sync.Mutex
	links map[string]seal.Link
	form  seal.Form
	err   error // of Form and Seal
	got   []seal.Submission
}

func (s *sealing) Link(_ context.Context, token string) (seal.Link, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.links[token]
	if !ok {
		return l, gitops.Errorf(gitops.NotFound, "link is not good")
	}
	return l, nil
}

func (s *sealing) Form(context.Context, seal.Link, gitops.User) (seal.Form, error) {
	return s.form, s.err
}

func (s *sealing) Seal(_ context.Context, token string, l seal.Link, person gitops.User, sub seal.Submission) (seal.Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return seal.Outcome{}, s.err
	}
	if person.ID != l.Person.ID || person.Login != l.Person.Login {
		return seal.Outcome{}, gitops.Errorf(gitops.Internal, "sealed as somebody else")
	}
	delete(s.links, token)
	s.got = append(s.got, sub)
	return seal.Outcome{URL: "https://github.com/acme/gitops/pull/7", Commit: strings.Repeat("c0ffee", 7)[:40], File: sub.Overlay + "/" + sub.Name + ".yaml"}, nil
}

// submitted returns the only submission.
func (s *sealing) submitted(t *testing.T) seal.Submission {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.got) != 1 {
		t.Fatalf("%d submissions, want one", len(s.got))
	}
	return s.got[0]
}

// sealWorld is a world with the form, for dev on pull request 7.
type sealWorld struct {
	*world
	fake  *sealing
	key   *rsa.PrivateKey
	token string
	path  string
}

// newSealWorld serves the form. Without https the traffic can be read.
func newSealWorld(t *testing.T, secure bool) *sealWorld {
	t.Helper()
	s := &sealWorld{world: newHub(t), fake: &sealing{}, key: hubtest.Key(t)}
	s.token = base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{0xa5}, 32))
	s.path = web.SealPath(s.token)
	s.fake.form = sampleForm(t, s.key)
	s.withApp(secure, func(o *web.Options) {
		o.Sealing, o.Proxies = s.fake, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	s.fake.links = map[string]seal.Link{s.token: s.linkFor("dev")}
	return s
}

func (s *sealWorld) linkFor(login string) seal.Link {
	return seal.Link{
		Repo: gitops.Repository{ID: 1, Owner: "acme", Name: "gitops"}, Number: 7, Head: head,
		Person: gitops.User{ID: s.User(login).ID(), Login: login}, Expires: s.clock().Add(30 * time.Minute),
	}
}

// certificate is a self-signed one, as a controller makes it.
func certificate(t *testing.T, key *rsa.PrivateKey) *seal.Certificate {
	t.Helper()
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sealed-secrets"},
		NotBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2036, 1, 2, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	must(t, err)
	c, err := x509.ParseCertificate(der)
	must(t, err)
	sum := sha256.Sum256(der)
	return &seal.Certificate{X509: c, Fingerprint: hex.EncodeToString(sum[:])}
}

// sampleForm has an environment of every kind.
func sampleForm(t *testing.T, key *rsa.PrivateKey) seal.Form {
	c := certificate(t, key)
	return seal.Form{
		Ask: seal.Ask{Environment: "dev", Overlay: "apps/web/overlays/dev", Name: "db-credentials", Keys: []string{"username", "password"}},
		Environments: []seal.FormEnvironment{
			{Name: "dev", Certificate: c, Overlays: []seal.FormOverlay{
				{Path: "apps/api/overlays/dev", App: "api"},
				{Path: "apps/web/overlays/dev", App: "web", Namespace: "web-dev", Secrets: []seal.Existing{
					{File: "apps/web/overlays/dev/mail.yaml", Name: "mail", Namespace: "web-dev", Type: "Opaque", Scope: seal.NamespaceWide, Keys: []string{"host", "token"}},
				}},
			}},
			{Name: "staging", Certificate: c, Warnings: []string{"The certificate expires in 10 days."}, Overlays: []seal.FormOverlay{{Path: "apps/web/overlays/staging", App: "web", Namespace: "web-staging"}}},
			{Name: "prod", Refused: "only admins of acme/gitops may seal for prod"},
		},
	}
}

// decrypt has the real kubeseal decrypt what was submitted.
func (s *sealWorld) decrypt(t *testing.T, sub seal.Submission) map[string]string {
	t.Helper()
	secret, err := s.unseal(t, sub)
	must(t, err)
	out := map[string]string{}
	for k, v := range secret {
		out[k] = string(v)
	}
	return out
}

func (s *sealWorld) unseal(t *testing.T, sub seal.Submission) (map[string][]byte, error) {
	t.Helper()
	kubeseal := filepath.Join(hubtest.Root(t), ".cache", "bin", "kubeseal")
	if _, err := os.Stat(kubeseal); err != nil {
		hubtest.Missing(t, "kubeseal is not in .cache/bin")
	}
	keyFile := filepath.Join(t.TempDir(), "key.pem")
	must(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(s.key)}), 0o600))
	meta := map[string]any{"name": sub.Name, "namespace": sub.Namespace}
	if sub.Scope != seal.Strict {
		meta["annotations"] = map[string]string{"sealedsecrets.bitnami.com/" + string(sub.Scope): "true"}
	}
	manifest, err := json.Marshal(map[string]any{"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "metadata": meta,
		"spec": map[string]any{"encryptedData": sub.Items, "template": map[string]any{"metadata": meta, "type": sub.Type}}})
	must(t, err)
	cmd := exec.CommandContext(t.Context(), kubeseal, "--recovery-unseal", "--recovery-private-key", keyFile, "-o", "json")
	cmd.Stdin = bytes.NewReader(manifest)
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	var secret struct{ Data map[string][]byte }
	must(t, json.Unmarshal(out, &secret))
	return secret.Data, nil
}
