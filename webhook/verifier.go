package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

const (
	signatureHeader = "X-Hub-Signature-256"
	legacyHeader    = "X-Hub-Signature" // SHA-1
	signaturePrefix = "sha256="
)

// maxSecrets is one secret and the one that replaces it.
const maxSecrets = 2

// verifier checks the signatures of deliveries. It is safe for concurrent use.
type verifier struct{ secrets [][]byte }

// newVerifier returns a verifier for one secret, or for two of which either
// counts. It fails with code invalid for none, more, and empty ones.
func newVerifier(secrets ...[]byte) (*verifier, error) {
	if len(secrets) == 0 || len(secrets) > maxSecrets {
		return nil, gitops.Errorf(gitops.Invalid, "webhook needs one secret, or two while one replaces the other, not %d", len(secrets))
	}
	v := &verifier{}
	for _, s := range secrets {
		if len(s) == 0 {
			return nil, gitops.Errorf(gitops.Invalid, "webhook secret is empty")
		}
		v.secrets = append(v.secrets, slices.Clone(s))
	}
	return v, nil
}

// signature returns the one signature of a request. It fails with code denied
// unless there is exactly one, in the form that GitHub writes: "sha256=" and 64
// lower-case hex digits. SHA-1 does not count.
func signature(h http.Header) ([]byte, error) {
	values := h.Values(signatureHeader)
	switch {
	case len(values) == 0 && len(h.Values(legacyHeader)) > 0:
		return nil, gitops.Errorf(gitops.Denied, "signature is SHA-1 only; %s is needed", signatureHeader)
	case len(values) == 0:
		return nil, &gitops.Error{Code: gitops.Denied, Message: "signature is missing", Hint: "set a secret in the webhook settings of the App"}
	case len(values) > 1:
		return nil, gitops.Errorf(gitops.Denied, "signature is there %d times", len(values))
	}
	digits, ok := strings.CutPrefix(values[0], signaturePrefix)
	sum, err := hex.DecodeString(digits)
	if !ok || err != nil || len(sum) != sha256.Size || digits != strings.ToLower(digits) {
		return nil, gitops.Errorf(gitops.Denied, "signature is not %q and 64 lower-case hex digits", signaturePrefix)
	}
	return sum, nil
}

// verify fails with code denied unless signature is the HMAC-SHA256 of body under
// one of the secrets. The time it takes does not tell which, nor how nearly.
func (v *verifier) verify(signature, body []byte) error {
	ok := false
	for _, secret := range v.secrets {
		mac := hmac.New(sha256.New, secret)
		mac.Write(body)
		if hmac.Equal(mac.Sum(nil), signature) {
			ok = true
		}
	}
	if !ok {
		return &gitops.Error{Code: gitops.Denied, Message: "signature does not match", Hint: "the webhook secret here and at GitHub differ"}
	}
	return nil
}
