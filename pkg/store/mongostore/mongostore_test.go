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

	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/pkg/store/mongostore"
	"github.com/heard-dev/heard/pkg/store/storetest"
)

func TestMongoDBKeepsWhatTheCoreAsks(t *testing.T) {
	uri := server(t)
	storetest.Run(t, func(t *testing.T) storetest.Store { return open(t, uri, nil) })
}

func TestAMongoDBThatGoesAwayIsTold(t *testing.T) {
	uri := server(t)
	storetest.GoesAway(t, func(t *testing.T) (storetest.Store, func()) {
		between := newProxy(t, uri, nil)
		return open(t, between.uri, nil), between.cut
	})
}

// ids is safe for concurrent use and has no other state than the last it made.
var ids = id.NewSource(time.Now, rand.Reader)

// item is a new one of an ordinary size.
func item() feedback.Item {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return feedback.Item{
		ID: ids.New(), Org: id.ID{1}, App: id.ID{2}, Status: feedback.Received, Severity: feedback.High,
		Submitter: feedback.Submitter{Mode: feedback.Public, Email: "ann@example.com", Name: "Ann"},
		Text:      strings.Repeat("The button does nothing. ", 10), URL: "https://app.example/settings", UserAgent: "Mozilla/5.0",
		Viewport: &feedback.Viewport{Width: 1280, Height: 720, PixelRatio: 2},
		Console:  []feedback.ConsoleLine{{Level: "error", Message: "undefined is not a function", At: 1772366400000}},
		Metadata: []byte(`{"release":"1.2.3"}`), CreatedAt: at, UpdatedAt: at,
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
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
