package web

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"github.com/sealift/sealift/gitops"
)

// sealer keeps things in the browser that it can neither read nor change:
// AES-256-GCM with a random nonce. The name of the cookie is authenticated
// too, so that one cookie is never taken for another.
type sealer struct{ aead cipher.AEAD }

func newSealer(key [32]byte) (sealer, error) {
	if key == ([32]byte{}) {
		return sealer{}, gitops.Errorf(gitops.Invalid, "key of the cookies is not set")
	}
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return sealer{}, gitops.Errorf(gitops.Internal, "key of the cookies: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return sealer{}, gitops.Errorf(gitops.Internal, "key of the cookies: %w", err)
	}
	return sealer{aead}, nil
}

func (s sealer) seal(name string, v any) (string, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return "", gitops.Errorf(gitops.Internal, "cookie: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, data, []byte(name))), nil
}

func (s sealer) open(name, value string, v any) bool {
	data, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil || len(data) < s.aead.Overhead() {
		return false
	}
	data, err = s.aead.Open(nil, nil, data, []byte(name))
	return err == nil && json.Unmarshal(data, v) == nil
}

// secure tells whether browsers come by https. Only on loopback they need not.
func (p *Pages) secure() bool { return p.public.Scheme == "https" }

// cookieName binds a cookie to this very host where browsers support that, which they
// do with https only.
func (p *Pages) cookieName(name string) string {
	if p.secure() {
		return "__Host-sealift-" + name
	}
	return "sealift-" + name
}

// keep seals v into a cookie for a time.
func (p *Pages) keep(w http.ResponseWriter, name string, v any, life time.Duration) error {
	value, err := p.sealer.seal(name, v)
	if err != nil {
		return err
	}
	p.setCookie(w, name, value, int(life.Seconds()))
	return nil
}

// kept opens what keep sealed. Its expiry is the business of the caller: browsers
// are not believed.
func (p *Pages) kept(r *http.Request, name string, v any) bool {
	c, err := r.Cookie(p.cookieName(name))
	return err == nil && p.sealer.open(name, c.Value, v)
}

func (p *Pages) drop(w http.ResponseWriter, name string) { p.setCookie(w, name, "", -1) }

// setCookie sets a cookie that scripts cannot read, and other sites cannot send but by
// a link. Its name has the prefix __Host- where the site is https.
func (p *Pages) setCookie(w http.ResponseWriter, name, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{Name: p.cookieName(name), Value: value, Path: "/", MaxAge: maxAge, Secure: p.secure(), HttpOnly: true, SameSite: http.SameSiteLaxMode})
}
