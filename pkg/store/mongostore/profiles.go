package mongostore

import (
	"cmp"
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/id"
)

// profileIndexes serve the erasure of a person.
func profileIndexes() []mongo.IndexModel { return []mongo.IndexModel{said("email")} }

// profileDoc has Org and user as its _id.
type profileDoc struct {
	Path       string        `bson:"_id"`
	Org        bson.ObjectID `bson:"orgId"`
	UserID     string        `bson:"userId"`
	Email      string        `bson:"email"`
	EmailGiven string        `bson:"emailGiven,omitempty"`
	Traits     []byte        `bson:"traits"`
	CreatedAt  time.Time     `bson:"createdAt"`
	UpdatedAt  time.Time     `bson:"updatedAt"`
	Version    int64         `bson:"version"`
}

// Profile implements event.Profiles.
func (s *Store) Profile(ctx context.Context, org id.ID, userID string) (event.Profile, error) {
	return core(findOne[profileDoc](ctx, s.profiles, owned(org, e("_id", path(org, userID)))))
}

// PutProfile implements event.Profiles.
func (s *Store) PutProfile(ctx context.Context, org id.ID, given event.Profile) error {
	doc := profileDoc{
		Path: path(org, given.UserID), Org: bson.ObjectID(org), UserID: given.UserID, Traits: given.Traits,
		CreatedAt: given.CreatedAt, UpdatedAt: given.UpdatedAt, Version: given.Version + 1,
	}
	doc.Email, doc.EmailGiven = foldedEmail(given.Email)
	if given.Version == 0 {
		err := s.profiles.insert(ctx, doc)
		if is(err, apierr.Conflict) {
			return s.profiles.changed()
		}
		return err
	}
	replaced, err := s.profiles.replace(ctx, owned(org, e("_id", doc.Path), e("version", given.Version)), doc)
	if err != nil || replaced {
		return err
	}
	return s.profiles.changed()
}

func (d profileDoc) core() event.Profile {
	return event.Profile{
		Org: id.ID(d.Org), UserID: d.UserID, Email: cmp.Or(d.EmailGiven, d.Email), Traits: d.Traits, CreatedAt: d.CreatedAt,
		UpdatedAt: d.UpdatedAt, Version: d.Version,
	}
}
