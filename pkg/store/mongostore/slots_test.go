package mongostore_test

import (
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/id"
)

// A submission that is sent again cites again; the reaper, who saw the first citation go stale, must not take the file.
func TestARetryKeepsItsFileFromTheReaper(t *testing.T) {
	s := open(t, server(t), nil)
	ctx, one := t.Context(), item()
	slot := attachment.Slot{Key: "orgs/a", Org: one.Org, App: one.App, CreatedAt: one.CreatedAt}
	must(t, s.ReserveSlot(ctx, one.Org, slot))
	must(t, s.CiteSlot(ctx, one.Org, slot.Key, id.Zero, one.ID, one.CreatedAt))
	stale, err := s.StaleSlots(ctx, one.CreatedAt, one.CreatedAt.Add(time.Minute), 1)
	must(t, err)

	must(t, s.CiteSlot(ctx, one.Org, slot.Key, id.Zero, one.ID, one.CreatedAt.Add(time.Minute)))
	if err := s.CondemnSlot(ctx, one.Org, stale[0]); err == nil || apierr.KindOf(err) != apierr.Conflict {
		t.Errorf("a slot that is in use again was condemned: %v", err)
	}
	must(t, s.KeepSlot(ctx, one.Org, slot.Key, one.ID))
}
