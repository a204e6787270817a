package seal_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/seal"
	"github.com/sealift/sealift/gitops/seal/sealtest"
	"github.com/sealift/sealift/gitops/tree"
)

const day = 24 * time.Hour

// TestChoose takes the newest certificate that is valid.
func TestChoose(t *testing.T) {
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	at := func(from, until time.Duration) []byte {
		return sealtest.NewKeyAt(t, now.Add(from), now.Add(until)).Cert
	}
	old, newer, ended, ahead := at(-60*day, 365*day), at(-3*day, 10*day), at(-2*day, -day), at(day, 365*day)
	for name, tt := range map[string]struct {
		pem      []byte
		want     []byte
		warnings []string
		err      string
	}{
		"newest first":    {pem: join(newer, old), want: newer, warnings: []string{"The certificate expires on 2026-06-11 (in 10 days)."}},
		"newest last":     {pem: join([]byte("# text\n"), old, newer), want: newer, warnings: []string{"The certificate expires on 2026-06-11 (in 10 days)."}},
		"newer has ended": {pem: join(ended, old), want: old, warnings: []string{"The certificate is 60 days old. The controller makes a new one every 30 days unless it is told otherwise, so there is probably a newer one."}},
		"newer is ahead":  {pem: join(ahead, old), want: old, warnings: []string{"The certificate is 60 days old. The controller makes a new one every 30 days unless it is told otherwise, so there is probably a newer one."}},
		"just made":       {pem: at(time.Minute, 365*day)},
		"ended":           {pem: ended, err: "certificate expired on 2026-05-31"},
		"ahead":           {pem: ahead, err: "certificate is valid only from 2026-06-02"},
	} {
		t.Run(name, func(t *testing.T) {
			list := must[[]seal.Certificate](t)(seal.ParseCertificates("c.pem", tt.pem))
			c, err := seal.Choose(list, now)
			if err != nil {
				if err.Error() != tt.err || gitops.CodeOf(err) != gitops.Invalid {
					t.Errorf("error %q, want %q", err, tt.err)
				}
				return
			}
			if tt.err != "" || tt.want != nil && !bytes.Equal(c.PEM(), tt.want) {
				t.Errorf("took %s", c.X509.NotBefore)
			}
			if diff := cmp.Diff(tt.warnings, c.Warnings(now)); diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, err := seal.Choose(nil, now); err == nil {
		t.Error("none is one")
	}
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// TestParseCertificates refuses what is no certificate for sealing.
func TestParseCertificates(t *testing.T) {
	key := sealtest.NewKey(t)
	private, err := os.ReadFile(key.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		data []byte
		want string
	}{
		"empty":       {nil, "no certificate in PEM found"},
		"text":        {[]byte("hello"), "no certificate in PEM found"},
		"private key": {join(key.Cert, private), "file holds a private key, not only certificates"},
		"no DER":      {[]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "certificate cannot be read"},
		"not RSA":     {selfSigned(t, must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))), "certificate has no RSA key"},
		"short key":   {selfSigned(t, must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 1024))), "certificate has a key of 1024 bits, at least 2048 are needed"},
		"too many":    {bytes.Repeat(key.Cert, 101), "more than 100 certificates"},
		"UTF-16":      {[]byte("\xff\xfe-\x00-\x00-\x00"), "file is UTF-16, as PowerShell writes it: neither this nor kubeseal reads that"},
		"no mark":     {[]byte("\x00-\x00-\x00-\x00-\x00-"), "file is UTF-16, as PowerShell writes it: neither this nor kubeseal reads that"},
		"byte order":  {join([]byte("\xef\xbb\xbf"), key.Cert), "file is UTF-8 with a byte order mark, as PowerShell writes it: neither this nor kubeseal reads that"},
		"too large":   {make([]byte, 1<<20+1), "file is larger than 1 MiB"},
	} {
		_, err := seal.ParseCertificates("c.pem", tt.data)
		if err == nil || err.Error() != "c.pem: "+tt.want || gitops.CodeOf(err) != gitops.Invalid {
			t.Errorf("%s: error %v, want %q", name, err, tt.want)
		}
	}
}

