// Package store is the database of the service: SQLite in one file by default,
// PostgreSQL by URL. It is the only package that imports database drivers.
//
// [Open] brings the schema up to date: the store's own tables from the embedded
// migrations, and River's. Both databases hold the same tables and run the same
// statements; only the migrations and a few expressions differ. One conformance
// suite runs over both.
//
// The tables are the inbox of deliveries, the replicas that are alive, the
// action log, holds, and links that are good once. The inbox is driven by package queue,
// which decides what runs when; the methods of [Tx] are its statements and carry
// no policy.
//
// What a committed transaction wrote survives the death of the process and the
// loss of power: SQLite runs in WAL mode with synchronous=FULL, which syncs the
// log at each commit (NORMAL would lose the last commits with the power), and
// PostgreSQL with its default synchronous_commit. BenchmarkCommit measures the
// price.
//
// SQLite has one writer at a time. All writes of a process go through one
// connection, whose waiters are served in order; reads have connections of
// their own. A second process may list and mend jobs, but only one may work on
// them: see [Options.Exclusive].
//
// Every error is a *gitops.Error: code invalid for a bad address or a schema
// that is newer than the binary, unavailable for everything that the database
// may recover from.
package store
