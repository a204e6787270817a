// Package queue is the durable inbox of deliveries and the worker that works
// them off, on River, over the database of package store.
//
// [Queue.Accept] stores a delivery and returns once it is on disk. The worker
// gives it to the [Runner] as a [Job] and maps the error to what comes next by
// the table of package gitops: done, again at once, later, or again with
// backoff until the last attempt, after which it lies in the dead letter box
// until somebody retries or drops it. Deliveries are given at least once: after
// a crash a job runs again, so its effects go through the action log.
//
// # Turns
//
// Deliveries have a key, such as a pull request. At most one job of a key runs
// at a time, on all replicas together. Deliveries without a class run in the
// order in which they came. Of the deliveries of one class only the newest
// counts: older ones that wait are dropped, one that runs is cancelled.
//
// What River queues is therefore not the delivery but the key's turn: a River
// job that is unique by key while it waits or runs. A turn runs one delivery
// and ends in the transaction that records the result; if the key has more to
// do, that transaction also inserts the next turn. Accept inserts deliveries
// and turns in one transaction too. Both touch the row of the running turn, so
// one of them waits for the other: either the ending turn sees the new
// delivery, or Accept sees that the turn has ended. So no delivery is left
// without a turn, and the newest always runs after all others ended.
//
// # Replicas
//
// Each process renews a lease. The turns of a process whose lease ran out are
// cancelled and given anew by any other; a process that cannot renew its lease
// cancels what it runs before that. A turn has a number of its own, and only
// the turn that still runs may record a result, so that a process that was cut
// off changes nothing when it comes back. On SQLite there is one process; what
// its predecessor left running is given anew at start.
//
// A superseded job is cancelled at once when both run in one process, and at
// the next renewal of the lease otherwise.
package queue
