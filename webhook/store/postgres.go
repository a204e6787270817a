package store

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/sealift/sealift/gitops"
)

// maxConns is the size of the pool when the address has no pool_max_conns: one
// for each of the default workers, River's listener and maintenance, and the
// readers.
const maxConns = 16

// migrationLock is the advisory lock that a migrating process holds, "sealift"
// in ASCII.
const migrationLock = 0x7365616c696674

// postgresDB is a PostgreSQL database.
type postgresDB struct{ pool *pgxpool.Pool }

// postgresDialect has the clock that goes on within a transaction; the columns of
// River's jobs are JSON and an array there.
func postgresDialect() *dialect {
	return &dialect{
		now:        "(extract(epoch FROM clock_timestamp())*1000000)::bigint",
		finalized:  "clock_timestamp()",
		jobKey:     "coalesce(args->>'key',args->>'name','')",
		jobReplica: "coalesce(attempted_by[array_upper(attempted_by,1)],'')",
	}
}

// openPostgres connects. The address may hold a password, so that neither it
// nor the parser's error gets into a message.
func openPostgres(ctx context.Context, url string) (backend, error) {
	c, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, gitops.Errorf(gitops.Invalid, "database address of scheme postgres is malformed")
	}
	if !strings.Contains(url, "pool_max_conns") {
		c.MaxConns = maxConns
	}
	if c.MaxConns < 4 {
		return nil, gitops.Errorf(gitops.Invalid, "database pool of %d connections is too small: pool_max_conns must be 4 or more", c.MaxConns)
	}
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, wrap("database", err)
	}
	return &postgresDB{pool}, nil
}

// begin asks for READ COMMITTED whatever the server's default is: a turn that
// ends must see what was committed while it waited for its row.
func (db *postgresDB) begin(ctx context.Context) (txn, error) {
	tx, err := db.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted})
	if err != nil {
		return nil, err
	}
	return postgresTx{postgresConn{tx}, tx}, nil
}

func (db *postgresDB) reader() conn                      { return postgresConn{db.pool} }
func (db *postgresDB) river() riverdriver.Driver[pgx.Tx] { return riverpgxv5.New(db.pool) }
func (db *postgresDB) ping(ctx context.Context) error    { return db.pool.Ping(ctx) }
func (db *postgresDB) close() error                      { db.pool.Close(); return nil }

func (db *postgresDB) conflict(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && slices.Contains([]string{"40001", "40P01"}, e.Code) // serialization failure, deadlock
}

// migrate holds an advisory lock of the session, so that replicas that start
// together migrate one after the other.
func (db *postgresDB) migrate(ctx context.Context, log *slog.Logger) error {
	session, err := db.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer session.Release()
	if _, err := session.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(migrationLock)); err != nil {
		return err
	}
	defer session.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", int64(migrationLock)) //nolint:errcheck // a broken session has no lock
	return migrateAll(ctx, db, "postgres", db.river(), log)
}

// postgresRunner is a pool or a transaction.
type postgresRunner interface {
	Exec(ctx context.Context, query string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
}

type postgresConn struct{ postgresRunner }

func (c postgresConn) exec(ctx context.Context, query string, args ...any) (int64, error) {
	tag, err := c.Exec(ctx, query, args...)
	return tag.RowsAffected(), err
}

func (c postgresConn) query(ctx context.Context, query string, args ...any) (rows, error) {
	return c.Query(ctx, query, args...)
}

func (c postgresConn) dialect() *dialect { return postgresDialect() }

type postgresTx struct {
	postgresConn
	tx pgx.Tx
}

func (t postgresTx) commit(ctx context.Context) error { return t.tx.Commit(ctx) }
func (t postgresTx) rollback()                        { _ = t.tx.Rollback(context.Background()) } // ends the transaction or the connection
func (t postgresTx) native() any                      { return t.tx }
