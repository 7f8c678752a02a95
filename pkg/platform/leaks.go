package platform

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/manage"
)

const (
	// leaksWaiting is how many leaks may wait to be noted; more are noted when their key is presented again.
	leaksWaiting = 256
	// noteWithin bounds the noting of one leak.
	noteWithin = 5 * time.Second
)

// leakWatch notes API keys that browsers present, off the path of their requests.
type leakWatch struct {
	manager *manage.Manager
	queue   chan found
}

type found struct {
	key    apikey.Key
	origin string
}

func newLeakWatch(manager *manage.Manager) *leakWatch {
	return &leakWatch{manager: manager, queue: make(chan found, leaksWaiting)}
}

func (w *leakWatch) note(key apikey.Key, origin string) {
	select {
	case w.queue <- found{key, origin}:
	default:
	}
}

// run notes what was found until ctx is done. What cannot be noted now is found again.
func (w *leakWatch) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case leak := <-w.queue:
			w.keep(ctx, leak)
		}
	}
}

func (w *leakWatch) keep(ctx context.Context, leak found) {
	ctx, cancel := context.WithTimeout(ctx, noteWithin)
	defer cancel()
	stored, err := w.manager.Store.Key(ctx, leak.key.Org, leak.key.ID)
	if err != nil || stored.Leak != nil { // many requests may have met it before the first was noted
		return
	}
	_ = w.manager.NoteLeak(ctx, stored, apikey.Leak{Source: "browser", URL: leak.origin}) // it is found again
}
