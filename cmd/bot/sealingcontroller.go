package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/sealift/sealift/gitops"
)

// controller is one that the operator's configuration names: where its
// certificates are.
type controller struct {
	Name string
	// URL is where it answers, without a slash at its end; "" when there is a File
	// with its certificates.
	URL, File string
}

// String returns it as it is written in the configuration.
func (c controller) String() string { return c.Name + "=" + c.URL + c.File }

var controllerName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)

// controllerSetting reads "NAME=URL" or "NAME=FILE".
func controllerSetting(s string) (controller, error) {
	name, at, ok := strings.Cut(s, "=")
	const form = "write it as NAME=https://HOST or NAME=FILE"
	if !ok || at == "" || !controllerName.MatchString(name) {
		return controller{}, bad("controller", maskURL(s), form)
	}
	if !strings.Contains(at, "://") {
		return controller{Name: name, File: at}, nil
	}
	u, ok := site(at)
	if !ok {
		return controller{}, bad("controller", name+"="+maskURL(at), form+"; http is for loopback addresses only")
	}
	return controller{Name: name, URL: strings.TrimRight(u.String(), "/")}, nil
}

// controllers reads a list of which no name is there twice.
func controllers(s string) ([]controller, error) {
	list, err := each(controllerSetting)(s)
	seen := map[string]bool{}
	for _, c := range list {
		if seen[c.Name] {
			return nil, bad("controller", c.Name, "it is there twice")
		}
		seen[c.Name] = true
	}
	return list, err
}

// Bounds of what a controller is asked and what it answers.
const (
	controllerTimeout = 10 * time.Second
	maxCertificates   = 256 << 10 // bytes of PEM
	maxSealed         = 4 << 20   // bytes of one SealedSecret; etcd holds less
	// certificateLife is how long certificates are kept: a controller renews its
	// own every 30 days.
	certificateLife = 10 * time.Minute
)

// controllerClient speaks with controllers of sealed-secrets. It follows no
// redirect.
type controllerClient struct{ http *http.Client }

func newControllerClient() *controllerClient {
	return &controllerClient{&http.Client{
		Timeout:       controllerTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Certificates returns the certificates of the controller at an address, as PEM.
func (c *controllerClient) Certificates(ctx context.Context, address string) ([]byte, error) {
	return c.do(ctx, http.MethodGet, address+"/v1/cert.pem", nil, maxCertificates)
}

// Rotate has a controller encrypt a SealedSecret, as JSON or YAML, anew with its
// newest key. It fails with code invalid for one that it cannot decrypt.
func (c *controllerClient) Rotate(ctx context.Context, address string, sealed []byte) ([]byte, error) {
	return c.do(ctx, http.MethodPost, address+"/v1/rotate", sealed, maxSealed)
}

// do returns what a controller answers. Neither the answer nor the address, which
// the operator may want to keep to the inside, is part of an error's message: a
// comment may show it.
func (c *controllerClient) do(ctx context.Context, method, address string, body []byte, limit int64) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, gitops.Errorf(gitops.Internal, "controller: address is not valid")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, &gitops.Error{Code: gitops.Unavailable, Message: "controller does not answer", Err: err}
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch {
	case err != nil:
		return nil, &gitops.Error{Code: gitops.Unavailable, Message: "controller does not answer in full", Err: err}
	case method == http.MethodPost && resp.StatusCode == http.StatusInternalServerError: // all it ever says
		return nil, gitops.Errorf(gitops.Invalid, "controller cannot decrypt it")
	case resp.StatusCode != http.StatusOK:
		return nil, gitops.Errorf(gitops.Unavailable, "controller answers %d", resp.StatusCode)
	case int64(len(data)) > limit:
		return nil, gitops.Errorf(gitops.Unavailable, "controller answers with more than %d bytes", limit)
	}
	return data, nil
}

// sealControllers are the controllers of the operator's configuration, as
// commands.Controllers. It is safe for concurrent use.
type sealControllers struct {
	named  map[string]controller
	client *controllerClient

	mu    sync.Mutex
	known map[string]fetched // certificates, by the controller's name
}

// fetched is what a controller gave, and when.
type fetched struct {
	pem []byte
	at  time.Time
}

func newSealControllers(list []controller) *sealControllers {
	s := &sealControllers{named: map[string]controller{}, client: newControllerClient(), known: map[string]fetched{}}
	for _, c := range list {
		s.named[c.Name] = c
	}
	return s
}

// Certificates implements commands.Controllers.
func (s *sealControllers) Certificates(ctx context.Context, name string) ([]byte, error) {
	c, err := s.controller(name)
	if err != nil {
		return nil, err
	}
	if c.File != "" {
		data, err := os.ReadFile(c.File)
		if err != nil {
			return nil, &gitops.Error{Code: gitops.Unavailable, Message: "certificates of controller " + gitops.Quote(name) + " cannot be read", Err: err}
		}
		return data, nil
	}
	s.mu.Lock()
	known, ok := s.known[name]
	s.mu.Unlock()
	if ok && time.Since(known.at) < certificateLife {
		return known.pem, nil
	}
	data, err := s.client.Certificates(ctx, c.URL)
	if err == nil {
		s.mu.Lock()
		s.known[name] = fetched{data, time.Now()}
		s.mu.Unlock()
	}
	return data, err
}

// Rotate implements commands.Controllers.
func (s *sealControllers) Rotate(ctx context.Context, name string, sealed []byte) ([]byte, error) {
	c, err := s.controller(name)
	if err != nil {
		return nil, err
	}
	if c.URL == "" {
		return nil, &gitops.Error{Code: gitops.Invalid, Message: "controller " + gitops.Quote(name) + " has no address, only a file of certificates", Hint: "The operator's setting `controllers` can name its address."}
	}
	return s.client.Rotate(ctx, c.URL, sealed)
}

func (s *sealControllers) controller(name string) (controller, error) {
	c, ok := s.named[name]
	if !ok {
		return c, &gitops.Error{Code: gitops.Invalid, Message: "controller " + gitops.Quote(name) + " is not known to this service", Hint: "Its operator names it in the setting `controllers`."}
	}
	return c, nil
}
