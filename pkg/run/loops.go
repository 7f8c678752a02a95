package run

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
)

// background is the App's loops while they run.
type background struct {
	cancel context.CancelFunc
	count  int
	ended  chan error
	failed chan struct{} // receives once when a loop has failed
}

func startLoops(ctx context.Context, loops []func(context.Context) error) *background {
	ctx, cancel := context.WithCancel(ctx)
	b := &background{cancel: cancel, count: len(loops), ended: make(chan error, len(loops)), failed: make(chan struct{}, 1)}
	for _, loop := range loops {
		go func() {
			err := protected(ctx, loop)
			if ctx.Err() != nil && errors.Is(err, context.Canceled) {
				err = nil
			}
			b.ended <- err
			if err != nil {
				select {
				case b.failed <- struct{}{}:
				default:
				}
			}
		}()
	}
	return b
}

// stop ends the loops, waits for them until ctx ends, and gives their errors.
func (b *background) stop(ctx context.Context) error {
	b.cancel()
	var faults []error
	for range b.count {
		select {
		case err := <-b.ended:
			faults = append(faults, err)
		case <-ctx.Done():
			return errors.Join(append(faults, errors.New("a background loop did not stop in time"))...)
		}
	}
	return errors.Join(faults...)
}

func protected(ctx context.Context, loop func(context.Context) error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("a background loop panicked: %v\n%s", cause, debug.Stack())
		}
	}()
	return loop(ctx)
}
