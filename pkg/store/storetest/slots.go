package storetest

import (
	"cmp"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/id"
)

func slots(t *testing.T, s Store) {
	m := newMaker()
	t.Run("slots read back exactly", func(t *testing.T) { slotsReadBack(t, s, m) })
	t.Run("a slot is cited by one item", func(t *testing.T) { cite(t, s, m) })
	t.Run("a citation is released or kept by its item alone", func(t *testing.T) { releaseAndKeep(t, s, m) })
	t.Run("a slot is condemned or cited, never both", func(t *testing.T) { condemn(t, s, m) })
	t.Run("stale slots are what nobody cited or kept in time", func(t *testing.T) { stale(t, s, m) })
}

func slotsReadBack(t *testing.T, s Store, m maker) {
	org, app := m.ids.New(), m.ids.New()
	fresh, kept := m.slot(org, app), m.slot(org, app)
	kept.Item, kept.CitedAt, kept.Kept = m.ids.New(), moment().Add(time.Minute), true
	stranger := m.slot(m.ids.New(), app)
	for _, slot := range []attachment.Slot{fresh, kept, stranger} {
		must(t, s.ReserveSlot(t.Context(), slot.Org, slot))
	}
	taken(t, s.ReserveSlot(t.Context(), org, fresh))

	got := read[[]attachment.Slot](t)(s.Slots(t.Context(), org, []string{kept.Key, "none", fresh.Key, fresh.Key, stranger.Key}))
	slices.SortFunc(got, func(a, b attachment.Slot) int { return cmp.Compare(a.Key, b.Key) })
	same(t, got, []attachment.Slot{fresh, kept})
	if got := read[[]attachment.Slot](t)(s.Slots(t.Context(), org, nil)); len(got) != 0 {
		t.Fatalf("no keys gave %+v", got)
	}
}

func slot(t *testing.T, s Store, org id.ID, key string) attachment.Slot {
	t.Helper()
	got := read[[]attachment.Slot](t)(s.Slots(t.Context(), org, []string{key}))
	if len(got) != 1 {
		t.Fatalf("%d slots with one key", len(got))
	}
	return got[0]
}

func cite(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	want := m.slot(org, m.ids.New())
	must(t, s.ReserveSlot(t.Context(), org, want))
	missing(t, s.CiteSlot(t.Context(), org, "none", id.Zero, m.ids.New(), moment()))
	changed(t, s.CiteSlot(t.Context(), org, want.Key, m.ids.New(), m.ids.New(), moment()))
	same(t, slot(t, s, org, want.Key), want)

	racing := make([]id.ID, racers)
	at := func(racer int) time.Time { return moment().Add(time.Duration(racer) * time.Second) }
	winner := oneWinner(t, apierr.CodeChanged, race(func(racer int) error {
		racing[racer] = m.ids.New()
		return s.CiteSlot(t.Context(), org, want.Key, id.Zero, racing[racer], at(racer))
	}))
	want.Item, want.CitedAt = racing[winner], at(winner)
	same(t, slot(t, s, org, want.Key), want)

	listed := want
	want.CitedAt = at(50)
	must(t, s.CiteSlot(t.Context(), org, want.Key, id.Zero, want.Item, want.CitedAt))
	same(t, slot(t, s, org, want.Key), want)
	changed(t, s.CondemnSlot(t.Context(), org, listed))

	heir := m.ids.New()
	must(t, s.CiteSlot(t.Context(), org, want.Key, want.Item, heir, at(99)))
	changed(t, s.CiteSlot(t.Context(), org, want.Key, want.Item, m.ids.New(), at(99)))
	want.Item, want.CitedAt = heir, at(99)
	same(t, slot(t, s, org, want.Key), want)
}

func releaseAndKeep(t *testing.T, s Store, m maker) {
	org, item, other := m.ids.New(), m.ids.New(), m.ids.New()
	reserved := m.slot(org, m.ids.New())
	must(t, s.ReserveSlot(t.Context(), org, reserved))
	changed(t, s.KeepSlot(t.Context(), org, reserved.Key, item))
	missing(t, s.KeepSlot(t.Context(), org, "none", item))

	must(t, s.CiteSlot(t.Context(), org, reserved.Key, id.Zero, item, moment()))
	cited := slot(t, s, org, reserved.Key)
	must(t, s.ReleaseSlot(t.Context(), org, reserved.Key, other))
	same(t, slot(t, s, org, reserved.Key), cited)
	must(t, s.ReleaseSlot(t.Context(), org, reserved.Key, item))
	must(t, s.ReleaseSlot(t.Context(), org, reserved.Key, item))
	same(t, slot(t, s, org, reserved.Key), reserved)

	must(t, s.CiteSlot(t.Context(), org, reserved.Key, id.Zero, item, moment()))
	changed(t, s.KeepSlot(t.Context(), org, reserved.Key, other))
	must(t, s.KeepSlot(t.Context(), org, reserved.Key, item))
	must(t, s.KeepSlot(t.Context(), org, reserved.Key, item))
	cited.Kept = true
	same(t, slot(t, s, org, reserved.Key), cited)

	must(t, s.ReleaseSlot(t.Context(), org, reserved.Key, item))
	changed(t, s.CiteSlot(t.Context(), org, reserved.Key, item, other, moment()))
	must(t, s.CiteSlot(t.Context(), org, reserved.Key, item, item, moment()))
	same(t, slot(t, s, org, reserved.Key), cited)
}

