package hub

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"maps"
	"time"
)

// token is a secret that stands for an installation, for a person through an App, or
// for a person alone.
type token struct {
	value       string
	in          *installation     // of an installation token
	app         *App              // of a user token of an App
	user        *account          // of a person's token
	repos       map[int64]bool    // by id; nil is all of the installation
	permissions map[string]string // of an installation token: name -> read or write
	expires     time.Time
}

// longToken returns a token in GitHub's present form: ghs_, the App's id, and
// something shaped as a JWT; about 520 characters.
func longToken(app int64, expires time.Time) string {
	enc := base64.RawURLEncoding
	payload := fmt.Sprintf(`{"aud":"github","exp":%d,"iss":"hub","jti":"%s"}`, expires.Unix(), secret(16))
	sig := make([]byte, 256)
	rand.Read(sig)
	return fmt.Sprintf("ghs_%d_%s.%s.%s", app, enc.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT"}`)), enc.EncodeToString([]byte(payload)), enc.EncodeToString(sig))
}

// grantInstallation makes an installation token. No repositories or permissions means
// all that the installation has.
func (h *Hub) grantInstallation(in *installation, repos map[int64]bool, permissions map[string]string) *token {
	if permissions == nil {
		permissions = in.permissions
	}
	t := &token{in: in, repos: repos, permissions: maps.Clone(permissions), expires: h.now().Add(h.opts.TokenLife)}
	t.permissions["metadata"] = "read"
	t.value = longToken(in.app.id, t.expires)
	h.tokens[t.value] = t
	return t
}

// PersonalToken makes a classic token of a person, with all that the person may do.
func (h *Hub) PersonalToken(login string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := &token{user: h.account(login, "User"), value: "ghp_" + secret(18), expires: h.now().AddDate(1, 0, 0)}
	h.tokens[t.value] = t
	return t.value
}

// ExpireTokens ends every installation and user token now, as if an hour had gone by.
func (h *Hub) ExpireTokens() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range h.tokens {
		if t.in != nil || t.app != nil {
			t.expires = h.now()
		}
	}
}

// reaches reports whether an installation token covers a repository.
func (t *token) reaches(r *repo) bool {
	return t.in.covers(r) && (t.repos == nil || t.repos[r.id])
}
