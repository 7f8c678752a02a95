package event_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/id"
)

// album takes a while to write one profile.
type album struct {
	event.Store
	steady
	mu      sync.Mutex
	profile event.Profile
}

func (a *album) InsertEvents(ctx context.Context, org id.ID, events []event.Event) ([]time.Time, error) {
	return a.steady.InsertEvents(ctx, org, events)
}

func (a *album) Profile(context.Context, id.ID, string) (event.Profile, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.profile.Version == 0 {
		return event.Profile{}, apierr.Missing("profile")
	}
	return a.profile, nil
}

func (a *album) PutProfile(_ context.Context, _ id.ID, profile event.Profile) error {
	time.Sleep(writeTime)
	a.mu.Lock()
	defer a.mu.Unlock()
	if profile.Version != a.profile.Version {
		return apierr.New(apierr.Conflict, apierr.CodeChanged, "changed")
	}
	profile.Version++
	a.profile = profile
	return nil
}

func TestWhatManySayOfOneUserAtOnceTakesFewWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const callers = 64
		a := &album{}
		taker := event.NewTaker(a, a, event.NewWriter(a, 1), ids, time.Now)
		var telling sync.WaitGroup
		for n := range callers {
			telling.Go(func() {
				if told, err := taker.Take(t.Context(), org, []event.Draft{identify("u", fmt.Sprintf(`{"t%d":1}`, n))}, -1); err != nil || told[0].Err != nil {
					t.Error(told, err)
				}
			})
		}
		telling.Wait()
		if traits := a.profile.Traits; a.profile.Version > callers/4 || len(traits) < callers*len(`"t1":1,`) {
			t.Errorf("%d writes, of %s", a.profile.Version, traits)
		}
	})
}
