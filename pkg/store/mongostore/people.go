package mongostore

import (
	"context"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/id"
)

// personIndexes serve the list of roots, which have an intoId of zeros, and what is merged into one.
func personIndexes() []mongo.IndexModel { return []mongo.IndexModel{index("orgId", "intoId", "_id")} }

func rootsWalk() bson.D { return ascending("orgId", "intoId", "_id") }

// personDoc is an enduser.Person. Whose a name is stands in the names.
type personDoc struct {
	ID            bson.ObjectID  `bson:"_id"`
	Org           bson.ObjectID  `bson:"orgId"`
	Into          bson.ObjectID  `bson:"intoId"`
	ExternalID    string         `bson:"externalId"`
	Email         string         `bson:"email"`
	Contested     string         `bson:"contested"`
	Name          string         `bson:"name"`
	Attributes    []byte         `bson:"attributes"`
	Source        enduser.Source `bson:"source"`
	CreatedAt     time.Time      `bson:"createdAt"`
	UpdatedAt     time.Time      `bson:"updatedAt,omitempty"`
	DeactivatedAt time.Time      `bson:"deactivatedAt,omitempty"`
	Version       int64          `bson:"version"`
}

// CreatePerson implements enduser.Store.
func (s *Store) CreatePerson(ctx context.Context, org id.ID, person enduser.Person) error {
	doc := newPersonDoc(org, person)
	return s.bearing(ctx, doc, doc.names(), func() error { return s.people.insert(ctx, doc) })
}

// Person implements enduser.Store.
func (s *Store) Person(ctx context.Context, org, person id.ID) (enduser.Person, error) {
	return core(current[personDoc](ctx, s.people, owned(org, e("_id", bson.ObjectID(person)))))
}

// PersonByExternalID implements enduser.Store.
func (s *Store) PersonByExternalID(ctx context.Context, org id.ID, externalID string) (enduser.Person, error) {
	return core(s.bearer(ctx, org, name{byExternalID, externalID}))
}

// PersonByEmail implements enduser.Store.
func (s *Store) PersonByEmail(ctx context.Context, org id.ID, email string) (enduser.Person, error) {
	folded, _ := foldedEmail(email)
	return core(s.bearer(ctx, org, name{byEmail, folded}))
}

// ReplacePerson implements enduser.Store.
func (s *Store) ReplacePerson(ctx context.Context, org id.ID, person enduser.Person) error {
	identity := owned(org, e("_id", bson.ObjectID(person.ID)))
	former, err := current[personDoc](ctx, s.people, identity)
	if err != nil {
		return err
	}
	if former.Version != person.Version {
		return s.people.changed()
	}
	person.Version++
	next := newPersonDoc(org, person)
	gained := slices.DeleteFunc(next.names(), former.bears)
	err = s.bearing(ctx, next, gained, func() error { return s.people.swap(ctx, identity, next, e("version", former.Version)) })
	if err != nil {
		return err
	}
	return s.release(ctx, next, slices.DeleteFunc(former.names(), next.bears))
}

// DeletePerson implements enduser.Store. Until its names are released, they lead to nobody.
func (s *Store) DeletePerson(ctx context.Context, org, person id.ID) error {
	identity := owned(org, e("_id", bson.ObjectID(person)))
	former, err := findOne[personDoc](ctx, s.people, identity)
	if err != nil {
		return err
	}
	if err := s.people.removeOne(ctx, identity); err != nil {
		return err
	}
	return s.release(ctx, former, former.names())
}

// People implements enduser.Store.
func (s *Store) People(ctx context.Context, org id.ID, query enduser.Query) (page enduser.Page, err error) {
	if query.Search != "" {
		return s.searchPeople(ctx, org, query)
	}
	roots := mergedInto(org, id.Zero)
	page.Total, err = s.people.count(ctx, roots, rootsWalk(), options.Count().SetLimit(enduser.Window))
	first, most := query.Stretch()
	if err != nil || most == 0 { // which MongoDB takes for no limit
		return page, err
	}
	page.People, err = cores(find[personDoc](ctx, s.people, roots, options.Find().SetSort(bson.D{e("_id", -1)}).SetHint(rootsWalk()).
		SetSkip(int64(first)).SetLimit(int64(most))))
	return page, err
}

// searchPeople reads the names of all whom it looks through, and only whom it shows in full.
func (s *Store) searchPeople(ctx context.Context, org id.ID, query enduser.Query) (page enduser.Page, err error) {
	names := bson.D{e("name", 1), e("email", 1), e("externalId", 1)}
	all, err := cores(find[personDoc](ctx, s.people, mergedInto(org, id.Zero), options.Find().SetSort(bson.D{e("_id", -1)}).
		SetHint(rootsWalk()).SetLimit(enduser.Window).SetProjection(names)))
	if err != nil {
		return page, err
	}
	all = slices.DeleteFunc(all, func(p enduser.Person) bool { return !query.Selects(p) })
	first, most := query.Stretch()
	page.Total, page.People = int64(len(all)), stretch(all, first, most)
	page.People, err = inFull[personDoc](ctx, s.people, org, page.People, func(p enduser.Person) id.ID { return p.ID })
	return page, err
}

// CountPeople implements enduser.Store.
func (s *Store) CountPeople(ctx context.Context, org id.ID) (int64, error) {
	return s.people.count(ctx, mergedInto(org, id.Zero), rootsWalk())
}

// MergedInto implements enduser.Store.
func (s *Store) MergedInto(ctx context.Context, org, person id.ID, limit int) ([]enduser.Person, error) {
	return cores(find[personDoc](ctx, s.people, mergedInto(org, person), oldestFirst().SetHint(rootsWalk()).SetLimit(int64(limit))))
}

func mergedInto(org, person id.ID) bson.D { return owned(org, e("intoId", bson.ObjectID(person))) }

func newPersonDoc(org id.ID, p enduser.Person) personDoc {
	return personDoc{
		ID: bson.ObjectID(p.ID), Org: bson.ObjectID(org), Into: bson.ObjectID(p.Into), ExternalID: p.ExternalID, Email: p.Email,
		Contested: p.Contested, Name: p.Name, Attributes: p.Attributes, Source: p.Source, CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt,
		DeactivatedAt: p.DeactivatedAt, Version: p.Version,
	}
}

func (d personDoc) core() enduser.Person {
	return enduser.Person{
		ID: id.ID(d.ID), Org: id.ID(d.Org), Into: id.ID(d.Into), ExternalID: d.ExternalID, Email: d.Email, Contested: d.Contested,
		Name: d.Name, Attributes: d.Attributes, Source: d.Source, CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt,
		DeactivatedAt: d.DeactivatedAt, Version: d.Version,
	}
}
