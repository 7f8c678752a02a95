package erasure

import (
	"context"
	"slices"
	"time"

	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

// Uploadable is how long after its reservation a file may still come in: it may begin as late as its URL allows.
const Uploadable = attachment.UploadTTL + 2*time.Minute

// Remover removes items with all that hangs on them.
type Remover struct {
	Store interface {
		DeleteFeedback(ctx context.Context, org id.ID, items []id.ID) error
		DeleteSlots(ctx context.Context, org id.ID, keys []string) error
	}
	Blobs attachment.Blobs
	Now   func() time.Time
}

// Remove removes items, and tells how many files they had. Files go before what names them, so that a crash leaves none that
// nobody knows of; whoever repeats it removes what is left.
func (r Remover) Remove(ctx context.Context, org id.ID, items ...feedback.Item) (files int, err error) {
	names, settled := make([]id.ID, len(items)), []string{}
	for n, item := range items {
		names[n] = item.ID
		keys := filesOf(item)
		files += len(keys)
		for _, key := range keys {
			if err := r.Blobs.Delete(ctx, key); err != nil {
				return 0, err
			}
		}
		// A file may come again while its URL works. Its slot then stays for whoever removes slots that no item holds.
		if r.Now().Sub(item.CreatedAt) > Uploadable {
			settled = append(settled, keys...)
		}
	}
	if err := r.Store.DeleteSlots(ctx, org, settled); err != nil {
		return 0, err
	}
	return files, r.Store.DeleteFeedback(ctx, org, names)
}

func filesOf(item feedback.Item) []string {
	var keys []string
	for _, file := range item.Attachments {
		keys = append(keys, file.Key)
	}
	if item.Target != nil && item.Target.ScreenshotKey != "" && !slices.Contains(keys, item.Target.ScreenshotKey) {
		keys = append(keys, item.Target.ScreenshotKey)
	}
	return keys
}
