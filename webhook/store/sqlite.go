package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/sealift/sealift/gitops"
)

// sqliteDB is a SQLite file.
type sqliteDB struct {
	path  string
	write *sql.DB  // one connection; its waiters are served in order
	read  *sql.DB  // several, which cannot write
	lock  *os.File // held while open with Options.Exclusive
}

// sqliteDialect has the same over River's tables for SQLite, where times are text and
// lists are JSON.
func sqliteDialect() *dialect {
	return &dialect{
		now:        "CAST(unixepoch('subsec')*1000000 AS INTEGER)",
		finalized:  "datetime('now','subsec')",
		jobKey:     "coalesce(args->>'$.key',args->>'$.name','')",
		jobReplica: "coalesce(attempted_by->>'$[#-1]','')",
	}
}

// openSQLite makes the file before the driver would, for its mode, and takes the lock
// before anything is read. Writes have one connection of their own: SQLite has one
// writer, and those who wait in Go are served in order, while those who wait in SQLite
// are not.
func openSQLite(path string, o Options) (backend, error) {
	if err := createFile(path); err != nil {
		return nil, gitops.Errorf(gitops.Unavailable, "database file %s: %w", gitops.Quote(path), err)
	}
	db := &sqliteDB{path: path}
	if o.Exclusive {
		var err error
		if db.lock, err = lockFile(path+".lock", syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			return nil, err
		}
	}
	var err [2]error // a bad name of the driver; connecting comes later
	db.write, err[0] = sql.Open("sqlite", dsn(path, "_txlock=immediate"))
	db.read, err[1] = sql.Open("sqlite", dsn(path, "_pragma=query_only(1)"))
	if err := errors.Join(err[:]...); err != nil {
		return nil, wrap("database", err)
	}
	db.write.SetMaxOpenConns(1)
	db.read.SetMaxOpenConns(max(2, runtime.GOMAXPROCS(0)))
	return db, nil
}

// dsn returns the address of a file in the driver's form. An absolute path and
// escaping keep characters such as "?" in a file name from becoming options.
func dsn(path, option string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + option +
		"&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"
}

// createFile makes the file and the directories it needs, or narrows the mode
// of an existing file. SQLite gives its log files the mode of the database. An
// existing file is not opened: closing it would end the locks that the process
// holds on it through SQLite.
func createFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		return f.Close()
	}
	info, statErr := os.Stat(path)
	if !errors.Is(err, fs.ErrExist) || statErr != nil {
		return errors.Join(err, statErr)
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is not a file")
	}
	return os.Chmod(path, 0o600)
}

// lockFile locks a file, which it makes. The kernel gives the lock up when the
// process ends, however it ends.
func lockFile(path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, gitops.Errorf(gitops.Unavailable, "lock file %s: %w", gitops.Quote(path), err)
	}
	if err := syscall.Flock(int(f.Fd()), how); err != nil {
		f.Close()
		e := gitops.Errorf(gitops.Invalid, "database is in use by another process (lock file %s)", gitops.Quote(path))
		e.Hint = "one process works on a SQLite file; use PostgreSQL for several replicas"
		return nil, e
	}
	return f, nil
}

// unlock gives a lock up. Closing the file alone would not, for as long as another
// goroutine is about to start a process, which has the file until it begins.
func unlock(f *os.File) error {
	return errors.Join(syscall.Flock(int(f.Fd()), syscall.LOCK_UN), f.Close())
}

// begin takes the lock of the writer at once (_txlock): a transaction that reads first
// and writes later would fail when another one wrote in between.
func (db *sqliteDB) begin(ctx context.Context) (txn, error) {
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	return sqliteTx{sqliteConn{tx}, tx}, nil
}

func (db *sqliteDB) reader() conn                         { return sqliteConn{db.read} }
func (db *sqliteDB) river() riverdriver.Driver[*sql.Tx]   { return riversqlite.New(db.write) }
func (db *sqliteDB) conflict(error) bool                  { return false }
func (db *sqliteDB) ping(ctx context.Context) (err error) { return db.read.PingContext(ctx) }

// migrate holds a lock file of its own, so that processes that start together
// migrate one after the other.
func (db *sqliteDB) migrate(ctx context.Context, log *slog.Logger) error {
	lock, err := lockFile(db.path+".migrate", syscall.LOCK_EX)
	if err != nil {
		return err
	}
	defer unlock(lock)
	return migrateAll(ctx, db, "sqlite", db.river(), log)
}

// close gives the lock up last.
func (db *sqliteDB) close() error {
	err := errors.Join(db.read.Close(), db.write.Close())
	if db.lock != nil {
		err = errors.Join(err, unlock(db.lock))
	}
	return err
}

// sqliteRunner is a pool or a transaction.
type sqliteRunner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// sqliteConn makes a conn of a pool or a transaction.
type sqliteConn struct{ sqliteRunner }

// exec returns how many rows changed.
func (c sqliteConn) exec(ctx context.Context, query string, args ...any) (int64, error) {
	r, err := c.ExecContext(ctx, numbered(query), args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// query returns rows that must be closed.
func (c sqliteConn) query(ctx context.Context, query string, args ...any) (rows, error) {
	r, err := c.QueryContext(ctx, numbered(query), args...)
	if err != nil {
		return nil, err
	}
	return sqliteRows{r}, nil
}

func (c sqliteConn) dialect() *dialect { return sqliteDialect() }

type sqliteRows struct{ *sql.Rows }

// Close ends the query; an error shows in Err.
func (r sqliteRows) Close() { _ = r.Rows.Close() }

// numbered turns $1 into ?1. The JSON paths of the dialect are the only other
// dollar signs and are not followed by a digit.
func numbered(query string) string {
	var b strings.Builder
	for i := range len(query) {
		if query[i] == '$' && i+1 < len(query) && query[i+1] >= '0' && query[i+1] <= '9' {
			b.WriteByte('?')
		} else {
			b.WriteByte(query[i])
		}
	}
	return b.String()
}

// sqliteTx is a transaction of the writer.
type sqliteTx struct {
	sqliteConn
	tx *sql.Tx
}

func (t sqliteTx) commit(context.Context) error { return t.tx.Commit() }
func (t sqliteTx) rollback()                    { _ = t.tx.Rollback() } // the transaction is gone either way
func (t sqliteTx) native() any                  { return t.tx }
