package enduser

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/jsonobject"
	"github.com/heard-dev/heard/pkg/id"
)

// MaxAttributes bounds what is kept of one person, in bytes of JSON.
const MaxAttributes = 32 << 10

// Sighting is somebody who came through a door that the customer vouches for: by a key, or by a signature. What is only
// claimed is no sighting. At least one of ExternalID and Email is set. Attributes is a JSON object that is merged into what is
// known (RFC 7396), or nil.
type Sighting struct {
	ExternalID string
	Email      string
	Name       string
	Attributes []byte
	Source     Source
}

var errNobody = errors.New("enduser: a sighting of nobody")

// Meet gives the person that was seen, as known from now on, and whether they are new. They are found by their external id
// first and by their address second:
//
//   - A person without an external id is given the one that comes with their address. An external id that comes with an
//     address of nobody's has that address from now on.
//   - Two people, one without any address and one without any external id, are merged by this rule, which is audited and can
//     be undone by Split. Nobody is who was split off, or who is shut out.
//   - Otherwise an address that is somebody's stays theirs. The record of the external id notes it as contested, for people
//     to decide: what is ambiguous never merges by itself.
//
// Of many racing meetings of one person, one makes them.
func (d *Directory) Meet(ctx context.Context, org id.ID, seen Sighting) (person Person, fresh bool, err error) {
	seen.Email = strings.ToLower(seen.Email)
	if seen.ExternalID == "" && seen.Email == "" {
		return person, false, errNobody
	}
	for try := 1; ; try++ {
		person, fresh, err = d.meet(ctx, org, seen)
		kind := apierr.KindOf(err)
		if err == nil || kind != apierr.Conflict && kind != apierr.NotFound || try == tries {
			return person, fresh, err
		}
	}
}

func (d *Directory) meet(ctx context.Context, org id.ID, seen Sighting) (Person, bool, error) {
	byID, errID := d.known(ctx, org, seen.ExternalID, d.Store.PersonByExternalID)
	byEmail, errEmail := d.known(ctx, org, seen.Email, d.Store.PersonByEmail)
	if err := errors.Join(errID, errEmail); err != nil {
		return Person{}, false, err
	}
	if byID == nil {
		return d.meetByEmail(ctx, org, byEmail, seen)
	}
	if byEmail != nil && byEmail.ID != byID.ID && byID.Email == "" && byEmail.ExternalID == "" {
		merged, err := d.complete(ctx, org, *byID, *byEmail)
		if err != nil {
			return Person{}, false, err
		}
		if merged {
			return d.meet(ctx, org, seen)
		}
	}
	kept, err := d.recognise(ctx, org, *byID, seen)
	return kept, false, err
}

// meetByEmail meets somebody whose external id is none, or new.
func (d *Directory) meetByEmail(ctx context.Context, org id.ID, byEmail *Person, seen Sighting) (Person, bool, error) {
	if byEmail == nil {
		return d.welcome(ctx, org, seen, seen.Email)
	}
	if seen.ExternalID != "" {
		whose, err := d.Whole(ctx, org, byEmail.ID)
		if err != nil {
			return Person{}, false, err
		}
		if len(whose.ExternalIDs()) > 0 {
			return d.welcome(ctx, org, seen, "")
		}
	}
	kept, err := d.recognise(ctx, org, *byEmail, seen)
	return kept, false, err
}

// complete merges who is known by an address alone into who is known by an external id alone, and tells whether it did.
func (d *Directory) complete(ctx context.Context, org id.ID, byID, byEmail Person) (bool, error) {
	to, errTo := d.Whole(ctx, org, byID.ID)
	from, errFrom := d.Whole(ctx, org, byEmail.ID)
	if err := errors.Join(errTo, errFrom); err != nil {
		return false, err
	}
	split := slices.ContainsFunc(to.Records, func(r Person) bool { return slices.Contains(from.Emails(), r.Contested) })
	if len(to.Emails()) > 0 || len(from.ExternalIDs()) > 0 || split || !to.Active() || !from.Active() ||
		len(to.Records)+len(from.Records) > MaxMerged {
		return false, nil
	}
	return true, d.join(ctx, org, audit.System("the same person by a vouched-for address"), from, to)
}

