package enduser

import (
	"bytes"
	"context"
	"errors"
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

// meetTries bounds the retries of a meeting that meets others of the same person.
const meetTries = 16

// Meet gives the person that was seen, as known from now on, and whether they are new. They are found by their external id
// first and by their address second:
//
//   - A record that lacks the other name is given it: the two names are one person's.
//   - Two records, one without an address and one without an external id, are merged by this rule, which is audited and can be
//     undone by Split.
//   - An address that belongs to somebody with another external id stays theirs. The record of the external id notes it as
//     contested, for people to decide: what is ambiguous never merges by itself.
func (d *Directory) Meet(ctx context.Context, org id.ID, seen Sighting) (person Person, fresh bool, err error) {
	seen.Email = strings.ToLower(seen.Email)
	for try := 1; ; try++ {
		person, fresh, err = d.meet(ctx, org, seen)
		if err == nil || apierr.KindOf(err) != apierr.Conflict || try == meetTries {
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
	switch {
	case byID == nil && byEmail == nil:
		return d.welcome(ctx, org, seen, seen.Email)
	case byID == nil && (seen.ExternalID == "" || byEmail.ExternalID == ""):
		return d.recognise(ctx, org, *byEmail, seen)
	case byID == nil:
		return d.welcome(ctx, org, seen, "")
	case byEmail != nil && byEmail.ID != byID.ID && byID.Email == "" && byEmail.ExternalID == "" && byID.Into.IsZero() && byEmail.Into.IsZero():
		if err := d.join(ctx, org, audit.System("the same person by a vouched-for address"), *byEmail, *byID); err != nil {
			return Person{}, false, err
		}
	}
	return d.recognise(ctx, org, *byID, seen)
}

// known is nil for a name that is empty, or nobody's.
func (d *Directory) known(ctx context.Context, org id.ID, name string, find func(context.Context, id.ID, string) (Person, error)) (*Person, error) {
	if name == "" {
		return nil, nil
	}
	found, err := find(ctx, org, name)
	if err == nil {
		return &found, nil
	}
	if apierr.KindOf(err) == apierr.NotFound {
		err = nil
	}
	return nil, err
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
func (d *Directory) recognise(ctx context.Context, org id.ID, record Person, seen Sighting) (Person, bool, error) {
	named := record
	if named.ExternalID == "" {
		named.ExternalID = seen.ExternalID
	}
	if err := d.address(ctx, org, &named, seen); err != nil {
		return Person{}, false, err
	}
	if named.Into.IsZero() {
		told, err := d.told(named, seen)
		if err != nil {
			return Person{}, false, err
		}
		kept, err := d.keep(ctx, org, record, told)
		return kept, false, err
	}
	if _, err := d.keep(ctx, org, record, named); err != nil {
		return Person{}, false, err
	}
	root, err := d.root(ctx, org, named)
	if err != nil {
		return Person{}, false, err
	}
	told, err := d.told(root, seen)
	if err != nil {
		return Person{}, false, err
	}
	kept, err := d.keep(ctx, org, root, told)
	return kept, false, err
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
	mine, err := d.root(ctx, org, *record)
	if err != nil {
		return err
	}
	theirs, err := d.root(ctx, org, *owner)
	if err != nil {
		return err
	}
	if mine.ID != theirs.ID {
		record.Contested = seen.Email
	}
	return nil
}

// told is a root after a sighting.
func (d *Directory) told(root Person, seen Sighting) (Person, error) {
	if seen.Name != "" {
		root.Name = seen.Name
	}
	return root, root.tell(seen.Attributes)
}

// keep stores what a record has become, if that is anything else.
func (d *Directory) keep(ctx context.Context, org id.ID, before, after Person) (Person, error) {
	if before.ExternalID == after.ExternalID && before.Email == after.Email && before.Contested == after.Contested &&
		before.Name == after.Name && bytes.Equal(before.Attributes, after.Attributes) {
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
