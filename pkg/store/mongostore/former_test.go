package mongostore_test

import (
	"reflect"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/core/vote"
)

// What the first release wrote lacks the fields that came later.
func TestWhatWasWrittenBeforeIsReadAndReplaced(t *testing.T) {
	uri, name := server(t), database(t)
	s := openNamed(t, uri, name, nil)
	db, ctx, one := raw(t, uri).Database(name), t.Context(), item()
	made, hash := bson.ObjectID(one.ID), apikey.Hash{1}
	for collection, document := range map[string]bson.D{
		"orgs": {{Key: "slug", Value: "o"}, {Key: "name", Value: "O"}, {Key: "plan", Value: "p"}, {Key: "limits", Value: bson.A{bson.D{{Key: "policy", Value: "reads.key"}}}}},
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
	if n, err := db.Collection("orgs").CountDocuments(ctx, bson.D{{Key: "limits", Value: bson.D{{Key: "$exists", Value: true}}}}); err != nil || n != 0 {
		t.Errorf("%d Orgs keep numbers of their own (%v)", n, err)
	}

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

// Feedback from before there were boards stands where its status puts it as soon as a store is opened.
func TestWhatWasSaidBeforeStandsOnTheBoards(t *testing.T) {
	uri, name := server(t), database(t)
	s, ctx, one := openNamed(t, uri, name, nil), t.Context(), item()
	must(t, s.CreateOrg(ctx, tenant.Org{ID: one.Org, Slug: "o"}))
	statuses := append(feedback.Statuses(), feedback.Received) // the last is a duplicate
	want := map[feedback.Stage]int64{}
	var newest feedback.Item
	for n, status := range statuses {
		newest = item()
		if newest.Status = status; n == len(statuses)-1 {
			newest.DuplicateOf = one.ID
		}
		want[newest.Stage()]++
		must(t, s.InsertFeedback(ctx, one.Org, newest))
	}
	later := bson.D{{Key: "stage", Value: 1}, {Key: "votes", Value: 1}, {Key: "heat", Value: 1}, {Key: "counted", Value: 1}, {Key: "title", Value: 1}}
	_, err := raw(t, uri).Database(name).Collection("feedback").UpdateMany(ctx, bson.D{}, bson.D{{Key: "$unset", Value: later}})
	must(t, err)

	s = openNamed(t, uri, name, nil)
	for _, sort := range []feedback.Sort{feedback.Newest, feedback.Top, feedback.Trending} {
		for _, stage := range feedback.Stages() {
			page, err := s.BoardFeedback(ctx, one.Org, feedback.BoardQuery{Stage: stage, Sort: sort, Limit: 50})
			must(t, err)
			if page.Total != want[stage] || int64(len(page.Items)) != want[stage] {
				t.Errorf("%d of %d stand in %s, want %d", len(page.Items), page.Total, stage, want[stage])
			}
		}
	}
	_, err = s.CastVote(ctx, one.Org, vote.Vote{Kind: vote.OnFeedback, Subject: newest.ID, Person: one.ID, Value: 1, At: one.CreatedAt})
	must(t, err)
	newest.Votes = 1
	got, err := s.Feedback(ctx, one.Org, newest.ID)
	must(t, err)
	same(t, got, newest)
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
