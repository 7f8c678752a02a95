package event_test

import (
	"context"
	"encoding/binary"
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

const writeTime = time.Millisecond

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
	const others, rounds = 999, 4
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
			var of id.ID
			binary.BigEndian.PutUint32(of[:], uint32(1<<24+n))
			of[11] = 1
			telling.Go(func() {
				for round := range rounds {
					begun := time.Now()
					if told := w.Write(ctx, of, some(1)); told[0].Err != nil {
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
