package seal_test

import (
	"bytes"
	"crypto/rand"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/sealift/sealift/gitops/seal"
	"github.com/sealift/sealift/gitops/seal/sealtest"
)

// certificate is the one of a key.
func certificate(t testing.TB, k *sealtest.Key) *seal.Certificate {
	t.Helper()
	list, err := seal.ParseCertificates("cert.pem", k.Cert)
	if err != nil {
		t.Fatal(err)
	}
	c, err := seal.Choose(list, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// copied is values that may be zeroed.
func copied(values map[string][]byte) map[string][]byte {
	out := map[string][]byte{}
	for k, v := range values {
		out[k] = bytes.Clone(v)
	}
	return out
}

// values are what must come back byte for byte.
func values(t testing.TB) map[string][]byte {
	t.Helper()
	random := make([]byte, 300)
	_, _ = rand.Read(random)
	return map[string][]byte{
		"password": []byte("correct horse"), "empty": {}, "binary": random, "zero": make([]byte, 33),
		"text.conf": []byte("ü = 1\r\n# x\n\n"), "UPPER_case-1.0": []byte("true"), "no": []byte("no"), "1e3": []byte("1"),
	}
}

// TestKubesealDecrypts is the point of the package: what it seals, the real kubeseal
// opens, in each scope, and not elsewhere.
func TestKubesealDecrypts(t *testing.T) {
	key := sealtest.NewKey(t)
	c := certificate(t, key)
	want := values(t)
	for _, scope := range seal.Scopes() {
		t.Run(string(scope), func(t *testing.T) {
			s := must[seal.Secret](t)(c.Seal(seal.Secret{Name: "db", Namespace: "web", Scope: scope, Type: "Opaque"}, copied(want)))
			if err := s.Check(c); err != nil {
				t.Error(err)
			}
			sealed := must[[]byte](t)(seal.New(s))
			if diff := cmp.Diff(want, key.Unseal(t, sealed).Data, cmp.Comparer(bytes.Equal)); diff != "" {
				t.Errorf("-sealed +decrypted\n%s", diff)
			}
			moved := map[seal.Scope][]string{seal.Strict: {"name", "namespace"}, seal.NamespaceWide: {"namespace"}}[scope]
			for _, what := range []string{"name", "namespace"} {
				other := regexp.MustCompile(`(?m)^( +)`+what+`: \w+$`).ReplaceAll(sealed, []byte("${1}"+what+": other"))
				if slices.Contains(moved, what) {
					key.Refuses(t, other)
				} else {
					key.Unseal(t, other)
				}
			}
			sealtest.NewKey(t).Refuses(t, sealed)
		})
	}
}

// TestKubesealDecryptsLarge seals as much as Kubernetes takes.
func TestKubesealDecryptsLarge(t *testing.T) {
	key := sealtest.NewKey(t)
	large := make([]byte, seal.MaxData)
	_, _ = rand.Read(large)
	c := certificate(t, key)
	to := seal.Secret{Name: "db", Namespace: "web", Scope: seal.Strict}
	s := must[seal.Secret](t)(c.Seal(to, map[string][]byte{"k": bytes.Clone(large)}))
	if got := key.Unseal(t, must[[]byte](t)(seal.New(s))).Data["k"]; !bytes.Equal(got, large) {
		t.Error("1 MiB does not come back")
	}
	if err := s.Check(c); err != nil {
		t.Error(err)
	}
	if _, err := c.Seal(to, map[string][]byte{"k": append(large, 1)}); err == nil {
		t.Error("one byte more is taken")
	}
}

// TestSameAsKubeseal compares manifests with kubeseal's, byte for byte.
func TestSameAsKubeseal(t *testing.T) {
	key := sealtest.NewKey(t)
	c := certificate(t, key)
	data := map[string][]byte{"-": nil, ".x": nil, "_": nil, "0x1F": nil, "1.5": nil, "a10": nil, "a9": nil, "true": nil, "null": nil, "y": nil, "A": nil}
	for name, s := range map[string]seal.Secret{
		"short":  {Name: "db", Namespace: "web"},
		"typed":  {Name: "db", Namespace: "web", Type: "Opaque"},
		"own":    {Name: "a.b", Namespace: "1234", Type: "example.com/x", Immutable: true},
		"quoted": {Name: "1e3", Namespace: "true", Labels: map[string]string{"b": "yes", "a": "1", "y": ""}, Annotations: map[string]string{"n": "two\nlines\n", "t": " # x", "z": strings.Repeat("long ", 50)}},
	} {
		for _, s.Scope = range seal.Scopes() {
			t.Run(name+" "+string(s.Scope), func(t *testing.T) {
				s.Items = nil
				plain := must[[]byte](t)(yaml.Marshal(map[string]any{
					"apiVersion": "v1", "kind": "Secret", "type": s.Type, "immutable": s.Immutable, "data": data,
					"metadata": map[string]any{"name": s.Name, "namespace": s.Namespace, "labels": s.Labels, "annotations": s.Annotations},
				}))
				if !s.Immutable {
					plain = bytes.Replace(plain, []byte("immutable: false\n"), nil, 1)
				}
				want := sealtest.Kubeseal(t, plain, "--cert", key.CertFile, "--scope", string(s.Scope), "-o", "yaml")
				made := must[seal.Secret](t)(c.Seal(s, copied(data)))
				if diff := cmp.Diff(blind(want), blind(must[[]byte](t)(seal.New(made)))); diff != "" {
					t.Errorf("-kubeseal +ours\n%s", diff)
				}
			})
		}
	}
}

// blind is a manifest without its ciphertext.
func blind(manifest []byte) string {
	return regexp.MustCompile(`: A[gQ][A-Za-z0-9+/=]{300,}`).ReplaceAllString(string(manifest), ": CIPHERTEXT")
}

// TestMergeDecrypts adds and changes keys of a file that kubeseal made.
func TestMergeDecrypts(t *testing.T) {
	key := sealtest.NewKey(t)
	c := certificate(t, key)
	for _, scope := range seal.Scopes() {
		t.Run(string(scope), func(t *testing.T) {
			plain := "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: web}\nstringData: {old: one, kept: two}\n"
			file := "# head\n" + string(sealtest.Kubeseal(t, []byte(plain), "--cert", key.CertFile, "--scope", string(scope), "-o", "yaml")) + "# tail\n---\nkind: Other\n"
			s := must[seal.Secret](t)(c.Seal(seal.Secret{Name: "db", Namespace: "web", Scope: scope}, map[string][]byte{"old": []byte("new"), "more": {0, 1, 2}}))
			merged := must[[]byte](t)(seal.Merge("f.yaml", []byte(file), s))
			if !onlyLines(file, string(merged), "    old: ", "    more: ") {
				t.Errorf("more than the two keys changed:\n%s", blind(merged))
			}
			doc := strings.SplitAfter(string(merged), "---\n")[1]
			got := key.Unseal(t, []byte(strings.TrimSuffix(doc, "---\n"))).Data
			if diff := cmp.Diff(map[string][]byte{"old": []byte("new"), "kept": []byte("two"), "more": {0, 1, 2}}, got); diff != "" {
				t.Errorf("-want +decrypted\n%s", diff)
			}
		})
	}
}

// onlyLines reports whether two texts differ in lines with some prefixes only.
func onlyLines(a, b string, prefixes ...string) bool {
	strip := func(s string) string {
		var out strings.Builder
		for l := range strings.Lines(s) {
			if !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(l, p) }) {
				out.WriteString(l)
			}
		}
		return out.String()
	}
	return strip(a) == strip(b)
}

