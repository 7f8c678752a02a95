package enduser

import (
	"context"
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
	return d.edit(ctx, org, person, func(p *Person) error {
		if change.Name != nil {
			p.Name = *change.Name
		}
		if change.Email != nil {
			p.Email = strings.ToLower(*change.Email)
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
		changed, err = d.shut(ctx, org, person)
		return err
	})
	return changed, err
}

func (d *Directory) shut(ctx context.Context, org, person id.ID) (Person, error) {
	changed, err := d.edit(ctx, org, person, func(p *Person) error {
		if p.Active() {
			p.DeactivatedAt = d.now()
		}
		return nil
	})
	if err != nil {
		return changed, err
	}
	return changed, d.Announce(ctx, org)
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
		shut, err := d.shut(ctx, org, person)
		if err != nil {
			return err
		}
		return d.forget(ctx, org, shut)
	})
}

// forget removes the root last: until then, whoever repeats this finds what is left.
func (d *Directory) forget(ctx context.Context, org id.ID, root Person) error {
	records, err := d.Records(ctx, org, root)
	if err != nil {
		return err
	}
	for n := len(records) - 1; n >= 0; n-- {
		err := d.Store.DeletePerson(ctx, org, records[n].ID)
		if err != nil && apierr.KindOf(err) != apierr.NotFound {
			return err
		}
	}
	return nil
}

func (d *Directory) edit(ctx context.Context, org, person id.ID, how func(*Person) error) (Person, error) {
	for try := 1; ; try++ {
		found, err := d.Get(ctx, org, person)
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
		if apierr.Of(err).Code != apierr.CodeChanged || try == meetTries {
			return found, err
		}
	}
}
