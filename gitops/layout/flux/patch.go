package flux

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strings"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	"sigs.k8s.io/yaml"

	"github.com/sealift/sealift/gitops"
)

var errPatch = errors.New("flux: patch is not understood")

// applyPatch returns an object, as JSON, after a patch of kustomize: a list of operations
// (RFC 6902), or a piece of an object that is merged into it (RFC 7396, which is what
// kustomize's strategic merge is for kinds of which it has no schema). An object that the
// patch is not for is returned as it is, and one that is deleted is empty.
func applyPatch(object []byte, patch string, target *gitops.Selector) ([]byte, error) {
	var o head
	if len(object) == 0 || json.Unmarshal(object, &o) != nil {
		return object, nil
	}
	if target != nil && !selects(target, o) {
		return object, nil
	}
	text, err := yaml.YAMLToJSON([]byte(patch))
	if err != nil {
		return nil, err
	}
	if text = bytes.TrimSpace(text); bytes.HasPrefix(text, []byte("[")) {
		if target == nil {
			return nil, errPatch
		}
		ops, err := jsonpatch.DecodePatch(text)
		if err != nil {
			return nil, err
		}
		return ops.Apply(object)
	}
	var piece map[string]any
	if err := json.Unmarshal(text, &piece); err != nil || piece == nil {
		return nil, errPatch
	}
	if target == nil && !names(text, o) {
		return object, nil
	}
	if piece["$patch"] == "delete" {
		return nil, nil
	}
	return merge(object, piece)
}

// merge merges a piece of an object into it. What the piece is called does not rename the
// object.
func merge(object []byte, piece map[string]any) ([]byte, error) {
	delete(piece, "apiVersion")
	delete(piece, "kind")
	if meta, ok := piece["metadata"].(map[string]any); ok {
		delete(meta, "name")
		delete(meta, "namespace")
	}
	text, err := json.Marshal(piece)
	if err != nil {
		return nil, err
	}
	return jsonpatch.MergePatch(object, text)
}

// names reports whether a piece of an object that has no target is one of o.
func names(piece []byte, o head) bool {
	var p head
	return json.Unmarshal(piece, &p) == nil && p.Kind == o.Kind && p.Metadata.Name == o.Metadata.Name &&
		groupOf(p.APIVersion) == groupOf(o.APIVersion) && (p.Metadata.Namespace == "" || p.Metadata.Namespace == o.Metadata.Namespace)
}

// selects reports whether a target of a patch is for an object (Selector of kustomize's
// types: regular expressions that match the whole).
func selects(s *gitops.Selector, o head) bool {
	group := groupOf(o.APIVersion)
	version := strings.TrimPrefix(o.APIVersion[len(group):], "/")
	for _, field := range [][2]string{
		{s.Group, group}, {s.Version, version}, {s.Kind, o.Kind},
		{s.Name, o.Metadata.Name}, {s.Namespace, o.Metadata.Namespace},
	} {
		if field[0] == "" {
			continue
		}
		re, err := regexp.Compile("^(?:" + field[0] + ")$")
		if err != nil || !re.MatchString(field[1]) {
			return false
		}
	}
	return labelled(s.LabelSelector, o.Metadata.Labels) && labelled(s.AnnotationSelector, o.Metadata.Annotations)
}

// labelled reports whether labels are what a selector asks for, of the forms `a=b`,
// `a!=b`, `a` and `!a`. Other forms are for no object.
func labelled(selector string, labels map[string]string) bool {
	if strings.ContainsAny(selector, "()") {
		return false
	}
	for term := range strings.SplitSeq(selector, ",") {
		if term = strings.TrimSpace(term); term == "" {
			continue
		}
		key, want, equal := strings.Cut(term, "=")
		not := strings.HasSuffix(key, "!") || strings.HasPrefix(key, "!")
		has, there := labels[strings.TrimSpace(strings.Trim(key, "!"))]
		is := there && (!equal || has == strings.TrimSpace(strings.TrimPrefix(want, "=")))
		if is == not {
			return false
		}
	}
	return true
}
