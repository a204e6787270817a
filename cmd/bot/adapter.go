package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/sealift/sealift/commands"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook"
	"github.com/sealift/sealift/webhook/queue"
	"github.com/sealift/sealift/webhook/store"
)

// internalEvent is the event of deliveries that the service gives itself.
const internalEvent = "sealift"

func (s *service) enqueue(ctx context.Context, e gitops.Event) error {
	payload, err := json.Marshal(e)
	if err != nil {
		return gitops.Errorf(gitops.Internal, "event: %w", err)
	}
	key, class := webhook.Key(e)
	_, err = s.queue.Accept(ctx, queue.Delivery{ID: e.Delivery, Event: internalEvent, Key: key, Class: class, Payload: payload})
	return err
}

// runner works off what the queue holds.
type runner struct{ s *service }

// Run implements queue.Runner.
func (r runner) Run(ctx context.Context, j queue.Job) error {
	var e gitops.Event
	known := true
	var err error
	if j.Event == internalEvent {
		err = json.Unmarshal(j.Payload, &e)
	} else {
		e, known, err = webhook.Decode(j.Event, j.ID, j.Payload)
	}
	if err != nil {
		return gitops.Errorf(gitops.Invalid, "delivery %s: %w", j.ID, err)
	}
	if !known {
		return nil
	}
	err = r.s.answers.Handle(ctx, e, j.Last)
	r.s.metrics.Error(err)
	return err
}

// actionLog is the store as commands.Log.
type actionLog struct{ *store.Store }

// Once implements commands.Log.
func (l actionLog) Once(ctx context.Context, a commands.LogEntry, do func(context.Context) (string, error)) (string, error) {
	return l.Store.Once(ctx, store.Action{Key: a.Key, Job: a.Job, Target: a.Target, Actor: a.Actor, What: a.What}, do)
}

// inbox is the queue as webhook.Inbox.
type inbox struct{ *queue.Queue }

// Accept implements webhook.Inbox.
func (i inbox) Accept(ctx context.Context, d webhook.Delivery) (bool, error) {
	v, err := i.Queue.Accept(ctx, queue.Delivery(d))
	return v == queue.Duplicate, err
}

// Ready implements webhook.Readiness.
func (i inbox) Ready(ctx context.Context) error {
	_, err := i.Depth(ctx)
	return err
}

// meter is the metrics as ghapp.Meter.
type meter struct{ *webhook.Metrics }

// Call implements ghapp.Meter.
func (m meter) Call(operation string, status int, _ time.Duration) { m.Called(operation, status) }
