package hub

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v4"
)

// caller is who sends a request: an App by its JWT, a token, or nobody.
type caller struct {
	app *App
	tok *token
}

// skew is how far an App's clock may be ahead.
const skew = time.Minute

// identify finds out who sends a request. Wrong credentials are an answer.
func (h *Hub) identify(r *http.Request) (caller, *answer) {
	value := credential(r)
	switch {
	case value == "":
		return caller{}, nil
	case strings.Count(value, ".") == 2 && !strings.HasPrefix(value, "gh"):
		return h.identifyApp(value)
	}
	t := h.tokens[value]
	if t == nil || !h.now().Before(t.expires) {
		return caller{}, refuse(http.StatusUnauthorized, "Bad credentials")
	}
	if t.in != nil && !t.in.suspended.IsZero() {
		return caller{}, refuse(http.StatusForbidden, "This installation has been suspended")
	}
	return caller{tok: t}, nil
}

// credential returns the secret of the Authorization header.
func credential(r *http.Request) string {
	if user, password, ok := r.BasicAuth(); ok {
		if password == "" || password == "x-oauth-basic" {
			return user
		}
		return password
	}
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if s := strings.ToLower(scheme); s == "bearer" || s == "token" {
		return strings.TrimSpace(value)
	}
	return scheme
}

// appClaims are the claims of an App's JWT.
type appClaims struct {
	Issuer    issuer           `json:"iss"`
	IssuedAt  *jwt.NumericDate `json:"iat"`
	ExpiresAt *jwt.NumericDate `json:"exp"`
}

// Valid leaves the checks to identifyApp, which has the hub's clock.
func (appClaims) Valid() error { return nil }

// issuer is an App's id as a string or a number, or its client id.
type issuer string

// UnmarshalJSON takes strings and numbers.
func (i *issuer) UnmarshalJSON(data []byte) error {
	*i = issuer(strings.Trim(string(data), `"`))
	return nil
}

// identifyApp checks an App's JWT: RS256 by the App's key, issued by its id or client
// id, not from the future, good for at most ten minutes.
func (h *Hub) identifyApp(value string) (caller, *answer) {
	var app *App
	claims := appClaims{}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithoutClaimsValidation())
	_, err := parser.ParseWithClaims(value, &claims, func(*jwt.Token) (any, error) {
		for _, a := range h.apps {
			if string(claims.Issuer) == fmt.Sprint(a.id) || string(claims.Issuer) == a.clientID {
				app = a
				return &a.key.PublicKey, nil
			}
		}
		return nil, jwt.ErrTokenInvalidIssuer
	})
	now := h.now()
	problem := ""
	switch {
	case errors.Is(err, jwt.ErrTokenInvalidIssuer):
		problem = "Integration not found"
	case err != nil:
		problem = "A JSON web token could not be decoded"
	case claims.IssuedAt == nil || claims.IssuedAt.After(now.Add(skew)):
		problem = "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
	case claims.ExpiresAt == nil || !claims.ExpiresAt.After(now):
		problem = "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires"
	case claims.ExpiresAt.After(now.Add(10*time.Minute + skew)):
		problem = "'Expiration time' claim ('exp') is too far in the future"
	}
	if problem != "" {
		return caller{}, refuse(http.StatusUnauthorized, problem)
	}
	return caller{app: app}, nil
}

// account returns the account that a caller acts as, nil for nobody.
func (c caller) account() *account {
	switch {
	case c.tok != nil && c.tok.in != nil:
		return c.tok.in.app.bot
	case c.tok != nil:
		return c.tok.user
	case c.app != nil:
		return c.app.bot
	}
	return nil
}

// login is for the log.
func (c caller) login() string {
	if a := c.account(); a != nil {
		return a.login
	}
	return "anonymous"
}

// visible reports whether a caller can know that a repository exists.
func (h *Hub) visible(who caller, r *repo) bool {
	switch {
	case !r.private:
		return true
	case who.tok == nil:
		return false
	case who.tok.in != nil:
		return who.tok.reaches(r)
	case who.tok.app != nil && h.installationOn(who.tok.app, r) == nil:
		return false
	}
	return h.roleOf(r, who.tok.user) != ""
}

// may reports whether a caller has one of the permissions, written
// "issues:write|pull_requests:write". An empty need is always met.
func (h *Hub) may(who caller, r *repo, need string) bool {
	for n := range strings.SplitSeq(need, "|") {
		name, level, _ := strings.Cut(n, ":")
		if n == "" || h.mayOne(who, r, name, level) {
			return true
		}
	}
	return false
}

// mayOne reports whether a caller has one permission in a repository. A token of a
// person through an App may do what both may: the installation's permissions and the
// person's role count. Public repositories can be read by anybody.
func (h *Hub) mayOne(who caller, r *repo, name, level string) bool {
	open := !r.private && level == "read"
	switch {
	case who.tok == nil:
		return open
	case who.tok.in != nil:
		return open || who.tok.reaches(r) && grants(who.tok.permissions, name, level)
	case who.tok.app != nil:
		in := h.installationOn(who.tok.app, r)
		if in == nil || !grants(in.permissions, name, level) {
			return open
		}
	}
	return h.roleOf(r, who.tok.user).level() >= roleFor(name, level).level()
}

// grants reports whether permissions hold a level of one.
func grants(permissions map[string]string, name, level string) bool {
	have := permissions[name]
	return have == level || have == "write" && level == "read"
}

// roleFor is the role a person needs for what an App needs a permission for: anybody
// who can read may comment and open pull requests.
func roleFor(name, level string) Role {
	if level == "write" && name != "issues" && name != "pull_requests" {
		return Write
	}
	return Read
}
