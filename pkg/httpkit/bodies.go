package httpkit

import (
	"bytes"
	"errors"
	"io"
	"os"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/heard-dev/heard/pkg/apierr"
)

const (
	// smallBody needs no permission: 10,000 of them are 640 MB at the very worst, and most are under 2 KB.
	smallBody = 64 << 10
	// largeStep is what a larger body takes at a time, so that only bytes that came hold memory.
	largeStep = 256 << 10
	// allBodies bounds the memory of all larger bodies in flight together.
	allBodies = 128 << 20
)

// bodies lends buffers to read request bodies into, and bounds what large ones take together.
type bodies struct {
	buffers sync.Pool
	large   *semaphore.Weighted
}

func newBodies() *bodies {
	return &bodies{
		buffers: sync.Pool{New: func() any { return new(bytes.Buffer) }},
		large:   semaphore.NewWeighted(allBodies),
	}
}

// readBody reads the whole body, but never more than the route's MaxBody. The bytes are valid until free is called.
func (x *exchange) readBody() (raw []byte, free func(), err error) {
	lender, limit := x.api.kit.bodies, x.route.MaxBody
	buffer, held := lender.buffers.Get().(*bytes.Buffer), int64(0)
	free = func() {
		if held > 0 {
			lender.large.Release(held)
			return
		}
		buffer.Reset()
		lender.buffers.Put(buffer)
	}
	for step := int64(smallBody); err == nil && int64(buffer.Len()) <= limit; step = largeStep {
		if step == largeStep {
			if err := lender.large.Acquire(x.ctx, step); err != nil {
				free()
				return nil, nil, apierr.Away(err)
			}
			held += step
		}
		_, err = io.CopyN(buffer, x.c.Request.Body, min(step, limit+1-int64(buffer.Len())))
	}
	if int64(buffer.Len()) > limit {
		err = x.tooLarge()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		free()
		return nil, nil, unread(err)
	}
	if x.ctx.Err() != nil {
		free()
		return nil, nil, unread(os.ErrDeadlineExceeded)
	}
	return buffer.Bytes(), free, nil
}

// unread tells why a body could not be read: too slow, or cut off.
func unread(err error) error {
	var refusal *apierr.Error
	switch {
	case errors.As(err, &refusal):
		return err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return apierr.Wrap(err, apierr.Timeout, apierr.CodeRequestTimeout, "The body came too slowly.")
	default:
		return apierr.Body(apierr.Issue{Code: "invalid_json", Message: "the body ended before it was complete"})
	}
}
