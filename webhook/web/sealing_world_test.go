package web_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/seal"
	"github.com/sealift/sealift/gitops/seal/sealtest"
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

// issued is when the certificate was made.
var issued = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// sealWorld is a world with the form, for dev on pull request 7.
type sealWorld struct {
	*world
	fake  *sealing
	key   *sealtest.Key
	token string
	path  string
}

// newSealWorld serves the form. Without https the traffic can be read.
func newSealWorld(t *testing.T, secure bool) *sealWorld {
	t.Helper()
	s := &sealWorld{world: newHub(t), fake: &sealing{}, key: sealtest.NewKeyAt(t, issued, issued.AddDate(0, 0, 380))}
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

// sampleForm has an environment of every kind.
func sampleForm(t *testing.T, key *sealtest.Key) seal.Form {
	t.Helper()
	list, err := seal.ParseCertificates("", key.Cert)
	must(t, err)
	c := &list[0]
	return seal.Form{
		Ask: seal.Ask{Environment: "dev", Overlay: "apps/web/overlays/dev", Name: "db-credentials", Keys: []string{"username", "password"}},
		Environments: []seal.FormEnvironment{
			{Name: "dev", Certificate: c, Overlays: []seal.FormOverlay{
				{Path: "apps/api/overlays/dev", App: "api"},
				{Path: "apps/web/overlays/dev", App: "web", Namespace: "web-dev", Secrets: []seal.Existing{
					{File: "apps/web/overlays/dev/mail.yaml", Name: "another", Namespace: "web-dev", Scope: seal.Strict, Keys: []string{"one"}, Shared: true},
					{File: "apps/web/overlays/dev/mail.yaml", Name: "mail", Namespace: "web-dev", Type: "Opaque", Scope: seal.NamespaceWide, Keys: []string{"host", "token"}},
				}},
			}},
			{Name: "staging", Certificate: c, Warnings: c.Warnings(issued.AddDate(0, 0, 370)), Overlays: []seal.FormOverlay{{Path: "apps/web/overlays/staging", App: "web", Namespace: "web-staging"}}},
			{Name: "prod", Refused: "only admins of acme/gitops may seal for prod"},
		},
	}
}

// manifest is what was submitted, as a SealedSecret.
func manifest(t *testing.T, sub seal.Submission) []byte {
	t.Helper()
	out, err := seal.New(seal.Secret{Name: sub.Name, Namespace: sub.Namespace, Type: sub.Type, Scope: sub.Scope, Items: sub.Items})
	must(t, err)
	return out
}

// decrypt has the real kubeseal decrypt what was submitted.
func (s *sealWorld) decrypt(t *testing.T, sub seal.Submission) map[string]string {
	t.Helper()
	out := map[string]string{}
	for k, v := range s.key.Unseal(t, manifest(t, sub)).Data {
		out[k] = string(v)
	}
	return out
}