func selfSigned(t *testing.T, key crypto.Signer) []byte {
	t.Helper()
	shape := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(day)}
	der, err := x509.CreateCertificate(rand.Reader, shape, shape, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// TestSealRefuses lists what cannot be sealed. No error holds a value, and every value
// is zeroed.
func TestSealRefuses(t *testing.T) {
	const secret = "hunter2hunter2"
	c := certificate(t, sealtest.NewKey(t))
	certPEM, keyPEM := pair(t)
	_, otherKey := pair(t)
	type values = map[string]string
	ok := seal.Secret{Name: "db", Namespace: "web", Scope: seal.Strict}
	typed := func(name string) seal.Secret { s := ok; s.Type = name; return s }
	for name, tt := range map[string]struct {
		to     seal.Secret
		values values
		want   string // "" when it is fine
	}{
		"fine":             {ok, values{"k": secret}, ""},
		"no name":          {seal.Secret{Namespace: "web"}, values{"k": secret}, "name is missing"},
		"no namespace":     {seal.Secret{Name: "db", Scope: seal.NamespaceWide}, values{"k": secret}, "namespace is missing"},
		"cluster-wide":     {seal.Secret{Name: "db", Scope: seal.ClusterWide}, values{"k": secret}, ""},
		"scope":            {seal.Secret{Name: "db", Namespace: "web", Scope: "wide"}, values{"k": secret}, `unknown scope "wide"`},
		"name":             {seal.Secret{Name: "a/b", Namespace: "web"}, values{"k": secret}, `name is not allowed by Kubernetes: "a/b"`},
		"long name":        {seal.Secret{Name: strings.Repeat("a", 254), Namespace: "web"}, values{"k": secret}, "name is longer than 253 characters"},
		"long namespace":   {seal.Secret{Name: "a", Namespace: strings.Repeat("a", 64)}, values{"k": secret}, "namespace is longer than 63 characters"},
		"dotted namespace": {seal.Secret{Name: "a", Namespace: "a.b"}, values{"k": secret}, `namespace is not allowed by Kubernetes: "a.b"`},
		"unicode key":      {ok, values{"pässword": secret}, `key is not allowed by Kubernetes: "pässword"`},
		"full-width key":   {ok, values{"ｋ": secret}, `key is not allowed by Kubernetes: "ｋ"`},
		"empty key":        {ok, values{"": secret}, "key is empty"},
		"dot key":          {ok, values{".": secret}, `key may not be "." nor begin with ".."`},
		"dots key":         {ok, values{"..data": secret}, `key may not be "." nor begin with ".."`},
		"path key":         {ok, values{"a/b": secret}, `key is not allowed by Kubernetes: "a/b"`},
		"line key":         {ok, values{"a\nb": secret}, `key is not allowed by Kubernetes: "a\nb"`},
		"long key":         {ok, values{strings.Repeat("k", 254): secret}, "key is longer than 253 characters"},
		"too large":        {ok, values{"a": strings.Repeat("x", seal.MaxData), "b": "x"}, "values have 1048577 bytes together"},

		"docker":          {typed("kubernetes.io/dockerconfigjson"), values{".dockerconfigjson": `{"auths":{"x":{"auth":"aHVudGVyMg=="}}}`}, ""},
		"docker no JSON":  {typed("kubernetes.io/dockerconfigjson"), values{".dockerconfigjson": secret}, `value of .dockerconfigjson is not JSON with "auths"`},
		"docker no auths": {typed("kubernetes.io/dockerconfigjson"), values{".dockerconfigjson": `{"auth":"` + secret + `"}`}, `value of .dockerconfigjson is not JSON with "auths"`},
		"tls":             {typed("kubernetes.io/tls"), values{"tls.crt": certPEM, "tls.key": keyPEM}, ""},
		"tls parameters":  {typed("kubernetes.io/tls"), values{"tls.crt": certPEM, "tls.key": "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + keyPEM}, ""},
		"tls one of them": {typed("kubernetes.io/tls"), values{"tls.key": keyPEM}, ""},
		"tls swapped":     {typed("kubernetes.io/tls"), values{"tls.crt": keyPEM, "tls.key": certPEM}, "value of tls.crt is not a certificate in PEM"},
		"tls other key":   {typed("kubernetes.io/tls"), values{"tls.crt": certPEM, "tls.key": otherKey}, "value of tls.key is not the key of the certificate in tls.crt"},
		"tls no key":      {typed("kubernetes.io/tls"), values{"tls.crt": certPEM, "tls.key": secret}, "value of tls.key is not a private key in PEM"},
		"ssh":             {typed("kubernetes.io/ssh-auth"), values{"ssh-privatekey": "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"}, ""},
		"ssh public":      {typed("kubernetes.io/ssh-auth"), values{"ssh-privatekey": "ssh-ed25519 " + secret}, "value of ssh-privatekey is not a private key in PEM"},
		"basic":           {typed("kubernetes.io/basic-auth"), values{"password": secret}, ""},
		"own type":        {typed("example.com/x"), values{"any": secret}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			in := map[string][]byte{}
			for k, v := range tt.values {
				in[k] = []byte(v)
			}
			_, err := c.Seal(tt.to, in)
			switch {
			case err == nil && tt.want == "":
			case err == nil || tt.want == "" || !strings.HasPrefix(err.Error(), tt.want) || gitops.CodeOf(err) != gitops.Invalid:
				t.Errorf("error %v, want %q", err, tt.want)
			case strings.Contains(err.Error(), secret):
				t.Error("the error holds the value")
			}
			for k, v := range in {
				if len(bytes.Trim(v, "\x00")) > 0 {
					t.Errorf("the value of %s is not zeroed", k)
				}
			}
		})
	}
}

// pair is a certificate and its key as PEM, for a Secret of type tls.
func pair(t *testing.T) (certificate, key string) {
	t.Helper()
	k := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	der := must[[]byte](t)(x509.MarshalPKCS8PrivateKey(k))
	return string(selfSigned(t, k)), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// TestTypes checks the keys that types need.
func TestTypes(t *testing.T) {
	for _, tt := range []struct{ kind, keys, want string }{
		{"opaque", "anything", ""},
		{"", "anything", ""},
		{"tls", "tls.crt tls.key ca.crt", ""},
		{"tls", "tls.key", "type kubernetes.io/tls needs the key tls.crt"},
		{"kubernetes.io/basic-auth", "password", ""},
		{"basic-auth", "user", "type kubernetes.io/basic-auth needs one of the keys username, password"},
		{"ssh-auth", "id_rsa", "type kubernetes.io/ssh-auth needs the key ssh-privatekey"},
		{"dockerconfigjson", "config", "type kubernetes.io/dockerconfigjson needs the key .dockerconfigjson"},
		{"opaque", "", "secret has no keys"},
		{"docker", "k", `unknown type "docker"`},
	} {
		items := map[string]string{}
		for key := range strings.FieldsSeq(tt.keys) {
			items[key] = "x"
		}
		name, err := seal.ParseType(tt.kind)
		if err == nil {
			_, err = seal.New(seal.Secret{Name: "db", Namespace: "web", Type: name, Items: items})
		}
		if got := message(err); got != tt.want {
			t.Errorf("%s [%s]: %q, want %q", tt.kind, tt.keys, got, tt.want)
		}
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestCheck looks at ciphertext that came from elsewhere.
func TestCheck(t *testing.T) {
	c := certificate(t, sealtest.NewKey(t))
	good := must[string](t)(c.Encrypt(seal.Strict, "web", "db", nil))
	raw := must[[]byte](t)(base64.StdEncoding.DecodeString(good))
	encode := func(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
	for name, tt := range map[string]struct{ item, want string }{
		"good":      {good, ""},
		"wrapped":   {good[:76] + "\n" + good[76:], ""},
		"empty":     {"", `ciphertext of key "k": too short`},
		"plain":     {"hunter2", `ciphertext of key "k": not base64`},
		"base64":    {encode([]byte("hunter2")), `ciphertext of key "k": 7 bytes long, with this key at least 26759 are needed`},
		"cut":       {encode(raw[:len(raw)-1]), `ciphertext of key "k": 273 bytes long, with this key at least 274 are needed`},
		"no prefix": {encode(raw[2:]), `ciphertext of key "k": `},
		"url":       {strings.NewReplacer("+", "-", "/", "_").Replace(encode(bytes.Repeat([]byte{1, 0, 0xff}, 100))), `ciphertext of key "k": not base64`},
		"other key": {encode(append([]byte{2, 0}, make([]byte, 512+16)...)), `ciphertext of key "k": made with a key of 4096 bits, the certificate has 2048`},
		"large":     {encode(append(bytes.Clone(raw), make([]byte, seal.MaxData+1)...)), "values have 1048577 bytes together"},
	} {
		s := seal.Secret{Name: "db", Namespace: "web", Items: map[string]string{"k": tt.item}}
		err := s.Check(c)
		if got := message(err); got != tt.want && (name != "no prefix" || !strings.HasPrefix(got, tt.want)) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
		if alone := seal.CheckCiphertext(tt.item); (alone == nil) != (tt.want == "" || name == "large" || name == "other key") {
			t.Errorf("%s: without a certificate: %v", name, alone)
		}
	}
	bad := seal.Secret{Name: "db", Namespace: "web", Items: map[string]string{"ü": good}}
	if err := bad.Check(c); err == nil {
		t.Error("a key that Kubernetes refuses is taken")
	}
}

// TestReplaceRefuses lists what is not sealed in place. No error holds a value.
func TestReplaceRefuses(t *testing.T) {
	const secret = "hunter2hunter2"
	c := certificate(t, sealtest.NewKey(t))
	head := "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: web}\n"
	for name, tt := range map[string]struct{ file, want string }{
		"no Secret":     {"kind: ConfigMap\n", "f.yaml: no plain Secret in the file"},
		"no YAML":       {head + "stringData:\n  k: [" + secret + "\n  x\n", "f.yaml:4: file cannot be read as YAML"},
		"no base64":     {head + "data:\n  k: " + secret + "!\n", "f.yaml:5:6: value of \"k\" is not base64"},
		"number":        {head + "stringData: {k: 4711}\n", "f.yaml:4:17: value of \"k\" is not a string"},
		"yes":           {head + "stringData: {k: yes}\n", "f.yaml:4:17: value of \"k\" is not a string"},
		"mapping":       {head + "stringData: {k: {a: " + secret + "}}\n", "f.yaml:4:17: value of \"k\" is not a string"},
		"tagged":        {head + "data: {k: !!binary aGk=}\n", "f.yaml:4:11: value of \"k\" is not base64"},
		"unicode key":   {head + "stringData: {kü: " + secret + "}\n", "f.yaml:1:1: key is not allowed by Kubernetes: \"kü\""},
		"no keys":       {head, "f.yaml:1:1: secret has no keys"},
		"no namespace":  {"apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {k: x}\n", "f.yaml:1:1: namespace is missing"},
		"no name":       {"apiVersion: v1\nkind: Secret\nmetadata: {generateName: db, namespace: web}\nstringData: {k: x}\n", "f.yaml:1:1: name is missing"},
		"SOPS":          {head + "data: {k: 'ENC[x]'}\nsops: {version: 3}\n", "f.yaml:5:7: Secret is encrypted with SOPS"},
		"many values":   {head + "stringData:\n" + manyKeys(1001), "f.yaml:1:1: more than 1000 values in the file"},
		"comment":       {"# old: " + secret + "\n" + head + "stringData: {k: " + secret + "}\n", "f.yaml:1: a value of the Secret stands in a comment too"},
		"comment coded": {head + "data: {k: aHVudGVyMmh1bnRlcjI=}\n---\na: b # aHVudGVyMmh1bnRlcjI=\n", "f.yaml:6: a value of the Secret stands in a comment too"},
		"type":          {head + "type: kubernetes.io/tls\nstringData: {tls.crt: " + secret + "}\n", "f.yaml:1:1: value of tls.crt is not a certificate in PEM"},
		"type keys":     {head + "type: kubernetes.io/ssh-auth\nstringData: {k: " + secret + "}\n", "f.yaml:1:1: type kubernetes.io/ssh-auth needs the key ssh-privatekey"},
	} {
		out, _, err := seal.Replace("f.yaml", []byte(tt.file), c, seal.Target{})
		if got := message(err); got != tt.want {
			t.Errorf("%s: %q, want %q\n%s", name, got, tt.want, out)
		}
		for ; err != nil; err = unwrap(err) {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error holds the value: %v", name, err)
			}
		}
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "  k%d: x\n", i)
	}
	return b.String()
}

func unwrap(err error) error {
	if u, ok := err.(interface{ Unwrap() error }); ok {
		return u.Unwrap()
	}
	return nil
}

// TestReplaceNamespace takes the overlay's namespace for a Secret that has none.
func TestReplaceNamespace(t *testing.T) {
	key := sealtest.NewKey(t)
	file := "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata:\n    name: db\n  stringData:\n    k: v\n- kind: Other\n"
	out, done, err := seal.Replace("f.yaml", []byte(file), certificate(t, key), seal.Target{Namespace: "web"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]seal.Existing{{File: "f.yaml", Name: "db", Namespace: "web", Scope: seal.Strict, Keys: []string{"k"}}}, done); diff != "" {
		t.Error(diff)
	}
	read := must[[]seal.Sealed](t)(seal.Read("f.yaml", out))
	if len(read) != 1 || !strings.HasSuffix(string(out), "- kind: Other\n") {
		t.Fatalf("%s", out)
	}
	if got := key.UnsealRaw(t, read[0].Items["k"], "strict", "web", "db"); string(got) != "v" {
		t.Errorf("%q", got)
	}
}

// TestIndexReplace seals for the namespace that kustomize gives.
func TestIndexReplace(t *testing.T) {
	key := sealtest.NewKey(t)
	c := certificate(t, key)
	plain := "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: old}\nstringData: {k: v}\n"
	x := must[*seal.Index](t)(seal.Scan(t.Context(), tree.Memory(map[string]string{
		"prod/kustomization.yaml": "namespace: web\nresources: [../base]\n", "base/kustomization.yaml": "namespace: inner\nresources: [s.yaml]\n", "base/s.yaml": plain,
		"other/kustomization.yaml": "resources: [s.yaml]\nnamePrefix: x-\n", "other/s.yaml": plain,
	})))
	out, _, err := x.Replace(t.Context(), "prod", "base/s.yaml", c, seal.Target{Namespace: "guess"})
	if err != nil {
		t.Fatal(err)
	}
	if s := key.Unseal(t, out); s.Metadata.Namespace != "web" {
		t.Errorf("sealed for %q", s.Metadata.Namespace)
	}
	for _, tt := range []struct{ overlay, file, want string }{
		{"other", "other/s.yaml", `other/kustomization.yaml: kustomize renames what is here (namePrefix "x-", nameSuffix ""), a strict secret could then not be decrypted`},
		{"other", "base/s.yaml", `overlay "other" does not name "base/s.yaml" among its resources`},
	} {
		if _, _, err := x.Replace(t.Context(), tt.overlay, tt.file, c, seal.Target{}); message(err) != tt.want {
			t.Errorf("%s: %v", tt.file, err)
		}
	}
}

// TestReplaceForArgoCD seals a Secret in a JSON file that has a sync wave: the file stays
// JSON, and the wave is that of the SealedSecret too, which Argo CD applies. What an
// annotation says to others stays in the template alone.
func TestReplaceForArgoCD(t *testing.T) {
	list, err := seal.ParseCertificates("c.pem", sealtest.NewKey(t).Cert)
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := seal.Replace("db.json", []byte(`{
  "apiVersion": "v1", "kind": "Secret",
  "metadata": {"name": "db", "namespace": "web", "annotations": {"argocd.argoproj.io/sync-wave": "-10", "example.com/owner": "data"}},
  "stringData": {"password": "correct horse"}
}
`), &list[0], seal.Target{})
	if err != nil {
		t.Fatal(err)
	}
	type metadata struct{ Annotations map[string]string }
	var got struct {
		Metadata metadata
		Spec     struct{ Template struct{ Metadata metadata } }
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if d := cmp.Diff(map[string]string{"argocd.argoproj.io/sync-wave": "-10"}, got.Metadata.Annotations); d != "" {
		t.Error("of the SealedSecret:", d)
	}
	if d := cmp.Diff(map[string]string{"argocd.argoproj.io/sync-wave": "-10", "example.com/owner": "data"}, got.Spec.Template.Metadata.Annotations); d != "" {
		t.Error("of the template:", d)
	}
}
