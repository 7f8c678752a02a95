package mongostore

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/id"
)

// graceOfNames is how long a name is kept for whoever took it and does not bear it yet: longer than it takes to store a person.
// By then it is left from a process that died.
const graceOfNames = 30 * time.Second

// name is what a person is called, and by whom.
type name struct{ by, text string }

const (
	byExternalID = "id"
	byEmail      = "email"
)

// nameDoc says whose a name is, by its _id: the Org, who calls the person so, and the name. It counts if the person bears the
// name, and is the first step towards that: taken for a version of the person that is not there yet. One that leads to nobody
// who bears it may be taken by another.
type nameDoc struct {
	Path    string        `bson:"_id"`
	Org     bson.ObjectID `bson:"orgId"`
	Person  bson.ObjectID `bson:"personId"`
	Version int64         `bson:"version"`
	TakenAt time.Time     `bson:"takenAt"`
}

// names are what the person is called.
func (d personDoc) names() (names []name) {
	for _, n := range []name{{byExternalID, d.ExternalID}, {byEmail, d.Email}} {
		if n.text != "" {
			names = append(names, n)
		}
	}
	return names
}

func (d personDoc) bears(n name) bool { return slices.Contains(d.names(), n) }

// bearer gives the person that bears the name; apierr.NotFound when nobody does.
func (s *Store) bearer(ctx context.Context, org id.ID, n name) (personDoc, error) {
	led, err := findOne[nameDoc](ctx, s.names, owned(org, e("_id", path(org, n.by, n.text))))
	if is(err, apierr.NotFound) {
		return personDoc{}, apierr.Missing(s.people.what)
	}
	if err != nil {
		return personDoc{}, err
	}
	found, err := current[personDoc](ctx, s.people, owned(org, e("_id", led.Person)))
	if err == nil && !found.bears(n) {
		return personDoc{}, apierr.Missing(s.people.what)
	}
	return found, err
}

// bearing takes names for a person and has store write them down as bearing these. What is refused is not theirs; when nobody
// knows whether it was written, the names are left to whoever needs them after graceOfNames.
func (s *Store) bearing(ctx context.Context, doc personDoc, names []name, store func() error) error {
	var err error
	for _, n := range names {
		if err = s.take(ctx, doc, n); err != nil {
			break
		}
	}
	if err == nil {
		err = store()
	}
	if refused := is(err, apierr.Conflict) || is(err, apierr.NotFound); !refused {
		return err
	}
	return errors.Join(err, s.release(ctx, doc, names))
}

// take makes a name lead to the person; apierr.Conflict if it is another's.
func (s *Store) take(ctx context.Context, doc personDoc, n name) error {
	const tries = 8 // each lost one was somebody else's step with the same name
	taken := nameDoc{
		Path: path(id.ID(doc.Org), n.by, n.text), Org: doc.Org, Person: doc.ID, Version: doc.Version, TakenAt: doc.UpdatedAt,
	}
	identity := owned(id.ID(doc.Org), e("_id", taken.Path))
	for range tries {
		err := s.names.insert(ctx, taken)
		if !is(err, apierr.Conflict) {
			return err
		}
		stands, err := findOne[nameDoc](ctx, s.names, identity)
		if is(err, apierr.NotFound) {
			continue
		}
		if err == nil && stands.Person == taken.Person && stands.Version >= taken.Version {
			return nil
		}
		if err == nil && stands.Person != taken.Person {
			err = s.free(ctx, stands, n, taken.TakenAt)
		}
		if err != nil {
			return err
		}
		replaced, err := s.names.replace(ctx, stands.asItStands(), taken)
		if err != nil || replaced {
			return err
		}
	}
	return apierr.Away(errors.New("mongostore: a name changes hands faster than it can be read"))
}

// free refuses a name that its person bears, or may be about to.
func (s *Store) free(ctx context.Context, stands nameDoc, n name, now time.Time) error {
	owner, err := current[personDoc](ctx, s.people, owned(id.ID(stands.Org), e("_id", stands.Person)))
	if err != nil && !is(err, apierr.NotFound) {
		return err
	}
	if err == nil && owner.bears(n) || now.Before(stands.TakenAt.Add(graceOfNames)) {
		return apierr.New(apierr.Conflict, apierr.CodeAlreadyExists, "This person exists already, or a name of it is taken.")
	}
	return nil
}

// release frees those of the names that the person does not bear, as it is now. What was taken for a version that is still to
// come is not touched.
func (s *Store) release(ctx context.Context, doc personDoc, names []name) error {
	if len(names) == 0 {
		return nil
	}
	now, err := current[personDoc](ctx, s.people, owned(id.ID(doc.Org), e("_id", doc.ID)))
	gone := is(err, apierr.NotFound)
	if err != nil && !gone {
		return err
	}
	for _, n := range names {
		if !gone && now.bears(n) {
			continue
		}
		led := owned(id.ID(doc.Org), e("_id", path(id.ID(doc.Org), n.by, n.text)), e("personId", doc.ID))
		if !gone {
			led = append(led, e("version", bson.D{e("$lte", now.Version)}))
		}
		if _, err := s.names.remove(ctx, led); err != nil {
			return err
		}
	}
	return nil
}

// asItStands selects the name if nobody took a step with it since.
func (d nameDoc) asItStands() bson.D {
	return bson.D{e("orgId", d.Org), e("_id", d.Path), e("personId", d.Person), e("version", d.Version), e("takenAt", d.TakenAt)}
}
