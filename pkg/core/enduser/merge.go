package enduser

import (
	"context"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/id"
)

// Merge makes two people one: the first becomes a record of the second, and loses nothing. It is audited, and Split undoes
// it. Someone who is a part of the other already is apierr.Conflict.
func (d *Directory) Merge(ctx context.Context, org id.ID, by audit.Actor, person, into id.ID) (Person, error) {
	from, err := d.Get(ctx, org, person)
	if err != nil {
		return Person{}, err
	}
	to, err := d.Get(ctx, org, into)
	if err != nil {
		return Person{}, err
	}
	if from.ID == to.ID {
		return Person{}, apierr.New(apierr.Conflict, apierr.CodeAlreadyExists, "They are one person already.")
	}
	return to, d.join(ctx, org, by, from, to)
}

// join merges one root into another, with one write.
func (d *Directory) join(ctx context.Context, org id.ID, by audit.Actor, from, to Person) error {
	records, err := d.Records(ctx, org, from)
	if err != nil {
		return err
	}
	others, err := d.Records(ctx, org, to)
	if err != nil {
		return err
	}
	if len(records)+len(others) > MaxMerged {
		return apierr.New(apierr.Conflict, apierr.CodeLimitReached, "One person has too many records.")
	}
	merged := from
	merged.Into, merged.UpdatedAt = to.ID, d.now()
	what := audit.Change{Action: "person.merge", Target: target(from), After: map[string]any{"into": to.ID.String()}}
	err = d.Journal.Record(ctx, org, by, what, func() error {
		if err := d.Store.ReplacePerson(ctx, org, merged); err != nil {
			return err
		}
		return d.uncross(ctx, org, merged, to)
	})
	if err != nil {
		return err
	}
	return d.Announce(ctx, org)
}

// uncross takes back a merge when the other was merged into this one at the same moment: neither would be a root.
func (d *Directory) uncross(ctx context.Context, org id.ID, merged, to Person) error {
	root, err := d.Get(ctx, org, to.ID)
	if err != nil || root.Into.IsZero() {
		return err
	}
	merged.Into = id.Zero
	merged.Version++
	if err := d.Store.ReplacePerson(ctx, org, merged); err != nil {
		return err
	}
	return apierr.New(apierr.Conflict, apierr.CodeChanged, "The other person was merged at the same moment; please try again.")
}

// Split takes a record out of the one that it is merged into, with whatever was merged into it before. One that is a root is
// apierr.Conflict.
func (d *Directory) Split(ctx context.Context, org id.ID, by audit.Actor, record id.ID) (Person, error) {
	found, err := d.Store.Person(ctx, org, record)
	if err != nil {
		return Person{}, err
	}
	if found.Into.IsZero() {
		return Person{}, apierr.New(apierr.Conflict, apierr.CodeChanged, "This record is not merged into another.")
	}
	former := found.Into
	found.Into, found.UpdatedAt = id.Zero, d.now()
	what := audit.Change{Action: "person.split", Target: target(found), Before: map[string]any{"into": former.String()}}
	err = d.Journal.Record(ctx, org, by, what, func() error { return d.Store.ReplacePerson(ctx, org, found) })
	if err != nil {
		return Person{}, err
	}
	found.Version++
	return found, d.Announce(ctx, org)
}

// target names a person in the audit log by their id alone: what is erased must not stay there.
func target(p Person) audit.Target { return audit.Target{Kind: "person", ID: p.ID.String()} }
