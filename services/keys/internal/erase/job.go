package erase

import (
	"context"
	"errors"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	// underWay is how long a request that an App admitted before its end may still store something: above a request's deadline.
	underWay = 30 * time.Second
	// handOverWithin bounds what is still written when the process is told to stop.
	handOverWithin = 3 * time.Second
)

// errOver says that an erasure is not ours any more: somebody else carries it out, or it was taken back.
var errOver = errors.New("erase: somebody else's")

// job is one erasure as it was last stored, being carried out.
type job struct {
	*Eraser
	erasure.Erasure
}

// erase removes what there is now. It gives the time to wait for when more may come in until then.
func (j *job) erase(ctx context.Context) (wait time.Time, err error) {
	switch {
	case j.Kind == erasure.OfOrg:
		return j.org(ctx)
	case j.Kind == erasure.OfApp && !j.Subject.App.IsZero():
		return j.app(ctx)
	case j.Kind == erasure.OfEndUser && j.Subject != erasure.Subject{App: j.Subject.App}:
		return time.Time{}, j.endUser(ctx)
	}
	return time.Time{}, nil // it names nobody, which to the store would be everybody
}

// app removes an App twice: at once, and when no request and no upload can be under way any more.
func (j *job) app(ctx context.Context) (wait time.Time, err error) {
	began := j.now()
	app, err := j.Store.App(ctx, j.Org, j.Subject.App)
	switch {
	case err == nil && app.DeletedAt.IsZero(): // whoever deleted it died before
		app.DeletedAt = began
		err = j.Store.ReplaceApp(ctx, j.Org, app)
	case err != nil && apierr.KindOf(err) == apierr.NotFound: // whoever erased it died after
		err = nil
	}
	if err == nil {
		err = j.Announce(ctx, j.Org)
	}
	if err == nil {
		err = j.said(ctx, j.Subject)
	}
	if quiet := app.DeletedAt.Add(underWay); err != nil || began.Before(quiet) {
		return quiet, err
	}
	if wait, err = j.slots(ctx, j.Subject.App); err != nil || !wait.IsZero() {
		return wait, err
	}
	return wait, j.record(j.Store.DeleteApp(ctx, j.Org, j.Subject.App))
}

// org removes an Org that is still given up when its grace is over.
func (j *job) org(ctx context.Context) (wait time.Time, err error) {
	org, err := j.Store.Org(ctx, j.Org)
	switch {
	case err != nil && apierr.KindOf(err) == apierr.NotFound: // whoever erased it died after
	case err != nil:
		return wait, err
	case org.Open():
		if err := j.Store.DropErasure(ctx, j.Org, j.ID); err != nil {
			return wait, err
		}
		return wait, errOver
	case j.now().Before(org.ClosesAt):
		return org.ClosesAt, nil
	}
	if err := j.said(ctx, j.Subject); err != nil {
		return wait, err
	}
	if wait, err = j.slots(ctx, id.Zero); err != nil || !wait.IsZero() {
		return wait, err
	}
	if err := j.record(j.Store.DeleteOrg(ctx, j.Org)); err != nil {
		return wait, err
	}
	return wait, j.Announce(ctx, j.Org)
}

// record counts what a removal removed, even if it failed.
func (j *job) record(removed int, err error) error {
	j.Receipt.Records += removed
	return err
}

// renew keeps the receipt, and the erasure for another lease.
func (j *job) renew(ctx context.Context) error {
	j.LeaseUntil = j.now().Add(lease)
	return j.save(ctx)
}

// handOver keeps the receipt and leaves the rest to whoever comes next: soon, or at once if it is only this process that ends.
func (j *job) handOver(ctx context.Context) error {
	j.LeaseUntil = j.now().Add(retryAfter)
	if ctx.Err() != nil {
		j.LeaseUntil = time.Time{}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), handOverWithin)
	defer cancel()
	if err := j.save(ctx); !errors.Is(err, errOver) {
		return err
	}
	return nil
}

func (j *job) save(ctx context.Context) error {
	err := j.Store.ReplaceErasure(ctx, j.Org, j.Erasure)
	if kind := apierr.KindOf(err); err != nil && (kind == apierr.Conflict || kind == apierr.NotFound) {
		return errOver
	}
	if err == nil {
		j.Version++
	}
	return err
}
