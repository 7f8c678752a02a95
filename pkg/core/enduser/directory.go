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

// MaxMerged is how many records one person may have beside the root. It also bounds how far a merged record is followed.
const MaxMerged = 32

// Get gives the root of a record.
func (d *Directory) Get(ctx context.Context, org, person id.ID) (Person, error) {
	return Root(ctx, d.Store, org, person)
}

// ByExternalID gives the person that the customer's own systems call so.
func (d *Directory) ByExternalID(ctx context.Context, org id.ID, externalID string) (Person, error) {
	found, err := d.Store.PersonByExternalID(ctx, org, externalID)
	if err != nil {
		return found, err
	}
	return d.root(ctx, org, found)
}

// ByEmail gives the person whose address that is.
func (d *Directory) ByEmail(ctx context.Context, org id.ID, email string) (Person, error) {
	found, err := d.Store.PersonByEmail(ctx, org, strings.ToLower(email))
	if err != nil {
		return found, err
	}
	return d.root(ctx, org, found)
}

func (d *Directory) root(ctx context.Context, org id.ID, person Person) (Person, error) {
	return follow(ctx, d.Store, org, person)
}

// Finder finds a record by its id.
type Finder interface {
	Person(ctx context.Context, org, person id.ID) (Person, error)
}

// Root gives the root of a record: what it is merged into, or itself.
func Root(ctx context.Context, store Finder, org, person id.ID) (Person, error) {
	found, err := store.Person(ctx, org, person)
	if err != nil {
		return found, err
	}
	return follow(ctx, store, org, found)
}

// follow takes a record whose root is gone for its own.
func follow(ctx context.Context, store Finder, org id.ID, person Person) (Person, error) {
	for range MaxMerged {
		if person.Into.IsZero() {
			break
		}
		next, err := store.Person(ctx, org, person.Into)
		if err != nil {
			if apierr.KindOf(err) == apierr.NotFound {
				return person, nil
			}
			return person, err
		}
		person = next
	}
	return person, nil
}

// Records gives a root and all records that are merged into it, directly or by way of others.
func (d *Directory) Records(ctx context.Context, org id.ID, root Person) ([]Person, error) {
	records := []Person{root}
	for n := 0; n < len(records) && len(records) <= MaxMerged; n++ {
		merged, err := d.Store.MergedInto(ctx, org, records[n].ID, MaxMerged)
		if err != nil {
			return nil, err
		}
		records = append(records, merged...)
	}
	return records, nil
}

// now is the time as stores keep it.
func (d *Directory) now() time.Time { return d.Now().UTC().Truncate(time.Millisecond) }
