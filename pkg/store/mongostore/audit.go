package mongostore

import (
	"context"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/id"
)

// auditIndexes has the chain itself, and one index for each thing to ask it for, along which a page is a walk in order.
func auditIndexes() []mongo.IndexModel {
	return []mongo.IndexModel{
		index("orgId", "seq"),
		index("orgId", "action", "seq"),
		index("orgId", "actor.id", "seq"),
		index("orgId", "target.kind", "target.id", "seq"),
	}
}

// entryDoc has Org and Seq as its _id, so that of many next links one is stored, without a unique index. Before and After
// are kept as text, byte for byte as they were hashed.
type entryDoc struct {
	Link     string        `bson:"_id"`
	Org      bson.ObjectID `bson:"orgId"`
	Seq      int64         `bson:"seq"`
	ID       bson.ObjectID `bson:"entryId"`
	At       time.Time     `bson:"at"`
	Actor    actorDoc      `bson:"actor"`
	Action   string        `bson:"action"`
	Target   auditedDoc    `bson:"target"`
	Outcome  audit.Outcome `bson:"outcome"`
	Before   *string       `bson:"before"`
	After    *string       `bson:"after"`
	Previous []byte        `bson:"previous"`
	Hash     []byte        `bson:"hash"`
}

type actorDoc struct {
	Kind       audit.ActorKind `bson:"kind"`
	ID         bson.ObjectID   `bson:"id,omitempty"`
	Name       string          `bson:"name"`
	Credential string          `bson:"credential"`
	Address    string          `bson:"address"`
}

type auditedDoc struct {
	Kind string `bson:"kind"`
	ID   string `bson:"id"`
	Name string `bson:"name"`
}

// AppendAudit implements audit.Store.
func (s *Store) AppendAudit(ctx context.Context, org id.ID, entry audit.Entry) error {
	return s.audit.insert(ctx, entryDoc{
		Link: path(org, strconv.FormatInt(entry.Seq, 10)), Org: bson.ObjectID(org), Seq: entry.Seq, ID: bson.ObjectID(entry.ID),
		At: entry.At, Actor: actorDoc{
			Kind: entry.Actor.Kind, ID: bson.ObjectID(entry.Actor.ID), Name: entry.Actor.Name, Credential: entry.Actor.Credential,
			Address: entry.Actor.Address,
		},
		Action: entry.Action, Target: auditedDoc(entry.Target), Outcome: entry.Outcome, Before: jsonText(entry.Before),
		After: jsonText(entry.After), Previous: entry.Previous[:], Hash: entry.Hash[:],
	})
}

// LastAudit implements audit.Store.
func (s *Store) LastAudit(ctx context.Context, org id.ID) (audit.Entry, error) {
	return core(findOne[entryDoc](ctx, s.audit, owned(org), options.FindOne().SetSort(bson.D{e("seq", -1)})))
}

// AuditPage implements audit.Store.
func (s *Store) AuditPage(ctx context.Context, org id.ID, query audit.Query) ([]audit.Entry, error) {
	return cores(find[entryDoc](ctx, s.audit, audited(org, query),
		options.Find().SetSort(bson.D{e("seq", -1)}).SetLimit(int64(query.Limit))))
}

// AuditFrom implements audit.Store.
func (s *Store) AuditFrom(ctx context.Context, org id.ID, after int64, limit int) ([]audit.Entry, error) {
	return cores(find[entryDoc](ctx, s.audit, owned(org, e("seq", bson.D{e("$gt", after)})),
		options.Find().SetSort(ascending("seq")).SetLimit(int64(limit))))
}

// audited is a query as a filter.
func audited(org id.ID, query audit.Query) bson.D {
	filter := owned(org)
	where := func(given bool, field string, value any) {
		if given {
			filter = append(filter, e(field, value))
		}
	}
	where(query.Action != "", "action", query.Action)
	where(!query.Actor.IsZero(), "actor.id", bson.ObjectID(query.Actor))
	where(query.TargetKind != "", "target.kind", query.TargetKind)
	where(query.TargetID != "", "target.id", query.TargetID)
	var at bson.D
	if !query.From.IsZero() {
		at = append(at, e("$gte", query.From))
	}
	if !query.To.IsZero() {
		at = append(at, e("$lt", query.To))
	}
	where(at != nil, "at", at)
	where(query.Before != 0, "seq", bson.D{e("$lt", query.Before)})
	return filter
}

func (d entryDoc) core() audit.Entry {
	return audit.Entry{
		Org: id.ID(d.Org), ID: id.ID(d.ID), Seq: d.Seq, At: d.At, Actor: audit.Actor{
			Kind: d.Actor.Kind, ID: id.ID(d.Actor.ID), Name: d.Actor.Name, Credential: d.Actor.Credential, Address: d.Actor.Address,
		},
		Action: d.Action, Target: audit.Target(d.Target), Outcome: d.Outcome, Before: jsonBytes(d.Before), After: jsonBytes(d.After),
		Previous: hashOf[audit.Hash](d.Previous), Hash: hashOf[audit.Hash](d.Hash),
	}
}
