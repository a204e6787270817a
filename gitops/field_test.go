package gitops_test

import (
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
)

// way turns "spec/containers/0:name=web/image" into steps: an element that starts
// with a number and a colon is an item, with its fields behind it.
func way(s string) []gitops.FieldStep {
	var steps []gitops.FieldStep
	for elem := range strings.SplitSeq(s, "/") {
		index, fields, item := strings.Cut(elem, ":")
		if !item || index == "" {
			steps = append(steps, gitops.FieldStep{Key: elem})
			continue
		}
		steps = append(steps, gitops.FieldStep{Item: true, Index: int(index[0] - '0'), Value: func(key string) (string, bool) {
			k, v, _ := strings.Cut(fields, "=")
			return v, k == key && fields != ""
		}})
	}
	return steps
}

func TestFieldPathCovers(t *testing.T) {
	for _, tt := range []struct {
		path, at string
		want     bool
	}{
		{"spec.replicas", "spec/replicas", true},
		{"spec.replicas", "spec", false},
		{"spec.replicas", "spec/replicas/min", true},
		{"spec.replicas", "spec/replicasMax", false},
		{"spec.replicas", "template/spec/replicas", false},
		{"data.*", "data/host", true},
		{"data.*", "data", false},
		{"data.*", "data/0:", false},
		{"images[*].newTag", "images/3:name=web/newTag", true},
		{"images[*].newTag", "images/3:name=web/newName", false},
		{"images[*].newTag", "images/key/newTag", false},
		{"images[1].newTag", "images/1:/newTag", true},
		{"images[1].newTag", "images/2:/newTag", false},
		{"containers[name=web].image", "containers/0:name=web/image", true},
		{"containers[name=web].image", "containers/0:name=api/image", false},
		{"containers[name=web].image", "containers/0:/image", false},
		{`containers[name="a]b"]`, "containers/0:name=a]b/image", true},
		{`metadata["a.b"]`, "metadata/a.b", true},
		{`["a.b"].c`, "a.b/c", true},
		{"**.host", "host", true},
		{"**.host", "a/b/0:/c/host/x", true},
		{"**.host", "a/hosts", false},
		{"a.**.b.**.c", "a/b/c", true},
		{"a.**.b.**.c", "a/x/b/y/b/c", true},
		{"a.**.b.**.c", "a/x/c/b", false},
		{"**[name=web].image", "spec/0:name=web/image", true},
		{"a.**.**.b", "a/b", true},
	} {
		p, err := gitops.ParseFieldPath(tt.path)
		if err != nil {
			t.Errorf("%s: %v", tt.path, err)
			continue
		}
		if got := p.Covers(way(tt.at)); got != tt.want {
			t.Errorf("%s covers %s: %v", tt.path, tt.at, got)
		}
	}
	if !(gitops.FieldPath{}).Covers(way("a/b")) {
		t.Error("the zero path does not cover everything")
	}
}

func TestFieldPathErrors(t *testing.T) {
	for path, want := range map[string]string{
		"":                              "path is empty",
		"$.spec":                        `path starts with "$"`,
		".spec":                         "path has an empty name",
		"a..b":                          "path has an empty name",
		"a.":                            "path has an empty name",
		"a b":                           `path has " " where a dot or a bracket must be`,
		"aé":                            `path has "é" where a dot or a bracket must be`,
		"a[0]b":                         `path has "b" where a dot or a bracket must be`,
		"a.b*":                          `path has "*" where a dot or a bracket must be`,
		"a.é":                           "path has a name with other characters",
		"a[":                            "path has a malformed bracket",
		"a[-1]":                         "path has a malformed bracket",
		"a[name=]":                      "path has a malformed bracket",
		"a[name]":                       "path has a malformed bracket",
		`a["\q"]`:                       "path has a malformed string",
		"a.**":                          `path ends with "**"`,
		strings.Repeat("a.", 300) + "a": "path is longer than 512 bytes",
		strings.Repeat("a.", 64) + "a":  "path has more than 64 steps",
	} {
		if _, err := gitops.ParseFieldPath(path); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", path, err, want)
		}
	}
}

func FuzzFieldPath(f *testing.F) {
	f.Add("spec.containers[name=web].image", "spec/containers/0:name=web/image")
	f.Add(`**["a.b"][*][1].c`, "a/b")
	f.Fuzz(func(t *testing.T, path, at string) {
		p, err := gitops.ParseFieldPath(path)
		if err != nil {
			return
		}
		steps := way(at)
		if p.Covers(steps) && !p.Covers(append(steps, gitops.FieldStep{Key: "below"})) {
			t.Errorf("%s covers %s and not what is below", path, at)
		}
	})
}
