// Package trail reads the audit log, and checks that it is as it was written.
package trail

import (
	"context"

	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/id"
)

// Reader reads the audit logs of Orgs.
type Reader struct {
	Store   audit.Store
	Journal *audit.Journal
}

// Page gives up to Limit entries, newest first, and the Before of the next page; 0 when there is none.
func (r *Reader) Page(ctx context.Context, org id.ID, query audit.Query) (entries []audit.Entry, next int64, err error) {
	limit := query.Limit
	query.Limit++ // one more tells whether there are more
	entries, err = r.Store.AuditPage(ctx, org, query)
	if err != nil || len(entries) <= limit {
		return entries, 0, err
	}
	return entries[:limit], entries[limit-1].Seq, nil
}

// Head names an entry that is said to be whole. The zero Head comes before the first.
type Head struct {
	Seq  int64
	Hash audit.Hash
}

// Check is what a look at a stretch found. Head is the last entry that is whole; BrokenAt is 0 when all are.
type Check struct {
	Head     Head
	Checked  int
	BrokenAt int64
	More     bool
}

// Verify looks at up to limit entries after head. What head says is not believed: the entry must be there, whole and with
// that hash. If it is not, the log is broken at it.
func (r *Reader) Verify(ctx context.Context, org id.ID, head Head, limit int) (Check, error) {
	from, err := r.find(ctx, org, head)
	if err != nil {
		return Check{}, err
	}
	if from.Seq != head.Seq || from.Hash != head.Hash {
		return Check{BrokenAt: head.Seq}, nil
	}
	check, err := r.Journal.Verify(ctx, org, from, limit)
	return Check{
		Head: Head{Seq: check.Head.Seq, Hash: check.Head.Hash}, Checked: check.Checked, BrokenAt: check.BrokenAt, More: check.More,
	}, err
}

// find gives the whole entry with head's Seq; another one when there is none.
func (r *Reader) find(ctx context.Context, org id.ID, head Head) (audit.Entry, error) {
	if head.Seq == 0 {
		return audit.Entry{}, nil
	}
	stored, err := r.Store.AuditFrom(ctx, org, head.Seq-1, 1)
	if err != nil || len(stored) == 0 {
		return audit.Entry{}, err
	}
	before := audit.Entry{Seq: head.Seq - 1, Hash: stored[0].Previous}
	check, err := r.Journal.Verify(ctx, org, before, 1)
	return check.Head, err
}
