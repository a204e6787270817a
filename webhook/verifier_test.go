package webhook

import (
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
)

// TestVerifierVector is the example of GitHub's documentation.
func TestVerifierVector(t *testing.T) {
	v, err := newVerifier([]byte("It's a Secret to Everybody"))
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	h.Set(signatureHeader, "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
	sum, err := signature(h)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.verify(sum, []byte("Hello, World!")); err != nil {
		t.Error(err)
	}
	if err := v.verify(sum, []byte("Hello, World")); gitops.CodeOf(err) != gitops.Denied {
		t.Errorf("another body: %v", err)
	}
}

// TestNewVerifier takes one or two secrets, none of them empty.
func TestNewVerifier(t *testing.T) {
	a, b, c := []byte("a"), []byte("b"), []byte("c")
	for name, secrets := range map[string][][]byte{"none": nil, "empty": {{}}, "nil": {nil}, "second empty": {a, {}}, "three": {a, b, c}} {
		if _, err := newVerifier(secrets...); gitops.CodeOf(err) != gitops.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	secrets := [][]byte{a, b}
	v, err := newVerifier(secrets...)
	if err != nil {
		t.Fatal(err)
	}
	a[0] = 'x' // the caller may wipe its copy
	if v.secrets[0][0] != 'a' {
		t.Error("the verifier shares memory with its caller")
	}
}

// FuzzVerifier lets through only the one form that GitHub writes, and only the
// one digest that fits.
func FuzzVerifier(f *testing.F) {
	const vector = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
	for _, seed := range []string{"sha256=" + vector, "sha256=" + strings.ToUpper(vector), "sha1=" + vector[:40], "sha256=", "", vector} {
		f.Add(seed, []byte("Hello, World!"))
	}
	v, err := newVerifier([]byte("It's a Secret to Everybody"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, value string, body []byte) {
		sum, err := signature(http.Header{signatureHeader: {value}})
		if err != nil {
			if gitops.CodeOf(err) != gitops.Denied {
				t.Fatal(err)
			}
			return
		}
		if "sha256="+hex.EncodeToString(sum) != value {
			t.Fatalf("%q was let through", value)
		}
		if v.verify(sum, body) == nil && (value != "sha256="+vector || string(body) != "Hello, World!") {
			t.Fatalf("%q was let through for %q", value, body)
		}
	})
}
