package httpkit

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/synctest"

	"golang.org/x/sync/semaphore"

	"github.com/heard-dev/heard/pkg/apierr"
)

const limit = 1 << 20

// blocked gives some bytes and then nothing until it is released.
type blocked struct {
	io.Reader
	release chan struct{}
}

func (b blocked) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if n == 0 {
		<-b.release
		return 0, err
	}
	return n, nil
}

// However many bodies come in at once, their buffers together stay within the bound, and as many are taken as have room.
func TestLargeBodiesShareABound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const share, many = 4, 12
		lender := newBodies()
		lender.large = semaphore.NewWeighted(share * (limit + 1))
		release := make(chan struct{})
		reading, refused := make(chan *body, many), make(chan error, many)
		for range many {
			go func() {
				lent := lender.lend()
				defer lender.takeBack(lent)
				reading <- lent
				content := blocked{bytes.NewReader(make([]byte, limit)), release}
				if err := lender.read(content, limit, lent); err != nil {
					refused <- err
				}
			}()
		}
		synctest.Wait() // all stand still, whole, or are refused
		close(reading)
		held, whole := int64(0), 0
		for b := range reading {
			if held += b.held; len(b.content) == limit && b.held == int64(cap(b.content)) {
				whole++
			}
		}
		if whole != share || len(refused) != many-share {
			t.Errorf("%d are whole and %d refused", whole, len(refused))
		}
		if apierr.KindOf(<-refused) != apierr.Unavailable {
			t.Error("refused for another reason")
		}
		half := lender.lend()
		go func() { _ = lender.read(blocked{bytes.NewReader(make([]byte, limit/2)), release}, limit, half) }()
		synctest.Wait()
		if half.held > 0 || len(half.content) > smallBody {
			t.Errorf("one that came too late has %d bytes", len(half.content))
		}
		if err := lender.read(bytes.NewReader(make([]byte, smallBody-1)), limit, lender.lend()); err != nil {
			t.Errorf("a small body was refused too: %v", err)
		}
		close(release)
		synctest.Wait()
		if !lender.large.TryAcquire(share * (limit + 1)) {
			t.Error("a share was not given back")
		}
	})
}

func TestABodyIsNeverReadFarPastItsLimit(t *testing.T) {
	lender := newBodies()
	for _, limit := range []int64{1, firstBuffer, smallBody, smallBody + 1, limit} {
		lent, endless := lender.lend(), &counter{}
		if err := lender.read(endless, limit, lent); !errors.Is(err, errTooLong) {
			t.Errorf("limit %d: %v", limit, err)
		}
		if endless.n > max(firstBuffer, limit+1) {
			t.Errorf("limit %d: %d bytes were read", limit, endless.n)
		}
		lender.takeBack(lent)
	}
	again := lender.lend()
	if len(again.content) > 0 || again.held > 0 || cap(again.content) > smallBody {
		t.Errorf("lent with %d bytes in %d, %d held", len(again.content), cap(again.content), again.held)
	}
}

// counter is an endless body.
type counter struct{ n int64 }

func (c *counter) Read(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}
