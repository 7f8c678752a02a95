package mongostore_test

import (
	"testing"

	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/feedback"
)

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

// partialIndexes gives of each partial index the field after the Org, and which documents are in it.
func partialIndexes(t *testing.T, uri, name, collection string) map[string]string {
	t.Helper()
	cursor, err := raw(t, uri).Database(name).Collection(collection).Indexes().List(t.Context())
	must(t, err)
	partial := map[string]string{}
	for cursor.Next(t.Context()) {
		if of, ok := cursor.Current.Lookup("partialFilterExpression").DocumentOK(); ok {
			fields := keysOf(t, cursor.Current.Lookup("key").Document())
			partial[fields[1]] = of.String()
		}
	}
	must(t, cursor.Err())
	return partial
}
