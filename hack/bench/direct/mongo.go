package direct

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/pkg/store/mongostore"
)

// docs is a collection, and a document to insert copies of.
type docs struct {
	client *mongo.Client
	events *mongo.Collection
	sample bson.D
	place  []byte
	org    string
	ids    *id.Source
}

// Mongo opens a database of its own.
func Mongo(ctx context.Context, uri, database string) (Driver, error) {
	ids := newIDs()
	e := sample(ids)
	if err := seed(ctx, uri, database, e); err != nil {
		return nil, err
	}
	journaled := true
	client, err := mongo.Connect(options.Client().ApplyURI(uri).
		SetWriteConcern(&writeconcern.WriteConcern{W: writeconcern.WCMajority, Journal: &journaled}))
	if err != nil {
		return nil, err
	}
	d := &docs{client: client, events: client.Database(database).Collection("events"), org: e.Org.String(), ids: ids}
	if err := d.events.FindOne(ctx, bson.D{}).Decode(&d.sample); err != nil {
		return nil, errors.Join(fmt.Errorf("direct: the store's own event: %w", err), client.Disconnect(ctx))
	}
	for _, field := range d.sample {
		if place, ok := field.Value.(bson.Binary); ok && field.Key == "place" {
			d.place = place.Data[:len(place.Data)-len(e.ID)]
		}
	}
	return d, nil
}

// seed has the store make its indexes, and an event to copy.
func seed(ctx context.Context, uri, database string, e event.Event) error {
	store, err := mongostore.Open(ctx, mongostore.Options{URI: secret.String(uri), Database: database})
	if err != nil {
		return err
	}
	_, err = store.InsertEvents(ctx, e.Org, []event.Event{e})
	return errors.Join(err, store.Close(ctx))
}

func (d *docs) InsertOne(ctx context.Context) error {
	_, err := d.events.InsertOne(ctx, d.fresh())
	return err
}

func (d *docs) InsertMany(ctx context.Context, n int) error {
	many := make([]any, n)
	for i := range many {
		many[i] = d.fresh()
	}
	_, err := d.events.InsertMany(ctx, many, options.InsertMany().SetOrdered(false))
	return err
}

// fresh is the document under another id, spelled as the store spells it.
func (d *docs) fresh() bson.D {
	of, doc := d.ids.New(), slices.Clone(d.sample)
	for i, field := range doc {
		switch field.Key {
		case "_id":
			doc[i].Value = d.org + "/" + of.String()
		case "place":
			doc[i].Value = bson.Binary{Data: slices.Concat(d.place, of[:])}
		}
	}
	return doc
}

func (d *docs) Close(ctx context.Context) error { return d.client.Disconnect(ctx) }
