package seal_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/seal"
	"github.com/sealift/sealift/gitops/seal/sealtest"
	"github.com/sealift/sealift/gitops/tree"
)

// FuzzReplace holds that a file with one Secret, whatever else is in it, is either
// refused without a word of its value, or has no plain Secret any more.
func FuzzReplace(f *testing.F) {
	const secret = "hunter2hunter2"
	c := certificate(f, sealtest.NewKey(f))
	coded := base64.StdEncoding.EncodeToString([]byte(secret))
	head := "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: web}\n"
	for _, seed := range []string{
		head + "stringData: {k: SECRET}\n", head + "data:\n  k: CODED\n---\nkind: B\n", head + "data: {k: &a CODED}\nx: *a\n",
		"# SECRET\n" + head + "stringData:\n  k: |\n    SECRET\n", head + "stringData:\n  ? k\n  : 'SECRET'\n", "- - SECRET", "a: &a [*a, SECRET]", head + "stringData: {k: SECRET",
		"kind: List\nitems:\n- " + strings.ReplaceAll(head, "\n", "\n  ") + "stringData: {k: SECRET}\n", "\ufeff" + head + "stringData: {\"k\": \"SECRET\"}\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		file = bytes.ReplaceAll(bytes.ReplaceAll(file, []byte("SECRET"), []byte(secret)), []byte("CODED"), []byte(coded))
		out, done, err := seal.Replace("f.yaml", file, c, seal.Target{Namespace: "web"})
		if err != nil {
			if strings.Contains(err.Error(), secret) && !nameOrKey(file, secret) {
				t.Errorf("the error holds the value: %v", err)
			}
			return
		}
		read, err := seal.Read("f.yaml", out)
		if err != nil || len(read) < len(done) {
			t.Fatalf("%d sealed, %d there: %v\n%s", len(done), len(read), err, out)
		}
		if _, _, err := seal.Replace("f.yaml", out, c, seal.Target{}); gitops.CodeOf(err) != gitops.NotFound {
			t.Errorf("a plain Secret is left: %v\n%s", err, out)
		}
	})
}

// nameOrKey reports whether a value may stand in messages: it is not only a value.
func nameOrKey(file []byte, secret string) bool { return bytes.Count(file, []byte(secret)) > 1 }

// FuzzMerge holds that a merge leaves the other SealedSecrets and keys as they were.
func FuzzMerge(f *testing.F) {
	const doc = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: db, namespace: web}\nspec:\n  encryptedData:\n    a: QQ== # x\n    k: QUI=\n"
	for _, seed := range []string{doc, "---\n" + doc + "---\n" + doc, strings.ReplaceAll(doc, "\n", "\r\n"), doc + "  template: {metadata: {name: db}}\n", strings.Replace(doc, "k: QUI=", "k: &a |-\n      QUI=\n    z: *a", 1)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		s := seal.Secret{Name: "db", Namespace: "web", Scope: seal.Strict, Items: map[string]string{"k": "TkVX", "new": "TkVX"}}
		out, err := seal.Merge("f.yaml", file, s)
		if err != nil {
			return
		}
		before, _ := seal.Read("f.yaml", file)
		after, err := seal.Read("f.yaml", out)
		if err != nil || len(before) != len(after) {
			t.Fatalf("%d before, %d after: %v", len(before), len(after), err)
		}
		merged := false
		for i := range before {
			mine := !merged && before[i].Name == "db" && (before[i].Namespace == "web" || before[i].Namespace == "")
			merged = merged || mine
			for key, item := range before[i].Items {
				if got := after[i].Items[key]; got != item && (!mine || key != "k" && key != "new") {
					t.Errorf("key %q of %d changed", key, i)
				}
			}
			if mine && (after[i].Items["k"] != "TkVX" || after[i].Items["new"] != "TkVX") {
				t.Error("the keys are not there")
			}
		}
	})
}

// FuzzIndex holds that any kustomization can be read and placed in, or is refused.
func FuzzIndex(f *testing.F) {
	for _, seed := range []string{"resources: [a.yaml, ../b]\n", "namespace: web\nresources:\n- s.yaml\n", "bases: [., .., /, ./../a]\ncomponents: {a: b}\n", "&a [*a]", "resources: *a", "namePrefix: x"} {
		f.Add(seed)
	}
	const doc = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: other, namespace: web}\n"
	f.Fuzz(func(t *testing.T, text string) {
		x, err := seal.Scan(t.Context(), tree.Memory(map[string]string{"a/kustomization.yaml": text, "b/kustomization.yaml": "resources: [../a, s.yaml]\n", "b/s.yaml": doc, "a/s.yaml": doc}))
		if err != nil {
			t.Fatal(err)
		}
		for _, overlay := range []string{"a", "b"} {
			if _, err := x.List(t.Context(), overlay); err != nil {
				t.Error(err)
			}
			edits, err := x.Place(t.Context(), overlay, seal.Secret{Name: "db", Namespace: "web", Scope: seal.Strict, Items: map[string]string{"k": "QQ=="}})
			if err == nil && (len(edits) != 2 || strings.Contains(edits[0].Path, "..")) {
				t.Errorf("%v", edits)
			}
		}
	})
}

// FuzzParseCertificates holds that bytes never panic.
func FuzzParseCertificates(f *testing.F) {
	f.Add(sealtest.NewKey(f).Cert)
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if list, err := seal.ParseCertificates("c.pem", data); (err == nil) != (len(list) > 0) {
			t.Errorf("%d certificates, %v", len(list), err)
		}
	})
}

// FuzzCheckCiphertext holds that bytes never panic.
func FuzzCheckCiphertext(f *testing.F) {
	f.Add("")
	f.Add("AQA=")
	f.Fuzz(func(t *testing.T, text string) {
		if seal.CheckCiphertext(text) == nil && len(text) < 256 {
			t.Errorf("%q is taken", text)
		}
	})
}
