package mongostore

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/id"
)

// eventDoc has Org and ID as its _id, because a client may have chosen the ID. What users sent as JSON is kept as its bytes.
type eventDoc struct {
	Path       string        `bson:"_id"`
	Org        bson.ObjectID `bson:"orgId"`
	Place      place         `bson:"place"`
	App        bson.ObjectID `bson:"appId,omitempty"`
	Kind       event.Kind    `bson:"kind"`
	Name       string        `bson:"name,omitempty"`
	User       userDoc       `bson:"user"`
	Properties []byte        `bson:"properties"`
	At         time.Time     `bson:"at"`
	ReceivedAt time.Time     `bson:"receivedAt"`
	Test       bool          `bson:"test"`
	Address    string        `bson:"address"`
	UserAgent  string        `bson:"userAgent"`
}

// userDoc keeps the e-mail folded, to be found by whatever its case, and as it was given where that is something else.
type userDoc struct {
	ID         string `bson:"id"`
	Email      string `bson:"email"`
	EmailGiven string `bson:"emailGiven,omitempty"`
	Traits     []byte `bson:"traits"`
}

// place is an event's ReceivedAt, in milliseconds, and then its ID: one field by which events have their order, and from
// which a page is one range.
type place []byte

func placeOf(at event.Place) place {
	const sign = 1 << 63 // with it turned, bytes order as the number does
	return append(binary.BigEndian.AppendUint64(make(place, 0, 8+len(at.ID)), uint64(at.ReceivedAt.UnixMilli())^sign), at.ID[:]...)
}

func (p place) id() (of id.ID) {
	copy(of[:], p[len(p)-len(of):])
	return of
}

// before gives the earlier of two places; nil is after all.
func (p place) before(other place) place {
	if p == nil || other != nil && bytes.Compare(other, p) < 0 {
		return other
	}
	return p
}

func newEventDoc(org id.ID, of event.Event) eventDoc {
	doc := eventDoc{
		Path: path(org, of.ID.String()), Org: bson.ObjectID(org), Place: placeOf(event.Place{ReceivedAt: of.ReceivedAt, ID: of.ID}),
		App: bson.ObjectID(of.App), Kind: of.Kind, Name: of.Name, Properties: of.Properties, At: of.At, ReceivedAt: of.ReceivedAt,
		User: userDoc{ID: of.User.ID, Traits: of.User.Traits}, Test: of.Test, Address: of.Address, UserAgent: of.UserAgent,
	}
	doc.User.Email, doc.User.EmailGiven = foldedEmail(of.User.Email)
	return doc
}

func (d eventDoc) core() event.Event {
	return event.Event{
		ID: d.Place.id(), Org: id.ID(d.Org), App: id.ID(d.App), Kind: d.Kind, Name: d.Name,
		User:       event.User{ID: d.User.ID, Email: cmp.Or(d.User.EmailGiven, d.User.Email), Traits: d.User.Traits},
		Properties: d.Properties, At: d.At, ReceivedAt: d.ReceivedAt, Test: d.Test, Address: d.Address, UserAgent: d.UserAgent,
	}
}

// foldedEmail gives an e-mail in lower case, and as it was given where that is something else.
func foldedEmail(email string) (folded, given string) {
	if folded = strings.ToLower(email); folded != email {
		given = email
	}
	return folded, given
}
