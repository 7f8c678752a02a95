package heard_test

import (
	"context"

	"github.com/heard-dev/heard/pkg/core/enduser"
)

// peopleRows are the native routes of people.
func peopleRows() map[string]row {
	return map[string]row{
		"GET /v1/people":             {target: "/v1/people?externalUserId=$user"},
		"GET /v1/people/{id}":        {target: "/v1/people/$person"},
		"GET /v1/people/{id}/export": {target: "/v1/people/$person/export"},
		"DELETE /v1/people/{id}":     {target: "/v1/people/$person"},
		"POST /v1/people/{id}/merge": {target: "/v1/people/$friend/merge", bodies: []string{`{"into":"$person"}`}},
		"POST /v1/people/{id}/split": {target: "/v1/people/$record/split"},
	}
}

// peopled are the end user who told something, with a record that is merged into theirs, and a friend.
func (i *installation) peopled(w *world) {
	i.t.Helper()
	ctx, slug := context.Background(), w.org.Slug
	meet := func(kind, externalID string) enduser.Person {
		i.t.Helper()
		met, _, err := i.People.Meet(ctx, w.org.ID, enduser.Sighting{
			ExternalID: externalID, Email: kind + "@" + slug + ".example", Name: kind + " of " + slug, Source: enduser.FromEvents,
		})
		must(i.t, err)
		w.named[kind] = met.ID.String()
		w.marks = append(w.marks, met.Email, met.Name)
		return met
	}
	person, record := meet("person", w.named["user"]), meet("record", "record-of-"+slug)
	meet("friend", "friend-of-"+slug)
	_, err := i.People.Merge(ctx, w.org.ID, byTest().Actor, record.ID, person.ID)
	must(i.t, err)
}

// dumpPeople adds the records of people to a dump.
func (i *installation) dumpPeople(w world, all map[string]any) {
	i.t.Helper()
	person, err := i.People.Whole(context.Background(), w.org.ID, w.id("person"))
	must(i.t, err)
	all["person"] = person
}
