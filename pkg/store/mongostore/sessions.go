package mongostore

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/id"
)

// sessionIndexes serve the list of a member's open sessions, and the sweep.
func sessionIndexes() []mongo.IndexModel {
	return []mongo.IndexModel{index("orgId", "memberId", "endedAt", "_id"), index("expiresAt")}
}

type sessionDoc struct {
	ID          bson.ObjectID `bson:"_id"`
	Org         bson.ObjectID `bson:"orgId"`
	Member      bson.ObjectID `bson:"memberId"`
	Rotation    int64         `bson:"rotation"`
	Address     string        `bson:"address"`
	UserAgent   string        `bson:"userAgent"`
	CreatedAt   time.Time     `bson:"createdAt"`
	RefreshedAt time.Time     `bson:"refreshedAt,omitempty"`
	ExpiresAt   time.Time     `bson:"expiresAt,omitempty"`
	EndedAt     time.Time     `bson:"endedAt,omitempty"`
	EndReason   string        `bson:"endReason"`
}

// CreateSession implements session.Store.
func (s *Store) CreateSession(ctx context.Context, org id.ID, given session.Session) error {
	return s.sessions.insert(ctx, newSessionDoc(org, given))
}

// Session implements session.Store.
func (s *Store) Session(ctx context.Context, org, wanted id.ID) (session.Session, error) {
	return core(current[sessionDoc](ctx, s.sessions, owned(org, e("_id", bson.ObjectID(wanted)))))
}

// Sessions implements session.Store.
func (s *Store) Sessions(ctx context.Context, org, member id.ID) ([]session.Session, error) {
	return cores(find[sessionDoc](ctx, s.sessions, openSessions(org, member), oldestFirst()))
}

// RotateSession implements session.Store.
func (s *Store) RotateSession(ctx context.Context, org id.ID, given session.Session, rotation int64) error {
	doc := newSessionDoc(org, given)
	return s.sessions.swap(ctx, owned(org, e("_id", doc.ID)), doc, e("endedAt", nil), e("rotation", rotation))
}

// EndSession implements session.Store. One that ended before is written as it is, because only a write waits until a
// majority knows of the end that it found.
func (s *Store) EndSession(ctx context.Context, org, ended id.ID, at time.Time, reason string) error {
	identity := owned(org, e("_id", bson.ObjectID(ended)))
	found, err := s.sessions.update(ctx, append(identity, e("endedAt", nil)), ending(at, reason))
	if err != nil || found {
		return err
	}
	found, err = s.sessions.update(ctx, identity, set(e("orgId", bson.ObjectID(org))))
	if err != nil || found {
		return err
	}
	return apierr.Missing(s.sessions.what)
}

// EndSessions implements session.Store. A majority knows of those, too, that had ended before: a write waits for all that
// was written before it, even when it finds nothing left to do.
func (s *Store) EndSessions(ctx context.Context, org, member id.ID, at time.Time, reason string) error {
	return s.sessions.updateAll(ctx, openSessions(org, member), ending(at, reason))
}

// SweepSessions implements session.Store.
func (s *Store) SweepSessions(ctx context.Context, expired time.Time, limit int) (int, error) {
	return s.sessions.sweep(ctx, bson.D{e("expiresAt", bson.D{e("$lt", expired)})}, limit)
}

func openSessions(org, member id.ID) bson.D {
	return owned(org, e("memberId", bson.ObjectID(member)), e("endedAt", nil))
}

func ending(at time.Time, reason string) bson.D { return set(e("endedAt", at), e("endReason", reason)) }

func newSessionDoc(org id.ID, s session.Session) sessionDoc {
	return sessionDoc{
		ID: bson.ObjectID(s.ID), Org: bson.ObjectID(org), Member: bson.ObjectID(s.Member), Rotation: s.Rotation, Address: s.Address,
		UserAgent: s.UserAgent, CreatedAt: s.CreatedAt, RefreshedAt: s.RefreshedAt, ExpiresAt: s.ExpiresAt, EndedAt: s.EndedAt,
		EndReason: s.EndReason,
	}
}

func (d sessionDoc) core() session.Session {
	return session.Session{
		ID: id.ID(d.ID), Org: id.ID(d.Org), Member: id.ID(d.Member), Rotation: d.Rotation, Address: d.Address, UserAgent: d.UserAgent,
		CreatedAt: d.CreatedAt, RefreshedAt: d.RefreshedAt, ExpiresAt: d.ExpiresAt, EndedAt: d.EndedAt, EndReason: d.EndReason,
	}
}
