package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/store"
	"github.com/sealift/sealift/webhook/store/storetest"
)

// TestOpenTwice shows one of two stores what the other wrote.
func TestOpenTwice(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		a, b := storetest.Open(t, url), storetest.Open(t, url)
		if _, err := a.Once(t.Context(), store.Action{Key: "k"}, func(context.Context) (string, error) { return "made", nil }); err != nil {
			t.Fatal(err)
		}
		got, err := b.Actions(t.Context(), store.ActionFilter{})
		if err != nil || len(got) != 1 || got[0].Result != "made" {
			t.Errorf("the second store reads %v, %v", got, err)
		}
		if err := b.Ping(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestOpenTogether migrates once when several open a new database at the same time.
func TestOpenTogether(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				s, err := store.Open(t.Context(), url, store.Options{})
				if err != nil {
					t.Error(err)
					return
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
}

// TestOpenNewerSchema refuses a database of a newer program, and says so.
func TestOpenNewerSchema(t *testing.T) {
	for _, change := range []string{
		"INSERT INTO sealift_schema (version) VALUES (999)",
		"INSERT INTO river_migration (line, version) VALUES ('main', 999)",
	} {
		onBoth(t, func(t *testing.T, url string) {
			storetest.Exec(t, storetest.Open(t, url), change)
			s, err := store.Open(t.Context(), url, store.Options{})
			if gitops.CodeOf(err) != gitops.Invalid || !strings.Contains(err.Error(), "999") {
				t.Errorf("got %v, %v", s, err)
			}
		})
	}
}

// TestOpenBadAddress refuses an address without its password in the message.
func TestOpenBadAddress(t *testing.T) {
	for _, url := range []string{"", "sqlite:", "mysql://u:hunter2@h/db", "postgres://u:hunter2@h:port/db",
		"postgres://u:hunter2@h/db?pool_max_conns=x", "postgres://u:hunter2@h/db?pool_max_conns=1", "postgres://u:hunter2@h/%zz"} {
		_, err := store.Open(t.Context(), url, store.Options{})
		if gitops.CodeOf(err) != gitops.Invalid {
			t.Errorf("%s: %v", url, err)
		}
		for e := err; e != nil; e = errors.Unwrap(e) {
			if strings.Contains(e.Error(), "hunter2") {
				t.Errorf("%s: the error shows the password: %v", url, e)
			}
		}
	}
}

// TestOpenUnreachable says unavailable for what is not there or no database, without
// the password.
func TestOpenUnreachable(t *testing.T) {
	_, err := store.Open(t.Context(), "postgres://u:hunter2@/db?host="+t.TempDir(), store.Options{})
	if gitops.CodeOf(err) != gitops.Unavailable || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("PostgreSQL that is not there: %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("this is not a database, and longer than a header of one is"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), file, store.Options{}); gitops.CodeOf(err) != gitops.Unavailable {
		t.Errorf("a file that is no database: %v", err)
	}
	if _, err := store.Open(t.Context(), filepath.Join(file, "below"), store.Options{}); gitops.CodeOf(err) != gitops.Unavailable {
		t.Errorf("a directory that cannot be made: %v", err)
	}
	dir := t.TempDir()
	if _, err := store.Open(t.Context(), dir, store.Options{}); gitops.CodeOf(err) != gitops.Unavailable {
		t.Errorf("a directory: %v", err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm()&0o100 == 0 {
		t.Errorf("the directory was changed: %v, %v", info, err)
	}
}

// TestSQLiteFileModes lets nobody else read the files.
func TestSQLiteFileModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made")
	s := storetest.Open(t, "sqlite:"+filepath.Join(dir, "db"))
	storetest.Exec(t, s, "CREATE TABLE x (y)")
	for name, want := range map[string]os.FileMode{"": 0o700, "db": 0o600, "db-wal": 0o600, "db-shm": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%q has mode %o, want %o", name, got, want)
		}
	}
}

// TestSQLiteExclusive lets one worker have a file, and others read it.
func TestSQLiteExclusive(t *testing.T) {
	file := filepath.Join(t.TempDir(), "db")
	s, err := store.Open(t.Context(), file, store.Options{Exclusive: true})
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Open(t.Context(), file, store.Options{Exclusive: true})
	if gitops.CodeOf(err) != gitops.Invalid || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("a second worker: %v", err)
	}
	storetest.Open(t, file) // not a worker
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = store.Open(t.Context(), file, store.Options{Exclusive: true}); err != nil {
		t.Fatalf("after the first worker ended: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestUpdateRollsBack leaves nothing of a transaction that failed, and returns its
// error.
func TestUpdateRollsBack(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		want := gitops.Errorf(gitops.Denied, "no")
		err := s.Update(t.Context(), func(tx *store.Tx) error {
			if _, err := tx.Add(t.Context(), []store.Delivery{delivery("a", "k", "")}); err != nil {
				return err
			}
			return want
		})
		if err != want {
			t.Errorf("got %v", err)
		}
		if got := list(t, s, store.Filter{}); len(got) != 0 {
			t.Errorf("left over: %v", got)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err = s.Update(ctx, func(*store.Tx) error { return nil })
		if gitops.CodeOf(err) != gitops.Unavailable || !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	})
}

// TestPostgresDeadlock lets two transactions wait for each other: PostgreSQL
// ends one, which runs again.
func TestPostgresDeadlock(t *testing.T) {
	s := storetest.Open(t, postgres.Database(t))
	storetest.Exec(t, s, "CREATE TABLE x (id int PRIMARY KEY, n int); INSERT INTO x VALUES (1, 0), (2, 0)")
	var all, both sync.WaitGroup
	both.Add(2)
	for i := range 2 {
		all.Go(func() {
			first := true
			err := s.Update(t.Context(), func(tx *store.Tx) error {
				native := store.Native[pgx.Tx](tx)
				if _, err := native.Exec(t.Context(), "UPDATE x SET n = n + 1 WHERE id = $1", 1+i); err != nil {
					return err
				}
				if first {
					first = false
					both.Done()
					both.Wait()
				}
				_, err := native.Exec(t.Context(), "UPDATE x SET n = n + 1 WHERE id = $1", 2-i)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	storetest.Exec(t, s, "DO $$ BEGIN IF (SELECT sum(n) FROM x) <> 4 THEN RAISE 'lost'; END IF; END $$")
}
