package webhook_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook"
	"github.com/sealift/sealift/webhook/hub"
	"github.com/sealift/sealift/webhook/hub/hubtest"
	"github.com/sealift/sealift/webhook/queue"
	"github.com/sealift/sealift/webhook/store"
)

// durable is the queue as webhook.Inbox.
type durable struct{ *queue.Queue }

func (d durable) Accept(ctx context.Context, in webhook.Delivery) (bool, error) {
	v, err := d.Queue.Accept(ctx, queue.Delivery(in))
	return v == queue.Duplicate, err
}

// decoder is a queue.Runner that tells what came.
type decoder chan gitops.Event

func (d decoder) Run(ctx context.Context, job queue.Job) error {
	ev, known, err := webhook.Decode(job.Event, job.ID, job.Payload)
	if err != nil || !known {
		return gitops.Errorf(gitops.Invalid, "job %s is no event: %v", job.ID, err)
	}
	select {
	case d <- ev:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// newQueue starts a queue on SQLite that gives its jobs to r.
func newQueue(t *testing.T, r queue.Runner) *queue.Queue {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "sealift.db"), store.Options{Exclusive: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	q, err := queue.New(s, r, queue.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := q.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return q
}

// TestThrough lets a hub deliver what people do to the edge, which gives it to the
// queue. The App is registered as app.yml says.
func TestThrough(t *testing.T) {
	runs := make(decoder)
	e := newEdge(t, func(c *webhook.Config) {
		c.Inbox, c.Secrets, c.Log = durable{newQueue(t, runs)}, [][]byte{[]byte(hubtest.Secret)}, nil
	})
	srv := httptest.NewServer(e)
	t.Cleanup(srv.Close)

	const repository = "acme/shop"
	h := hubtest.Start(t, hub.Options{InOrder: true})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	h.AddOrg("acme", "admin")
	must(h.AddRepo(t.Context(), repository, hub.RepoOptions{Files: map[string]string{"README.md": "# Shop\n"}}))
	must(h.Grant(repository, "dev", hub.Write))
	manifest := readApp(t)
	app, err := h.Register(hub.AppConfig{
		Name: manifest.Name, Owner: "acme", WebhookURL: srv.URL + "/webhook", WebhookSecret: hubtest.Secret,
		Permissions: manifest.DefaultPermissions, Events: manifest.DefaultEvents, Key: hubtest.Key(t),
	})
	must(err)
	_, err = app.Install("acme", repository)
	must(err)
	dev := h.User("dev")

	expect := func(want ...gitops.EventKind) {
		t.Helper()
		var got []gitops.EventKind
		for range want {
			select {
			case ev := <-runs:
				got = append(got, ev.Kind)
			case <-t.Context().Done():
				t.Fatalf("got %v, want %v", got, want)
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	}
	_, err = dev.Push(t.Context(), repository, "feature", "Feature", map[string]string{"a": "1\n"})
	must(err)
	expect(gitops.Pushed)
	n, err := dev.OpenPull(t.Context(), repository, hub.NewPull{Title: "Feature", Head: "feature"})
	must(err)
	expect(gitops.PullChanged)
	issue, err := dev.OpenIssue(repository, "A plain issue", "")
	must(err)
	_, err = dev.Comment(repository, issue, "/diff")
	must(err)
	_, err = dev.Comment(repository, n, "/diff")
	must(err)
	expect(gitops.Commented)
	_, err = dev.Push(t.Context(), repository, "feature", "More", map[string]string{"a": "2\n"})
	must(err)
	expect(gitops.PullChanged, gitops.Pushed)
	_, err = dev.Merge(t.Context(), repository, n, hub.MergeOptions{})
	must(err)
	expect(gitops.PullClosed, gitops.Pushed)

	must(h.Idle(t.Context()))
	for _, d := range h.Deliveries() {
		if d.Code/100 != 2 {
			t.Errorf("%s %s was answered with %d", d.Event, d.Action, d.Code)
		}
		h.Redeliver(d.ID)
	}
	must(h.Idle(t.Context()))
	for _, d := range h.Deliveries() {
		if d.Redelivery && d.Code != http.StatusOK {
			t.Errorf("%s %s, delivered again, was answered with %d", d.Event, d.Action, d.Code)
		}
	}
}
