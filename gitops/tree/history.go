package tree

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealift/sealift/gitops"
)

// Trailed is a commit whose message has trailers (git-interpret-trailers(1)).
type Trailed struct {
	// ID is the full id, Parents are those of its parents.
	ID      string
	Parents []string
	// Subject is the first line of the message.
	Subject string
	// Time is when it was committed.
	Time time.Time
	// Trailers are in the order of the message.
	Trailers []Trailer
}

// Trailer is one line "Key: value" at the end of a message.
type Trailer struct{ Key, Value string }

// Values returns the values of all trailers of a key.
func (c Trailed) Values(key string) []string {
	var list []string
	for _, t := range c.Trailers {
		if strings.EqualFold(t.Key, key) {
			list = append(list, t.Value)
		}
	}
	return list
}

// trailerKey is the form of a key that Trailed looks for.
var trailerKey = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`)

// Trailed returns the commits that tip reaches, newest first, whose message has a
// trailer of that key and that change one of the files or directories in paths; no
// paths mean any. It looks at no more than limit commits with such a line. tip is
// a full id.
//
// What a message says is not to be trusted: whoever may commit can write it.
func (r *Repo) Trailed(ctx context.Context, tip, key string, paths []string, limit int) ([]Trailed, error) {
	if err := r.fullIDs(tip); err != nil {
		return nil, err
	}
	if !trailerKey.MatchString(key) {
		return nil, gitops.Errorf(gitops.Invalid, "trailer has no such key: %s", gitops.Quote(key))
	}
	args := []string{"log", "-z", "--no-show-signature", "--no-mailmap", "--encoding=UTF-8",
		"--regexp-ignore-case", "--basic-regexp", "--grep=^" + key + ":", "--max-count=" + strconv.Itoa(limit),
		"--format=%H%n%P%n%ct%n%s%n%(trailers:only=true,unfold=true)", "--end-of-options", tip, "--"}
	out, err := r.ours(ctx, append(args, paths...)...)
	if err != nil {
		return nil, failed(err)
	}
	list, err := r.parseLog(out)
	return slices.DeleteFunc(list, func(c Trailed) bool { return len(c.Values(key)) == 0 }), err // a line of the body is no trailer
}

// parseLog parses what git log prints of several commits, with a NUL between them.
func (r *Repo) parseLog(out string) ([]Trailed, error) {
	var list []Trailed
	for _, text := range splitNul(out) {
		c, err := r.parseTrailed(text)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

// parseTrailed parses what the format of Trailed prints: id, parents, time and subject,
// a line each, then the trailers, a line each however they were folded.
func (r *Repo) parseTrailed(text string) (Trailed, error) {
	fields := strings.SplitN(text, "\n", 5)
	if len(fields) < 4 || !isHex(fields[0], r.hexLen) {
		return Trailed{}, gitops.Errorf(gitops.Internal, "git log printed %s", gitops.Quote(text))
	}
	seconds, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil {
		return Trailed{}, gitops.Errorf(gitops.Internal, "git log printed the time %s", gitops.Quote(fields[2]))
	}
	c := Trailed{ID: fields[0], Parents: strings.Fields(fields[1]), Subject: fields[3], Time: time.Unix(seconds, 0).UTC()}
	if len(fields) < 5 {
		return c, nil
	}
	for line := range strings.Lines(fields[4]) {
		if key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ":"); ok {
			c.Trailers = append(c.Trailers, Trailer{Key: strings.TrimSpace(key), Value: strings.TrimSpace(value)})
		}
	}
	return c, nil
}
