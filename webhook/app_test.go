package webhook_test

import (
	"bytes"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// appManifest is what GitHub's manifest flow takes.
type appManifest struct {
	Name, Description, URL string
	Public                 *bool
	HookAttributes         struct {
		URL    string
		Active bool
	} `yaml:"hook_attributes"`
	RedirectURL        string            `yaml:"redirect_url"`
	CallbackURLs       []string          `yaml:"callback_urls"`
	DefaultPermissions map[string]string `yaml:"default_permissions"`
	DefaultEvents      []string          `yaml:"default_events"`
}

func readApp(t *testing.T) appManifest {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "app.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var app appManifest
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&app); err != nil {
		t.Fatal(err)
	}
	return app
}

// TestAppPermissions has no permission too many: above all no "workflows".
func TestAppPermissions(t *testing.T) {
	want := map[string]string{
		"metadata": "read", "contents": "write", "pull_requests": "write", "issues": "write", "checks": "write", "members": "read", "statuses": "read",
		"merge_queues": "read", // GitHub refuses the event merge_group without it
	}
	if diff := cmp.Diff(want, readApp(t).DefaultPermissions); diff != "" {
		t.Errorf("permissions (-want +got):\n%s", diff)
	}
}

// TestAppEvents subscribes to what Decode reads. GitHub sends the events of
// installations unasked, and refuses manifests that name them.
func TestAppEvents(t *testing.T) {
	want := []string{"pull_request", "issue_comment", "push", "merge_group", "check_run", "check_suite", "status"}
	if diff := cmp.Diff(want, readApp(t).DefaultEvents); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// TestAppAddresses fills every address of app.yml from one place.
func TestAppAddresses(t *testing.T) {
	app := readApp(t)
	if app.Public == nil || *app.Public || !app.HookAttributes.Active || len(app.Name) > 34 {
		t.Errorf("manifest: %+v", app)
	}
	for _, address := range append([]string{app.URL, app.HookAttributes.URL, app.RedirectURL}, app.CallbackURLs...) {
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "https" || u.Host != "sealift.example.com" {
			t.Errorf("address %q: %v", address, err)
		}
	}
	if app.HookAttributes.URL != app.URL+"/webhook" {
		t.Errorf("webhook at %s", app.HookAttributes.URL)
	}
}
