package pages_test

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v4"

	"github.com/sealift/sealift/webhook/hub"
)

// install puts an App on the repository; bot calls the API as it.
func (w *world) install() {
	w.t.Helper()
	app, err := w.Register(hub.AppConfig{Name: "Sealift", Owner: "acme", WebhookURL: w.WebURL() + "/nobody-listens",
		Permissions: map[string]string{"contents": "read", "pull_requests": "write", "issues": "write", "checks": "write"}, Events: []string{"issue_comment", "pull_request"}})
	must(w.t, err)
	id, err := app.Install("acme", repository)
	must(w.t, err)
	block, _ := pem.Decode(app.PrivateKey())
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	must(w.t, err)
	claims := jwt.RegisteredClaims{Issuer: fmt.Sprint(app.ID()), IssuedAt: jwt.NewNumericDate(time.Now().Add(-time.Minute)), ExpiresAt: jwt.NewNumericDate(time.Now().Add(5 * time.Minute))}
	w.token, err = jwt.NewWithClaims(jwt.SigningMethodRS256, claims).SignedString(key)
	must(w.t, err)
	w.token = w.bot("POST", fmt.Sprintf("app/installations/%d/access_tokens", id), map[string]any{})["token"].(string)
}

// bot calls the API with the App's token.
func (w *world) bot(method, path string, body any) map[string]any {
	w.t.Helper()
	data, err := json.Marshal(body)
	must(w.t, err)
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.APIURL()+path, strings.NewReader(string(data)))
	must(w.t, err)
	req.Header.Set("Authorization", "Bearer "+w.token)
	resp, err := http.DefaultClient.Do(req)
	must(w.t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	must(w.t, err)
	if resp.StatusCode >= 300 {
		w.t.Fatalf("%s %s: %d %s", method, path, resp.StatusCode, raw)
	}
	out := map[string]any{}
	must(w.t, json.Unmarshal(raw, &out))
	return out
}

// botComment comments as the App and returns the comment's id.
func (w *world) botComment(body string) int64 {
	w.t.Helper()
	return int64(w.bot("POST", "repos/"+repository+"/issues/1/comments", map[string]any{"body": body})["id"].(float64))
}

func (w *world) botEdit(id int64, body string) {
	w.t.Helper()
	w.bot("PATCH", fmt.Sprintf("repos/%s/issues/comments/%d", repository, id), map[string]any{"body": body})
}

// botCheck makes a check run on the head and returns its id.
func (w *world) botCheck(conclusion, title, summary string, annotations ...map[string]any) int64 {
	w.t.Helper()
	run := w.bot("POST", "repos/"+repository+"/check-runs", map[string]any{"name": "sealift/diff", "head_sha": w.Tip(repository, "change"), "status": "completed",
		"conclusion": conclusion, "output": map[string]any{"title": title, "summary": summary, "annotations": annotations}})
	return int64(run["id"].(float64))
}

func annotation(path string, line int, level, message string) map[string]any {
	return map[string]any{"path": path, "start_line": line, "end_line": line, "annotation_level": level, "message": message}
}

// report is a comment as the bot writes them.
const report = `<!-- sealift:diff 1/1 -->
**1 overlay no longer renders (prod); 2 of 12 overlays change (1 in prod, 1 in dev)** · <code>1111111</code> → <code>2222222</code>

> [!CAUTION]
> - <code>apps/web/prod</code> no longer renders: <code>apps/web/base/kustomization.yaml&#58;3</code>: <code>base &#34;../base&#34; is not there</code>

| Overlay | App | Environment | Objects | Images |
|---|---|---|---|---|
| <code>apps/web/prod</code> | web | prod | no longer renders |  |
| <code>apps/web/stage</code> | web | stage | 1 changed | <code>registry.example/web</code> <code>1.2</code> → <code>1.3</code> |

<details open><summary><code>apps/web/stage</code>: 1 changed</summary>

<code>Deployment web</code>

` + "```diff" + `
@@ -10,3 +10,3 @@
         - containerPort: 8080
-        image: registry.example/a-very-long-name/that-does-not-fit-on-a-phone/web:1.2
+        image: registry.example/a-very-long-name/that-does-not-fit-on-a-phone/web:1.3
         name: main
` + "```" + `

</details>
<details><summary><code>apps/web/dev</code>: 3 changed</summary>

- [x] one
- [ ] two

</details>
`
