package commands

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/sealift/sealift/commands/reply"
	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/gitops/seal"
)

// planInline puts what stands in the comment itself into an overlay: ciphertext, a
// SealedSecret in a fence, or values in plain where the operator accepts them.
func (w *sealing) planInline(ctx context.Context, a *asked, q sealRequest) (Plan, error) {
	t, err := w.inlineTarget(ctx, q)
	if err != nil {
		return nil, err
	}
	t.login = a.event.Comment.Author.Login
	p, c, err := w.prepare(ctx, t)
	if err != nil {
		return nil, err
	}
	if q.plain {
		t.secret, err = c.Seal(t.secret, plainItems(q.items))
	} else {
		err = t.secret.Check(c)
	}
	if err != nil {
		return nil, err
	}
	p.Key = commentKey(a.event, "seal line "+strconv.Itoa(a.request.Line))
	if p, err = w.place(ctx, p, t); err != nil {
		return nil, err
	}
	return Plan{p}, nil
}

// plainItems are values that are in plain.
func plainItems(items map[string]string) map[string][]byte {
	out := map[string][]byte{}
	for key, value := range items {
		out[key] = []byte(value)
	}
	return out
}

// inlineTarget says where the secret of a comment goes. What the comment does not say
// is as the SealedSecret of that name has it, if the overlay has one.
func (w *sealing) inlineTarget(ctx context.Context, q sealRequest) (target, error) {
	t := target{environment: q.ask.Environment, overlay: q.ask.Overlay, secret: seal.Secret{Name: q.ask.Name, Type: q.kind, Scope: q.scope, Items: q.items}}
	if q.sealed != "" {
		var err error
		if t.secret, err = readFence(q.sealed); err != nil {
			return t, err
		}
	}
	if t.overlay == "" {
		return t, &gitops.Error{Code: gitops.Invalid, Message: "it is not clear which overlay the secret is for", Hint: "Say the app and the environment, or `--overlay` with its directory."}
	}
	if t.secret.Name == "" {
		return t, sealProblem("the secret has no name")
	}
	list, err := w.index.List(ctx, t.overlay)
	if err != nil {
		return t, err
	}
	if i := slices.IndexFunc(list, func(e seal.Existing) bool { return e.Name == t.secret.Name }); i >= 0 {
		old := list[i]
		t.existing = old.File
		t.secret.Namespace = cmp.Or(t.secret.Namespace, old.Namespace)
		t.secret.Type, t.secret.Scope = cmp.Or(t.secret.Type, old.Type), cmp.Or(t.secret.Scope, old.Scope)
	}
	t.secret.Scope = cmp.Or(t.secret.Scope, seal.Strict)
	if t.secret.Namespace == "" {
		t.secret.Namespace, err = w.index.Namespace(ctx, t.overlay)
	}
	return t, err
}

// planInPlace seals a plain Secret that the branch has. Its values stay in the
// history, so it is noted that somebody has to change them.
func (w *sealing) planInPlace(ctx context.Context, a *asked, q sealRequest) (Plan, error) {
	if w.own {
		return nil, &gitops.Error{Code: gitops.Invalid, Message: "a file is sealed in place in branches of this repository only", Hint: "Seal it with `bot seal` in your fork, and push without its history."}
	}
	t, err := w.fileTarget(ctx, q)
	if err != nil {
		return nil, err
	}
	t.login = a.event.Comment.Author.Login
	p, c, err := w.prepare(ctx, t)
	if err != nil {
		return nil, err
	}
	p.Key = commentKey(a.event, "seal line "+strconv.Itoa(a.request.Line))
	made, err := w.sealFile(ctx, &p, c, t, seal.Target{Namespace: t.secret.Namespace, Scope: q.scope})
	if err != nil {
		return nil, err
	}
	p.Sealed = inPlace(p.Sealed, made)
	return Plan{Expose{Path: q.file, Environment: t.environment}, p}, nil
}

// sealFile fills in the edit that seals a file, unless the commit is there already, and
// returns what was sealed.
func (w *sealing) sealFile(ctx context.Context, p *PutSealed, c *seal.Certificate, t target, to seal.Target) ([]seal.Existing, error) {
	file := t.existing
	done, err := w.service.answered(ctx, w.changes, w.pull.Repo, p.Branch, p.Key)
	if err != nil {
		return nil, err
	}
	data, err := w.tree.Read(ctx, file)
	if err != nil {
		return nil, err
	}
	if done == "" {
		content, made, err := w.index.Replace(ctx, t.overlay, file, c, to)
		p.Edits = []gitops.FileEdit{{Path: file, Content: content, Executable: w.tree.Lookup(file).Executable}}
		return made, err
	}
	var made []seal.Existing
	list, err := seal.Read(file, data)
	for _, s := range list {
		made = append(made, s.Existing)
	}
	return made, err
}

// inPlace says what was sealed in a file.
func inPlace(s reply.Sealed, made []seal.Existing) reply.Sealed {
	var names []string
	for _, m := range made {
		names = append(names, m.Name)
		s.Keys = append(s.Keys, m.Keys...)
		s.Namespace, s.Scope = m.Namespace, string(m.Scope)
	}
	s.Name, s.InHistory = strings.Join(names, ", "), true
	return s
}

// fileTarget finds the environment and the namespace of a file by the overlays that
// read it. They must be of one environment, also when one was named.
func (w *sealing) fileTarget(ctx context.Context, q sealRequest) (target, error) {
	if w.tree.Lookup(q.file).Kind != gitops.File {
		return target{}, gitops.Errorf(gitops.NotFound, "the branch has no file %s", gitops.Quote(q.file))
	}
	t := target{environment: q.ask.Environment, existing: q.file}
	var namespaces []string
	for _, o := range w.layout.Overlays {
		if !w.layout.Reached(o.Path, []string{q.file}) {
			continue
		}
		if t.environment != "" && o.Environment != t.environment {
			return t, &gitops.Error{Code: gitops.Invalid, Message: gitops.Quote(q.file) + " is part of " + t.environment + " and of " + o.Environment,
				Hint: "A SealedSecret can be decrypted in one environment. Give each one its own."}
		}
		t.environment, t.overlay = o.Environment, cmp.Or(t.overlay, o.Path)
		ns, err := w.index.Namespace(ctx, o.Path)
		if err != nil {
			return t, err
		}
		namespaces = append(namespaces, ns)
	}
	if t.overlay == "" {
		return t, &gitops.Error{Code: gitops.Invalid, Message: "no overlay reads " + gitops.Quote(q.file), Hint: "Name it in a kustomization first, so that it is clear which environment it is for."}
	}
	slices.Sort(namespaces)
	if namespaces = slices.Compact(namespaces); len(namespaces) == 1 {
		t.secret.Namespace = namespaces[0]
	}
	return t, nil
}
