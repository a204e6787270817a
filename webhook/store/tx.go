package store

import (
	"context"
	"strconv"
	"strings"
)

// conn runs statements, written with $1, $2, … on both databases.
type conn interface {
	exec(ctx context.Context, query string, args ...any) (int64, error)
	query(ctx context.Context, query string, args ...any) (rows, error)
	// dialect returns the expressions that differ.
	dialect() *dialect
}

// txn is an open transaction.
type txn interface {
	conn
	commit(ctx context.Context) error
	rollback()
	native() any
}

// rows is the common part of the rows of both drivers.
type rows interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close()
}

// dialect holds the expressions over River's table and the clock that differ.
type dialect struct {
	now        string // the database's clock, microseconds since 1970
	finalized  string // the clock as River stores it
	jobKey     string // the argument "key" or "name" of a River job
	jobReplica string // the client that took a River job last
}

// Tx is a transaction of [Store.Update]. It is used by one goroutine.
type Tx struct{ txn }

// Native returns the transaction of the driver: *sql.Tx on SQLite, pgx.Tx on
// PostgreSQL. It panics when T is the other one.
func Native[T any](tx *Tx) T { return tx.native().(T) }

// collect runs a query and scans every row.
func collect[T any](ctx context.Context, c conn, scan func(rows) (T, error), query string, args ...any) ([]T, error) {
	r, err := c.query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var out []T
	for r.Next() {
		v, err := scan(r)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, r.Err()
}

func scanString(r rows) (s string, err error) {
	err = r.Scan(&s)
	return s, err
}

// values returns "($1,$2),($3,$4)" for n rows of width columns.
func values(n, width int) string {
	var b strings.Builder
	for i := range n * width {
		switch {
		case i == 0:
			b.WriteString("($")
		case i%width == 0:
			b.WriteString("),($")
		default:
			b.WriteString(",$")
		}
		b.WriteString(strconv.Itoa(i + 1))
	}
	b.WriteString(")")
	return b.String()
}
