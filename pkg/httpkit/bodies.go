package httpkit

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/httpkit/strictjson"
)

const (
	// firstBuffer holds most bodies whole: a submission is about 1 KB.
	firstBuffer = 4 << 10
	// smallBody is what a body may take without asking: 10,000 of them are 640 MB at the very worst.
	smallBody = 64 << 10
	// allBodies bounds what the buffers of all larger bodies take together. A buffer grows with what has come, never with
	// what is announced.
	allBodies = 128 << 20
)

// bodies lends buffers to read request bodies into, and bounds what large ones take together.
type bodies struct {
	buffers sync.Pool
	large   *semaphore.Weighted
}

func newBodies() *bodies {
	return &bodies{
		buffers: sync.Pool{New: func() any { return &body{content: make([]byte, 0, firstBuffer)} }},
		large:   semaphore.NewWeighted(allBodies),
	}
}

// body is a request's body as it comes in.
type body struct {
	content []byte
	held    int64 // its share of allBodies
}

// lend gives an empty body. It must be taken back, and its content is not to be touched afterwards.
func (b *bodies) lend() *body { return b.buffers.Get().(*body) }

func (b *bodies) takeBack(lent *body) {
	if lent.held > 0 {
		b.large.Release(lent.held) // and leave the buffer to the garbage collector
		return
	}
	lent.content = lent.content[:0]
	b.buffers.Put(lent)
}

var (
	errTooLong = errors.New("httpkit: the body is longer than its route takes")
	errCrowded = errors.New("httpkit: the large bodies in flight take all the memory there is for them")
)

// read takes in all that comes, or stops as soon as it is more than limit.
func (b *bodies) read(from io.Reader, limit int64, into *body) error {
	for {
		if err := b.makeRoom(limit, into); err != nil {
			return err
		}
		n, err := from.Read(into.content[len(into.content):cap(into.content)])
		into.content = into.content[:len(into.content)+n]
		switch {
		case int64(len(into.content)) > limit:
			return errTooLong
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// makeRoom doubles a buffer that is full. A large one that finds no memory is refused at once, and so leaves its own to the
// others: if it waited, all could come to wait for each other.
func (b *bodies) makeRoom(limit int64, full *body) error {
	if len(full.content) < cap(full.content) {
		return nil
	}
	size := min(2*int64(cap(full.content)), limit+1)
	if size > smallBody {
		if !b.large.TryAcquire(size - full.held) {
			return apierr.Away(errCrowded)
		}
		full.held = size
	}
	full.content = append(make([]byte, 0, size), full.content...)
	return nil
}

// readBody reads the whole body, but never more than the route's MaxBody.
func (x *exchange) readBody(into *body) error {
	err := x.api.kit.bodies.read(x.c.Request.Body, x.route.MaxBody, into)
	switch {
	case errors.Is(err, errTooLong):
		return x.tooLarge()
	case errors.Is(x.ctx.Err(), context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded):
		return apierr.Wrap(err, apierr.Timeout, apierr.CodeRequestTimeout, "The body came too slowly.")
	case err == nil:
		return nil
	case apierr.KindOf(err) == apierr.Unavailable:
		x.partWays()
		return err
	default:
		return apierr.Body(apierr.Issue{Path: []any{}, Code: strictjson.InvalidJSON, Message: "ended before it was complete"})
	}
}
