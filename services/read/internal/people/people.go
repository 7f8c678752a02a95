// Package people is how an Org sees the people whom it hears, each with all they said and did.
package people

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/comment"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/jsonobject"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/services/read/internal/review"
)

// abreast is how many questions to the store about one page are under way at once.
const abreast = 8

// Store is what is read from.
type Store interface {
	enduser.Store
	feedback.Store
	event.Store
	event.Profiles
	vote.Store
	comment.Store
	MemberByEmail(ctx context.Context, org id.ID, email string) (tenant.Member, error)
}

// Reader shows people.
type Reader struct {
	Store     Store
	Directory *enduser.Directory
	Reviewer  *review.Reviewer // of what they said
}

// Query selects people: the one who bears the names, or whom Search finds.
type Query struct {
	ExternalID, Email string
	enduser.Query
}

// Page is a stretch of a list. Total counts what the query selects within the enduser.Window.
type Page struct {
	People []enduser.Whole
	Total  int64
}

// Find gives a page, newest first.
func (r *Reader) Find(ctx context.Context, org id.ID, query Query) (Page, error) {
	var roots enduser.Page
	var err error
	if query.ExternalID != "" || query.Email != "" {
		roots, err = r.named(ctx, org, query)
	} else {
		roots, err = r.Store.People(ctx, org, query.Query)
	}
	if err != nil {
		return Page{}, err
	}
	page := Page{People: make([]enduser.Whole, len(roots.People)), Total: roots.Total}
	look, ctx := errgroup.WithContext(ctx)
	look.SetLimit(abreast)
	for n, root := range roots.People {
		look.Go(func() (err error) {
			page.People[n], err = r.Directory.WholeOf(ctx, org, root)
			return err
		})
	}
	return page, look.Wait()
}

// named gives the one who bears all the names that are said, and whom the search finds.
func (r *Reader) named(ctx context.Context, org id.ID, query Query) (enduser.Page, error) {
	var found enduser.Person
	for _, by := range []struct {
		name string
		find func(context.Context, id.ID, string) (enduser.Person, error)
	}{{query.ExternalID, r.Directory.ByExternalID}, {query.Email, r.Directory.ByEmail}} {
		if by.name == "" {
			continue
		}
		person, err := by.find(ctx, org, by.name)
		if apierr.KindOf(err) == apierr.NotFound || err == nil && !found.ID.IsZero() && found.ID != person.ID {
			return enduser.Page{}, nil
		}
		if err != nil {
			return enduser.Page{}, err
		}
		found = person
	}
	if !query.Selects(found) {
		return enduser.Page{}, nil
	}
	if query.Offset > 0 {
		return enduser.Page{Total: 1}, nil
	}
	return enduser.Page{People: []enduser.Person{found}, Total: 1}, nil
}

// Portrait is all that is known of who somebody is. Account is that of the users directory which has their address; zero when
// there is none. Traits are what events told, a JSON object, the latest of each.
type Portrait struct {
	enduser.Whole
	Account  id.ID
	Profiles []event.Profile
	Traits   []byte
}

// Get gives the person whom a record is of.
func (r *Reader) Get(ctx context.Context, org, record id.ID) (Portrait, error) {
	whole, err := r.Directory.Whole(ctx, org, record)
	if err != nil {
		return Portrait{}, err
	}
	portrait := Portrait{Whole: whole}
	if portrait.Account, err = r.account(ctx, org, whole); err != nil {
		return Portrait{}, err
	}
	if portrait.Profiles, err = r.profiles(ctx, org, whole); err != nil {
		return Portrait{}, err
	}
	portrait.Traits, err = traits(portrait.Profiles)
	return portrait, err
}

func (r *Reader) account(ctx context.Context, org id.ID, whole enduser.Whole) (id.ID, error) {
	for _, address := range whole.Emails() {
		member, err := r.Store.MemberByEmail(ctx, org, address)
		if err == nil {
			return member.ID, nil
		}
		if apierr.KindOf(err) != apierr.NotFound {
			return id.Zero, err
		}
	}
	return id.Zero, nil
}

// profiles are those of all external ids, the one that was told of last at the end.
func (r *Reader) profiles(ctx context.Context, org id.ID, whole enduser.Whole) (known []event.Profile, err error) {
	for _, name := range whole.ExternalIDs() {
		profile, err := r.Store.Profile(ctx, org, name)
		if err != nil && apierr.KindOf(err) != apierr.NotFound {
			return nil, err
		}
		if err == nil {
			known = append(known, profile)
		}
	}
	slices.SortStableFunc(known, func(a, b event.Profile) int { return a.UpdatedAt.Compare(b.UpdatedAt) })
	return known, nil
}

func traits(profiles []event.Profile) ([]byte, error) {
	all := map[string]any{}
	for _, profile := range profiles {
		told, err := jsonobject.Members(profile.Traits)
		if err != nil {
			return nil, err
		}
		all = jsonobject.Patch(all, told)
	}
	return jsonobject.Spell(all)
}

// Behind gives the person who said an item, as far as that was vouched for, and their last events. It is nobody for an item
// whose sender only claimed to be somebody, and for who was not met yet.
func (r *Reader) Behind(ctx context.Context, org id.ID, said feedback.Submitter, events int) (*enduser.Whole, []event.Event, error) {
	found, err := r.sender(ctx, org, said)
	if err != nil {
		if apierr.KindOf(err) == apierr.NotFound {
			err = nil
		}
		return nil, nil, err
	}
	whole, err := r.Directory.WholeOf(ctx, org, found)
	if err != nil {
		return nil, nil, err
	}
	page, err := r.Timeline(ctx, org, whole, Span{Limit: events, Kinds: []Kind{OfEvent}})
	last := make([]event.Event, len(page.Entries))
	for n, entry := range page.Entries {
		last[n] = *entry.Event
	}
	return &whole, last, err
}

func (r *Reader) sender(ctx context.Context, org id.ID, said feedback.Submitter) (enduser.Person, error) {
	switch {
	case !said.Person.IsZero():
		return r.Directory.Get(ctx, org, said.Person)
	case said.Mode == feedback.Private:
		return r.Directory.ByExternalID(ctx, org, said.ExternalUserID)
	}
	return enduser.Person{}, apierr.Missing("person")
}
