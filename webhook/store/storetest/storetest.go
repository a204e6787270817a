// Package storetest opens databases for tests, and reaches behind the store where a test
// must see or break what no method shows. Only tests import it; servers of PostgreSQL are
// pgtest's.
package storetest

import (
	"database/sql"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sealift/sealift/webhook/store"
)

// Open opens the database at a url as of [store.Open], until the test ends.
func Open(tb testing.TB, url string) *store.Store {
	tb.Helper()
	s, err := store.Open(tb.Context(), url, store.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// Exec runs a statement that the store has no method for, in a transaction of its own.
func Exec(tb testing.TB, s *store.Store, query string) {
	tb.Helper()
	err := s.Update(tb.Context(), func(tx *store.Tx) (err error) {
		if _, ok := s.SQLite(); ok {
			_, err = store.Native[*sql.Tx](tx).Exec(query)
		} else {
			_, err = store.Native[pgx.Tx](tx).Exec(tb.Context(), query)
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// Count returns how many rows "SELECT count(*) FROM " and what follows find.
func Count(tb testing.TB, s *store.Store, from string) (n int) {
	tb.Helper()
	query := "SELECT count(*) FROM " + from
	err := s.Update(tb.Context(), func(tx *store.Tx) error {
		if _, ok := s.SQLite(); ok {
			return store.Native[*sql.Tx](tx).QueryRow(query).Scan(&n)
		}
		return store.Native[pgx.Tx](tx).QueryRow(tb.Context(), query).Scan(&n)
	})
	if err != nil {
		tb.Fatal(err)
	}
	return n
}
