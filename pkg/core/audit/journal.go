package audit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/id"
)

// Journal appends to the Orgs' chains and checks them.
type Journal struct {
	store Store
	key   []byte
	ids   *id.Source
	now   func() time.Time
}

// NewJournal makes a Journal that chains under key, the installation's own.
func NewJournal(store Store, key []byte, ids *id.Source, now func() time.Time) *Journal {
	return &Journal{store: store, key: key, ids: ids, now: now}
}

// appendTries bounds the retries of an entry that meets others of its Org.
const appendTries = 32

// Append adds an entry to the Org's chain. When it returns, the entry is durable.
func (j *Journal) Append(ctx context.Context, org id.ID, by Actor, change Change, outcome Outcome) (Entry, error) {
	before, errBefore := object(change.Before)
	after, errAfter := object(change.After)
	if errBefore != nil || errAfter != nil {
		return Entry{}, fmt.Errorf("audit: %s holds what is no JSON: %w, %w", change.Action, errBefore, errAfter)
	}
	entry := Entry{
		Org: org, ID: j.ids.New(), At: j.now().UTC().Truncate(time.Millisecond), Actor: by, Action: change.Action,
		Target: change.Target, Outcome: outcome, Before: before, After: after,
	}
	for try := 1; ; try++ {
		last, err := j.store.LastAudit(ctx, org)
		if err != nil && apierr.KindOf(err) != apierr.NotFound {
			return Entry{}, err
		}
		entry.Seq, entry.Previous = last.Seq+1, last.Hash
		entry.Hash = j.hash(entry)
		err = j.store.AppendAudit(ctx, org, entry)
		if err == nil || apierr.KindOf(err) != apierr.Conflict || try == appendTries {
			return entry, err
		}
	}
}

// Record writes down what is about to happen and lets it happen, so that no change is without an entry. A change that fails
// leaves another entry that says so.
func (j *Journal) Record(ctx context.Context, org id.ID, by Actor, what Change, write func() error) error {
	if _, err := j.Append(ctx, org, by, what, Done); err != nil {
		return err
	}
	err := write()
	if err == nil {
		return nil
	}
	if _, noted := j.Append(context.WithoutCancel(ctx), org, by, what, Failed); noted != nil {
		return apierr.Away(fmt.Errorf("audit: neither the change nor its failure could be written: %w, %w", err, noted))
	}
	return err
}

// Check is what a look at a stretch of a chain found. Head is the last entry looked at. BrokenAt is the Seq of the first
// entry that is not as it was written, or is missing; 0 when the stretch is whole.
type Check struct {
	Checked  int
	Head     Entry
	BrokenAt int64
	More     bool
}

// Verify looks at up to limit entries that follow from, the last entry known to be whole; the zero Entry starts the chain.
func (j *Journal) Verify(ctx context.Context, org id.ID, from Entry, limit int) (Check, error) {
	entries, err := j.store.AuditFrom(ctx, org, from.Seq, limit)
	if err != nil {
		return Check{}, err
	}
	check := Check{Head: from, More: len(entries) == limit}
	for _, entry := range entries {
		if entry.Org != org || entry.Seq != check.Head.Seq+1 || entry.Previous != check.Head.Hash || entry.Hash != j.hash(entry) {
			check.BrokenAt, check.More = check.Head.Seq+1, false
			return check, nil
		}
		check.Head, check.Checked = entry, check.Checked+1
	}
	return check, nil
}

// hash covers every field but Hash, each with its length, so that no two entries are written alike.
func (j *Journal) hash(e Entry) (sum Hash) {
	mac := hmac.New(sha256.New, j.key)
	var number [8]byte
	write := func(part []byte) {
		mac.Write(binary.BigEndian.AppendUint64(number[:0], uint64(len(part))))
		mac.Write(part)
	}
	write(e.Previous[:])
	write(e.Org[:])
	write(e.ID[:])
	write(binary.BigEndian.AppendUint64(nil, uint64(e.Seq)))
	write(binary.BigEndian.AppendUint64(nil, uint64(e.At.UnixMilli())))
	write(e.Actor.ID[:])
	for _, text := range []string{
		string(e.Actor.Kind), e.Actor.Name, e.Actor.Credential, e.Actor.Address, e.Action,
		e.Target.Kind, e.Target.ID, e.Target.Name, string(e.Outcome), string(e.Before), string(e.After),
	} {
		write([]byte(text))
	}
	mac.Sum(sum[:0])
	return sum
}

func object(fields map[string]any) ([]byte, error) {
	if fields == nil {
		return nil, nil
	}
	return json.Marshal(fields, json.Deterministic(true))
}
