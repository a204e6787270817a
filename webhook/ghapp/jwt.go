package ghapp

import (
	"bytes"
	"crypto/rsa"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	jwt "github.com/golang-jwt/jwt/v4"
)

// signer signs the App's JWTs by GitHub's clock: the library makes them by ours,
// and GitHub refuses those that seem to come from the future.
type signer struct {
	key *rsa.PrivateKey
	app *App
}

// The times of a JWT: GitHub wants no more than ten minutes, and its clock and
// ours are known to a few seconds.
const (
	jwtBack = 30 * time.Second
	jwtLife = 5 * time.Minute
)

// Sign implements [ghinstallation.Signer].
func (s signer) Sign(claims jwt.Claims) (string, error) {
	if c, ok := claims.(*jwt.RegisteredClaims); ok {
		issued := s.app.githubNow().Add(-jwtBack).Truncate(time.Second)
		c.IssuedAt, c.ExpiresAt = jwt.NewNumericDate(issued), jwt.NewNumericDate(issued.Add(jwtLife))
	}
	return jwt.NewWithClaims(jwt.SigningMethodRS256, claims).SignedString(s.key)
}

// appTransport returns a transport that proves that we are the App. It must not be
// shared: the library writes to it.
func (a *App) appTransport(next http.RoundTripper) *ghinstallation.AppsTransport {
	// It fails only without a signer.
	t, _ := ghinstallation.NewAppsTransportWithOptions(next, a.cfg.AppID, ghinstallation.WithSigner(a.key))
	t.BaseURL = strings.TrimSuffix(a.api.String(), "/")
	return t
}

// appAuth sends a request again when GitHub refused the JWT and its answer
// taught us its clock.
type appAuth struct {
	app  *App
	next http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (a *appAuth) RoundTrip(req *http.Request) (*http.Response, error) {
	before := a.app.skew.Load()
	again := func(err error) bool { return hasCause(err, CauseToken) && a.app.skew.Load() != before }
	return twice(req, again, a.next.RoundTrip)
}

// patient does f, and once more as appAuth does.
func (a *App) patient(f func() (tokenState, error)) (tokenState, error) {
	before := a.skew.Load()
	s, err := f()
	if hasCause(err, CauseToken) && a.skew.Load() != before {
		return f()
	}
	return s, err
}

// memory is a body that is in memory.
func memory(b []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(b)) }
