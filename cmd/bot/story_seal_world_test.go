package main

import (
	"bytes"
	"encoding/json"
	"html"
	"io"
	"io/fs"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops/seal"
	"github.com/sealift/sealift/gitops/seal/sealtest"
)

// sealStory is a story whose environments have keys: dev is for who may write, prod
// for administrators.
type sealStory struct {
	*story
	dev, prod *sealtest.Key
}

const sealPolicy = `version: 1
environments:
  - name: dev
    seal: {certificates: [certs/dev.pem]}
  - name: prod
    seal: {certificates: [certs/prod.pem], sealers: [admin]}
`

func newSealStory(t *testing.T, change func(*storyOptions)) *sealStory {
	t.Helper()
	s := &sealStory{dev: sealtest.NewKey(t), prod: sealtest.NewKey(t)}
	files := storyFiles()
	files[".sealift.yaml"] = sealPolicy
	files["certs/dev.pem"], files["certs/prod.pem"] = string(s.dev.Cert), string(s.prod.Cert)
	o := storyOptions{files: files}
	if change != nil {
		change(&o)
	}
	s.story = newStory(t, o)
	return s
}

var linkForm = regexp.MustCompile(`http://[0-9.:]+(/seal/[A-Za-z0-9_-]{43})`)

// link asks for a link as somebody and returns its path, with the bot's comment.
func (s *sealStory) link(login string, number int, command string) (path string, comment int64) {
	s.t.Helper()
	s.settle()
	s.say(login, number, command)
	s.settle()
	list := s.bots(number)
	last := list[len(list)-1]
	m := linkForm.FindStringSubmatch(last.Body)
	if m == nil {
		s.t.Fatalf("no link in\n%s\n%s", last.Body, s.logs)
	}
	return m[1], last.ID
}

// visitor is a browser without scripts that somebody is logged in with.
type visitor struct {
	s      *sealStory
	client *http.Client
	csrf   string
	form   formData
}

// formData is what the form is made of.
type formData struct {
	CSRF         string
	OwnPull      bool
	Environments []struct {
		Name, Refused, Certificate, Fingerprint string
		Warnings                                []string
		Overlays                                []struct {
			Path, Namespace string
			Secrets         []seal.Existing
		}
	}
}

// visit opens a link as somebody, through the log-in, and returns the status.
func (s *sealStory) visit(login, path string) (*visitor, int) {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	s.must(err)
	v := &visitor{s: s, client: &http.Client{Jar: jar}}
	resp, _ := v.do(http.MethodGet, "http://"+s.addr+path, nil, nil)
	resp, body := v.do(http.MethodPost, resp.Request.URL.String(), strings.NewReader(url.Values{"login": {login}}.Encode()), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}})
	if resp.StatusCode != http.StatusOK {
		return v, resp.StatusCode
	}
	_, rest, _ := strings.Cut(body, `id="data">`)
	text, _, _ := strings.Cut(rest, "</script>")
	if err := json.Unmarshal([]byte(html.UnescapeString(text)), &v.form); err != nil {
		s.t.Fatalf("%v in\n%.2000s", err, body)
	}
	v.csrf = v.form.CSRF
	return v, resp.StatusCode
}

func (v *visitor) do(method, address string, body io.Reader, header http.Header) (*http.Response, string) {
	v.s.t.Helper()
	req, err := http.NewRequestWithContext(v.s.ctx, method, address, body)
	v.s.must(err)
	for name, values := range header {
		req.Header[name] = values
	}
	resp, err := v.client.Do(req)
	v.s.must(err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	v.s.must(err)
	return resp, string(data)
}

// submission is a secret for an overlay of web, sealed with what the form offers.
func (v *visitor) submission(env, name string, values map[string]string) map[string]any {
	v.s.t.Helper()
	sub := map[string]any{
		"environment": env, "overlay": "apps/web/overlays/" + env, "namespace": env, "name": name, "type": "Opaque", "scope": "strict", "existing": "", "ownPull": false,
	}
	for _, e := range v.form.Environments {
		if e.Name != env || e.Certificate == "" {
			continue
		}
		sub["fingerprint"], sub["items"] = e.Fingerprint, v.s.encrypt(e.Certificate, env, name, values)
	}
	return sub
}

// encrypt seals values as the page does.
func (s *sealStory) encrypt(certificate, namespace, name string, values map[string]string) map[string]string {
	s.t.Helper()
	list, err := seal.ParseCertificates("", []byte(certificate))
	s.must(err)
	plain := map[string][]byte{}
	for k, value := range values {
		plain[k] = []byte(value)
	}
	secret, err := list[0].Seal(seal.Secret{Name: name, Namespace: namespace, Scope: seal.Strict}, plain)
	s.must(err)
	return secret.Items
}

// answer is what the form is told.
type answer struct{ URL, Commit, File, Code, Message string }

// send submits and returns the status and the answer.
func (v *visitor) send(path string, sub map[string]any) (int, answer) {
	v.s.t.Helper()
	data, err := json.Marshal(sub)
	v.s.must(err)
	resp, body := v.do(http.MethodPost, "http://"+v.s.addr+path, bytes.NewReader(data), http.Header{"Content-Type": {"application/json"}, "X-Sealift-Form": {v.csrf}})
	var a answer
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		v.s.t.Fatalf("%d: %v\n%.2000s", resp.StatusCode, err, body)
	}
	return resp.StatusCode, a
}

// sealed submits and fails unless it is taken.
func (v *visitor) sealed(path string, sub map[string]any) answer {
	v.s.t.Helper()
	status, a := v.send(path, sub)
	if status != http.StatusOK {
		v.s.t.Fatalf("%d %+v\n%s", status, a, v.s.logs)
	}
	v.s.settle()
	return a
}

// decrypted is what kubeseal makes of a file of a commit.
func (s *sealStory) decrypted(key *sealtest.Key, commit, file string) map[string]string {
	s.t.Helper()
	out := map[string]string{}
	for k, value := range key.Unseal(s.t, []byte(s.file(commit, file))).Data {
		out[k] = string(value)
	}
	return out
}

// file returns a file of a commit, "" when it is not there.
func (s *sealStory) file(commit, name string) string {
	s.t.Helper()
	text, err := s.hub.File(s.ctx, storyRepo, commit, name)
	s.must(err)
	return text
}

// nowhere fails when a value stands in a file or the log of the service, or in a
// comment.
func (s *sealStory) nowhere(number int, values ...string) {
	s.t.Helper()
	for _, c := range s.hub.Comments(storyRepo, number) {
		hasNot(s.t, c.Body, values...)
	}
	s.notKept(values...)
}

// notKept fails when a value stands in a file of the service or in its log.
func (s *sealStory) notKept(values ...string) {
	s.t.Helper()
	hasNot(s.t, s.logs.String(), values...)
	s.must(filepath.WalkDir(s.config.DataDir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, v := range values {
			if bytes.Contains(data, []byte(v)) {
				s.t.Errorf("a value stands in %s", filepath.Base(name))
			}
		}
		return nil
	}))
}
