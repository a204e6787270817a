package store

import (
	"context"
	"embed"
	"fmt"
	"log/slog"
	"path"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/sealift/sealift/gitops"
)

// migrations holds a directory a dialect. A file is one version; its place in
// the order of names is its number, from 1. Files that were released are never
// changed.
//
//go:embed migrations
var migrations embed.FS

// migrateAll brings both schemas up to date. The caller holds a lock against
// other processes that do so.
func migrateAll[T any](ctx context.Context, db backend, dialect string, d riverdriver.Driver[T], log *slog.Logger) error {
	t, err := db.begin(ctx)
	if err != nil {
		return err
	}
	defer t.rollback()
	if err := migrateOwn(ctx, t, dialect); err != nil {
		return err
	}
	if err := t.commit(ctx); err != nil {
		return err
	}
	return migrateRiver(ctx, db.reader(), d, log)
}

// migrateOwn applies the versions of the store's own tables that are missing.
func migrateOwn(ctx context.Context, t txn, dialect string) error {
	if _, err := t.exec(ctx, "CREATE TABLE IF NOT EXISTS sealift_schema (version BIGINT PRIMARY KEY)"); err != nil {
		return err
	}
	have, err := collect(ctx, t, scanInt,
		"SELECT coalesce(max(version), 0) FROM sealift_schema")
	if err != nil {
		return err
	}
	files, err := migrations.ReadDir(path.Join("migrations", dialect))
	if err != nil {
		return err
	}
	if have[0] > len(files) {
		return tooNew("schema", have[0], len(files))
	}
	for i, f := range files[have[0]:] {
		if err := apply(ctx, t, path.Join("migrations", dialect, f.Name()), have[0]+i+1); err != nil {
			return err
		}
	}
	return nil
}

// apply runs one file and notes its version in the same transaction.
func apply(ctx context.Context, t txn, file string, version int) error {
	text, err := migrations.ReadFile(file)
	if err != nil {
		return err
	}
	if _, err := t.exec(ctx, string(text)); err != nil {
		return fmt.Errorf("migration %s: %w", file, err)
	}
	_, err = t.exec(ctx, "INSERT INTO sealift_schema (version) VALUES ($1)", version)
	return err
}

// tooNew refuses a database of a newer program: it may mean by its columns what this
// one does not know.
func tooNew(what string, have, known int) error {
	e := gitops.Errorf(gitops.Invalid, "database %s has version %d, this program knows %d", what, have, known)
	e.Hint = "run the version of the program that made the database, or a newer one"
	return e
}

// migrateRiver applies River's own migrations, in transactions of their own. It
// refuses a schema of River's that is newer than this binary's.
func migrateRiver[T any](ctx context.Context, c conn, d riverdriver.Driver[T], log *slog.Logger) error {
	m, err := rivermigrate.New(d, &rivermigrate.Config{Logger: log})
	if err != nil {
		return err
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	have, err := collect(ctx, c, scanInt, "SELECT max(version) FROM river_migration WHERE line = 'main'")
	if err != nil {
		return err
	}
	if known := len(m.AllVersions()); have[0] > known {
		return tooNew("queue schema", have[0], known)
	}
	return nil
}

func scanInt(r rows) (n int, err error) {
	err = r.Scan(&n)
	return n, err
}
