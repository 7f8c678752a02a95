package crash

import (
	"context"
	"errors"
	"fmt"
)

// ward knows which targets are on their way back.
type ward struct {
	targets []Target
	back    []chan error // holds how the target came back, once it did
}

func newWard(targets []Target) *ward {
	w := &ward{targets: targets, back: make([]chan error, len(targets))}
	for i := range w.back {
		w.back[i] = make(chan error, 1)
		w.back[i] <- nil
	}
	return w
}

// crash is for a target that is back.
func (w *ward) crash(ctx context.Context, i int) {
	<-w.back[i]
	go func() {
		err := w.targets[i].Crash(ctx)
		if err != nil {
			err = fmt.Errorf("%s did not come back: %w", w.targets[i].Name, err)
		}
		w.back[i] <- err
	}()
}

func (w *ward) await(i int) error {
	err := <-w.back[i]
	w.back[i] <- err
	return err
}

func (w *ward) awaitAll() (faults error) {
	for i := range w.back {
		faults = errors.Join(faults, w.await(i))
	}
	return faults
}
