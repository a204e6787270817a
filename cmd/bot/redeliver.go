package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/sealift/sealift/gitops"
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

// redeliver asks GitHub to repeat the deliveries since a time that we do not have, oldest
// first, and returns how many. One that GitHub does not repeat any more holds up no other;
// the error is the first such.
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
	var refused error
	n := 0
	for _, d := range slices.SortedFunc(maps.Values(newest), func(a, b ghapp.Delivery) int { return a.At.Compare(b.At) }) {
		if _, ok := stored[d.GUID]; ok || had[d.GUID] {
			continue
		}
		err := app.Redeliver(ctx, d.ID)
		if err == nil {
			n++
			continue
		}
		err = fmt.Errorf("delivery %s: %w", d.GUID, err)
		if gitops.CodeOf(err).Queue() != gitops.Done {
			return n, err
		}
		refused = cmp.Or(refused, err)
	}
	return n, refused
}
