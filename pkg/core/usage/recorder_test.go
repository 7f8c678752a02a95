package usage_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/usage"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/store/sqlitestore"
)

// distant is a store that can be away.
type distant struct {
	*sqlitestore.Store
	away   atomic.Bool
	slow   atomic.Int64 // nanoseconds
	writes atomic.Int64
}

func (d *distant) TouchUses(ctx context.Context, uses []usage.Use) error {
	d.writes.Add(1)
	time.Sleep(time.Duration(d.slow.Load()))
	if d.away.Load() {
		return apierr.Away(errors.New("away"))
	}
	return d.Store.TouchUses(ctx, uses)
}

var (
	org  = id.ID{1}
	key  = id.ID{2}
	key2 = id.ID{3}
)

// desk is a Recorder that runs, in a time that the test moves.
type desk struct {
	*testing.T
	*usage.Recorder
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
	d.Recorder = usage.NewRecorder(d.store, time.Now)
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

func (d *desk) use(credential id.ID) time.Time {
	d.Used(context.Background(), org, credential)
	return time.Now().Truncate(time.Millisecond)
}

// knows fails the test unless the store has the credential's last use at that time; zero for none.
func (d *desk) knows(credential id.ID, want time.Time) {
	d.Helper()
	uses, err := d.store.LastUses(context.Background(), org, []id.ID{credential})
	if err != nil || !uses[credential].Equal(want) {
		d.Errorf("last used %v, not %v, %v", uses[credential], want, err)
	}
}

func TestTheFirstUseIsStoredBeforeItIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := start(t)
		defer d.stop()
		d.knows(key, time.Time{})
		d.knows(key, d.use(key))
		d.knows(key2, d.use(key2))
	})
}

func TestLaterUsesAreStoredWithinAMinuteAndTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := start(t)
		defer d.stop()
		first, other := d.use(key), d.use(key2)
		var last, lastOther time.Time
		for range 500 {
			time.Sleep(10 * time.Millisecond)
			last, lastOther = d.use(key), d.use(key2)
		}
		d.knows(key, first)
		d.knows(key2, other)
		time.Sleep(time.Minute)
		d.knows(key, last)
		d.knows(key2, lastOther)
		if writes := d.store.writes.Load(); writes > 4 {
			t.Errorf("%d writes for two credentials in a minute", writes)
		}
		before := d.store.writes.Load()
		time.Sleep(time.Hour)
		if d.store.writes.Load() != before {
			t.Error("nothing was used, and something was written")
		}
	})
}

func TestAStoreThatIsAwayCostsNoUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := start(t)
		defer d.stop()
		d.use(key)
		d.store.away.Store(true)
		first := d.use(key2) // the first of this one, unheard
		last := d.use(key)
		time.Sleep(10 * time.Minute)
		d.knows(key2, time.Time{})
		d.store.away.Store(false)
		time.Sleep(time.Minute)
		d.knows(key2, first)
		d.knows(key, last)
	})
}

func TestANewerUseIsNotOverwrittenByOneThatHadToWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := start(t)
		defer d.stop()
		d.use(key)
		d.store.away.Store(true)
		d.use(key)
		time.Sleep(time.Minute)
		last := d.use(key)
		d.store.away.Store(false)
		time.Sleep(time.Minute)
		d.knows(key, last)
	})
}

func TestAFirstUseThatFailsLateDoesNotHideALaterOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := start(t)
		defer d.stop()
		d.store.away.Store(true)
		d.store.slow.Store(int64(10 * time.Second))
		go d.use(key)
		time.Sleep(time.Second)
		last := d.use(key)
		time.Sleep(12 * time.Second)
		d.store.away.Store(false)
		time.Sleep(time.Minute)
		d.knows(key, last)
	})
}

func TestWhatWaitsIsStoredAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := start(t)
		d.use(key)
		time.Sleep(time.Second)
		last := d.use(key)
		d.stop()
		d.knows(key, last)
	})
}
