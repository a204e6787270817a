package argocd

import (
	"context"
	"path"

	"github.com/sealift/sealift/gitops"
)

// override lays the files over a source by which the repository overrides it: for every
// Application of the directory, and for this one (mergeSourceParameters of the
// repo-server). ok is false when one cannot be read, which Argo CD refuses.
func (a *app) override(ctx context.Context, s *source, dir string) (ok bool, err error) {
	merged := s.spec
	for _, name := range []string{".argocd-source.yaml", ".argocd-source-" + a.instance + ".yaml"} {
		file := path.Join(dir, name)
		data, ok, err := a.read(ctx, file)
		if err != nil {
			return false, err
		}
		if !ok {
			if e, err := a.resolve(ctx, file); err != nil || e.Kind != gitops.File {
				if err != nil {
					return false, err
				}
				continue
			}
			data = []byte("[]") // too large to be read: nothing is known of it
		}
		patch, err := decode(data)
		over, isMap := patch.(object)
		if err != nil || !isMap && patch != nil {
			a.sayIn(file, gitops.SeverityError, 1, "is overridden by a file that cannot be read: %s", gitops.Quote(file))
			a.opaque(gitops.ReasonPointer, s.line, append(dirPatterns(dir), literal(file)), a.key(*s)+string(data),
				"is overridden by a file that cannot be read: %s", gitops.Quote(file))
			return false, nil
		}
		for _, name := range sourceFields {
			delete(over, name)
		}
		merged = mergePatch(merged, over)
	}
	s.spec = merged
	return true, nil
}

// sourceFields are those of ApplicationSource that a file may not override.
var sourceFields = [...]string{"chart", "path", "repoURL", "targetRevision"}

// mergePatch lays a patch over a value, as RFC 7396 says: mappings are merged, null takes
// away, and anything else takes the place of what was there. Neither is changed.
func mergePatch(target, patch object) object {
	out := make(object, len(target)+len(patch))
	for k, v := range target {
		out[k] = v
	}
	for k, v := range patch {
		switch v := v.(type) {
		case nil:
			delete(out, k)
		case object:
			old, _ := out[k].(object)
			out[k] = mergePatch(old, v)
		default:
			out[k] = v
		}
	}
	return out
}