func condemn(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	missing(t, s.CondemnSlot(t.Context(), org, m.slot(org, m.ids.New())))

	late := m.slot(org, m.ids.New())
	must(t, s.ReserveSlot(t.Context(), org, late))
	must(t, s.CiteSlot(t.Context(), org, late.Key, id.Zero, m.ids.New(), moment()))
	changed(t, s.CondemnSlot(t.Context(), org, late))
	late = slot(t, s, org, late.Key)
	must(t, s.RemoveSlot(t.Context(), org, late.Key))
	same(t, slot(t, s, org, late.Key), late)
	must(t, s.CondemnSlot(t.Context(), org, late))
	changed(t, s.KeepSlot(t.Context(), org, late.Key, late.Item))
	must(t, s.ReleaseSlot(t.Context(), org, late.Key, late.Item))
	same(t, slot(t, s, org, late.Key), late)
	changed(t, s.CiteSlot(t.Context(), org, late.Key, late.Item, m.ids.New(), moment()))
	changed(t, s.CiteSlot(t.Context(), org, late.Key, late.Item, late.Item, moment()))

	for range 8 {
		raced := m.slot(org, m.ids.New())
		must(t, s.ReserveSlot(t.Context(), org, raced))
		var cited, condemned atomic.Int64
		for _, err := range race(func(racer int) error {
			if racer%2 == 0 {
				err := s.CondemnSlot(t.Context(), org, raced)
				if err == nil {
					condemned.Add(1)
				}
				return err
			}
			err := s.CiteSlot(t.Context(), org, raced.Key, id.Zero, m.ids.New(), moment())
			if err == nil {
				cited.Add(1)
			}
			return err
		}) {
			if err != nil {
				changed(t, err)
			}
		}
		if cited.Load() > 1 || (cited.Load() == 1) == (condemned.Load() > 0) {
			t.Fatalf("cited %d times and condemned %d times", cited.Load(), condemned.Load())
		}
	}
}

func stale(t *testing.T, s Store, m maker) {
	org, item := m.ids.New(), m.ids.New()
	past := func(minute int) time.Time { return time.Date(2001, 1, 1, 0, minute, 0, 0, time.UTC) }
	made := func(created int, cited int, kept bool) attachment.Slot {
		slot := m.slot(org, m.ids.New())
		slot.CreatedAt, slot.Kept = past(created), kept
		if cited > 0 {
			slot.Item, slot.CitedAt = item, past(cited)
		}
		must(t, s.ReserveSlot(t.Context(), org, slot))
		return slot
	}
	unused, forgotten := made(1, 0, false), made(1, 5, false)
	for _, slot := range []attachment.Slot{made(10, 0, false), made(1, 20, false), made(1, 5, true)} {
		changed(t, s.CiteSlot(t.Context(), org, slot.Key, m.ids.New(), m.ids.New(), moment()))
	}
	list := func(limit int) []attachment.Slot {
		t.Helper()
		got := read[[]attachment.Slot](t)(s.StaleSlots(t.Context(), past(10), past(20), limit))
		if len(got) > limit {
			t.Fatalf("a limit of %d gave %d", limit, len(got))
		}
		got = slices.DeleteFunc(got, func(slot attachment.Slot) bool { return slot.Org != org })
		slices.SortFunc(got, func(a, b attachment.Slot) int { return cmp.Compare(a.Key, b.Key) })
		return got
	}
	same(t, list(100), []attachment.Slot{unused, forgotten})
	list(1)

	must(t, s.KeepSlot(t.Context(), org, forgotten.Key, item))
	condemned := made(30, 0, false)
	for range 2 {
		must(t, s.CondemnSlot(t.Context(), org, unused))
		must(t, s.CondemnSlot(t.Context(), org, condemned))
		same(t, list(100), []attachment.Slot{unused, condemned})
	}
	for range 2 {
		must(t, s.RemoveSlot(t.Context(), org, unused.Key))
		must(t, s.RemoveSlot(t.Context(), org, condemned.Key))
		if got := list(100); len(got) != 0 {
			t.Fatalf("still stale after removal: %+v", got)
		}
	}
	must(t, s.ReserveSlot(t.Context(), org, unused))
}
