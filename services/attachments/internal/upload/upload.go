// Package upload reserves places for files and signs the URLs they are uploaded to.
package upload

import (
	"context"
	"io"
	"time"

	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/id"
)

// Uploader reserves places for files.
type Uploader struct {
	Slots  attachment.Slots
	Blobs  attachment.Blobs
	Now    func() time.Time
	Random io.Reader
}

// Ticket is a reserved place and the URL that takes the file.
type Ticket struct {
	Slot attachment.Slot
	URL  string
}

// Reserve makes a place for one file of exactly that type and size [Userz: the URL works for 300 seconds].
func (u *Uploader) Reserve(ctx context.Context, org, app id.ID, kind attachment.Kind, contentType string, size int64) (Ticket, error) {
	key := attachment.NewKey(org, kind, contentType, u.Random)
	slot, err := attachment.NewSlot(org, app, kind, contentType, size, key, u.Now())
	if err != nil {
		return Ticket{}, err
	}
	url, err := u.Blobs.SignPut(ctx, key, attachment.Object{Size: size, ContentType: contentType}, attachment.UploadTTL)
	if err != nil {
		return Ticket{}, err
	}
	return Ticket{Slot: slot, URL: url}, u.Slots.ReserveSlot(ctx, org, slot)
}
