package incident_test

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/incident"
	"github.com/heard-dev/heard/pkg/store/sqlitestore"
)

// distant is a store that can be away, and that will not take some.
type distant struct {
	*sqlitestore.Store
	away  atomic.Bool
	tries atomic.Int64
}

func (d *distant) PutIncident(ctx context.Context, i incident.Incident) error {
	d.tries.Add(1)
	if d.away.Load() {
		return apierr.Away(errors.New("away"))
	}
	if i.RequestID == indigestible {
		return errors.New("indigestible")
	}
	return d.Store.PutIncident(ctx, i)
}

const indigestible = "r-0"

func open(t *testing.T) *distant {
	t.Helper()
	store, err := sqlitestore.Open(t.Context(), sqlitestore.Options{Path: filepath.Join(t.TempDir(), "heard.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return &distant{Store: store}
}

// start runs a Recorder; stop ends it and waits until it has.
func start(t *testing.T, store incident.Store) (r *incident.Recorder, stop func()) {
	r = incident.NewRecorder(store, time.Now)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	return r, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

func record(r *incident.Recorder, n int) {
	r.Record(incident.Incident{RequestID: "r-" + strconv.Itoa(n), Cause: "boom", At: time.Now()})
}

func (d *distant) has(t *testing.T, n int) bool {
	t.Helper()
	_, err := d.Incident(context.Background(), "r-"+strconv.Itoa(n))
	if err != nil && apierr.KindOf(err) != apierr.NotFound {
		t.Fatal(err)
	}
	return err == nil
}

func TestIncidentsWaitForAStoreThatIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := open(t)
		r, stop := start(t, store)
		store.away.Store(true)
		for n := 1; n <= 3; n++ {
			record(r, n)
		}
		time.Sleep(time.Minute)
		if tries := store.tries.Load(); tries < 30 || tries > 90 {
			t.Errorf("tried %d times in a minute", tries)
		}
		store.away.Store(false)
		time.Sleep(2 * time.Second)
		for n := 1; n <= 3; n++ {
			if !store.has(t, n) {
				t.Errorf("incident %d was lost", n)
			}
		}
		stop()
	})
}

func TestAnIncidentThatNoStoreTakesHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := open(t)
		r, stop := start(t, store)
		record(r, 0)
		record(r, 1)
		time.Sleep(time.Second)
		if !store.has(t, 1) {
			t.Error("the next one waits")
		}
		stop()
	})
}

// While the store is away nothing blocks and memory is bounded: the latest are dropped, and were logged.
func TestNoMoreIncidentsWaitThanThereIsRoomFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := open(t)
		store.away.Store(true)
		r, stop := start(t, store)
		for n := 1; n <= 3000; n++ {
			record(r, n)
		}
		store.away.Store(false)
		time.Sleep(10 * time.Second)
		if store.has(t, 3000) || !store.has(t, 1) || !store.has(t, 1000) {
			t.Error("the wrong ones were dropped")
		}
		stop()
	})
}

func TestWhatWaitsIsStoredAtTheEnd(t *testing.T) {
	for name, away := range map[string]bool{"the store is there": false, "it came back": true} {
		synctest.Test(t, func(t *testing.T) {
			store := open(t)
			store.away.Store(away)
			r, stop := start(t, store)
			for n := 1; n <= 5; n++ {
				record(r, n)
			}
			synctest.Wait()
			store.away.Store(false)
			stop()
			for n := 1; n <= 5; n++ {
				if !store.has(t, n) {
					t.Errorf("%s: incident %d was lost", name, n)
				}
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		store := open(t)
		store.away.Store(true)
		r, stop := start(t, store)
		record(r, 1)
		began := time.Now()
		stop()
		if took := time.Since(began); took > time.Second {
			t.Errorf("a store that is away held up the end for %v", took)
		}
	})
}

func TestOldIncidentsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := open(t)
		r, stop := start(t, store)
		record(r, 1)
		time.Sleep(incident.Kept - time.Minute)
		record(r, 2)
		time.Sleep(time.Second)
		if !store.has(t, 1) || !store.has(t, 2) {
			t.Error("forgotten too early")
		}
		time.Sleep(2 * time.Hour)
		if store.has(t, 1) || !store.has(t, 2) {
			t.Error("not the old one was forgotten")
		}
		stop()
	})
}
