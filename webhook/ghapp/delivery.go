package ghapp

import (
	"context"
	"iter"
	"net/http"
	"time"

	"github.com/google/go-github/v60/github"
)

// Delivery is one attempt to deliver a webhook, as GitHub remembers it for three
// days.
type Delivery struct {
	// ID is the attempt's; GUID is the delivery's, the same for all attempts, and
	// what the X-GitHub-Delivery header says.
	ID   int64
	GUID string
	At   time.Time
	// Event and Action are GitHub's words.
	Event, Action string
	// Status is what we answered, 0 when GitHub did not reach us.
	Status int
	// Again says that it is a redelivery.
	Again bool
	// Installation and Repository are 0 when it is not about one.
	Installation, Repository int64
}

// OK tells whether we answered that we have it.
func (d Delivery) OK() bool { return d.Status >= 200 && d.Status < 300 }

// Deliveries yields the attempts to deliver since a time, newest first. An error
// is the last it yields.
func (a *App) Deliveries(ctx context.Context, since time.Time) iter.Seq2[Delivery, error] {
	return func(yield func(Delivery, error) bool) {
		opts := &github.ListCursorOptions{PerPage: perPage}
		for {
			list, resp, err := a.asApp.Apps.ListHookDeliveries(ctx, opts)
			if err != nil {
				yield(Delivery{}, problem(err))
				return
			}
			for _, d := range list {
				if d.GetDeliveredAt().Before(since) || !yield(deliveryOf(d), nil) {
					return
				}
			}
			if opts.Cursor = resp.Cursor; opts.Cursor == "" {
				return
			}
		}
	}
}

// deliveryOf leaves out what GitHub keeps of the request and the answer: lists do not
// have them.
func deliveryOf(d *github.HookDelivery) Delivery {
	return Delivery{
		ID: d.GetID(), GUID: d.GetGUID(), At: d.GetDeliveredAt().Time, Event: d.GetEvent(), Action: d.GetAction(),
		Status: d.GetStatusCode(), Again: d.GetRedelivery(), Installation: d.GetInstallationID(), Repository: d.GetRepositoryID(),
	}
}

// Redeliver asks GitHub to deliver again; id is that of an attempt.
func (a *App) Redeliver(ctx context.Context, id int64) error {
	_, err := call(ctx, a.asApp, http.MethodPost, "app/hook/deliveries/"+itoa(id)+"/attempts", nil, nil)
	return err
}
