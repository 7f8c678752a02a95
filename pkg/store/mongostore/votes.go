package mongostore

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/id"
)

// voteIndexes serve what is on a thing, counted and in a list, what is of a person, and whoever settles what is not counted.
func voteIndexes() []mongo.IndexModel {
	pending := index("pending")
	pending.Options = options.Index().SetSparse(true)
	return []mongo.IndexModel{index("orgId", "subjectId", "value", "personId"), index("orgId", "personId", "place"), pending}
}

// voteDoc has Org, subject and person as its _id, so a person has one on a thing. It is the truth, and an item's votes are
// counted from it. Until that is done it is pending, by a name of this change alone, which tells when it was made; one that is
// taken back has the value 0 for as long.
type voteDoc struct {
	Path    string        `bson:"_id"`
	Org     bson.ObjectID `bson:"orgId"`
	Kind    vote.Kind     `bson:"kind"`
	Subject bson.ObjectID `bson:"subjectId"`
	Person  bson.ObjectID `bson:"personId"`
	Value   int           `bson:"value"`
	At      time.Time     `bson:"at"`
	Place   place         `bson:"place"`
	Pending bson.ObjectID `bson:"pending,omitempty"`
}

// CastVote implements vote.Store.
func (s *Store) CastVote(ctx context.Context, org id.ID, given vote.Vote) (bool, error) {
	doc := voteDoc{
		Path: votePath(org, given.Subject, given.Person), Org: bson.ObjectID(org), Kind: given.Kind, Subject: bson.ObjectID(given.Subject),
		Person: bson.ObjectID(given.Person), Value: given.Value, At: given.At, Place: votePlace(vote.Place{At: given.At, Subject: given.Subject}),
	}
	if given.Kind == vote.OnFeedback {
		doc.Pending = bson.NewObjectID()
	}
	changed, err := s.putVote(ctx, org, doc)
	if err != nil || !changed || given.Kind != vote.OnFeedback {
		return changed, err
	}
	return s.settled(ctx, org, doc)
}

// putVote puts the vote in the place of one of another value, and tells whether there was none of the same.
func (s *Store) putVote(ctx context.Context, org id.ID, doc voteDoc) (bool, error) {
	const tries = 8 // each lost one was another vote of the same person's on the same thing
	identity := owned(org, e("_id", doc.Path))
	for range tries {
		_, err := s.votes.replace(ctx, append(identity, e("value", bson.D{e("$ne", doc.Value)})), doc, options.Replace().SetUpsert(true))
		if !is(err, apierr.Conflict) {
			return err == nil, err
		}
		stands, err := findOne[voteDoc](ctx, s.votes, identity)
		if err == nil && stands.Value == doc.Value {
			return false, nil
		}
		if err != nil && !is(err, apierr.NotFound) {
			return false, err
		}
	}
	return false, apierr.Away(errors.New("mongostore: a vote changes faster than it can be read"))
}

// WithdrawVote implements vote.Store.
func (s *Store) WithdrawVote(ctx context.Context, org id.ID, kind vote.Kind, subject, person id.ID) (bool, error) {
	standing := owned(org, e("_id", votePath(org, subject, person)), e("kind", kind), e("value", bson.D{e("$ne", 0)}))
	if kind != vote.OnFeedback {
		return s.votes.remove(ctx, standing)
	}
	pending := bson.NewObjectID()
	changed, err := s.votes.update(ctx, standing, set(e("value", 0), e("pending", pending)))
	if err != nil || !changed {
		return false, err
	}
	return s.settled(ctx, org, voteDoc{Path: votePath(org, subject, person), Subject: bson.ObjectID(subject), Pending: pending})
}

// settled counts a change to a vote; true, or why not. There is no vote on an item that is not there.
func (s *Store) settled(ctx context.Context, org id.ID, doc voteDoc) (bool, error) {
	identity := owned(org, e("_id", doc.Path), e("pending", doc.Pending))
	err := s.recount(ctx, org, id.ID(doc.Subject))
	gone := is(err, apierr.NotFound)
	if err != nil && !gone {
		return false, err
	}
	if doc.Value == 0 || gone {
		_, errRemove := s.votes.remove(ctx, identity)
		if doc.Value == 0 {
			err = nil // whoever takes a vote back does not need the item
		}
		return errors.Join(err, errRemove) == nil, errors.Join(err, errRemove)
	}
	_, err = s.votes.update(ctx, identity, bson.D{e("$unset", bson.D{e("pending", 1)})})
	return err == nil, err
}

