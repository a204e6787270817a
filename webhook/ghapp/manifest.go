package ghapp

import (
	"context"

	"github.com/sealift/sealift/gitops"
)

// Credentials are what GitHub hands out for an App that was registered from a
// manifest. All but the first four fields are secret.
type Credentials struct {
	ID                                         int64
	Slug, Name, URL                            string
	ClientID                                   string
	ClientSecret, WebhookSecret, PrivateKeyPEM string
}

// String returns the App's name in URLs, so that no log has the secrets.
func (c Credentials) String() string { return c.Slug }

// Convert turns the code that GitHub sends the browser back with into the App's
// credentials. A code works once, for an hour. Of cfg only the addresses and the
// transport are used.
func Convert(ctx context.Context, cfg Config, code string) (Credentials, error) {
	if !codeForm.MatchString(code) {
		return Credentials{}, gitops.Errorf(gitops.Invalid, "code of the App manifest is not valid")
	}
	a, err := newApp(cfg)
	if err != nil {
		return Credentials{}, err
	}
	c, _, err := a.anonymous.Apps.CompleteAppManifest(ctx, code)
	if err != nil {
		return Credentials{}, problem(err)
	}
	return Credentials{
		ID: c.GetID(), Slug: c.GetSlug(), Name: c.GetName(), URL: c.GetHTMLURL(), ClientID: c.GetClientID(), ClientSecret: c.GetClientSecret(),
		WebhookSecret: c.GetWebhookSecret(), PrivateKeyPEM: c.GetPEM(),
	}, nil
}
