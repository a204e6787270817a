package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/sealift/sealift/webhook/ghapp"
	"github.com/sealift/sealift/webhook/store"
)

// newApp returns the GitHub side.
func newApp(c serviceConfig, log *slog.Logger, m ghapp.Meter) (*ghapp.App, error) {
	return ghapp.New(ghapp.Config{
		AppID: c.AppID, PrivateKey: c.PrivateKey, ClientID: c.ClientID, ClientSecret: c.ClientSecret,
		APIURL: c.GitHubURL, WebURL: c.GitHubWebURL, Meter: m, Log: log,
	})
}

// redeliver asks GitHub to repeat the deliveries since a time that we do not have,
// and returns how many.
func redeliver(ctx context.Context, app *ghapp.App, known *store.Store, since time.Time) (int, error) {
	newest := map[string]ghapp.Delivery{}
	had := map[string]bool{}
	for d, err := range app.Deliveries(ctx, since) {
		if err != nil {
			return 0, err
		}
		had[d.GUID] = had[d.GUID] || d.OK()
		if at, ok := newest[d.GUID]; !ok || d.At.After(at.At) {
			newest[d.GUID] = d
		}
	}
	ids := make([]string, 0, len(newest))
	for id := range newest {
		ids = append(ids, id)
	}
	stored, err := known.Outcomes(ctx, ids)
	if err != nil {
		return 0, err
	}
	n := 0
	for id, d := range newest {
		if _, ok := stored[id]; ok || had[id] {
			continue
		}
		if err := app.Redeliver(ctx, d.ID); err != nil {
			return n, fmt.Errorf("delivery %s: %w", id, err)
		}
		n++
	}
	return n, nil
}
