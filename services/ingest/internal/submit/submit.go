// Package submit takes feedback in: checked whole, its files claimed, stored once, and durable before it is answered.
package submit

import (
	"context"
	"errors"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/idempotency"
	"github.com/heard-dev/heard/pkg/id"
)

// Store is what submissions are kept in.
type Store interface {
	feedback.Store
	attachment.Slots
	idempotency.Store
}

// Submitter takes feedback in. Met hears of the end users whom a token vouched for.
type Submitter struct {
	Store Store
	Blobs attachment.Blobs
	Met   *enduser.Recorder
	IDs   *id.Source
	Now   func() time.Time
}

// Submission is what one request says. Key is its Idempotency-Key, empty for none; BodySum is the SHA-256 of its body.
type Submission struct {
	App     id.ID
	Draft   feedback.Draft
	Key     string
	BodySum [32]byte
}

// Receipt names the stored item. Replayed tells that an earlier request stored it.
type Receipt struct {
	ID       id.ID
	Replayed bool
}

// Submit stores the feedback, or refuses it and leaves nothing behind. Without a key and files it is one store write.
func (s *Submitter) Submit(ctx context.Context, org id.ID, said Submission) (Receipt, error) {
	item, err := feedback.New(said.Draft, s.IDs.New(), org, said.App, s.Now())
	if err != nil {
		return Receipt{}, err
	}
	receipt, err := s.take(ctx, org, said, item)
	if from := item.Submitter; err == nil && from.Mode == feedback.Private {
		s.Met.Saw(org, enduser.Sighting{ExternalID: from.ExternalUserID, Email: from.Email, Name: from.Name, Source: enduser.FromWidget})
	}
	return receipt, err
}

func (s *Submitter) take(ctx context.Context, org id.ID, said Submission, item feedback.Item) (Receipt, error) {
	if said.Key == "" {
		return s.store(ctx, org, item)
	}
	claim, receipt, err := s.claim(ctx, org, said, item.ID)
	if err != nil || receipt.Replayed {
		return receipt, err
	}
	item.ID = claim.Item
	receipt, err = s.store(ctx, org, item)
	if err != nil {
		return receipt, errors.Join(err, s.abandon(ctx, org, claim, err))
	}
	return receipt, nil
}

// store claims the item's files and inserts it.
func (s *Submitter) store(ctx context.Context, org id.ID, item feedback.Item) (Receipt, error) {
	if err := s.cite(ctx, org, item); err != nil {
		return Receipt{}, err
	}
	err := s.Store.InsertFeedback(ctx, org, item)
	if err != nil && apierr.KindOf(err) == apierr.Conflict { // whoever held this claim before had finished after all
		return Receipt{ID: item.ID, Replayed: true}, nil
	}
	return Receipt{ID: item.ID}, err
}

// claim makes the request's key its own, or answers what the key stands for already.
func (s *Submitter) claim(ctx context.Context, org id.ID, said Submission, item id.ID) (idempotency.Claim, Receipt, error) {
	now := s.Now()
	mine := idempotency.Claim{
		App: said.App, Key: said.Key, BodyHash: said.BodySum, Item: item, CreatedAt: now, LeaseUntil: now.Add(idempotency.Lease),
	}
	standing, err := s.Store.Claim(ctx, org, mine, now.Add(-idempotency.Kept))
	if err != nil || standing.Item == item {
		return standing, Receipt{}, err
	}
	if standing.BodyHash != said.BodySum {
		return standing, Receipt{}, apierr.New(apierr.Mismatch, apierr.CodeIdempotencyMismatch,
			"This Idempotency-Key was used with another body.")
	}
	switch _, err := s.Store.Feedback(ctx, org, standing.Item); {
	case err == nil:
		return standing, Receipt{ID: standing.Item, Replayed: true}, nil
	case apierr.KindOf(err) != apierr.NotFound:
		return standing, Receipt{}, err
	}
	if now.Before(standing.LeaseUntil) {
		return standing, Receipt{}, running()
	}
	lease := now.Add(idempotency.Lease)
	if err := s.Store.TakeOver(ctx, org, standing, lease); err != nil {
		if apierr.KindOf(err) == apierr.Conflict {
			err = running()
		}
		return standing, Receipt{}, err
	}
	standing.LeaseUntil = lease
	return standing, Receipt{}, nil
}

// abandon gives up a claim after a failure: a refused request may be mended and sent again under its key; one whose
// outcome is unknown may be repeated at once, as a repeat inserts the same item.
func (s *Submitter) abandon(ctx context.Context, org id.ID, claim idempotency.Claim, why error) error {
	ctx = context.WithoutCancel(ctx)
	switch apierr.KindOf(why) {
	case apierr.Internal, apierr.Unavailable:
		s.Store.TakeOver(ctx, org, claim, s.Now()) //nolint:errcheck // the store is likely away; the lease ends by itself
		return nil
	default:
		return s.Store.ReleaseClaim(ctx, org, claim)
	}
}

func running() error {
	refusal := apierr.New(apierr.Conflict, apierr.CodeIdempotencyRunning, "A request with this Idempotency-Key is still running.")
	refusal.RetryAfter = time.Second
	return refusal
}
