package sqlitestore

import (
	"context"
	"slices"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	slotColumns = `org, key, app, kind, content_type, size, created_at, item, cited_at, kept`
	insertSlot  = `INSERT INTO slot (` + slotColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	selectSlot  = `SELECT ` + slotColumns + ` FROM slot WHERE org = ? AND key = ?`
	existsSlot  = `SELECT 1 FROM slot WHERE org = ? AND key = ?`

	citeSlot = `UPDATE slot SET item = ?1, cited_at = ?2
		WHERE org = ?3 AND key = ?4 AND condemned = 0 AND (item IS ?1 OR item IS ?5 AND kept = 0)`
	releaseSlot = `UPDATE slot SET item = NULL, cited_at = NULL
		WHERE org = ? AND key = ? AND item = ? AND kept = 0 AND condemned = 0`
	keepSlot    = `UPDATE slot SET kept = 1 WHERE org = ? AND key = ? AND item = ? AND condemned = 0`
	condemnSlot = `UPDATE slot SET condemned = 1 WHERE org = ? AND key = ? AND item IS ? AND cited_at IS ? AND kept = ?`
	removeSlot  = `DELETE FROM slot WHERE org = ? AND key = ? AND condemned = 1`

	// Each walk is of one partial index; UNION drops what stands in two.
	staleSlots = `
		SELECT * FROM (SELECT ` + slotColumns + ` FROM slot WHERE condemned = 1 LIMIT ?3)
		UNION SELECT * FROM (SELECT ` + slotColumns + ` FROM slot WHERE item IS NULL AND created_at < ?1 LIMIT ?3)
		UNION SELECT * FROM (SELECT ` + slotColumns + ` FROM slot WHERE item IS NOT NULL AND kept = 0 AND cited_at < ?2 LIMIT ?3)
		LIMIT ?3`
)

// ReserveSlot implements attachment.Slots.
func (s *Store) ReserveSlot(ctx context.Context, org id.ID, slot attachment.Slot) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		return insert(conn, insertSlot, "attachment", func(p *params) {
			p.id(org).text(slot.Key).id(slot.App).text(string(slot.Kind)).text(slot.ContentType).int(slot.Size)
			p.time(slot.CreatedAt).id(slot.Item).time(slot.CitedAt).bool(slot.Kept)
		})
	})
}

// Slots implements attachment.Slots.
func (s *Store) Slots(ctx context.Context, org id.ID, keys []string) (found []attachment.Slot, err error) {
	keys = slices.Compact(slices.Sorted(slices.Values(keys)))
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		for _, key := range keys {
			bind := func(p *params) { p.id(org).text(key) }
			if err := each(conn, selectSlot, bind, func(r *row) { found = append(found, r.slot()) }); err != nil {
				return err
			}
		}
		return nil
	})
	return found, err
}

// CiteSlot implements attachment.Slots.
func (s *Store) CiteSlot(ctx context.Context, org id.ID, key string, holder, item id.ID, at time.Time) error {
	return s.changeSlot(ctx, org, key, citeSlot, func(p *params) { p.id(item).time(at).id(org).text(key).id(holder) })
}

// ReleaseSlot implements attachment.Slots.
func (s *Store) ReleaseSlot(ctx context.Context, org id.ID, key string, item id.ID) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		_, err := execute(conn, releaseSlot, func(p *params) { p.id(org).text(key).id(item) })
		return err
	})
}

// KeepSlot implements attachment.Slots.
func (s *Store) KeepSlot(ctx context.Context, org id.ID, key string, item id.ID) error {
	return s.changeSlot(ctx, org, key, keepSlot, func(p *params) { p.id(org).text(key).id(item) })
}

// CondemnSlot implements attachment.Slots.
func (s *Store) CondemnSlot(ctx context.Context, org id.ID, slot attachment.Slot) error {
	return s.changeSlot(ctx, org, slot.Key, condemnSlot, func(p *params) {
		p.id(org).text(slot.Key).id(slot.Item).time(slot.CitedAt).bool(slot.Kept)
	})
}

func (s *Store) changeSlot(ctx context.Context, org id.ID, key, update string, bind func(p *params)) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		return compareAndSet(conn, update, existsSlot, "attachment", bind, func(p *params) { p.id(org).text(key) })
	})
}

// RemoveSlot implements attachment.Slots.
func (s *Store) RemoveSlot(ctx context.Context, org id.ID, key string) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		_, err := execute(conn, removeSlot, func(p *params) { p.id(org).text(key) })
		return err
	})
}

// StaleSlots implements attachment.Slots.
func (s *Store) StaleSlots(ctx context.Context, uncited, unkept time.Time, limit int) (stale []attachment.Slot, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return each(conn, staleSlots, func(p *params) { p.time(uncited).time(unkept).int(int64(limit)) },
			func(r *row) { stale = append(stale, r.slot()) })
	})
	return stale, err
}

func (r *row) slot() attachment.Slot {
	return attachment.Slot{
		Org: r.id(), Key: r.text(), App: r.id(), Kind: attachment.Kind(r.text()), ContentType: r.text(), Size: r.int(),
		CreatedAt: r.time(), Item: r.id(), CitedAt: r.time(), Kept: r.bool(),
	}
}
