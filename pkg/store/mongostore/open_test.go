package mongostore_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/pkg/store/mongostore"
)

func TestManyMayOpenAnEmptyDatabaseAtOnce(t *testing.T) {
	uri, name := server(t), database(t)
	const openers = 8
	faults := make(chan error, openers)
	for range openers {
		go func() {
			s, err := mongostore.Open(context.Background(), mongostore.Options{URI: secret.String(uri), Database: name})
			if err == nil {
				err = s.Close(context.Background())
			}
			faults <- err
		}()
	}
	for range openers {
		if err := <-faults; err != nil {
			t.Error(err)
		}
	}
	once := indexes(t, uri, name)
	openNamed(t, uri, name, nil)
	if again := indexes(t, uri, name); !slices.Equal(once, again) {
		t.Errorf("opening again left the indexes\n%s\ninstead of\n%s", strings.Join(again, "\n"), strings.Join(once, "\n"))
	}
}

// The collections that grow are sharded on {orgId, _id}, where MongoDB can keep nothing else unique.
func TestWhatWillBeShardedIsUniqueByItsIDAlone(t *testing.T) {
	uri, name := server(t), database(t)
	openNamed(t, uri, name, nil)
	growing := []string{"feedback", "slots", "claims", "runs", "sessions", "audit", "uses", "events", "profiles"}
	for _, line := range indexes(t, uri, name) {
		collection, _, _ := strings.Cut(line, " ")
		if slices.Contains(growing, collection) && strings.HasSuffix(line, "unique") {
			t.Errorf("%s forbids to shard", line)
		}
	}
}

func TestASilentMongoDBHoldsNobodyUp(t *testing.T) {
	between := newProxy(t, server(t), nil)
	const timeout = 300 * time.Millisecond
	options := mongostore.Options{URI: secret.String(between.uri), Database: database(t), Timeout: timeout}
	s, err := mongostore.Open(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	between.silent.Store(true)
	for name, call := range map[string]func() error{
		"Ping": func() error { return s.Ping(t.Context()) },
		"a read": func() error {
			_, err := s.KeyByHash(t.Context(), apikey.Hash{})
			return err
		},
		"a write": func() error { return s.InsertFeedback(t.Context(), item().Org, item()) },
		"Open": func() error {
			_, err := mongostore.Open(t.Context(), options)
			return err
		},
	} {
		began := time.Now()
		err := call()
		if err == nil || apierr.KindOf(err) != apierr.Unavailable {
			t.Errorf("%s of a silent server: %v", name, err)
		}
		if took := time.Since(began); took > 5*timeout {
			t.Errorf("%s took %s to give up", name, took)
		}
	}
	between.cut()
	if err := s.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestNoErrorTellsThePassword(t *testing.T) {
	const password = "hunter2"
	host := strings.TrimSuffix(strings.TrimPrefix(server(t), "mongodb://"), "/")
	host = host[strings.Index(host, "@")+1:]
	for name, uri := range map[string]string{
		"malformed":         "mongodb://heard:" + password + "%zz@db.example/",
		"another scheme":    "postgres://heard:" + password + "@db.example/",
		"unknown host":      "mongodb+srv://heard:" + password + "@db.invalid/",
		"nobody listens":    "mongodb://heard:" + password + "@127.0.0.1:1/?serverSelectionTimeoutMS=200",
		"wrong credentials": "mongodb://heard:" + password + "@" + host,
	} {
		t.Run(name, func(t *testing.T) {
			s, err := mongostore.Open(t.Context(), mongostore.Options{URI: secret.String(uri), Timeout: time.Second})
			if err == nil {
				t.Fatalf("it opened: %v", s.Close(context.Background()))
			}
			if text := fmt.Sprintf("%v %+v %#v", err, err, apierr.Of(err)); strings.Contains(text, password) {
				t.Errorf("the password is in %s", text)
			}
		})
	}
}

// indexes lists what the server has, a line each: collection, keys, and whether it is unique.
func indexes(t *testing.T, uri, name string) []string {
	t.Helper()
	db := raw(t, uri).Database(name)
	collections, err := db.ListCollectionNames(t.Context(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, collection := range collections {
		specs, err := db.Collection(collection).Indexes().ListSpecifications(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range specs {
			line := collection + " " + spec.KeysDocument.String()
			if spec.Unique != nil && *spec.Unique {
				line += " unique"
			}
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return lines
}
