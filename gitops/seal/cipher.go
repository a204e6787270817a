package seal

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/bitnami-labs/sealed-secrets/pkg/crypto"

	"github.com/sealift/sealift/gitops"
)

const (
	// prefix is the length of the RSA ciphertext, big-endian, before it.
	prefix = 2
	// tag is what AES-GCM adds to the value.
	tag = 16
	// MaxData is how many bytes the values of a Secret may have together: that is
	// Kubernetes' limit (MaxSecretSize).
	MaxData = 1 << 20
)

// Encrypt returns the base64 ciphertext of one value for the scope, namespace and
// name, and zeroes the value.
func (c *Certificate) Encrypt(scope Scope, namespace, name string, value []byte) (string, error) {
	defer clear(value)
	sealed, err := crypto.HybridEncrypt(rand.Reader, c.key(), value, scope.Label(namespace, name))
	if err != nil {
		return "", gitops.Errorf(gitops.Internal, "encryption: %w", err)
	}
	return base64.StdEncoding.EncodeToString(sealed), nil
}

// Seal encrypts values for s, whose Items it makes, and zeroes them, also when it
// fails. It checks names, keys, size, and that the values have the form that the
// type needs; not that every key that the type needs is there, which [New] does.
func (c *Certificate) Seal(s Secret, values map[string][]byte) (Secret, error) {
	defer func() {
		for _, v := range values {
			clear(v)
		}
	}()
	if err := s.CheckNames(); err != nil {
		return Secret{}, err
	}
	size := 0
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if err := CheckKey(key); err != nil {
			return Secret{}, err
		}
		size += len(values[key])
	}
	if size > MaxData {
		return Secret{}, tooLarge(size)
	}
	if err := checkForm(s.Type, values); err != nil {
		return Secret{}, err
	}
	s.Items = make(map[string]string, len(values))
	for key, value := range values {
		item, err := c.Encrypt(s.Scope, s.Namespace, s.Name, value)
		if err != nil {
			return Secret{}, err
		}
		s.Items[key] = item
	}
	return s, nil
}

// Check looks at ciphertext that somebody else made with c, as far as one can
// without the private key: names, keys, base64, lengths, and the size of all values.
func (s *Secret) Check(c *Certificate) error {
	if err := s.CheckNames(); err != nil {
		return err
	}
	size := 0
	for _, key := range slices.Sorted(maps.Keys(s.Items)) {
		if err := CheckKey(key); err != nil {
			return err
		}
		n, rsa, err := measure(s.Items[key])
		if err == nil && rsa != c.key().Size() {
			err = fmt.Errorf("made with a key of %d bits, the certificate has %d", rsa*8, c.key().Size()*8)
		}
		if err != nil {
			return gitops.Errorf(gitops.Invalid, "ciphertext of key %s: %w", gitops.Quote(key), err)
		}
		size += n
	}
	if size > MaxData {
		return tooLarge(size)
	}
	return nil
}

// CheckCiphertext says what is wrong with the base64 ciphertext of one value, as far
// as one can without a certificate.
func CheckCiphertext(text string) error {
	if _, _, err := measure(text); err != nil {
		return gitops.Errorf(gitops.Invalid, "ciphertext: %w", err)
	}
	return nil
}

// measure returns the length of the value in a ciphertext and that of the RSA key
// it was made with, both in bytes.
func measure(text string) (value, rsa int, err error) {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return 0, 0, fmt.Errorf("not base64")
	}
	if len(data) < prefix {
		return 0, 0, fmt.Errorf("too short")
	}
	rsa = int(binary.BigEndian.Uint16(data))
	switch value = len(data) - prefix - rsa - tag; {
	case rsa < minKeyBits/8:
		return 0, 0, fmt.Errorf("no SealedSecret ciphertext")
	case value < 0:
		return 0, 0, fmt.Errorf("%d bytes long, with this key at least %d are needed", len(data), prefix+rsa+tag)
	}
	return value, rsa, nil
}

func tooLarge(size int) error {
	return &gitops.Error{Code: gitops.Invalid, Message: fmt.Sprintf("values have %d bytes together", size), Hint: "Kubernetes takes at most 1 MiB in a Secret"}
}
