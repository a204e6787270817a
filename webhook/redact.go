package webhook

import (
	"bytes"
	"encoding/json"

	"github.com/sealift/sealift/gitops"
)

// redacts tells whether an event has a comment with something that must not be stored.
func (s *Server) redacts(ev gitops.Event) bool {
	return ev.Comment != nil && s.config.Redact != nil && s.config.Redact(ev.Comment.Body) != ev.Comment.Body
}

// redacted returns the payload without what a comment has that must not be stored.
// Everything else stays; a payload without such a comment is returned as it came.
func (s *Server) redacted(ev gitops.Event, payload []byte) ([]byte, error) {
	if !s.redacts(ev) {
		return payload, nil
	}
	var all map[string]any
	d := json.NewDecoder(bytes.NewReader(payload))
	d.UseNumber() // ids are longer than a float is exact
	if err := d.Decode(&all); err != nil {
		return nil, gitops.Errorf(gitops.Internal, "payload: %w", err)
	}
	comment, ok := all["comment"].(map[string]any)
	if !ok {
		return nil, gitops.Errorf(gitops.Internal, "payload has a comment that cannot be redacted")
	}
	// Only what Decode reads of the comment: a rendering of the body may be beside it.
	kept := map[string]any{"body": s.config.Redact(ev.Comment.Body)}
	for _, name := range []string{"id", "user", "created_at", "html_url", "performed_via_github_app"} {
		kept[name] = comment[name]
	}
	all["comment"] = kept
	delete(all, "changes") // what it was before it was edited
	return json.Marshal(all)
}
