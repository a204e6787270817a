package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/sealift/sealift/gitops"
)

// LinkLife is how long a link is good.
const LinkLife = 30 * time.Minute

// Link is a permission that is good once, for one person on one pull request.
// Whoever has its token may try; the caller checks that it is the person.
type Link struct {
	// Person is the id of the user that it was made for.
	Person int64
	// Repository is the id of the repository, Number the pull request in it.
	Repository int64
	Number     int
	// Head is the commit at the pull request's head when the link was made.
	Head string
	// Payload is what else the caller wants to know later. It holds no secret:
	// it is stored as it is.
	Payload []byte
	// Expires is set by [Store.AddLink].
	Expires time.Time
}

const linkColumns = "person, repository, pull, head, payload, expires"

// scanLink reads a link without its hash: nothing that comes out of the store opens
// one.
func scanLink(r rows) (Link, error) {
	var l Link
	var expires int64
	err := r.Scan(&l.Person, &l.Repository, &l.Number, &l.Head, &l.Payload, &expires)
	l.Expires = fromMicros(expires)
	return l, err
}

// AddLink makes a link that is good for [LinkLife] from now on, and returns its
// token: 256 random bits in base64url. The token is not stored, only its SHA-256.
// Links that are over are removed.
func (s *Store) AddLink(ctx context.Context, l Link, now time.Time) (token string, err error) {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	token = base64.RawURLEncoding.EncodeToString(secret)
	err = s.Update(ctx, func(tx *Tx) error {
		if _, err := tx.exec(ctx, "DELETE FROM links WHERE expires <= $1", micros(now)); err != nil {
			return err
		}
		_, err := tx.exec(ctx, "INSERT INTO links (hash, person, repository, pull, head, payload, expires) VALUES ($1, $2, $3, $4, $5, $6, $7)",
			linkHash(token), l.Person, l.Repository, l.Number, l.Head, l.Payload, micros(now.Add(LinkLife)))
		return err
	})
	return token, err
}

// linkHash is what is stored of a token. A token has too much randomness for a
// hash to be guessed back, so it needs neither salt nor a slow hash.
func linkHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// PeekLink returns a link without using it up. It fails with code not_found, and
// always in the same words, when there is none, or it expired, was used or revoked.
func (s *Store) PeekLink(ctx context.Context, token string, now time.Time) (Link, error) {
	found, err := collect(ctx, s.db.reader(), scanLink,
		"SELECT "+linkColumns+" FROM links WHERE hash = $1 AND spent = 0 AND expires > $2", linkHash(token), micros(now))
	return oneLink(found, err)
}

// SpendLink uses a link up and returns it. Of several that try at a time, in any
// number of processes, one succeeds; the others fail as [Store.PeekLink] does. It is
// called right before the change that the link allows.
func (s *Store) SpendLink(ctx context.Context, token string, now time.Time) (Link, error) {
	var spent []Link
	err := s.Update(ctx, func(tx *Tx) (err error) {
		spent, err = collect(ctx, tx, scanLink,
			"UPDATE links SET spent = $2 WHERE hash = $1 AND spent = 0 AND expires > $2 RETURNING "+linkColumns, linkHash(token), micros(now))
		return err
	})
	return oneLink(spent, err)
}

// oneLink returns the link that was found. The message is the same for one that was
// used, expired or never was: whoever tries tokens learns nothing.
func oneLink(found []Link, err error) (Link, error) {
	if err != nil {
		return Link{}, wrap("links", err)
	}
	if len(found) == 0 {
		return Link{}, gitops.Errorf(gitops.NotFound, "link is not good: it was used, expired, or never was")
	}
	return found[0], nil
}

// ReturnLink makes a link good again that was spent on a change that did not come
// about. It is called only when nothing was changed for sure: the change was refused,
// or another one came first. When that is not known, such as after a time-out, the
// link stays spent. The time that is left stays as it is, and a link that was revoked
// stays revoked.
func (s *Store) ReturnLink(ctx context.Context, token string) error {
	return s.Update(ctx, func(tx *Tx) error {
		_, err := tx.exec(ctx, "UPDATE links SET spent = 0 WHERE hash = $1", linkHash(token))
		return err
	})
}

// RevokeLinks ends all links of a pull request.
func (s *Store) RevokeLinks(ctx context.Context, repository int64, number int) error {
	return s.Update(ctx, func(tx *Tx) error {
		_, err := tx.exec(ctx, "DELETE FROM links WHERE repository = $1 AND pull = $2", repository, number)
		return err
	})
}
