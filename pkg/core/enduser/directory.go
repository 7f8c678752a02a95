package enduser

import (
	"context"
	"strings"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/id"
)

// Deps are what a Directory works with.
type Deps struct {
	Store   Store
	Journal *audit.Journal
	// Announce makes whatever was loaded of an Org before stale, everywhere.
	Announce func(ctx context.Context, org id.ID) error
	IDs      *id.Source
	Now      func() time.Time
}

// Directory finds people, keeps them apart and brings them together.
type Directory struct{ Deps }

// NewDirectory makes a Directory.
func NewDirectory(deps Deps) *Directory { return &Directory{deps} }

// Get gives the root of a record.
func (d *Directory) Get(ctx context.Context, org, record id.ID) (Person, error) {
	found, err := d.Store.Person(ctx, org, record)
	if err != nil {
		return found, err
	}
	return d.root(ctx, org, found)
}

// ByExternalID gives the person that the customer's own systems call so.
func (d *Directory) ByExternalID(ctx context.Context, org id.ID, externalID string) (Person, error) {
	return d.by(ctx, org, externalID, d.Store.PersonByExternalID)
}

// ByEmail gives the person whose address that is.
func (d *Directory) ByEmail(ctx context.Context, org id.ID, email string) (Person, error) {
	return d.by(ctx, org, strings.ToLower(email), d.Store.PersonByEmail)
}

// finder finds the record that bears a name.
type finder func(ctx context.Context, org id.ID, name string) (Person, error)

// by gives the person whose name that is. The empty name is nobody's.
func (d *Directory) by(ctx context.Context, org id.ID, name string, find finder) (Person, error) {
	found, err := d.known(ctx, org, name, find)
	if err != nil {
		return Person{}, err
	}
	if found == nil {
		return Person{}, apierr.Missing("person")
	}
	return d.root(ctx, org, *found)
}

// known is nil for a name that is empty, or nobody's.
func (d *Directory) known(ctx context.Context, org id.ID, name string, find finder) (*Person, error) {
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

func (d *Directory) root(ctx context.Context, org id.ID, record Person) (Person, error) {
	root, _, err := climb(ctx, d.Store, org, record)
	return root, err
}

// Reader finds a record by its id.
type Reader interface {
	Person(ctx context.Context, org, person id.ID) (Person, error)
}

// Bearer gives the person whom a credential speaks for that was given to a record. Whoever was shut out before they were
// merged into somebody else stays so: the person's DeactivatedAt tells.
func Bearer(ctx context.Context, store Reader, org, record id.ID) (Person, error) {
	found, err := store.Person(ctx, org, record)
	if err != nil {
		return found, err
	}
	root, shutOut, err := climb(ctx, store, org, found)
	if root.Active() {
		root.DeactivatedAt = shutOut
	}
	return root, err
}

// climb goes from a record to its root, and tells when the last of those on the way was shut out, if any was. A record whose
// root was removed is a root again.
func climb(ctx context.Context, store Reader, org id.ID, record Person) (root Person, shutOut time.Time, err error) {
	root = record
	for range MaxMerged {
		if !root.Active() {
			shutOut = root.DeactivatedAt
		}
		if root.Into.IsZero() {
			break
		}
		next, err := store.Person(ctx, org, root.Into)
		if apierr.KindOf(err) == apierr.NotFound {
			root.Into = id.Zero
			break
		}
		if err != nil {
			return root, shutOut, err
		}
		root = next
	}
	return root, shutOut, nil
}

// now is the time as stores keep it.
func (d *Directory) now() time.Time { return d.Now().UTC().Truncate(time.Millisecond) }

// tries bounds the retries of a change that meets others of the same person: each means that somebody else was done.
const tries = 100

// again tells whether what a change was founded on changed meanwhile, so that it has to be thought over.
func again(err error, try int) bool {
	return err != nil && apierr.Of(err).Code == apierr.CodeChanged && try < tries
}
