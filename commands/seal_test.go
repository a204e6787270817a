package commands

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/layout"
	"github.com/sealift/sealift/gitops/tree"
)

// madeUp has the form of ciphertext for a key of so many bits.
func madeUp(bits, value int) string {
	raw := make([]byte, 2+bits/8+16+value)
	_, _ = rand.Read(raw)
	binary.BigEndian.PutUint16(raw, uint16(bits/8))
	return base64.StdEncoding.EncodeToString(raw)
}

const plainWord = "hunter2-of-the-shop"

func sealedManifest(item string) string {
	return "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: db, namespace: dev}\nspec:\n  encryptedData:\n    k: " + item + "\n  template:\n    metadata: {name: db, namespace: dev}\n"
}

func TestRedact(t *testing.T) {
	ct := madeUp(2048, 5)
	sealed := "```yaml\n" + sealedManifest(ct) + "```\n"
	for _, body := range []string{ // nothing in plain
		"", "/diff", "/seal", "/seal web prod", "/seal db --env prod --keys a,b", "/seal --env=prod --scope=strict", "/seal apps/x.yaml", "/seal ack x.yaml",
		"/seal db k=" + ct, "/seal db k=" + ct + " l=" + madeUp(4096, 0) + "\r\n/diff", "/seal web\n" + sealed, "/seal web\n\n" + sealed + "more", "password=" + plainWord,
		"/seal web\ntext\n```\nkind: Secret\n```", "/help k=v",
		// Near /seal, and without a value; or with one, and not near.
		"/sell", "/sell the shop\n```\nstock: 5\n```", "/Seal web dev", "> /seal web dev --keys a,b", "use `/seal web dev --env=prod`", "`/seal db k=" + ct + "`", "> /seal db k=" + ct,
		"| `" + sealUsage + "` |", "write `/seal db password=<password>`", "/seal? k=…", "https://host/seal/abc?k=v", "see docs/seal k=v", "apps/web/seal k=v", "/deploy k=v", "/set k=v", "seal k=v", "/sale\nk=v",
		"/seel\n" + sealed, "or / and k=v", "[withheld]", "it said [withheld]",
	} {
		if got := Redact(body); got != body || exposed(body) {
			t.Errorf("%.80q becomes %.80q", body, got)
		}
	}
	for body, want := range map[string]string{
		"/seal db k=" + plainWord:                          "/seal db k=" + withheld,
		"/seal db  user=" + plainWord + " k=v":             "/seal db  user=" + withheld,
		"Hi\r\n/seal db k=two words\r\nand lines\r\n/diff": "Hi\r\n/seal db k=" + withheld,
		"/seal db a=" + ct + " b=" + plainWord:             "/seal db a=" + ct + " b=" + withheld,
		"/seal db --password=" + plainWord:                 "/seal db --password=" + withheld,
		"/seal db k=" + strings.Repeat("x", 5000):          "/seal db k=" + withheld,
		"/seal db k=\u00e4\u202e" + plainWord:              "/seal db k=" + withheld,
		"/seal\tdb k=" + plainWord:                         "/seal\tdb k=" + withheld,
		"/seal db aHVudGVyMg==":                            "/seal db " + withheld,
		"/seal db k=" + ct[:200]:                           "/seal db k=" + withheld,
		"/seal db k=-----BEGIN PRIVATE KEY-----\nMIIE":     "/seal db k=" + withheld,
		strings.Repeat("/seal web\n", 50) + "/seal db k=v": strings.Repeat("/seal web\n", 50) + "/seal db k=" + withheld,
		"/seal web\n```yaml\nkind: Secret\n```":            "/seal web\n```yaml\n" + withheld,
		// Near misses.
		"/seel db k=" + plainWord:                                           "/seel db k=" + withheld,
		"Please\n/Seal db k=" + plainWord + " l=m\nthanks":                  "Please\n/Seal db k=" + withheld,
		"/SEAL db k=" + plainWord:                                           "/SEAL db k=" + withheld,
		"/ seal db k=" + plainWord:                                          "/ seal db k=" + withheld,
		"\\seal db k=" + plainWord:                                          "\\seal db k=" + withheld,
		" /seal db k=" + plainWord:                                          " /seal db k=" + withheld,
		"    /seal db k=" + plainWord:                                       "    /seal db k=" + withheld,
		"/sael db k=" + plainWord:                                           "/sael db k=" + withheld,
		"/sea db k=" + plainWord:                                            "/sea db k=" + withheld,
		"/sealed db k=" + plainWord:                                         "/sealed db k=" + withheld,
		"/reseal db k=" + plainWord:                                         "/reseal db k=" + withheld,
		"/se\u0430l db k=" + plainWord:                                      "/se\u0430l db k=" + withheld,
		"\u200b/seal db k=" + plainWord:                                     "\u200b/seal db k=" + withheld,
		"/seal\u00a0db k=" + plainWord:                                      "/seal\u00a0db k=" + withheld,
		"/seal: db k=" + plainWord:                                          "/seal: db k=" + withheld,
		"@bot /seal db k=" + plainWord:                                      "@bot /seal db k=" + withheld,
		"I wrote `/seal db k=" + plainWord + "` and nothing came":           "I wrote `/seal db k=" + withheld,
		"> /seal db k=" + plainWord + "\n\nwhy?":                            "> /seal db k=" + withheld,
		"```\n/seal db k=" + plainWord + "\n```":                            "```\n/seal db k=" + withheld,
		"<!--\n/seal db k=" + plainWord + "\n-->":                           "<!--\n/seal db k=" + withheld,
		"/seel db a=" + ct + " \"b=" + plainWord + "\"":                     "/seel db a=" + ct + " \"b=" + withheld,
		"/seel web\n```\nkind: Secret\nstringData: {k: v}\n```":             "/seel web\n```\n" + withheld,
		"/seel web\n```\n{\"kind\":\"Secret\"}\n```":                        "/seel web\n```\n" + withheld,
		"/seel web\n```\nx: y\n/seal db k=" + plainWord + "\n```":           "/seel web\n```\n" + withheld,
		"/seal web\n```\npassword: x\n# /seal k=v\n```":                     "/seal web\n```\n" + withheld,
		"/seal web\n\n~~~\npassword: x\n~~~\nrest":                          "/seal web\n\n~~~\n" + withheld,
		"/seal web\n```\n" + plainWord:                                      "/seal web\n```\n" + withheld,
		"/seal web\n```\n" + sealedManifest(plainWord):                      "/seal web\n```\n" + withheld,
		"/seal web\n```\n" + sealedManifest(ct) + "---\nkind: Secret\n```":  "/seal web\n```\n" + withheld,
		"/seal web\n```\n" + sealedManifest(ct) + "    data: {k: x}\n```":   "/seal web\n```\n" + withheld,
		"/seal web\n```\n" + sealedManifest(ct) + "stringData: {k: x}\n```": "/seal web\n```\n" + withheld,
		"/seal web\n```\n" + strings.Replace(sealedManifest(ct), "template:", "data: x\n  template:", 1) + "```": "/seal web\n```\n" + withheld,
	} {
		if got := Redact(body); got != want {
			t.Errorf("%.80q becomes %.120q", body, got)
		}
		if strings.HasSuffix(want, withheld) && (!exposed(body) || !exposed(want)) {
			t.Errorf("%.80q is not seen as exposed", body)
		}
	}
}

