package people

import (
	"cmp"
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/heard-dev/heard/pkg/core/comment"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/services/read/internal/review"
)

// Kind is what an entry of a timeline is.
type Kind uint8

// The kinds, as entries of one millisecond follow each other, the last first.
const (
	OfEvent Kind = iota + 1
	OfVote
	OfComment
	OfFeedback
)

// Kinds lists them all.
func Kinds() []Kind { return []Kind{OfEvent, OfVote, OfComment, OfFeedback} }

// Place is where an entry stands among all of a person: no two stand at the same. The zero Place is before the first. ID is
// the entry's own, or the thing that was voted on; Record is whose vote it is.
type Place struct {
	Milli  int64 // unix
	Kind   Kind
	ID     id.ID
	Record id.ID
}

// compare orders places as a timeline has them: newest first.
func (p Place) compare(q Place) int {
	return cmp.Or(cmp.Compare(q.Milli, p.Milli), cmp.Compare(q.Kind, p.Kind),
		slices.Compare(q.ID[:], p.ID[:]), slices.Compare(q.Record[:], p.Record[:]))
}

// Entry is one thing that a person said or did: one of the pointers is set.
type Entry struct {
	Place
	Feedback *review.Item
	Event    *event.Event
	Vote     *vote.Vote
	Comment  *comment.Comment
}

// Span selects a page of a timeline: what follows After. Without Kinds there are all.
type Span struct {
	After Place
	Limit int
	Kinds []Kind
}

// Stretch is a page of a timeline. Next is its last place; zero when nothing follows.
type Stretch struct {
	Entries []Entry
	Next    Place
}

// Timeline gives what a person said and did, newest first. It walks one index for each of their names, so that its cost does
// not grow with what there is. What was there when the first page was asked for is on one page, once.
func (r *Reader) Timeline(ctx context.Context, org id.ID, whole enduser.Whole, span Span) (Stretch, error) {
	if span.Kinds == nil {
		span.Kinds = Kinds()
	}
	walks := r.walks(org, whole, span.Kinds)
	found := make([][]Entry, len(walks))
	look, within := errgroup.WithContext(ctx)
	look.SetLimit(abreast)
	for n, walk := range walks {
		look.Go(func() (err error) {
			found[n], err = walk(within, span.After, span.Limit+1) // one more tells whether there is a next page
			return err
		})
	}
	if err := look.Wait(); err != nil {
		return Stretch{}, err
	}
	entries := slices.Concat(found...)
	slices.SortFunc(entries, func(a, b Entry) int { return a.compare(b.Place) })
	page := Stretch{Entries: entries}
	if len(entries) > span.Limit {
		page.Entries, page.Next = entries[:span.Limit], entries[span.Limit-1].Place
	}
	return page, r.sign(ctx, page.Entries)
}

// sign gives the files of feedback their URLs.
func (r *Reader) sign(ctx context.Context, entries []Entry) error {
	for _, entry := range entries {
		if entry.Feedback == nil {
			continue
		}
		signed, err := r.Reviewer.WithDownloads(ctx, entry.Feedback.Item)
		if err != nil {
			return err
		}
		*entry.Feedback = signed
	}
	return nil
}

// since is the millisecond before whose start, in the order of one index, all that follows the place is which is of the kind.
func (p Place) since(kind Kind) int64 {
	if kind < p.Kind {
		return p.Milli + 1 // those of the same millisecond follow
	}
	return p.Milli
}

// id is the id before which all that follows the place is which is of the kind; zero for all.
func (p Place) id(kind Kind) id.ID {
	switch p.Kind {
	case 0:
		return id.Zero
	case kind:
		return p.ID
	}
	return id.Since(p.since(kind))
}

func (p Place) event() event.Place {
	switch p.Kind {
	case 0:
		return event.Place{}
	case OfEvent:
		return event.Place{ReceivedAt: time.UnixMilli(p.Milli).UTC(), ID: p.ID}
	}
	return event.Place{ReceivedAt: time.UnixMilli(p.since(OfEvent)).UTC()}
}

// vote is told apart by its Record, too: another record's vote on the same thing may stand at the same time.
func (p Place) vote(record id.ID) vote.Place {
	at := vote.Place{At: time.UnixMilli(p.since(OfVote)).UTC()}
	switch {
	case p.Kind == 0:
		return vote.Place{}
	case p.Kind == OfVote && slices.Compare(record[:], p.Record[:]) < 0:
		at.Subject = p.ID.Next()
	case p.Kind == OfVote:
		at.Subject = p.ID
	}
	return at
}
