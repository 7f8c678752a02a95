package enduser

import (
	"context"
	"slices"

	"github.com/heard-dev/heard/pkg/id"
)

// MaxMerged is how many records one person may have. It also bounds how far a merged record is followed.
const MaxMerged = 32

// Whole is a person with all their records: the root, which comes first, and what is merged into it, directly or by way of
// others.
type Whole struct {
	Person
	Records []Person
}

// Whole gives the person whom a record is of.
func (d *Directory) Whole(ctx context.Context, org, record id.ID) (Whole, error) {
	root, err := d.Get(ctx, org, record)
	if err != nil {
		return Whole{}, err
	}
	return d.WholeOf(ctx, org, root)
}

// WholeOf gives the person of whom root is the root.
func (d *Directory) WholeOf(ctx context.Context, org id.ID, root Person) (Whole, error) {
	records := []Person{root}
	for n := 0; n < len(records) && len(records) <= MaxMerged; n++ {
		merged, err := d.Store.MergedInto(ctx, org, records[n].ID, MaxMerged)
		if err != nil {
			return Whole{}, err
		}
		records = append(records, merged...)
	}
	return Whole{root, records}, nil
}

// IDs are those of the records.
func (w Whole) IDs() []id.ID {
	ids := make([]id.ID, len(w.Records))
	for n, record := range w.Records {
		ids[n] = record.ID
	}
	return ids
}

// ExternalIDs are all that the customer's systems call the person.
func (w Whole) ExternalIDs() []string {
	return w.names(func(p Person) string { return p.ExternalID })
}

// Emails are all addresses of the person.
func (w Whole) Emails() []string {
	return w.names(func(p Person) string { return p.Email })
}

// Contested are the addresses that were vouched for as the person's and are somebody else's.
func (w Whole) Contested() []string {
	mine := w.Emails()
	return slices.DeleteFunc(w.names(func(p Person) string { return p.Contested }), func(address string) bool {
		return slices.Contains(mine, address)
	})
}

// names gives the names that the records bear, each once.
func (w Whole) names(of func(Person) string) []string {
	names, known := []string{}, map[string]bool{"": true}
	for _, record := range w.Records {
		if name := of(record); !known[name] {
			known[name] = true
			names = append(names, name)
		}
	}
	return names
}

// without leaves out the records of another.
func (w Whole) without(other Whole) Whole {
	theirs := other.IDs()
	w.Records = slices.DeleteFunc(slices.Clone(w.Records), func(r Person) bool { return slices.Contains(theirs, r.ID) })
	return w
}