// The edge looks at comments while GitHub waits: the time grows with the length, not with
// its square, whatever a comment is made of.
func BenchmarkRedact(b *testing.B) {
	for _, part := range []string{"/seal ", "x /seel ", "/ ", "/seel a ", "/seal a=", "\n/seal\n```\na\n```", "=", "```\n", "<!--"} {
		body := strings.Repeat(part, 65_536/len(part))
		b.Run(strings.TrimSpace(part), func(b *testing.B) {
			for b.Loop() {
				Redact(body)
			}
		})
	}
}

// Redacting twice is redacting once, and what was left out is at the end. A value is
// nowhere in what is left, wherever it stands behind a /seal.
func FuzzRedact(f *testing.F) {
	for _, s := range []string{"/seal db k=v", "a\n/seal x\n```\nkind: Secret\n```", "/seal a=b c=d", "> /seal a=b\n\n/seal x", "~~~\n/seal a=b", "/seel\n```\nkind: Secret", "x /Seal `a=b`", "/seal a\n```\nb\n/ seal c=d\n```\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		once := Redact(body)
		if again := Redact(once); again != once {
			t.Errorf("%q becomes %q", once, again)
		}
		if once != body && (!strings.HasSuffix(once, withheld) || !strings.HasPrefix(body, strings.TrimSuffix(once, withheld))) {
			t.Errorf("%q becomes %q", body, once)
		}
		list, _ := Parse(once)
		for _, r := range list {
			if r.Verb != "seal" {
				continue
			}
			for _, arg := range r.Args {
				_, value, ok := strings.Cut(arg, "=")
				if ok && value != withheld && !isCiphertext(value) && !slices.ContainsFunc(sealOptions(), func(o string) bool { return strings.HasPrefix(arg, o+"=") }) {
					t.Errorf("%q keeps %q", body, arg)
				}
			}
		}
	})
}

