package enduser

import (
	"context"
	"slices"
	"strings"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/id"
)

// Add makes somebody who is not known yet, vouched for like a sighting. A name that another bears is apierr.Conflict with
// CodeAlreadyExists.
func (d *Directory) Add(ctx context.Context, org id.ID, who Sighting) (Person, error) {
	who.Email = strings.ToLower(who.Email)
	added, _, err := d.welcome(ctx, org, who, who.Email)
	return added, err
}

// Change is what an edit of a person sets; nil leaves as it is. Attributes are merged into those that are known.
type Change struct {
	Name       *string
	Email      *string
	Attributes []byte
}

// Update changes a person. An address that is another's is apierr.Conflict with CodeAlreadyExists.
func (d *Directory) Update(ctx context.Context, org, person id.ID, change Change) (Person, error) {
	return d.edit(ctx, org, person, d.Get, func(p *Person) error {
		if change.Name != nil {
			p.Name = *change.Name
		}
		if change.Email != nil {
			p.Email = strings.ToLower(*change.Email)
		}
		if p.Contested == p.Email {
			p.Contested = ""
		}
		return p.tell(change.Attributes)
	})
}

// Deactivate shuts a person out: when it returns, none of their subscriber tokens opens anything anywhere. Doing so again
// changes nothing.
func (d *Directory) Deactivate(ctx context.Context, org id.ID, by audit.Actor, person id.ID) (Person, error) {
	changed, err := d.Get(ctx, org, person)
	if err != nil {
		return changed, err
	}
	what := audit.Change{Action: "person.deactivate", Target: target(changed)}
	err = d.Journal.Record(ctx, org, by, what, func() (err error) {
		changed, err = d.shut(ctx, org, changed.ID)
		return err
	})
	return changed, err
}

// shut marks the root and then its records, which stay marked when they are split off.
func (d *Directory) shut(ctx context.Context, org, person id.ID) (Person, error) {
	mark := func(p *Person) error {
		if p.Active() {
			p.DeactivatedAt = d.now()
		}
		return nil
	}
	root, err := d.edit(ctx, org, person, d.Get, mark)
	if err != nil {
		return root, err
	}
	all, err := d.WholeOf(ctx, org, root)
	if err != nil {
		return root, err
	}
	for _, record := range all.Records[1:] {
		if _, err := d.edit(ctx, org, record.ID, d.Store.Person, mark); err != nil && apierr.KindOf(err) != apierr.NotFound {
			return root, err
		}
	}
	return root, d.Announce(ctx, org)
}

// Remove forgets a person with all their records: when it returns, none of their subscriber tokens opens anything anywhere.
// What they said stays, and is nobody's.
func (d *Directory) Remove(ctx context.Context, org id.ID, by audit.Actor, person id.ID) error {
	root, err := d.Get(ctx, org, person)
	if err != nil {
		return err
	}
	what := audit.Change{Action: "person.remove", Target: target(root)}
	return d.Journal.Record(ctx, org, by, what, func() error {
		// Shut out first: should that not be announced, whoever repeats this still finds somebody.
		shut, err := d.shut(ctx, org, root.ID)
		if err != nil {
			return err
		}
		return d.forget(ctx, org, shut)
	})
}

// forget removes the root last: until then, whoever repeats this finds what is left. Then it looks for who was merged into
// it meanwhile.
func (d *Directory) forget(ctx context.Context, org id.ID, root Person) error {
	for {
		all, err := d.WholeOf(ctx, org, root)
		if err != nil {
			return err
		}
		for _, record := range slices.Backward(all.Records) {
			if err := d.Store.DeletePerson(ctx, org, record.ID); err != nil && apierr.KindOf(err) != apierr.NotFound {
				return err
			}
		}
		if left, err := d.Store.MergedInto(ctx, org, root.ID, 1); err != nil || len(left) == 0 {
			return err
		}
	}
}

// edit changes what find finds of a record, and tries again when that was changed meanwhile.
func (d *Directory) edit(
	ctx context.Context, org, record id.ID, find func(ctx context.Context, org, record id.ID) (Person, error), how func(*Person) error,
) (Person, error) {
	for try := 1; ; try++ {
		found, err := find(ctx, org, record)
		if err == nil {
			err = how(&found)
		}
		if err != nil {
			return found, err
		}
		found.UpdatedAt = d.now()
		err = d.Store.ReplacePerson(ctx, org, found)
		if err == nil {
			found.Version++
			return found, nil
		}
		if !again(err, try) {
			return found, err
		}
	}
}
