package mongostore_test

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/pkg/store/mongostore"
	"github.com/heard-dev/heard/pkg/store/storetest"
)

func TestMongoDBKeepsWhatTheCoreAsks(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Store { return open(t, server(t), nil) })
}

func TestAMongoDBThatGoesAwayIsTold(t *testing.T) {
	storetest.GoesAway(t, func(t *testing.T) (storetest.Store, func()) {
		uri, cut := proxied(t, server(t))
		return open(t, uri, nil), cut
	})
}

// server is the MongoDB to test on, or whatever speaks its protocol.
func server(t testing.TB) string {
	t.Helper()
	uri := os.Getenv("HEARD_TEST_MONGO_URI")
	if uri == "" {
		t.Skip("HEARD_TEST_MONGO_URI names no MongoDB")
	}
	return uri
}

// open gives a store on a database of its own, which is dropped when the test ends.
func open(t testing.TB, uri string, monitor *event.CommandMonitor) *mongostore.Store {
	t.Helper()
	return openNamed(t, uri, database(t), monitor)
}

func openNamed(t testing.TB, uri, name string, monitor *event.CommandMonitor) *mongostore.Store {
	t.Helper()
	s, err := mongostore.Open(context.Background(), mongostore.Options{URI: secret.String(uri), Database: name, Monitor: monitor})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// database names one that nobody else uses.
func database(t testing.TB) string {
	t.Helper()
	name := "heard_test_" + strings.ToLower(rand.Text())
	uri := server(t)
	t.Cleanup(func() {
		if err := raw(t, uri).Database(name).Drop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return name
}

// raw is a client that goes past the store.
func raw(t testing.TB, uri string) *mongo.Client {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(uri).SetTimeout(10 * time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Disconnect(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return client
}
