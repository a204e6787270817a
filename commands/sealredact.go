package commands

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops"
)

// withheld stands where a value was that must not be kept.
const withheld = "[withheld]"

// Redact returns a comment without the values that somebody wrote in plain behind
// `/seal`, or behind what was likely meant to be that, so that they are never stored.
// All that follows a value is left out too: a value may have spaces and lines. A comment
// without such values is returned as it is; of one with them it can still be told that
// it had some.
//
// What is ciphertext stays: `key=` with what `kubeseal --raw` prints, and a fence
// with a SealedSecret.
func Redact(body string) string {
	if at, _ := plainAt(body); at >= 0 {
		return body[:at] + withheld
	}
	return body
}

// exposed reports whether a comment has a value that was written in plain, also
// when the value was left out already.
func exposed(body string) bool {
	at, _ := plainAt(body)
	return at >= 0
}

// inline returns a comment up to the end of the line with the first value in plain,
// "" when the value is not in a line of /seal.
func inline(body string) string {
	at, usable := plainAt(body)
	if at < 0 || !usable {
		return ""
	}
	rest, _, _ := strings.Cut(body[at:], "\n")
	return body[:at] + rest
}

// plainAt returns where the first value in plain begins, -1 when there is none, and
// whether it is in a line that is /seal: only there it can be used.
func plainAt(body string) (at int, usable bool) {
	var s scanner
	var secret func(fence string) bool // of a fence that may follow, or is open; nil for none
	inside, end := 0, 0                // where that fence began
	for text := range strings.Lines(body) {
		start, line := end, strings.TrimRight(text, "\r\n")
		end += len(text)
		opened := s.fence != ""
		visible := s.visible(line)
		if visible && isSeal(line) {
			if cut := plainFrom(line); cut >= 0 {
				return start + cut, true
			}
			secret = plainFence
			continue
		}
		if cut := nearPlainFrom(line); cut >= 0 && inside == 0 { // a fence is judged as a whole
			return start + cut, false
		}
		switch {
		case visible && nearSeal(line):
			secret = secretFence
		case visible && strings.TrimSpace(line) == "":
		case visible:
			secret = nil
		case !opened && s.fence != "" && secret != nil:
			inside = end
		case !opened:
			secret = nil
		case inside > 0 && s.fence == "":
			if secret(body[inside:start]) {
				return inside, false
			}
			secret, inside = nil, 0
		}
	}
	if inside > 0 && secret(body[inside:]) {
		return inside, false
	}
	return -1, false
}

// plainFence reports whether a fence has anything but a SealedSecret.
func plainFence(text string) bool { return strings.TrimSpace(text) != "" && !sealedFence(text) }

// isSeal reports whether a line is /seal, with whatever behind it.
func isSeal(line string) bool {
	m := commandLine.FindStringSubmatch(strings.TrimLeft(line, " "))
	return m != nil && strings.EqualFold(m[1], "seal")
}

// plainFrom returns where the first value begins in a line that is neither an
// option nor ciphertext, -1 when there is none.
func plainFrom(line string) int {
	at := 0
	for word := range strings.FieldsSeq(line) {
		begin := at + strings.Index(line[at:], word)
		at = begin + len(word)
		key, value, ok := strings.Cut(word, "=")
		switch {
		case word == withheld:
			return begin
		case !ok || slices.Contains(sealOptions(), key) || isCiphertext(value):
		case strings.Trim(value, "=") == "": // a value in base64 rather than a key
			return begin
		default:
			return begin + len(key) + 1
		}
	}
	return -1
}

// conceal deletes a comment with a value in plain, whoever wrote it, before anything
// else is done about it, and says so. It returns the event without the value; where the
// operator accepts values, with what GitHub has of the comment.
func (s *Service) conceal(ctx context.Context, host Host, e gitops.Event) (gitops.Event, error) {
	if !exposed(e.Comment.Body) {
		return e, nil
	}
	comment := *e.Comment
	comment.Body = Redact(comment.Body)
	e.Comment = &comment
	value, err := s.accepted(ctx, host, e)
	if err != nil {
		return e, err
	}
	_, err = s.once(ctx, e, commentKey(e, "exposed"), "delete a comment with a value in plain", func(ctx context.Context) (string, error) {
		return strconv.FormatInt(comment.ID, 10), gone(host.DeleteComment(ctx, comment.ID))
	})
	if gitops.CodeOf(err).Queue() == gitops.Done && err != nil { // no other attempt will do
		said := Reply{commentKey(e, "exposed stays"), reply.SealStays(comment.Author.Login)}
		return e, cmp.Or(s.act(ctx, host, e, Plan{said}), err)
	}
	if err != nil {
		return e, err
	}
	if value != "" {
		comment.Body = value
	}
	said := Reply{commentKey(e, "exposed said"), reply.SealExposed(comment.Author.Login, value != "")}
	return e, s.act(ctx, host, e, Plan{said})
}

// accepted returns a comment as GitHub has it, up to its first value in plain, when
// values are accepted there. After it was deleted there is none.
func (s *Service) accepted(ctx context.Context, host Host, e gitops.Event) (string, error) {
	if !s.Options.InlinePlaintext || !e.Repo.Private || e.Kind != gitops.Commented {
		return "", nil
	}
	all, err := host.Comments(ctx, e.Number)
	for _, c := range all {
		if c.ID == e.Comment.ID && c.Author.ID == e.Comment.Author.ID {
			return inline(c.Body), nil
		}
	}
	return "", err
}
