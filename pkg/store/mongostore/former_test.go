package mongostore_test

import (
	"reflect"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/tenant"
)

// What the first release wrote lacks the fields that came later.
func TestWhatWasWrittenBeforeIsReadAndReplaced(t *testing.T) {
	uri, name := server(t), database(t)
	s := openNamed(t, uri, name, nil)
	db, ctx, one := raw(t, uri).Database(name), t.Context(), item()
	made, hash := bson.ObjectID(one.ID), apikey.Hash{1}
	for collection, document := range map[string]bson.D{
		"orgs": {{Key: "slug", Value: "o"}, {Key: "name", Value: "O"}, {Key: "plan", Value: "p"}, {Key: "limits", Value: nil}},
		"members": {
			{Key: "email", Value: "Ann@example.com"}, {Key: "emailFolded", Value: "ann@example.com"}, {Key: "role", Value: "owner"},
		},
		"keys": {{Key: "name", Value: "k"}, {Key: "hash", Value: hash[:]}, {Key: "prefix", Value: "sk_a"}},
	} {
		document = append(document, bson.E{Key: "_id", Value: made}, bson.E{Key: "createdAt", Value: one.CreatedAt})
		if collection != "orgs" {
			document = append(document, bson.E{Key: "orgId", Value: bson.ObjectID(one.Org)})
		}
		_, err := db.Collection(collection).InsertOne(ctx, document)
		must(t, err)
	}

	org, err := s.Org(ctx, one.ID)
	must(t, err)
	same(t, org, tenant.Org{
		ID: one.ID, Slug: "o", Name: "O", Plan: "p", LeakPolicy: tenant.NotifyLeaks, CreatedAt: one.CreatedAt, Version: 1,
	})
	replacedOnce(t, func() error { return s.ReplaceOrg(ctx, org) })

	member, err := s.MemberByEmail(ctx, one.Org, "ANN@example.com")
	must(t, err)
	same(t, member, tenant.Member{
		ID: one.ID, Org: one.Org, Email: "Ann@example.com", Role: access.Owner, Status: tenant.Active, CreatedAt: one.CreatedAt,
		UpdatedAt: one.CreatedAt, Version: 1,
	})
	replacedOnce(t, func() error { return s.ReplaceMember(ctx, one.Org, member) })

	key, err := s.KeyByHash(ctx, hash)
	must(t, err)
	same(t, key, apikey.Key{
		ID: one.ID, Org: one.Org, Format: apikey.Secret().Name, Name: "k", Hash: hash, Prefix: "sk_a", Scopes: access.Default(),
		CreatedAt: one.CreatedAt,
	})
}

func TestAPersonIsFoundByAnIndexInWhichNobodyElseIs(t *testing.T) {
	var sent commands
	uri, name := server(t), database(t)
	s := openNamed(t, uri, name, sent.monitor())
	one := item()
	one.Submitter.Email = "Ann@Example.com"
	must(t, s.InsertFeedback(t.Context(), one.Org, one))
	sent.take()
	found, err := s.FeedbackOf(t.Context(), one.Org, erasure.Subject{ExternalUserID: "u", Email: "ann@example.com"}, 5)
	must(t, err)
	same(t, found, []feedback.Item{one})
	command := sent.take()[0]
	names, err := command.Lookup("filter", "$or").Array().Values()
	must(t, err)
	partial := partialIndexes(t, uri, name, "feedback")
	for _, name := range names {
		fields := keysOf(t, name.Document())
		if len(fields) != 2 || fields[0] != "orgId" || partial[fields[1]] != `{"`+fields[1]+`": {"$gt": ""}}` {
			t.Errorf("%s is not walked along one of %v", name, partial)
		}
	}
}

// partialIndexes gives of each partial index its last field, and which documents are in it.
func partialIndexes(t *testing.T, uri, name, collection string) map[string]string {
	t.Helper()
	cursor, err := raw(t, uri).Database(name).Collection(collection).Indexes().List(t.Context())
	must(t, err)
	partial := map[string]string{}
	for cursor.Next(t.Context()) {
		if of, ok := cursor.Current.Lookup("partialFilterExpression").DocumentOK(); ok {
			fields := keysOf(t, cursor.Current.Lookup("key").Document())
			partial[fields[len(fields)-1]] = of.String()
		}
	}
	must(t, cursor.Err())
	return partial
}

// replacedOnce demands that of two replacements of one version the second is refused.
func replacedOnce(t *testing.T, replace func() error) {
	t.Helper()
	must(t, replace())
	if err := replace(); err == nil || apierr.Of(err).Code != apierr.CodeChanged {
		t.Errorf("a version was replaced twice: %v", err)
	}
}

func same[T any](t *testing.T, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
}
