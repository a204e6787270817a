package store

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/riverdriver"

	"github.com/sealift/sealift/gitops"
)

// Options are the settings of [Open]. The zero value is usable.
type Options struct {
	// Exclusive says that this process will work on the queue. On SQLite it
	// takes the lock file beside the database, so that a second worker gets an
	// error of code invalid. PostgreSQL serves several workers and ignores it.
	Exclusive bool
	// Logger receives what River's migrations say; nil discards it.
	Logger *slog.Logger
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	db backend
}

// backend is one of the two databases.
type backend interface {
	// begin starts a transaction that may write.
	begin(ctx context.Context) (txn, error)
	// reader runs single statements that only read.
	reader() conn
	// migrate brings the schema up to date.
	migrate(ctx context.Context, log *slog.Logger) error
	// conflict says whether a transaction lost against another one and will
	// succeed when it is run again.
	conflict(err error) bool
	ping(ctx context.Context) error
	close() error
}

// Open opens the database at url, creates or migrates its schema, and returns
// it. A url is "sqlite:PATH", a plain PATH, or "postgres://…" as libpq reads it.
// A new SQLite file has mode 0600 and the directories made for it 0700.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	log := o.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	db, err := openBackend(ctx, url, o)
	if err != nil {
		return nil, err
	}
	if err := db.migrate(ctx, log); err != nil {
		return nil, errors.Join(wrap("database schema", err), db.close())
	}
	return &Store{db: db}, nil
}

// openBackend takes an address apart. What has no scheme is a file name, one with a
// colon too; a scheme with "//" behind it that nobody knows is a mistake and no file.
func openBackend(ctx context.Context, url string, o Options) (backend, error) {
	scheme, rest, _ := strings.Cut(url, ":")
	switch {
	case url == "" || url == "sqlite:":
		return nil, gitops.Errorf(gitops.Invalid, "database address is empty: give a file name or postgres://…")
	case scheme == "sqlite":
		return openSQLite(rest, o)
	case scheme == "postgres" || scheme == "postgresql":
		return openPostgres(ctx, url)
	case strings.HasPrefix(rest, "//"):
		return nil, gitops.Errorf(gitops.Invalid, "database scheme %s is unknown: use sqlite:PATH or postgres://…", gitops.Quote(scheme))
	}
	return openSQLite(url, o)
}

// Close closes the database and gives up its lock. No transaction may be open.
func (s *Store) Close() error { return wrap("database close", s.db.close()) }

// Ping returns an error when the database cannot be reached.
func (s *Store) Ping(ctx context.Context) error { return wrap("database", s.db.ping(ctx)) }

// SQLite returns River's driver over a SQLite store, and false on PostgreSQL.
func (s *Store) SQLite() (riverdriver.Driver[*sql.Tx], bool) {
	if b, ok := s.db.(*sqliteDB); ok {
		return b.river(), true
	}
	return nil, false
}

// Postgres returns River's driver over a PostgreSQL store, and false on SQLite.
func (s *Store) Postgres() (riverdriver.Driver[pgx.Tx], bool) {
	if b, ok := s.db.(*postgresDB); ok {
		return b.river(), true
	}
	return nil, false
}

// maxConflicts is how often [Store.Update] runs a transaction that the database
// aborted in favour of another one.
const maxConflicts = 5

// Update runs fn in one transaction and commits it when fn returns nil. It runs
// fn again when PostgreSQL aborted the transaction because of a deadlock or a
// serialization failure, so fn must have no effect outside of the transaction.
// An *gitops.Error of fn is returned as it is.
func (s *Store) Update(ctx context.Context, fn func(*Tx) error) error {
	for try := 1; ; try++ {
		err := s.update(ctx, fn)
		if err == nil || try == maxConflicts || !s.db.conflict(err) {
			return wrap("database", err)
		}
	}
}

// update is one try of Update.
func (s *Store) update(ctx context.Context, fn func(*Tx) error) error {
	t, err := s.db.begin(ctx)
	if err != nil {
		return err
	}
	defer t.rollback() // does nothing after a commit
	if err := fn(&Tx{t}); err != nil {
		return err
	}
	return t.commit(ctx)
}

// wrap makes err an error of the program, unless it is one already.
func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*gitops.Error](err); ok {
		return err
	}
	return gitops.Errorf(gitops.Unavailable, "%s: %w", what, err)
}

// micros is how times are stored: microseconds since 1970, 0 for none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// fromMicros turns a column into a time; 0 is none.
func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}