// TestReplaceDecrypts seals plain Secrets in place, as kubeseal reads them.
func TestReplaceDecrypts(t *testing.T) {
	key := sealtest.NewKey(t)
	c := certificate(t, key)
	file := `# the file
apiVersion: v1
kind: ConfigMap
metadata: {name: c}   # stays
---
apiVersion: v1
kind: Secret
metadata:
  name: db
  namespace: web
  labels: {app: "1"}
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{"data":"aGVsbG8gd29ybGQ="}'
    note: |
      two
      lines
type: Opaque
data:
  both: b25l
  binary: AAEC/w==
  wrapped: |
    aGVsbG8g
    d29ybGQ=
  nothing:
  empty: ""
stringData:
  both: two
  text: |
    a: b
  "true": "yes"
  plain: don't
---
kind: Other
`
	for _, scope := range seal.Scopes() {
		t.Run(string(scope), func(t *testing.T) {
			out, done, err := seal.Replace("f.yaml", []byte(file), c, seal.Target{Scope: scope})
			if err != nil {
				t.Fatal(err)
			}
			docs := strings.Split(string(out), "---\n")
			plain := strings.Split(file, "---\n")
			if len(docs) != 3 || docs[0] != plain[0] || docs[2] != plain[2] {
				t.Fatalf("other documents changed:\n%s", blind(out))
			}
			want := key.Unseal(t, sealtest.Kubeseal(t, []byte(plain[1]), "--cert", key.CertFile, "--scope", string(scope), "-o", "yaml"))
			got := key.Unseal(t, []byte(docs[1]))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-kubeseal's +ours\n%s", diff)
			}
			keys := slices.Sorted(maps.Keys(want.Data))
			if diff := cmp.Diff([]seal.Existing{{File: "f.yaml", Name: "db", Namespace: "web", Type: "Opaque", Scope: scope, Keys: keys}}, done); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}
