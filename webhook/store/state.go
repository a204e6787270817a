package store

import (
	"context"

	"github.com/sealift/sealift/gitops"
)

// change runs one statement that writes.
func (s *Store) change(ctx context.Context, query string, args ...any) error {
	return s.Update(ctx, func(tx *Tx) error {
		_, err := tx.exec(ctx, query, args...)
		return err
	})
}

// text returns the one column of the first row; ok is false when there is none.
func (s *Store) text(ctx context.Context, query string, args ...any) (value string, ok bool, err error) {
	out, err := collect(ctx, s.db.reader(), scanString, query, args...)
	if err != nil || len(out) == 0 {
		return "", false, wrap("state", err)
	}
	return out[0], true, nil
}

// KeepAsk keeps a promotion that was asked for on a pull request. It takes the place of an
// older one of the same person and subject; one of an older comment changes nothing.
func (s *Store) KeepAsk(ctx context.Context, repo int64, pull int, a gitops.Ask) error {
	return s.change(ctx, `INSERT INTO asks (repo, pull, login, subject, key, comment, ask)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (repo, pull, login, subject) DO UPDATE
		SET key = excluded.key, comment = excluded.comment, ask = excluded.ask WHERE excluded.comment >= asks.comment`,
		repo, pull, a.Login, a.Subject, a.Key, a.Comment, string(a.Promotion))
}

// Asks returns what was asked for on a pull request, oldest first.
func (s *Store) Asks(ctx context.Context, repo int64, pull int) ([]gitops.Ask, error) {
	scan := func(r rows) (a gitops.Ask, err error) {
		var ask string
		err = r.Scan(&a.Key, &a.Comment, &a.Login, &a.Subject, &ask)
		a.Promotion = []byte(ask)
		return a, err
	}
	out, err := collect(ctx, s.db.reader(), scan,
		"SELECT key, comment, login, subject, ask FROM asks WHERE repo = $1 AND pull = $2 ORDER BY seq", repo, pull)
	return out, wrap("asks", err)
}

// DropAsks forgets what was asked for on a pull request.
func (s *Store) DropAsks(ctx context.Context, repo int64, pull int) error {
	return s.change(ctx, "DELETE FROM asks WHERE repo = $1 AND pull = $2", repo, pull)
}

// AddCommit records a commit that the service made for a branch.
func (s *Store) AddCommit(ctx context.Context, repo int64, id, branch string) error {
	return s.change(ctx, "INSERT INTO commits (repo, id, branch) VALUES ($1, $2, $3) ON CONFLICT (repo, id) DO NOTHING", repo, id, branch)
}

// HasCommit reports whether the service made a commit.
func (s *Store) HasCommit(ctx context.Context, repo int64, id string) (bool, error) {
	_, ok, err := s.text(ctx, "SELECT branch FROM commits WHERE repo = $1 AND id = $2", repo, id)
	return ok, err
}

// ClosePromotion records what a promotion had that a person closed.
func (s *Store) ClosePromotion(ctx context.Context, repo int64, branch, content string) error {
	return s.change(ctx, `INSERT INTO closed_promotions (repo, branch, content) VALUES ($1, $2, $3)
		ON CONFLICT (repo, branch) DO UPDATE SET content = excluded.content`, repo, branch, content)
}

// ReopenPromotion forgets that a promotion was closed.
func (s *Store) ReopenPromotion(ctx context.Context, repo int64, branch string) error {
	return s.change(ctx, "DELETE FROM closed_promotions WHERE repo = $1 AND branch = $2", repo, branch)
}

// ClosedPromotion returns what the promotion of a branch had when a person closed it; ok is
// false when nobody did.
func (s *Store) ClosedPromotion(ctx context.Context, repo int64, branch string) (content string, ok bool, err error) {
	return s.text(ctx, "SELECT content FROM closed_promotions WHERE repo = $1 AND branch = $2", repo, branch)
}