func TestInline(t *testing.T) {
	for body, want := range map[string]string{
		"/seal db k=v\nmore":                "/seal db k=v",
		"hi\n/seal db k=v u=w x\n/diff":     "hi\n/seal db k=v u=w x",
		"/seal web\n```\nkind: Secret\n```": "",
		"/seal web":                         "",
		"/Seal db k=v":                      "/Seal db k=v",
		"> /seal a=b\n\n/seal db k=v":       "",
	} {
		if got := inline(body); got != want {
			t.Errorf("%q: %q", body, got)
		}
	}
}

func TestIsCiphertext(t *testing.T) {
	long := madeUp(2048, 100)
	for value, want := range map[string]bool{
		madeUp(2048, 0): true, madeUp(4096, 1000): true, madeUp(16384, 0): true, long: true,
		"": false, "AQ==": false, "plain": false, madeUp(1024, 500): false, madeUp(16392, 0): false, long[:300]: false, long + "\n": false, " " + long: false,
		base64.StdEncoding.EncodeToString([]byte(strings.Repeat("a long text ", 2000))):       false,
		base64.StdEncoding.EncodeToString(append([]byte{0x30, 0x82}, make([]byte, 20000)...)): false, // DER
	} {
		if isCiphertext(value) != want {
			t.Errorf("%.40q: %t", value, !want)
		}
	}
}

func TestParseFence(t *testing.T) {
	body := "/seal web\n\n```yaml\na: b\n  c\n```\n```\nnot mine\n```\n/seal db\ntext\n```\nnor mine\n```\n/seal x\n~~~\nopen"
	list, _ := Parse(body)
	var got []string
	for _, r := range list {
		got = append(got, r.Fence)
	}
	if d := cmp.Diff([]string{"a: b\n  c\n", "", "open\n"}, got); d != "" {
		t.Error(d)
	}
}