// recount counts an item's votes anew, unless others did so since it began. Whoever counts takes the next number, and looks at
// the votes after the last one; so a vote that was there before two numbers were taken is in the count of the second.
func (s *Store) recount(ctx context.Context, org, item id.ID) error {
	identity := owned(org, e("_id", bson.ObjectID(item)))
	var began int64
	for try := range 2 {
		stands, err := findOne[itemDoc](ctx, s.feedback, identity, options.FindOne().SetProjection(bson.D{e("counted", 1), e("createdAt", 1)}))
		if err != nil {
			return err
		}
		if try == 0 {
			began = stands.Counted
		} else if stands.Counted > began+1 {
			return nil
		}
		votes, err := s.countVotes(ctx, org, item, 1)
		if err != nil {
			return err
		}
		counted, err := s.feedback.update(ctx, append(identity, countedTimes(stands.Counted)),
			set(e("votes", votes), e("heat", feedback.Heat(votes, stands.CreatedAt)), e("counted", stands.Counted+1)))
		if err != nil || counted {
			return err
		}
	}
	return nil
}

// countedTimes selects an item whose votes were counted so often. One from before there were votes does not say so.
func countedTimes(n int64) bson.E {
	if n == 0 {
		return e("counted", bson.D{e("$in", bson.A{n, nil})})
	}
	return e("counted", n)
}

// SettleVotes implements vote.Store.
func (s *Store) SettleVotes(ctx context.Context, before time.Time, limit int) (int, error) {
	due, err := find[voteDoc](ctx, s.votes, bson.D{e("pending", bson.D{e("$lt", bson.NewObjectIDFromTimestamp(before))})},
		options.Find().SetLimit(int64(limit)))
	items := map[bson.ObjectID]bool{}
	for _, doc := range due {
		if _, err := s.settled(ctx, id.ID(doc.Org), doc); err != nil && !is(err, apierr.NotFound) {
			return len(items), err
		}
		items[doc.Subject] = true
	}
	return len(items), err
}

// VotesOf implements vote.Store.
func (s *Store) VotesOf(ctx context.Context, org, person id.ID, subjects []id.ID) ([]vote.Vote, error) {
	if len(subjects) == 0 {
		return nil, nil
	}
	paths := each(subjects, func(subject id.ID) string { return votePath(org, subject, person) })
	return cores(find[voteDoc](ctx, s.votes, owned(org, e("_id", bson.D{e("$in", paths)}), e("value", bson.D{e("$ne", 0)}))))
}

// VotesBy implements vote.Store.
func (s *Store) VotesBy(ctx context.Context, org, person id.ID, before vote.Place, limit int) ([]vote.Vote, error) {
	filter := owned(org, e("personId", bson.ObjectID(person)), e("value", bson.D{e("$ne", 0)}))
	if before != (vote.Place{}) {
		filter = append(filter, e("place", bson.D{e("$lt", votePlace(before))}))
	}
	return cores(find[voteDoc](ctx, s.votes, filter, options.Find().SetSort(bson.D{e("place", -1)}).
		SetHint(ascending("orgId", "personId", "place")).SetLimit(int64(limit))))
}

// VotesOn implements vote.Store.
func (s *Store) VotesOn(ctx context.Context, org, subject, after id.ID, limit int) ([]vote.Vote, error) {
	filter := owned(org, e("subjectId", bson.ObjectID(subject)), e("value", bson.D{e("$in", bson.A{1, -1})}),
		e("personId", bson.D{e("$gt", bson.ObjectID(after))}))
	return cores(find[voteDoc](ctx, s.votes, filter, options.Find().SetSort(ascending("personId")).
		SetHint(ascending("orgId", "subjectId", "value", "personId")).SetLimit(int64(limit))))
}

// CountVotes implements vote.Store.
func (s *Store) CountVotes(ctx context.Context, org, subject id.ID) (vote.Tally, error) {
	votesFor, err := s.countVotes(ctx, org, subject, 1)
	if err != nil {
		return vote.Tally{}, err
	}
	against, err := s.countVotes(ctx, org, subject, -1)
	if err != nil {
		return vote.Tally{}, err
	}
	return vote.Tally{For: votesFor, Against: against}, nil
}

func (s *Store) countVotes(ctx context.Context, org, subject id.ID, value int) (int64, error) {
	return s.votes.count(ctx, owned(org, e("subjectId", bson.ObjectID(subject)), e("value", value)),
		ascending("orgId", "subjectId", "value", "personId"))
}

func votePath(org, subject, person id.ID) string { return path(org, subject.String(), person.String()) }

func votePlace(at vote.Place) place { return placeOf(event.Place{ReceivedAt: at.At, ID: at.Subject}) }

func (d voteDoc) core() vote.Vote {
	return vote.Vote{Kind: d.Kind, Subject: id.ID(d.Subject), Person: id.ID(d.Person), Value: d.Value, At: d.At}
}
