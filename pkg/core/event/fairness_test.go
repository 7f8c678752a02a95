package event_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/id"
)

// steady takes the same time for every write, by a bubble's clock: a wait is a number of writes.
type steady struct{}

const (
	writeTime = time.Millisecond
	others    = 999
)

// another is the nth Org that does not flood.
func another(n int) (of id.ID) {
	binary.BigEndian.PutUint32(of[:], uint32(1<<24+n))
	of[11] = 1
	return of
}

func (steady) InsertEvents(_ context.Context, _ id.ID, events []event.Event) ([]time.Time, error) {
	time.Sleep(writeTime)
	return make([]time.Time, len(events)), nil
}

func TestOneOfAThousandOrgsThatFloodsDelaysTheOthersByAHalfAtMost(t *testing.T) {
	for _, writes := range []int{1, 4} {
		calm, flooded := waits(t, writes, 0), waits(t, writes, 1500)
		if calm < 2 || 2*flooded > 3*calm {
			t.Errorf("at %d writes at once 99 of 100 wait for %d writes, and for %d beside a flood", writes, calm, flooded)
		}
	}
}

// waits is for how many writes 99 of 100 events wait of 999 Orgs that tell one after the other, beside so many callers of
// one more Org that tell ten at a time.
func waits(t *testing.T, writes, flood int) (writesWaited int) {
	const rounds = 4
	synctest.Test(t, func(t *testing.T) {
		w := event.NewWriter(steady{}, writes)
		ctx, stop := context.WithCancel(t.Context())
		var flooding, telling sync.WaitGroup
		for range flood {
			flooding.Go(func() {
				for ctx.Err() == nil {
					w.Write(ctx, org, some(10))
				}
			})
		}
		synctest.Wait() // the flood is there first
		waited := make([]time.Duration, others*rounds)
		for n := range others {
			telling.Go(func() {
				for round := range rounds {
					begun := time.Now()
					if told := w.Write(ctx, another(n), some(1)); told[0].Err != nil {
						t.Error(told[0].Err)
					}
					waited[n*rounds+round] = time.Since(begun)
				}
			})
		}
		telling.Wait()
		stop()
		flooding.Wait()
		slices.Sort(waited)
		writesWaited = int(waited[len(waited)*99/100] / writeTime)
	})
	return writesWaited
}

// The same of what is said of users, on SQLite. The wait is counted in profiles that are written meanwhile, so that no clock
// judges: without the flood it is for those of the others at most.
func TestOneOfAThousandOrgsThatIdentifiesWithoutEndDelaysTheOthersByAHalfAtMost(t *testing.T) {
	d := start(t)
	var written sync.Map // how many had been when an Org's was
	d.putting = func(p event.Profile) error {
		written.LoadOrStore(p.Org, d.puts.Load())
		return nil
	}
	d.inserted = func([]event.Event) error { return errBroken } // the events themselves are proved above
	ctx, stop := context.WithCancel(t.Context())
	var flooding, telling sync.WaitGroup
	for caller := range 500 {
		flooding.Go(func() {
			for round := 0; ctx.Err() == nil; round++ {
				drafts := make([]event.Draft, 16)
				for n := range drafts {
					drafts[n] = identify(fmt.Sprint(caller, "-", n), fmt.Sprintf(`{"round":%d}`, round))
				}
				_, _ = d.Take(ctx, org, drafts, -1)
			}
		})
	}
	for d.puts.Load() < 1000 {
		time.Sleep(time.Millisecond) // the flood is there first
	}
	waited := make([]int64, others)
	for n := range others {
		telling.Go(func() {
			begun := d.puts.Load()
			_, err := d.Take(t.Context(), another(n), []event.Draft{identify("u", `{"plan":"pro"}`)}, -1)
			at, ok := written.Load(another(n))
			if !ok {
				t.Errorf("nothing is written: %v", err)
				return
			}
			waited[n] = at.(int64) - begun
		})
	}
	telling.Wait()
	stop()
	flooding.Wait()
	slices.Sort(waited)
	if got := waited[others*99/100]; 2*got > 3*others {
		t.Errorf("99 of 100 profiles of %d Orgs are written after %d others", others, got)
	}
}