func TestReadFence(t *testing.T) {
	ct := madeUp(2048, 5)
	s, err := readFence(strings.Replace(sealedManifest(ct), "metadata: {name: db, namespace: dev}\n", "metadata: {name: db, namespace: dev, labels: {a: b}, annotations: {c: d}}\n  type: kubernetes.io/basic-auth\n  immutable: true\n", 1))
	if err == nil { // labels of the outside are not those of the Secret
		t.Errorf("a SealedSecret with a type outside of its template is taken: %+v", s)
	}
	s, err = readFence(strings.Replace(sealedManifest(ct), "    metadata: {name: db, namespace: dev}\n", "    metadata: {name: db, namespace: dev, labels: {a: b}, annotations: {c: d, sealedsecrets.bitnami.com/cluster-wide: 'true'}}\n    type: x\n    immutable: true\n", 1))
	if err != nil || s.Name != "db" || s.Namespace != "dev" || s.Items["k"] != ct || s.Labels["a"] != "b" || len(s.Annotations) != 1 || s.Type != "x" || !s.Immutable {
		t.Errorf("%+v, %v", s, err)
	}
	other := strings.Replace(sealedManifest(ct), "    metadata: {name: db,", "    metadata: {name: other,", 1)
	if _, err := readFence(other); gitops.CodeOf(err) != gitops.Invalid {
		t.Errorf("a template of another name: %v", err)
	}
}

func TestParseSeal(t *testing.T) {
	ct := madeUp(2048, 5)
	files := store()
	l, err := layout.Read(t.Context(), tree.Memory(files), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"/seal":                                  "env= overlay= app= name= keys=[]",
		"/seal web prod":                         "env=prod overlay=apps/web/overlays/prod app=web name= keys=[]",
		"/seal prod":                             "env=prod overlay=apps/web/overlays/prod app=web name= keys=[]",
		"/seal web":                              "env= overlay= app=web name= keys=[]",
		"/seal db --env dev --keys a,b":          "env=dev overlay=apps/web/overlays/dev app=web name=db keys=[a b]",
		"/seal db --env=dev":                     "env=dev overlay=apps/web/overlays/dev app=web name=db keys=[]",
		"/seal apps/web/overlays/dev db k=" + ct: "env=dev overlay=apps/web/overlays/dev app=web name=db keys=[k]",
		"/seal --overlay ./apps/web/overlays/dev/":      "env=dev overlay=apps/web/overlays/dev app=web name= keys=[]",
		"/seal db dev k=" + withheld:                    "env=dev overlay=apps/web/overlays/dev app=web name=db keys=[k]",
		"/seal db dev k=v l=w":                          "env=dev overlay=apps/web/overlays/dev app=web name=db keys=[k l]",
		"/seal web prod db other":                       `not_found there is no app or environment "other"`,
		"/seal --env qa":                                `not_found there is no environment "qa"`,
		"/seal --overlay apps/none":                     `not_found there is no overlay "apps/none"`,
		"/seal --env":                                   "invalid option --env has no value",
		"/seal --colour red":                            `invalid unknown option "--colour"`,
		"/seal --scope wide":                            `invalid unknown scope "wide"`,
		"/seal --type gold":                             `invalid unknown type "gold"`,
		"/seal ack":                                     "invalid /seal ack wants one path",
		"/seal ack a b":                                 "invalid /seal ack wants one path",
		"/seal x.yaml --keys a":                         "invalid /seal with a file wants nothing else",
		"/seal db k=" + plainWord + " and " + plainWord: "invalid a value in a comment cannot have spaces, and options stand before values",
	} {
		got := parsedSeal(line, l)
		if got != want {
			t.Errorf("%.60q:\n got %s\nwant %s", line, got, want)
		}
		if strings.Contains(got, plainWord) {
			t.Errorf("%q quotes the value", line)
		}
	}
}

// parsedSeal is what a line asks for, or the error.
func parsedSeal(line string, l *layout.Layout) string {
	list, _ := Parse(line)
	q, err := parseSeal(list[0])
	if err == nil {
		err = q.resolve(l)
	}
	if err != nil {
		return string(gitops.CodeOf(err)) + " " + err.Error()
	}
	a := q.ask
	return "env=" + a.Environment + " overlay=" + a.Overlay + " app=" + a.App + " name=" + a.Name + " keys=[" + strings.Join(a.Keys, " ") + "]"
}
