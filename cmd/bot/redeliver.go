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

// githubKeeps is for how long GitHub remembers deliveries and repeats them.
const githubKeeps = 3 * 24 * time.Hour

// missing returns the deliveries since a time that failed whenever GitHub made them and
// that are not in the database: the newest attempt of each, oldest first. last is the
// time of the newest attempt of any, zero when there is none. Times are by GitHub's clock;
// since the zero time are those that GitHub still repeats.
func missing(ctx context.Context, app *ghapp.App, known *store.Store, since time.Time) (list []ghapp.Delivery, last time.Time, err error) {
	newest := map[string]ghapp.Delivery{}
	had := map[string]bool{}
	for d, err := range app.Deliveries(ctx, since) {
		if err != nil {
			return nil, last, err
		}
		if d.At.After(last) {
			last = d.At
		}
		if since.IsZero() { // GitHub tells the newest first
			since = d.At.Add(-githubKeeps)
		}
		if d.At.Before(since) {
			break
		}
		had[d.GUID] = had[d.GUID] || d.OK()
		if at, ok := newest[d.GUID]; !ok || d.At.After(at.At) {
			newest[d.GUID] = d
		}
	}
	ids := slices.Collect(maps.Keys(newest))
	stored, err := known.Outcomes(ctx, ids)
	if err != nil {
		return nil, last, err
	}
	maps.DeleteFunc(newest, func(id string, _ ghapp.Delivery) bool {
		_, ok := stored[id]
		return ok || had[id]
	})
	return slices.SortedFunc(maps.Values(newest), func(a, b ghapp.Delivery) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID))
	}), last, nil
}

// redeliver asks GitHub to repeat deliveries and returns how many it will. One that GitHub
// does not repeat any more holds up no other; the error is the first such. asked is told
// of each that GitHub answered about.
func redeliver(ctx context.Context, app *ghapp.App, list []ghapp.Delivery, asked func(ghapp.Delivery)) (int, error) {
	var refused error
	n := 0
	for _, d := range list {
		err := app.Redeliver(ctx, d.ID)
		if err != nil {
			err = fmt.Errorf("delivery %s: %w", d.GUID, err)
		}
		if err != nil && gitops.CodeOf(err).Queue() != gitops.Done {
			return n, err
		}
		asked(d)
		if err == nil {
			n++
		}
		refused = cmp.Or(refused, err)
	}
	return n, refused
}
