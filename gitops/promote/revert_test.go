package promote_test

import (
	"cmp"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/promote"
	"github.com/sealift/sealift/gitops/tree"
)

func TestUndo(t *testing.T) {
	const (
		old = "images:\n- name: web # the app\n  newTag: v1\nreplicas: 1\n"
		new = "images:\n- name: web # the app\n  newTag: v2\nreplicas: 1\n"
	)
	for _, tt := range []struct {
		name               string
		before, after, now string // "-" is a file that is not there
		want               string // the file afterwards, "=" for as it was
		edits, conflicts   string
		take               map[string]string
	}{
		{name: "as it was", before: old, after: new, now: new, want: old, edits: "images[0].newTag"},
		{name: "on top of what came since", before: old, after: new, now: strings.Replace(new, "replicas: 1", "replicas: 5", 1), want: strings.Replace(old, "replicas: 1", "replicas: 5", 1), edits: "images[0].newTag"},
		{name: "undone already", before: old, after: new, now: old, want: "="},
		{name: "changed since", before: old, after: new, now: strings.Replace(new, "v2", "v3", 1), want: "=", conflicts: "images[0].newTag: v2 v1 v3"},
		{name: "changed since, taken back", before: old, after: new, now: strings.Replace(new, "v2", "v3", 1), want: old, edits: "images[0].newTag", take: map[string]string{"": promote.TakeSource}},
		{name: "one field taken back", before: old, after: strings.Replace(new, "replicas: 1", "replicas: 2", 1), now: strings.Replace(new, "v2\nreplicas: 1", "v3\nreplicas: 3", 1),
			want: strings.Replace(new, "v2\nreplicas: 1", "v1\nreplicas: 3", 1), edits: "images[0].newTag", conflicts: "replicas: 2 1 3", take: map[string]string{"f.yaml:images[0].newTag": promote.TakeSource}},
		{name: "changed since, left", before: old, after: new, now: strings.Replace(new, "v2", "v3", 1), want: "=", take: map[string]string{"f.yaml": promote.TakeTarget}},
		{name: "of another file", before: old, after: new, now: strings.Replace(new, "v2", "v3", 1), want: "=", conflicts: "images[0].newTag: v2 v1 v3", take: map[string]string{"g.yaml": promote.TakeSource}},
		{name: "file that was added and changed, taken back", before: "-", after: new, now: old, want: "-", edits: "file-removed", take: map[string]string{"": promote.TakeSource}},
		{name: "file that is gone, taken back", before: old, after: new, now: "-", want: old, edits: "file-added", take: map[string]string{"": promote.TakeSource}},
		{name: "file that is gone, left", before: old, after: new, now: "-", want: "=", take: map[string]string{"": promote.TakeTarget}},
		{name: "file that was added", before: "-", after: new, now: new, want: "-", edits: "file-removed"},
		{name: "file that was added and changed", before: "-", after: new, now: old, want: "=", conflicts: ": there not there there"},
		{name: "file that was added, gone", before: "-", after: new, now: "-", want: "="},
		{name: "file that was removed", before: old, after: "-", now: "-", want: old, edits: "file-added"},
		{name: "file that was removed, there again", before: old, after: "-", now: new, want: "=", conflicts: ": not there there there"},
		{name: "file that is gone", before: old, after: new, now: "-", want: "=", conflicts: ": there there not there"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			side := func(text string) gitops.Tree {
				files := map[string]string{"other": ""}
				if text != "-" {
					files["f.yaml"] = text
				}
				return tree.Memory(files)
			}
			r := promote.Revert{App: "web", Before: side(tt.before), After: side(tt.after), Target: side(tt.now), Files: []string{"f.yaml"}, Take: tt.take}
			plan, err := promote.Undo(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			got := "="
			if data, ok := plan.Files["f.yaml"]; ok && data == nil {
				got = "-"
			} else if ok {
				got = string(data)
			}
			if d := gocmp.Diff(tt.want, got); d != "" {
				t.Errorf("file (-want +got):\n%s", d)
			}
			var edits, conflicts []string
			for _, e := range plan.Edits {
				edits = append(edits, cmp.Or(e.Path, string(e.Kind)))
			}
			for _, c := range plan.Conflicts {
				conflicts = append(conflicts, c.Path+": "+c.Base+" "+c.Source+" "+c.Target)
			}
			if strings.Join(edits, " ") != tt.edits || strings.Join(conflicts, " ") != tt.conflicts {
				t.Errorf("edits %q, conflicts %q", edits, conflicts)
			}
		})
	}
}

// TestUndoText undoes a change of a file that is not YAML by lines, and shows no value
// of it.
func TestUndoText(t *testing.T) {
	side := func(text string) gitops.Tree { return tree.Memory(map[string]string{"app.env": text}) }
	r := promote.Revert{Before: side("A=1\nB=1\n"), After: side("A=2\nB=1\n"), Target: side("A=2\nB=1\nC=1\n"), Files: []string{"app.env"}}
	plan, err := promote.Undo(t.Context(), r)
	if err != nil || string(plan.Files["app.env"]) != "A=1\nB=1\nC=1\n" {
		t.Errorf("%q, %v", plan.Files["app.env"], err)
	}
	r.Target = side("A=hunter2\nB=1\n")
	plan, err = promote.Undo(t.Context(), r)
	if err != nil || len(plan.Files) != 0 || len(plan.Conflicts) != 1 || strings.Contains(plan.Conflicts[0].Target, "hunter2") {
		t.Errorf("%+v, %v", plan, err)
	}
}

// TestUndoModes keeps whether files may be run, and leaves symbolic links to a person.
func TestUndoModes(t *testing.T) {
	side := func(text string, gone, link bool) gitops.Tree {
		files := map[string]tree.File{"run.sh": {Content: text, Executable: true}, "plain": {Content: text}}
		if !gone {
			files["gone.sh"] = tree.File{Content: "x", Executable: true}
		}
		if link {
			files["link"] = tree.File{Content: text, Kind: gitops.Symlink}
		}
		return tree.MemoryWith(files)
	}
	r := promote.Revert{Before: side("1\n", false, false), After: side("2\n", true, true), Target: side("2\n", true, true), Files: []string{"gone.sh", "link", "plain", "run.sh"}}
	plan, err := promote.Undo(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	want := []gitops.FileEdit{
		{Path: "gone.sh", Content: []byte("x"), Executable: true}, {Path: "plain", Content: []byte("1\n")}, {Path: "run.sh", Content: []byte("1\n"), Executable: true},
	}
	if d := gocmp.Diff(want, promote.FileEdits([]promote.AppPlan{plan})); d != "" {
		t.Errorf("edits (-want +got):\n%s", d)
	}
	if len(plan.Withheld) != 1 || plan.Withheld[0].File != "link" {
		t.Errorf("withheld: %+v", plan.Withheld)
	}
}
