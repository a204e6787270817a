package store

import (
	"context"

	"github.com/sealift/sealift/gitops"
)

// Hold records a hold, in the place of one of the same environment and app.
func (s *Store) Hold(ctx context.Context, h gitops.Hold) error {
	automatic := 0
	if h.Automatic {
		automatic = 1
	}
	return s.Update(ctx, func(tx *Tx) error {
		_, err := tx.exec(ctx, `INSERT INTO holds (repo, environment, app, reason, login, since, automatic)
			VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (repo, environment, app) DO UPDATE
			SET reason = excluded.reason, login = excluded.login, since = excluded.since, automatic = excluded.automatic`,
			h.Repo, h.Environment, h.App, h.Reason, h.Login, micros(h.Since), automatic)
		return err
	})
}

// Unhold removes a hold and reports whether there was one. The hold of an environment
// and those of its apps are not the same.
func (s *Store) Unhold(ctx context.Context, repo int64, environment, app string) (bool, error) {
	var n int64
	err := s.Update(ctx, func(tx *Tx) (err error) {
		n, err = tx.exec(ctx, "DELETE FROM holds WHERE repo = $1 AND environment = $2 AND app = $3", repo, environment, app)
		return err
	})
	return n > 0, err
}

// Holds returns the holds of a repository, by environment and app.
func (s *Store) Holds(ctx context.Context, repo int64) ([]gitops.Hold, error) {
	scan := func(r rows) (h gitops.Hold, err error) {
		var since, automatic int64
		err = r.Scan(&h.Repo, &h.Environment, &h.App, &h.Reason, &h.Login, &since, &automatic)
		h.Since, h.Automatic = fromMicros(since), automatic != 0
		return h, err
	}
	out, err := collect(ctx, s.db.reader(), scan,
		"SELECT repo, environment, app, reason, login, since, automatic FROM holds WHERE repo = $1 ORDER BY environment, app", repo)
	return out, wrap("holds", err)
}
