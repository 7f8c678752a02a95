package submit

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/idempotency"
	"github.com/heard-dev/heard/pkg/id"
)

// statsAtOnce bounds the questions one submission asks the blob store at a time.
const statsAtOnce = 4

// citation is one file an item names, and where it names it.
type citation struct {
	attachment.Citation
	path     []any
	declared bool // its type and size are
}

// faults are the issues where the caller finds them: a file that is named by its key alone has no fields below that.
func (c citation) faults(issues ...apierr.Issue) []apierr.Issue {
	for i := range issues {
		if !c.declared {
			issues[i].Path = c.path
		}
	}
	return issues
}

// cite binds the files that the item names to it. Each must be this App's, uploaded as declared and no other item's;
// otherwise the refusal names every one that is not, and none stays bound.
func (s *Submitter) cite(ctx context.Context, org id.ID, item feedback.Item) error {
	files := citations(item)
	if len(files) == 0 {
		return nil
	}
	keys := make([]string, len(files))
	for i, f := range files {
		keys[i] = f.Key
	}
	found, err := s.Store.Slots(ctx, org, keys)
	if err != nil {
		return err
	}
	slots := map[string]attachment.Slot{}
	for _, slot := range found {
		slots[slot.Key] = slot
	}
	issues := make([][]apierr.Issue, len(files))
	var group errgroup.Group
	group.SetLimit(statsAtOnce)
	for i, file := range files {
		group.Go(func() (err error) {
			issues[i], err = s.inspect(ctx, org, item, file, slots[file.Key])
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if all := slices.Concat(issues...); len(all) > 0 {
		return apierr.Body(all...)
	}
	return s.bind(ctx, org, item, files, slots)
}

// inspect names what keeps the item from citing the file.
func (s *Submitter) inspect(ctx context.Context, org id.ID, item feedback.Item, file citation, slot attachment.Slot) ([]apierr.Issue, error) {
	if !file.declared {
		file.Kind, file.ContentType, file.Size = slot.Kind, slot.ContentType, slot.Size
	}
	if issues := attachment.CheckSlot(slot, item.App, file.Citation, item.CreatedAt, file.path...); len(issues) > 0 {
		return file.faults(issues...), nil
	}
	if !slot.HeldFor(item.ID) {
		if lost, err := s.orphaned(ctx, org, slot); err != nil || !lost {
			return file.faults(attachment.CitedElsewhere(file.path...)), err
		}
	}
	object, err := s.Blobs.Stat(ctx, file.Key)
	switch {
	case err == nil:
		return attachment.CheckObject(object, file.Citation, file.path...), nil
	case apierr.KindOf(err) == apierr.NotFound:
		return file.faults(attachment.NotUploaded(file.path...)), nil
	default:
		return nil, err
	}
}

// orphaned tells whether the slot is bound to an item that never came to be: its submission died on the way.
func (s *Submitter) orphaned(ctx context.Context, org id.ID, slot attachment.Slot) (bool, error) {
	if slot.Kept || s.Now().Sub(slot.CitedAt) < idempotency.Lease {
		return false, nil
	}
	_, err := s.Store.Feedback(ctx, org, slot.Item)
	if err != nil && apierr.KindOf(err) == apierr.NotFound {
		return true, nil
	}
	return false, err
}

// bind claims the slots one by one; should another item win one of them, those claimed here are let go.
func (s *Submitter) bind(ctx context.Context, org id.ID, item feedback.Item, files []citation, slots map[string]attachment.Slot) error {
	at := s.Now().UTC().Truncate(time.Millisecond)
	for i, file := range files {
		err := s.Store.CiteSlot(ctx, org, file.Key, slots[file.Key].Item, item.ID, at)
		if err == nil {
			continue
		}
		if kind := apierr.KindOf(err); kind == apierr.Conflict || kind == apierr.NotFound {
			err = apierr.Body(file.faults(attachment.CitedElsewhere(file.path...))...)
		}
		return errors.Join(err, s.release(ctx, org, files[:i], item.ID))
	}
	return nil
}

func (s *Submitter) release(ctx context.Context, org id.ID, files []citation, item id.ID) error {
	var failed error
	for _, file := range files {
		failed = errors.Join(failed, s.Store.ReleaseSlot(context.WithoutCancel(ctx), org, file.Key, item))
	}
	return failed
}

// citations lists the item's attachments, and the screenshot of its component unless that is one of them.
func citations(item feedback.Item) []citation {
	var files []citation
	seen := map[string]bool{}
	for i, a := range item.Attachments {
		files = append(files, citation{Citation: a, path: []any{"attachments", i}, declared: true})
		seen[a.Key] = true
	}
	if t := item.Target; t != nil && t.ScreenshotKey != "" && !seen[t.ScreenshotKey] {
		files = append(files, citation{
			Citation: attachment.Citation{Key: t.ScreenshotKey}, path: []any{"componentTarget", "screenshotKey"},
		})
	}
	return files
}
