package mongostore

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/id"
)

// slotIndexes serve the reaper, where each third of StaleSlots is one range, and the erasure of an App.
func slotIndexes() []mongo.IndexModel {
	return []mongo.IndexModel{index("condemned", "kept", "citedAt", "createdAt"), index("orgId", "appId")}
}

// slotDoc has the key as its _id, so a key is one slot's without a unique index. A condemned slot is otherwise as it was.
type slotDoc struct {
	Key         string          `bson:"_id"`
	Org         bson.ObjectID   `bson:"orgId"`
	App         bson.ObjectID   `bson:"appId"`
	Kind        attachment.Kind `bson:"kind"`
	ContentType string          `bson:"contentType"`
	Size        int64           `bson:"size"`
	CreatedAt   time.Time       `bson:"createdAt"`
	Item        bson.ObjectID   `bson:"itemId,omitempty"`
	CitedAt     time.Time       `bson:"citedAt,omitempty"`
	Kept        bool            `bson:"kept"`
	Condemned   bool            `bson:"condemned"`
}

// ReserveSlot implements attachment.Slots.
func (s *Store) ReserveSlot(ctx context.Context, org id.ID, slot attachment.Slot) error {
	return s.slots.insert(ctx, slotDoc{
		Key: slot.Key, Org: bson.ObjectID(org), App: bson.ObjectID(slot.App), Kind: slot.Kind, ContentType: slot.ContentType,
		Size: slot.Size, CreatedAt: slot.CreatedAt, Item: bson.ObjectID(slot.Item), CitedAt: slot.CitedAt, Kept: slot.Kept,
	})
}

// Slots implements attachment.Slots.
func (s *Store) Slots(ctx context.Context, org id.ID, keys []string) ([]attachment.Slot, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	return cores(find[slotDoc](ctx, s.slots, owned(org, e("_id", bson.D{e("$in", keys)}))))
}

// CiteSlot implements attachment.Slots. A slot already bound to item is bound anew, which keeps the reaper off a retry.
func (s *Store) CiteSlot(ctx context.Context, org id.ID, key string, holder, item id.ID, at time.Time) error {
	free := bson.D{e("itemId", orNull(bson.ObjectID(holder))), e("kept", false)}
	ours := bson.D{e("itemId", bson.ObjectID(item))}
	return s.changeSlot(ctx, org, key,
		bson.D{e("condemned", false), e("$or", bson.A{free, ours})},
		set(e("itemId", bson.ObjectID(item)), e("citedAt", at)))
}

// ReleaseSlot implements attachment.Slots.
func (s *Store) ReleaseSlot(ctx context.Context, org id.ID, key string, item id.ID) error {
	cited := owned(org, e("_id", key), e("itemId", bson.ObjectID(item)), e("kept", false), e("condemned", false))
	_, err := s.slots.update(ctx, cited, bson.D{e("$unset", bson.D{e("itemId", 1), e("citedAt", 1)})})
	return err
}

// KeepSlot implements attachment.Slots.
func (s *Store) KeepSlot(ctx context.Context, org id.ID, key string, item id.ID) error {
	return s.changeSlot(ctx, org, key, bson.D{e("itemId", bson.ObjectID(item)), e("condemned", false)}, set(e("kept", true)))
}

// StaleSlots implements attachment.Slots.
func (s *Store) StaleSlots(ctx context.Context, uncited, unkept time.Time, limit int) ([]attachment.Slot, error) {
	loose := func(more ...bson.E) bson.D { return append(bson.D{e("condemned", false), e("kept", false)}, more...) }
	return cores(find[slotDoc](ctx, s.slots, bson.D{e("$or", bson.A{
		bson.D{e("condemned", true)},
		loose(e("citedAt", nil), e("createdAt", bson.D{e("$lt", uncited)})),
		loose(e("citedAt", bson.D{e("$lt", unkept)})),
	})}, options.Find().SetLimit(int64(limit))))
}

// CondemnSlot implements attachment.Slots.
func (s *Store) CondemnSlot(ctx context.Context, org id.ID, slot attachment.Slot) error {
	given := bson.D{e("itemId", orNull(bson.ObjectID(slot.Item))), e("citedAt", orNull(slot.CitedAt)), e("kept", slot.Kept)}
	return s.changeSlot(ctx, org, slot.Key, given, set(e("condemned", true)))
}

// RemoveSlot implements attachment.Slots.
func (s *Store) RemoveSlot(ctx context.Context, org id.ID, key string) error {
	_, err := s.slots.remove(ctx, owned(org, e("_id", key), e("condemned", true)))
	return err
}

// changeSlot changes the slot if it is as expected: apierr.NotFound without one, otherwise apierr.Conflict.
func (s *Store) changeSlot(ctx context.Context, org id.ID, key string, expected, change bson.D) error {
	identity := owned(org, e("_id", key))
	changed, err := s.slots.update(ctx, append(identity, expected...), change)
	if err != nil || changed {
		return err
	}
	return s.slots.unmatched(ctx, identity)
}

func (d slotDoc) core() attachment.Slot {
	return attachment.Slot{
		Key: d.Key, Org: id.ID(d.Org), App: id.ID(d.App), Kind: d.Kind, ContentType: d.ContentType, Size: d.Size,
		CreatedAt: d.CreatedAt, Item: id.ID(d.Item), CitedAt: d.CitedAt, Kept: d.Kept,
	}
}
