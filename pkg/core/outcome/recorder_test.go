package outcome_test

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/outcome"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/store/sqlitestore"
)

// distant is a store that can be away, and that can break in the midst of adding.
type distant struct {
	*sqlitestore.Store
	away   atomic.Bool
	breaks atomic.Int64 // after so many outcomes; 0 for never
	calls  atomic.Int64
}

var errAway = apierr.Away(errors.New("away"))

func (d *distant) AddOutcomes(ctx context.Context, outcomes []outcome.Outcome) (int, error) {
	d.calls.Add(1)
	if d.away.Load() {
		return 0, errAway
	}
	if n := int(d.breaks.Swap(0)); n > 0 && n < len(outcomes) {
		added, err := d.Store.AddOutcomes(ctx, outcomes[:n])
		return added, errors.Join(err, errAway)
	}
	return d.Store.AddOutcomes(ctx, outcomes)
}

func (d *distant) KeepRefusals(ctx context.Context, refusals []outcome.Refusal) error {
	d.calls.Add(1)
	if d.away.Load() {
		return errAway
	}
	return d.Store.KeepRefusals(ctx, refusals)
}

var org, app = id.ID{1}, id.ID{2}

// desk is a Recorder that runs, in a time that the test moves.
type desk struct {
	*testing.T
	*outcome.Recorder
	store *distant
	stop  func()
}

func start(t *testing.T) *desk {
	store, err := sqlitestore.Open(t.Context(), sqlitestore.Options{Path: filepath.Join(t.TempDir(), "heard.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	d := &desk{T: t, store: &distant{Store: store}}
	d.Recorder = outcome.NewRecorder(d.store, time.Now)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.Recorder.Run(ctx) }()
	d.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	return d
}

func accepted(app id.ID) outcome.Event {
	return outcome.Event{Org: org, App: app, Category: "events", At: time.Now()}
}

func refused(app id.ID, request string) outcome.Event {
	e := accepted(app)
	e.Reason = apierr.CodeForbidden
	e.Refusals = []outcome.Refusal{{Org: org, App: app, At: e.At, RequestID: request, Code: e.Reason}}
	return e
}

// counts gives requests and items of the Org's, by reason.
func (d *desk) counts() (requests, items map[apierr.Code]int64) {
	d.Helper()
	sums, err := d.store.Outcomes(context.Background(), org, outcome.Query{To: time.Now().Add(time.Hour), By: outcome.Whole, Limit: 100_000})
	if err != nil {
		d.Fatal(err)
	}
	requests, items = map[apierr.Code]int64{}, map[apierr.Code]int64{}
	for _, sum := range sums {
		requests[sum.Reason] += sum.Requests
		items[sum.Reason] += sum.Items
	}
	return requests, items
}

func (d *desk) kept(app id.ID) []outcome.Refusal {
	d.Helper()
	refusals, err := d.store.Refusals(context.Background(), org, app, 1000)
	if err != nil {
		d.Fatal(err)
	}
	return refusals
}

func TestWhatIsRecordedIsStoredWithinSecondsAndTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := start(t)
		defer d.stop()
		for range 1000 {
			d.Record(accepted(app))
		}
		batch := accepted(app)
		batch.Parts = []outcome.Part{{Items: 7}, {Reason: outcome.Duplicate, Items: 2}}
		d.Record(batch)
		if d.store.calls.Load() != 0 {
			t.Error("recording asked the store")
		}
		time.Sleep(6 * time.Second)
		requests, items := d.counts()
		if requests[""] != 1001 || items[""] != 1007 || requests[outcome.Duplicate] != 0 || items[outcome.Duplicate] != 2 {
			t.Errorf("%v %v", requests, items)
		}
		calls := d.store.calls.Load()
		time.Sleep(time.Minute)
		if calls != 1 || d.store.calls.Load() != calls {
			t.Errorf("%d calls, and %d after nothing happened", calls, d.store.calls.Load())
		}
	})
}

func TestAStoreThatIsAwayOrBreaksCostsNoCountAndCountsNothingTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := start(t)
		d.store.away.Store(true)
		for n := range 50 {
			d.Record(accepted(id.ID{byte(n)}))
			d.Record(refused(id.ID{byte(n)}, strconv.Itoa(n)))
			time.Sleep(time.Second)
		}
		d.store.breaks.Store(13)
		d.store.away.Store(false)
		d.Record(accepted(app))
		d.stop() // and this flush breaks
		if err := d.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if requests, _ := d.counts(); requests[""] != 51 || requests[apierr.CodeForbidden] != 50 {
			t.Errorf("%v", requests)
		}
		if kept := d.kept(id.Zero); len(kept) != 50 {
			t.Errorf("%d refusals", len(kept))
		}
	})
}

func TestWhatWaitsIsStoredAtTheEndAndByWhoAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := start(t)
		d.Record(accepted(app))
		if err := d.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if requests, _ := d.counts(); requests[""] != 1 {
			t.Errorf("after a flush %v", requests)
		}
		d.Record(refused(app, "last"))
		d.stop()
		if requests, _ := d.counts(); requests[apierr.CodeForbidden] != 1 || len(d.kept(app)) != 1 {
			t.Errorf("in the end %v, %v", requests, d.kept(app))
		}
	})
}

func TestOfManyRefusalsTheNewestWaitWhateverTheOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := start(t)
		d.store.away.Store(true)
		d.Record(refused(id.ID{9}, "another App's"))
		for n := range 3 * outcome.PerApp {
			d.Record(refused(app, strconv.Itoa(n)))
			time.Sleep(100 * time.Millisecond)
		}
		d.store.away.Store(false)
		d.stop()
		kept := d.kept(app)
		if len(kept) != outcome.PerApp || kept[0].RequestID != "299" || kept[outcome.PerApp-1].RequestID != "200" {
			t.Errorf("%d, from %+v", len(kept), kept[0])
		}
		if len(d.kept(id.ID{9})) != 1 {
			t.Error("another App's refusal is gone")
		}
	})
}

// flood records for as many keys as there are numbers.
func (d *desk) flood(from, to int) {
	for n := from; n < to; n++ {
		e := accepted(app)
		e.Key = id.ID{byte(n), byte(n >> 8), byte(n >> 16)}
		d.Record(e)
	}
}

func TestWhatHasNoRoomToBeCountedApartIsCountedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := start(t)
		defer d.stop()
		d.flood(0, 12_000)
		if err := d.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if requests, _ := d.counts(); requests[""] != 10_000 || requests[outcome.Uncounted] != 2_000 {
			t.Errorf("%v", requests)
		}
		d.flood(0, 10) // there is room again
		if err := d.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if requests, _ := d.counts(); requests[""] != 10_010 {
			t.Errorf("%v", requests)
		}
	})
}

func TestManyAtOnceAreAllCounted(t *testing.T) {
	d := start(t)
	defer d.stop()
	var all sync.WaitGroup
	for n := range 64 {
		all.Go(func() {
			for k := range 500 {
				if k%50 == 0 {
					if err := d.Flush(t.Context()); err != nil {
						t.Error(err)
					}
				}
				d.Record(accepted(id.ID{byte(n)}))
			}
		})
	}
	all.Wait()
	if err := d.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if requests, items := d.counts(); requests[""] != 64*500 || items[""] != 64*500 {
		t.Errorf("%v %v", requests, items)
	}
}

func BenchmarkRecord(b *testing.B) {
	r := outcome.NewRecorder(nil, time.Now)
	e := accepted(app)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r.Record(e)
		}
	})
}
