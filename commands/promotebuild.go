package commands

import (
	"context"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/promote"
	"github.com/sealift/sealift/gitops/tree"
)

// ruleBuild is the rule of a promotion that breaks what was whole.
const ruleBuild = "build"

// unbuilt returns what stops building with a change, or is new and does not build, as
// refusals with the place that the deployer names. What needs something that is not
// here, such as a remote base, says nothing.
func unbuilt(r *gitops.Report) (list []promote.Refusal) {
	if r == nil {
		return nil
	}
	for _, o := range r.Overlays {
		if o.Status != gitops.RenderErrorAfter || o.After == nil || o.After.Err == nil || o.After.Err.Cause.Elsewhere() {
			continue
		}
		list = append(list, promote.Refusal{Rule: ruleBuild, Message: gitops.Quote(o.Overlay.Path) + " would not build any more: " + oneLine(o.After.Err.Error())})
	}
	return list
}

// refuseUnbuilt renders what the plan would make of the target, and refuses what breaks
// it. Without a renderer nothing is looked at.
func (p Promotion) refuseUnbuilt(ctx context.Context, r *PromotionResult) error {
	if p.Renderer == nil || r.Plan.Empty() {
		return nil
	}
	d := Diff{Base: p.Target, Head: tree.With(p.Target, r.Plan.Files()), Overlays: AutoOverlays, Renderer: p.Renderer, Memo: p.Memo}
	found, err := d.Run(ctx)
	if err != nil {
		return err
	}
	r.Plan.Refused = append(r.Plan.Refused, unbuilt(&found.Report)...)
	return nil
}
