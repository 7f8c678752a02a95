package mongostore_test

import (
	"context"
	"sync/atomic"
	"testing"

	"go.mongodb.org/mongo-driver/v2/event"
)

// fuse has something happen between two commands of a store.
type fuse struct {
	left atomic.Int64
	blow atomic.Pointer[func()]
}

func (f *fuse) monitor() *event.CommandMonitor {
	return &event.CommandMonitor{Started: func(context.Context, *event.CommandStartedEvent) {
		if f.left.Add(-1) == 0 {
			(*f.blow.Load())()
		}
	}}
}

// before has it happen before the n-th command of what is done.
func (f *fuse) before(n int64, happens func(), do func() error) (happened bool, err error) {
	f.blow.Store(&happens)
	f.left.Store(n)
	err = do()
	return f.left.Swap(0) <= 0, err
}

// ended ends what is done before its n-th command, as a process that dies does.
func (f *fuse) ended(n int64, do func(ctx context.Context) error) (ended bool) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	happened, err := f.before(n, cancel, func() error { return do(ctx) })
	return happened && err != nil
}

// everywhere tries what may come between two commands before the first one, the second and so on, until nothing comes between.
func everywhere(t *testing.T, try func(n int64) (came bool)) {
	t.Helper()
	n := int64(1)
	for try(n) {
		if n++; n > 50 || t.Failed() {
			t.Fatalf("it is not done after %d commands", n)
		}
	}
	if n < 3 {
		t.Fatalf("it took %d commands", n-1)
	}
}
