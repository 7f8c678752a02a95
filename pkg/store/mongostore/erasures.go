package mongostore

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/id"
)

// erasureIndexes forbid to ask for the same twice while it is not done, and serve the list and whoever looks for what is due.
func erasureIndexes() []mongo.IndexModel {
	pending := unique("pending")
	pending.Options.SetSparse(true)
	return []mongo.IndexModel{pending, index("orgId", "_id"), index("doneAt", "dueAt")}
}

// erasureDoc spells in Pending what is to be erased, and only until it is done.
type erasureDoc struct {
	ID             bson.ObjectID `bson:"_id"`
	Org            bson.ObjectID `bson:"orgId"`
	Pending        string        `bson:"pending,omitempty"`
	Kind           erasure.Kind  `bson:"kind"`
	App            bson.ObjectID `bson:"appId,omitempty"`
	Person         bson.ObjectID `bson:"personId,omitempty"`
	ExternalUserID string        `bson:"externalUserId"`
	Email          string        `bson:"email"`
	RequestedBy    string        `bson:"requestedBy"`
	RequestedAt    time.Time     `bson:"requestedAt"`
	DueAt          time.Time     `bson:"dueAt"`
	LeaseUntil     time.Time     `bson:"leaseUntil,omitempty"`
	DoneAt         time.Time     `bson:"doneAt,omitempty"`
	Receipt        receiptDoc    `bson:"receipt"`
	Version        int64         `bson:"version"`
}

type receiptDoc struct {
	Feedback    int `bson:"feedback"`
	Attachments int `bson:"attachments"`
	Events      int `bson:"events"`
	Votes       int `bson:"votes"`
	Comments    int `bson:"comments"`
	Records     int `bson:"records"`
}

// CreateErasure implements erasure.Store.
func (s *Store) CreateErasure(ctx context.Context, org id.ID, given erasure.Erasure) error {
	return s.erasures.insert(ctx, newErasureDoc(org, given))
}

// Erasure implements erasure.Store.
func (s *Store) Erasure(ctx context.Context, org, wanted id.ID) (erasure.Erasure, error) {
	return core(findOne[erasureDoc](ctx, s.erasures, owned(org, e("_id", bson.ObjectID(wanted)))))
}

// Erasures implements erasure.Store.
func (s *Store) Erasures(ctx context.Context, org id.ID) ([]erasure.Erasure, error) {
	const most = 100
	newest := options.Find().SetSort(bson.D{e("_id", -1)}).SetLimit(most)
	return cores(find[erasureDoc](ctx, s.erasures, owned(org), newest))
}

// ClaimErasure implements erasure.Store. Whoever was at it before no longer has its version.
func (s *Store) ClaimErasure(ctx context.Context, now, lease time.Time) (erasure.Erasure, error) {
	due := bson.D{
		e("doneAt", nil), e("dueAt", bson.D{e("$lte", now)}),
		e("$or", bson.A{bson.D{e("leaseUntil", nil)}, bson.D{e("leaseUntil", bson.D{e("$lte", now)})}}),
	}
	return core(findAndUpdate[erasureDoc](ctx, s.erasures, due,
		append(set(e("leaseUntil", lease)), e("$inc", bson.D{e("version", 1)})),
		options.FindOneAndUpdate().SetSort(ascending("dueAt")).SetReturnDocument(options.After)))
}

// ReplaceErasure implements erasure.Store.
func (s *Store) ReplaceErasure(ctx context.Context, org id.ID, given erasure.Erasure) error {
	known := given.Version
	given.Version++
	doc := newErasureDoc(org, given)
	return s.erasures.swap(ctx, owned(org, e("_id", doc.ID)), doc, e("version", known))
}

// DropErasure implements erasure.Store.
func (s *Store) DropErasure(ctx context.Context, org, dropped id.ID) error {
	identity := owned(org, e("_id", bson.ObjectID(dropped)))
	removed, err := s.erasures.remove(ctx, append(identity, e("doneAt", nil)))
	if err != nil || removed {
		return err
	}
	return s.erasures.unmatched(ctx, identity)
}

func newErasureDoc(org id.ID, given erasure.Erasure) erasureDoc {
	doc := erasureDoc{
		ID: bson.ObjectID(given.ID), Org: bson.ObjectID(org), Kind: given.Kind, App: bson.ObjectID(given.Subject.App),
		Person: bson.ObjectID(given.Subject.Person), ExternalUserID: given.Subject.ExternalUserID, Email: given.Subject.Email, RequestedBy: given.RequestedBy,
		RequestedAt: given.RequestedAt, DueAt: given.DueAt, LeaseUntil: given.LeaseUntil, DoneAt: given.DoneAt,
		Receipt: receiptDoc(given.Receipt), Version: given.Version,
	}
	if doc.DoneAt.IsZero() {
		doc.Pending = fmt.Sprintf("%s:%s:%s:%s:%q:%q", org, given.Kind, given.Subject.App, given.Subject.Person, doc.ExternalUserID, doc.Email)
	}
	return doc
}

func (d erasureDoc) core() erasure.Erasure {
	return erasure.Erasure{
		ID: id.ID(d.ID), Org: id.ID(d.Org), Kind: d.Kind,
		Subject:     erasure.Subject{App: id.ID(d.App), Person: id.ID(d.Person), ExternalUserID: d.ExternalUserID, Email: d.Email},
		RequestedBy: d.RequestedBy, RequestedAt: d.RequestedAt, DueAt: d.DueAt, LeaseUntil: d.LeaseUntil, DoneAt: d.DoneAt,
		Receipt: erasure.Receipt(d.Receipt), Version: d.Version,
	}
}
