package layout

import "testing"

// partial is a tree that could not look at everything.
type partial struct {
	*memory
	unread []string
}

// Unread returns what it could not look at.
func (p partial) Unread() []string { return p.unread }

func TestNotesUnread(t *testing.T) {
	files := map[string]string{"b/kustomization.yaml": "resources: []\n"}
	l, err := Read(t.Context(), partial{newMemory(files), []string{"a", "c\n"}}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range l.Notes {
		got = append(got, n.File+": "+n.Message)
	}
	want := []string{"a: \"a\" cannot be read: what is deployed from there is not known", "c\n: \"c\\n\" cannot be read: what is deployed from there is not known"}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("notes: %q", got)
	}
}