// Automate records that automatic promotions of an app to an environment begin, after the
// commit before. Where they began already nothing changes.
func (s *Store) Automate(ctx context.Context, repo int64, environment, app, before string) error {
	return s.change(ctx, `INSERT INTO automations (repo, environment, app, before) VALUES ($1, $2, $3, $4)
		ON CONFLICT (repo, environment, app) DO NOTHING`, repo, environment, app, before)
}

// Automated returns the commit after which automatic promotions began; ok is false when they
// did not.
func (s *Store) Automated(ctx context.Context, repo int64, environment, app string) (before string, ok bool, err error) {
	return s.text(ctx, "SELECT before FROM automations WHERE repo = $1 AND environment = $2 AND app = $3", repo, environment, app)
}

// AskMerge records the head of a pull request that GitHub is asked to merge.
func (s *Store) AskMerge(ctx context.Context, repo int64, pull int, head string) error {
	return s.change(ctx, `INSERT INTO auto_merges (repo, pull, head) VALUES ($1, $2, $3)
		ON CONFLICT (repo, pull) DO UPDATE SET head = excluded.head`, repo, pull, head)
}

// DropMerge forgets that GitHub was asked to merge a pull request.
func (s *Store) DropMerge(ctx context.Context, repo int64, pull int) error {
	return s.change(ctx, "DELETE FROM auto_merges WHERE repo = $1 AND pull = $2", repo, pull)
}

// AskedMerge returns the head of a pull request that GitHub was asked to merge; ok is false
// when it was not asked.
func (s *Store) AskedMerge(ctx context.Context, repo int64, pull int) (head string, ok bool, err error) {
	return s.text(ctx, "SELECT head FROM auto_merges WHERE repo = $1 AND pull = $2", repo, pull)
}

// Expose records that a file was in plain in a pull request. What was said of its path
// before does not count any more.
func (s *Store) Expose(ctx context.Context, repo int64, pull int, path, environment string) error {
	return s.Update(ctx, func(tx *Tx) error {
		_, err := tx.exec(ctx, `INSERT INTO exposures (repo, pull, path, environment) VALUES ($1, $2, $3, $4)
			ON CONFLICT (repo, pull, path, environment) DO NOTHING`, repo, pull, path, environment)
		if err == nil {
			_, err = tx.exec(ctx, "UPDATE exposures SET changed = 0 WHERE repo = $1 AND pull = $2 AND path = $3", repo, pull, path)
		}
		return err
	})
}

// Unexpose records that the values of a file of a pull request were changed.
func (s *Store) Unexpose(ctx context.Context, repo int64, pull int, path string) error {
	return s.change(ctx, "UPDATE exposures SET changed = 1 WHERE repo = $1 AND pull = $2 AND path = $3", repo, pull, path)
}

// Exposures returns the files of a pull request that were in plain, in the order in which
// they were sealed.
func (s *Store) Exposures(ctx context.Context, repo int64, pull int) ([]gitops.Exposure, error) {
	scan := func(r rows) (x gitops.Exposure, err error) {
		var changed int
		err = r.Scan(&x.Path, &x.Environment, &changed)
		x.Changed = changed != 0
		return x, err
	}
	out, err := collect(ctx, s.db.reader(), scan,
		"SELECT path, environment, changed FROM exposures WHERE repo = $1 AND pull = $2 ORDER BY seq", repo, pull)
	return out, wrap("exposures", err)
}

// KeepForm keeps a form of which it is to be said what came of it, by the delivery that
// will do so.
func (s *Store) KeepForm(ctx context.Context, delivery string, form []byte) error {
	return s.change(ctx, "INSERT INTO forms (delivery, form) VALUES ($1, $2) ON CONFLICT (delivery) DO NOTHING", delivery, string(form))
}

// Form returns a form that was kept; ok is false when it is done with.
func (s *Store) Form(ctx context.Context, delivery string) (form []byte, ok bool, err error) {
	text, ok, err := s.text(ctx, "SELECT form FROM forms WHERE delivery = $1", delivery)
	return []byte(text), ok, err
}

// DropForm forgets a form.
func (s *Store) DropForm(ctx context.Context, delivery string) error {
	return s.change(ctx, "DELETE FROM forms WHERE delivery = $1", delivery)
}