// welcome makes a record. One whose address is another's already is given none.
func (d *Directory) welcome(ctx context.Context, org id.ID, seen Sighting, email string) (Person, bool, error) {
	now := d.now()
	person := Person{
		ID: d.IDs.New(), Org: org, ExternalID: seen.ExternalID, Email: email, Name: seen.Name, Source: seen.Source,
		CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	if email != seen.Email {
		person.Contested = seen.Email
	}
	if err := person.tell(seen.Attributes); err != nil {
		return Person{}, false, err
	}
	return person, true, d.Store.CreatePerson(ctx, org, person)
}

// recognise gives a record what it did not have, and gives its root, which is told what is new of the person.
func (d *Directory) recognise(ctx context.Context, org id.ID, record Person, seen Sighting) (Person, error) {
	named := record
	if named.ExternalID == "" {
		named.ExternalID = seen.ExternalID
	}
	if err := d.address(ctx, org, &named, seen); err != nil {
		return Person{}, err
	}
	if !named.Into.IsZero() {
		kept, err := d.keep(ctx, org, record, named)
		if err != nil {
			return Person{}, err
		}
		if named, err = d.root(ctx, org, kept); err != nil {
			return Person{}, err
		}
		record = named
		if kept.ID == named.ID {
			record = kept
		}
	}
	if seen.Name != "" {
		named.Name = seen.Name
	}
	if err := named.tell(seen.Attributes); err != nil {
		return Person{}, err
	}
	return d.keep(ctx, org, record, named)
}

// address gives the record the address that was vouched for, unless it is somebody else's.
func (d *Directory) address(ctx context.Context, org id.ID, record *Person, seen Sighting) error {
	if seen.Email == "" || seen.Email == record.Email {
		return nil
	}
	owner, err := d.known(ctx, org, seen.Email, d.Store.PersonByEmail)
	if err != nil {
		return err
	}
	if owner == nil {
		record.Email, record.Contested = seen.Email, ""
		return nil
	}
	mine, errMine := d.root(ctx, org, *record)
	theirs, errTheirs := d.root(ctx, org, *owner)
	if err := errors.Join(errMine, errTheirs); err != nil {
		return err
	}
	if mine.ID != theirs.ID {
		record.Contested = seen.Email
	}
	return nil
}

// keep stores what a record has become, if that is anything else.
func (d *Directory) keep(ctx context.Context, org id.ID, before, after Person) (Person, error) {
	if before.ExternalID == after.ExternalID && before.Email == after.Email && before.Contested == after.Contested &&
		before.Name == after.Name && before.Into == after.Into && bytes.Equal(before.Attributes, after.Attributes) {
		return after, nil
	}
	after.UpdatedAt = d.now()
	if err := d.Store.ReplacePerson(ctx, org, after); err != nil {
		return after, err
	}
	after.Version++
	return after, nil
}

// tell merges attributes into those that are known.
func (p *Person) tell(attributes []byte) error {
	if len(attributes) == 0 {
		return nil
	}
	known, errKnown := jsonobject.Members(p.Attributes)
	said, errSaid := jsonobject.Members(attributes)
	if err := errors.Join(errKnown, errSaid); err != nil {
		return err
	}
	spelled, err := jsonobject.Spell(jsonobject.Patch(known, said))
	if err != nil {
		return err
	}
	if len(spelled) > MaxAttributes {
		return apierr.Body(apierr.Issue{Path: []any{"metadata"}, Code: "too_big", Message: "would make all that is kept of this person too much"})
	}
	p.Attributes = spelled
	return nil
}
