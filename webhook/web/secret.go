package web

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Credentials are what GitHub hands out for an App, once.
type Credentials struct {
	ID                                      int64
	Slug, Name                              string
	ClientID                                string
	ClientSecret, WebhookSecret, PrivateKey string // secret; the key is PEM
}

// String names the App only, so that printing credentials by mistake shows nothing.
func (c Credentials) String() string { return fmt.Sprintf("credentials of App %d", c.ID) }

// GoString is String.
func (c Credentials) GoString() string { return c.String() }

// secretManifest returns a Kubernetes Secret as the manifests in deploy/ expect it:
// name sealift-app, keys named after the settings.
func (c Credentials) secretManifest() string {
	var b strings.Builder
	b.WriteString("apiVersion: v1\nkind: Secret\nmetadata:\n  name: sealift-app\n  namespace: sealift\ntype: Opaque\nstringData:\n")
	for _, v := range []struct{ key, value string }{
		{"app-id", fmt.Sprint(c.ID)}, {"client-id", c.ClientID}, {"client-secret", c.ClientSecret}, {"webhook-secret", c.WebhookSecret},
	} {
		quoted, _ := json.Marshal(v.value) // a string always works; JSON is YAML
		fmt.Fprintf(&b, "  %s: %s\n", v.key, quoted)
	}
	b.WriteString("  private-key.pem: |\n")
	for line := range strings.Lines(strings.TrimSpace(c.PrivateKey)) {
		b.WriteString("    " + strings.TrimSpace(line) + "\n")
	}
	return b.String()
}
