package mongostore_test

import (
	"context"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/pkg/store/mongostore"
)

// Who migrates waits for another who does, but not for one who died at it.
func TestOneMigratesAtATime(t *testing.T) {
	uri, name := server(t), database(t)
	locks := raw(t, uri).Database(name).Collection("locks")
	migrate := func(ctx context.Context, now time.Time) error {
		s, err := mongostore.Open(ctx, mongostore.Options{URI: secret.String(uri), Database: name, Alone: func() time.Time { return now }})
		if err == nil {
			err = s.Close(ctx)
		}
		return err
	}
	until := time.Now().Add(time.Hour)
	if _, err := locks.InsertOne(t.Context(), bson.D{{Key: "_id", Value: "migration"}, {Key: "until", Value: until}}); err != nil {
		t.Fatal(err)
	}
	impatient, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if err := migrate(impatient, time.Now()); apierr.KindOf(err) != apierr.Unavailable {
		t.Errorf("beside another: %v", err)
	}
	if err := migrate(t.Context(), until.Add(time.Second)); err != nil {
		t.Errorf("after one who died: %v", err)
	}
	if n, err := locks.CountDocuments(t.Context(), bson.D{}); err != nil || n != 0 {
		t.Errorf("%d hold on to it afterwards, %v", n, err)
	}
	if len(indexes(t, uri, name)) == 0 {
		t.Error("there are no indexes")
	}
}
