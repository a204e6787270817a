package seal

import (
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// Type is a type of Secret with the keys that Kubernetes wants in it.
type Type struct {
	// Name is as in the manifest, such as "kubernetes.io/tls"; Short what a
	// person may write instead.
	Name, Short string
	// Keys are those that it has. Other keys may stand beside them.
	Keys []string
	// Any says that one of Keys is enough.
	Any bool

	form func(values map[string][]byte) error // of those Keys that are given
}

// Types returns the types that can be asked for, Opaque first.
func Types() []Type {
	return []Type{
		{Name: "Opaque", Short: "opaque"},
		{Name: "kubernetes.io/dockerconfigjson", Short: "dockerconfigjson", Keys: []string{".dockerconfigjson"}, form: dockerForm},
		{Name: "kubernetes.io/basic-auth", Short: "basic-auth", Keys: []string{"username", "password"}, Any: true},
		{Name: "kubernetes.io/tls", Short: "tls", Keys: []string{"tls.crt", "tls.key"}, form: tlsForm},
		{Name: "kubernetes.io/ssh-auth", Short: "ssh-auth", Keys: []string{"ssh-privatekey"}, form: sshForm},
	}
}

// ParseType returns the name of a type as it stands in a manifest, from that or its
// short form; "" is Opaque.
func ParseType(s string) (string, error) {
	if s == "" {
		return Types()[0].Name, nil
	}
	var known []string
	for _, t := range Types() {
		if s == t.Name || s == t.Short {
			return t.Name, nil
		}
		known = append(known, t.Short)
	}
	return "", &gitops.Error{Code: gitops.Invalid, Message: "unknown type " + gitops.Quote(s), Hint: "use one of " + strings.Join(known, ", ")}
}

// typeNamed returns what is known of a type, the zero Type for others.
func typeNamed(name string) Type {
	list := Types()
	if i := slices.IndexFunc(list, func(t Type) bool { return t.Name == name }); i >= 0 {
		return list[i]
	}
	return Type{}
}

// CheckKeys checks the keys of a Secret, and that those are there that its type needs.
func CheckKeys(name string, keys []string) error {
	if len(keys) == 0 {
		return gitops.Errorf(gitops.Invalid, "secret has no keys")
	}
	for _, key := range slices.Sorted(slices.Values(keys)) {
		if err := CheckKey(key); err != nil {
			return err
		}
	}
	t := typeNamed(name)
	missing := slices.DeleteFunc(slices.Clone(t.Keys), func(k string) bool { return slices.Contains(keys, k) })
	switch {
	case len(missing) == 0, t.Any && len(missing) < len(t.Keys):
		return nil
	case t.Any:
		return gitops.Errorf(gitops.Invalid, "type %s needs one of the keys %s", t.Name, strings.Join(t.Keys, ", "))
	}
	return gitops.Errorf(gitops.Invalid, "type %s needs the key %s", t.Name, missing[0])
}

// checkForm checks the form of the values that a type has one for.
func checkForm(name string, values map[string][]byte) error {
	if form := typeNamed(name).form; form != nil {
		return form(values)
	}
	return nil
}

// badForm is a value of the wrong form. It never holds the value, nor the error of
// a parser, which might.
func badForm(key, want string) error {
	return &gitops.Error{Code: gitops.Invalid, Message: fmt.Sprintf("value of %s is %s", key, want)}
}

// dockerForm checks the file of registries where it is given; that it must be is
// checked elsewhere, as for the others.
func dockerForm(values map[string][]byte) error {
	value, ok := values[".dockerconfigjson"]
	var config struct {
		Auths map[string]struct{} `json:"auths"`
	}
	if ok && (json.Unmarshal(value, &config) != nil || len(config.Auths) == 0) {
		return badForm(".dockerconfigjson", `not JSON with "auths", as docker login writes it`)
	}
	return nil
}

// tlsForm checks each half by itself, so that one of them can be changed, and the pair
// when both are there.
func tlsForm(values map[string][]byte) error {
	cert, hasCert := values["tls.crt"]
	key, hasKey := values["tls.key"]
	if hasCert && !hasBlock(cert, "CERTIFICATE") {
		return badForm("tls.crt", "not a certificate in PEM")
	}
	if hasKey && !hasBlock(key, "PRIVATE KEY") {
		return badForm("tls.key", "not a private key in PEM")
	}
	if !hasCert || !hasKey {
		return nil
	}
	if _, err := tls.X509KeyPair(cert, key); err != nil {
		return badForm("tls.key", "not the key of the certificate in tls.crt")
	}
	return nil
}

// sshForm checks that it is a private key; a public one is a common mistake.
func sshForm(values map[string][]byte) error {
	value, ok := values["ssh-privatekey"]
	if ok && !hasBlock(value, "PRIVATE KEY") {
		return badForm("ssh-privatekey", "not a private key in PEM")
	}
	return nil
}

// hasBlock reports whether there is a PEM block whose type ends in suffix.
func hasBlock(data []byte, suffix string) bool {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if strings.HasSuffix(block.Type, suffix) {
			return true
		}
	}
	return false
}
