package enduser

import (
	"context"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/id"
)

// Merge makes two people one: the first becomes a record of the second, and loses nothing. It is audited, and Split undoes
// it. Someone who is a part of the other already is apierr.Conflict with CodeAlreadyExists, and more than MaxMerged records
// are CodeLimitReached.
func (d *Directory) Merge(ctx context.Context, org id.ID, by audit.Actor, person, into id.ID) (Whole, error) {
	for try := 1; ; try++ {
		from, err := d.Whole(ctx, org, person)
		if err != nil {
			return Whole{}, err
		}
		to, err := d.Whole(ctx, org, into)
		if err != nil {
			return Whole{}, err
		}
		if from.ID == to.ID {
			return Whole{}, apierr.New(apierr.Conflict, apierr.CodeAlreadyExists, "They are one person already.")
		}
		if len(from.Records)+len(to.Records) > MaxMerged {
			return Whole{}, apierr.New(apierr.Conflict, apierr.CodeLimitReached, "Together they would have too many records.")
		}
		if err = d.join(ctx, org, by, from, to); err == nil {
			return d.Whole(ctx, org, to.ID)
		}
		if !again(err, try) {
			return Whole{}, err
		}
	}
}

// join merges one person into another. The other's root is written first, as it was: whoever merges that one elsewhere, or
// others into it, read it before or after. So of merges that would close a circle the last to look finds it changed, and no
// person gets more records than were counted.
func (d *Directory) join(ctx context.Context, org id.ID, by audit.Actor, from, to Whole) error {
	held := to.Person
	held.UpdatedAt = d.now()
	if err := d.Store.ReplacePerson(ctx, org, held); err != nil {
		return err
	}
	merged := from.Person
	merged.Into, merged.UpdatedAt = to.ID, d.now()
	what := audit.Change{Action: "person.merge", Target: target(merged), After: map[string]any{"into": to.ID.String()}}
	err := d.Journal.Record(ctx, org, by, what, func() error {
		if err := d.Store.ReplacePerson(ctx, org, merged); err != nil {
			return err
		}
		return d.demandRoot(ctx, org, merged)
	})
	if err != nil {
		return err
	}
	return d.Announce(ctx, org)
}

// demandRoot takes a merge back whose root was removed at the same moment.
func (d *Directory) demandRoot(ctx context.Context, org id.ID, merged Person) error {
	_, gone := d.Store.Person(ctx, org, merged.Into)
	if gone == nil || apierr.KindOf(gone) != apierr.NotFound {
		return nil
	}
	merged.Into = id.Zero
	merged.Version++
	if err := d.Store.ReplacePerson(ctx, org, merged); err != nil && apierr.KindOf(err) == apierr.Unavailable {
		return err
	}
	return gone
}

// Split takes a record out of the one that it is merged into, with whatever was merged into it before. It is audited. Where
// Meet would merge the two again by an address, that one is noted as contested: people decided. A record that is a root is
// apierr.Conflict.
func (d *Directory) Split(ctx context.Context, org id.ID, by audit.Actor, record id.ID) (Whole, error) {
	for try := 1; ; try++ {
		found, err := d.Store.Person(ctx, org, record)
		if err != nil {
			return Whole{}, err
		}
		if found.Into.IsZero() {
			return Whole{}, apierr.New(apierr.Conflict, apierr.CodeChanged, "This record is not merged into another.")
		}
		if err = d.part(ctx, org, by, found); err == nil {
			return d.Whole(ctx, org, record)
		}
		if !again(err, try) {
			return Whole{}, err
		}
	}
}

func (d *Directory) part(ctx context.Context, org id.ID, by audit.Actor, record Person) error {
	split := record
	split.Into, split.UpdatedAt = id.Zero, d.now()
	if err := d.noteSplit(ctx, org, &split); err != nil {
		return err
	}
	what := audit.Change{Action: "person.split", Target: target(split), Before: map[string]any{"into": record.Into.String()}}
	if err := d.Journal.Record(ctx, org, by, what, func() error { return d.Store.ReplacePerson(ctx, org, split) }); err != nil {
		return err
	}
	return d.Announce(ctx, org)
}

// noteSplit notes on the side that has the external ids an address of the side that has none.
func (d *Directory) noteSplit(ctx context.Context, org id.ID, split *Person) error {
	mine, err := d.WholeOf(ctx, org, *split)
	if err != nil {
		return err
	}
	theirs, err := d.Whole(ctx, org, split.ID) // with mine among them, for as yet nothing is split
	if err != nil {
		return err
	}
	theirs = theirs.without(mine)
	switch {
	case len(mine.ExternalIDs()) == 0 && len(mine.Emails()) > 0 && len(theirs.ExternalIDs()) > 0 && len(theirs.Emails()) == 0:
		root := theirs.Person
		root.Contested = mine.Emails()[0]
		_, err = d.keep(ctx, org, theirs.Person, root)
	case len(mine.ExternalIDs()) > 0 && len(mine.Emails()) == 0 && len(theirs.ExternalIDs()) == 0 && len(theirs.Emails()) > 0:
		split.Contested = theirs.Emails()[0]
	}
	return err
}

// target names a person in the audit log by their id alone: what is erased must not stay there.
func target(p Person) audit.Target { return audit.Target{Kind: "person", ID: p.ID.String()} }
