package flux

import (
	"path"
	"strings"

	"github.com/sealift/sealift/gitops"
)

// kustomization reads a Kustomization of Flux (KustomizationSpec of kustomize-controller
// v1).
func (j *job) kustomization() error {
	written := j.spec.text("path")
	if strings.Contains(written, "${") {
		j.pointer(below(prefixOf(written)), "has a variable in its path %s, which is not known: what it deploys is not compared", gitops.Quote(written))
		return nil
	}
	o := j.origin(j.spec.at("sourceRef"))
	dir := path.Join(o.cut.rootDir(), clean(written))
	if strings.Contains(dir, "\x00") {
		return nil
	}
	switch {
	case o.reach == gitops.Elsewhere:
		j.elsewhere(o, dir)
		return nil
	case o.reach == gitops.Doubtful:
		j.pointer(below(dir), "deploys %s of %s, %s: it is not compared%s", gitops.Quote(dir), o.name, o.why, o.fix)
		return nil
	case o.reach == gitops.OtherRevision:
		j.say("", "deploys %s of %s, which follows %s: a change here does not reach it until that moves", gitops.Quote(dir), o.name, gitops.Quote(o.revision))
		return nil
	case o.included(clean(written)):
		j.opaque(gitops.ReasonRemote, nil, "deploys %s of %s, which another source fills: it is not compared", gitops.Quote(dir), o.name)
		return nil
	}
	return j.unit(o, dir)
}

// pointer says that it is not known what the document deploys.
func (j *job) pointer(reads, format string, args ...any) {
	j.opaque(gitops.ReasonPointer, []string{reads}, format, args...)
}

// elsewhere takes a source that is another repository, or is filled by others. Of the
// latter it cannot be told what they fill it with, and it is often this repository.
func (j *job) elsewhere(o origin, dir string) {
	if kind := j.spec.text("sourceRef", "kind"); kind != kindOCI && kind != kindBucket && kind != kindExternal {
		return
	}
	if dir == "." || j.Tree.Lookup(dir).Kind != gitops.Dir {
		return
	}
	j.pointer(below(dir), "deploys %s of %s, which may be made of this repository: it is not compared, unless .sealift.yaml says so (flux.sources)", gitops.Quote(dir), o.name)
}

// prefixOf is the directory up to the first variable of a path.
func prefixOf(p string) string {
	p, _, _ = strings.Cut(p, "${")
	dir, _ := path.Split(p)
	return clean(dir)
}

// unit makes the unit of a directory that is here.
func (j *job) unit(o origin, dir string) error {
	o.cut.Files = j.ignored(j.ctx, o.cut.rootDir())
	u := gitops.Unit{
		Overlay:    gitops.Overlay{Path: dir},
		DeployedBy: &gitops.Deployer{Kind: kindKustomization, Namespace: j.doc.Namespace, Name: j.doc.Name},
		Artifact:   o.cut.key(),
		Build:      gitops.Build{Unrestricted: true, Flux: j.options()},
		Namespace:  j.spec.text("targetNamespace"),
		Revision:   o.revision,
		File:       j.doc.File,
		Line:       j.doc.Line,
	}
	u.Removed, u.Dropped = j.prune()
	tree, err := j.Artifact(j.ctx, u.Artifact)
	if gitops.CodeOf(err) == gitops.Invalid {
		j.opaque(gitops.ReasonBudget, []string{below(dir)}, "deploys %s of %s, whose files are not known (%s): it is not compared", gitops.Quote(dir), o.name, err)
		return nil
	}
	if err != nil {
		return err
	}
	if !hasKustomization(tree, dir) && tree.Lookup(dir).Kind == gitops.Dir {
		files, ok, err := j.files(j.ctx, tree, dir)
		switch {
		case err != nil:
			return err
		case !ok:
			j.opaque(gitops.ReasonBudget, []string{below(dir)}, "deploys %s, which has more than %d files: it is not compared", gitops.Quote(dir), maxFiles)
			return nil
		case len(files) == 0: // a build of nothing, to which components and patches may add
			j.say("", "deploys a directory without manifests: %s", gitops.Quote(dir))
		}
		u.Build.Files = files
	}
	u.Suspended = j.spec.is("suspend") || o.suspended
	switch {
	case j.spec.is("suspend"):
		j.say("", "is suspended: a change is not applied until it is resumed")
	case o.suspended:
		j.say("", "deploys of %s, which is suspended: a change is not applied until it is resumed", o.name)
	}
	j.out.Units = append(j.out.Units, u)
	return nil
}

// prune says what becomes of the objects of a Kustomization (finalizerShouldDeleteResources
// and prune of the kustomize-controller).
func (j *job) prune() (removed, dropped gitops.Prune) {
	dropped = gitops.PruneKeep
	switch written := j.spec.text("prune"); {
	case strings.Contains(written, "${"):
		dropped = gitops.PruneUnknown
	case j.spec.is("prune"):
		dropped = gitops.PruneDelete
	}
	switch policy := j.spec.text("deletionPolicy"); policy {
	case "", "MirrorPrune":
		removed = dropped
	case "Delete", "WaitForTermination":
		removed = gitops.PruneDelete
	case "Orphan":
		removed = gitops.PruneKeep
	default:
		removed = gitops.PruneUnknown
	}
	if j.spec.is("suspend") {
		return gitops.PruneKeep, gitops.PruneKeep
	}
	return removed, dropped
}
