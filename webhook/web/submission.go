package web

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/seal"
)

// submission is a seal.Submission as the form sends it. The two are converted, so
// that a field that is added there does not come in here unseen.
type submission struct {
	Environment string            `json:"environment"`
	Overlay     string            `json:"overlay"`
	Namespace   string            `json:"namespace"`
	Name        string            `json:"name"`
	Type        string            `json:"type"`
	Scope       seal.Scope        `json:"scope"`
	Fingerprint string            `json:"fingerprint"`
	Items       map[string]string `json:"items"`
	Existing    string            `json:"existing"`
	OwnPull     bool              `json:"ownPull"`
}

// The forms of what a submission says.
var (
	environmentForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)
	typeForm        = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9./_-]{0,252}$`)
	fingerprintForm = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// readSubmission reads what the form sent. It fails with code invalid, and never
// with a text that shows a value, unless every value is ciphertext in form.
func readSubmission(contentType string, body io.Reader) (seal.Submission, error) {
	if media, _, err := mime.ParseMediaType(contentType); err != nil || media != "application/json" {
		return seal.Submission{}, badSubmission("it is not JSON")
	}
	var s submission
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	err := d.Decode(&s)
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
		return seal.Submission{}, &gitops.Error{Code: gitops.Invalid, Message: "The secret is too large", Hint: "Kubernetes takes at most 1 MiB in a Secret."}
	}
	if err != nil || d.Decode(&struct{}{}) != io.EOF {
		return seal.Submission{}, badSubmission("it is malformed, or has a field that is unknown") // the decoder's own words may quote a value
	}
	if wrong := s.wrong(); wrong != "" {
		return seal.Submission{}, badSubmission(wrong)
	}
	return seal.Submission(s), nil
}

func badSubmission(why string) error {
	return &gitops.Error{Code: gitops.Invalid, Message: "What was sent is not a sealed secret: " + why, Hint: "Load the page again."}
}

// wrong says what is not in form, "" when all is. What it means is checked by
// [Sealing].
func (s submission) wrong() string {
	for _, c := range []struct {
		ok   bool
		what string
	}{
		{environmentForm.MatchString(s.Environment), "environment"},
		{filePath(s.Overlay), "overlay"},
		{seal.CheckNamespace(s.Namespace) == nil, "namespace"},
		{seal.CheckName(s.Name) == nil, "name"},
		{typeForm.MatchString(s.Type), "type"},
		{slices.Contains(seal.Scopes(), s.Scope), "scope"},
		{fingerprintForm.MatchString(s.Fingerprint), "fingerprint"},
		{s.Existing == "" || filePath(s.Existing), "file"},
		{len(s.Items) > 0, "values"},
	} {
		if !c.ok {
			return c.what + " is not valid"
		}
	}
	for key, value := range s.Items {
		if seal.CheckKey(key) != nil {
			return "a key is not valid"
		}
		if !ciphertext(value) {
			return "a value is not ciphertext"
		}
	}
	return ""
}

// filePath tells whether s names a file or directory of a repository.
func filePath(s string) bool {
	return s != "" && len(s) <= 1000 && path.Clean(s) == s && s != ".." && !strings.HasPrefix(s, "../") && !strings.HasPrefix(s, "/") && !strings.ContainsFunc(s, hidden)
}

// maxBlock is the largest session key's block, in bytes: that of an RSA key of 16384
// bits.
const maxBlock = 16384 / 8

// ciphertext tells whether s has the shape of an encrypted value, in base64 without
// any other byte. Text in base64 is never taken for one: a ciphertext begins with the
// size of its block as two bytes, the first of which is at most 8. No text begins so.
func ciphertext(s string) bool {
	raw, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || strings.ContainsAny(s, "\r\n") { // which the decoder skips
		return false
	}
	return seal.CheckCiphertext(s) == nil && binary.BigEndian.Uint16(raw) <= maxBlock
}
