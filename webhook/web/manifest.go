package web

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sealift/sealift/gitops"
)

// maxAppName is how many characters GitHub lets the name of an App have.
const maxAppName = 34

// manifest is an App manifest with our addresses in it; see "Registering a GitHub
// App from a manifest" in GitHub's documentation.
type manifest map[string]any

// newManifest reads a manifest and replaces its addresses. GitHub refuses a webhook
// on a loopback address, so that is left out then, unless GitHub is there itself.
func newManifest(data []byte, public, github *url.URL) (manifest, error) {
	var m manifest
	if err := json.Unmarshal(data, &m); err != nil || m == nil {
		return nil, gitops.Errorf(gitops.Invalid, "manifest of the App is not a JSON object")
	}
	at := public.String()
	m["url"] = at
	m["redirect_url"] = at + "/setup/callback"
	m["callback_urls"] = []string{at + "/login/callback"}
	reachable := !loopback(public.Hostname()) || loopback(github.Hostname())
	m["hook_attributes"] = map[string]any{"url": at + "/webhook", "active": reachable}
	return m, nil
}

func (m manifest) name() string {
	s, _ := m["name"].(string)
	return s
}

// text returns the manifest as JSON, with a name.
func (m manifest) text(name string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" || utf8.RuneCountInString(name) > maxAppName {
		return "", &gitops.Error{Code: gitops.Invalid, Message: "The name is empty or longer than 34 characters", Hint: "Go back and choose another one."}
	}
	named := maps.Clone(m)
	named["name"] = name
	data, err := json.Marshal(named)
	if err != nil {
		return "", gitops.Errorf(gitops.Internal, "manifest: %w", err)
	}
	return string(data), nil
}

// rights lists the permissions as "contents: write".
func (m manifest) rights() []string {
	permissions, _ := m["default_permissions"].(map[string]any)
	var out []string
	for name, level := range permissions {
		s, _ := level.(string)
		out = append(out, strings.ReplaceAll(name, "_", " ")+": "+s)
	}
	slices.Sort(out)
	return out
}

func (m manifest) events() []string {
	events, _ := m["default_events"].([]any)
	var out []string
	for _, e := range events {
		s, _ := e.(string)
		out = append(out, strings.ReplaceAll(s, "_", " "))
	}
	return out
}
