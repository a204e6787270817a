package hub

import "context"

// OpenPull opens a pull request and returns its number.
func (p Person) OpenPull(ctx context.Context, fullName string, n NewPull) (number int, err error) {
	err = p.in(fullName, Read, func(r *repo, me *account) error {
		is, err := p.h.openPull(ctx, r, me, n)
		if err == nil {
			number = is.number
		}
		return err
	})
	return number, err
}

// OpenIssue opens a plain issue and returns its number.
func (p Person) OpenIssue(fullName, title, body string) (number int, err error) {
	err = p.in(fullName, Read, func(r *repo, me *account) error {
		number = p.h.newIssue(r, me, title, body).number
		return nil
	})
	return number, err
}

// Merge merges a pull request and returns the new tip of its base.
func (p Person) Merge(ctx context.Context, fullName string, n int, o MergeOptions) (sha string, err error) {
	err = p.on(fullName, n, Write, func(is *issue, me *account) error {
		sha, err = p.h.merge(ctx, is, me, o)
		return err
	})
	return sha, err
}

// Enqueue puts a pull request into the merge queue.
func (p Person) Enqueue(ctx context.Context, fullName string, n int) error {
	return p.on(fullName, n, Write, func(is *issue, me *account) error { return p.h.enqueue(ctx, is, me) })
}

// AutoMerge merges a pull request by a method once its checks are green.
func (p Person) AutoMerge(ctx context.Context, fullName string, n int, method string) error {
	return p.on(fullName, n, Write, func(is *issue, me *account) error {
		is.pull.auto, is.pull.autoBy = method, me
		p.h.tryAuto(ctx, is.repo)
		return nil
	})
}

// ClosePull closes a pull request.
func (p Person) ClosePull(ctx context.Context, fullName string, n int) error {
	return p.edit(fullName, n, func(is *issue, me *account) error {
		if is.state == "open" {
			p.h.closePull(ctx, is, me)
		}
		return nil
	})
}

// ReopenPull opens a closed pull request again.
func (p Person) ReopenPull(ctx context.Context, fullName string, n int) error {
	return p.edit(fullName, n, func(is *issue, me *account) error { return p.h.reopenPull(ctx, is, me) })
}

// Retarget changes the base branch of a pull request.
func (p Person) Retarget(ctx context.Context, fullName string, n int, base string) error {
	return p.edit(fullName, n, func(is *issue, me *account) error { return p.h.retarget(ctx, is, me, base) })
}

// EditPull changes title and body of a pull request.
func (p Person) EditPull(ctx context.Context, fullName string, n int, title, body string) error {
	return p.edit(fullName, n, func(is *issue, me *account) error {
		p.h.editText(ctx, is, me, &title, &body)
		return nil
	})
}

// SetDraft turns a pull request into a draft, or marks it ready.
func (p Person) SetDraft(ctx context.Context, fullName string, n int, draft bool) error {
	return p.edit(fullName, n, func(is *issue, me *account) error {
		p.h.setDraft(ctx, is, me, draft)
		return nil
	})
}

// Label puts a label on a pull request.
func (p Person) Label(ctx context.Context, fullName string, n int, name string) error {
	return p.on(fullName, n, Triage, func(is *issue, me *account) error {
		p.h.addLabel(ctx, is, me, name)
		return nil
	})
}
