package mongostore_test

import (
	"slices"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/id"
)

// happened gives new events, a millisecond apart.
func happened(n int) []event.Event {
	events := make([]event.Event, n)
	for i := range events {
		at := time.Date(2026, 3, 1, 12, 0, 0, i*int(time.Millisecond), time.UTC)
		events[i] = event.Event{
			ID: ids.New(), Org: id.ID{1}, App: id.ID{2}, Kind: event.Track, Name: "page", Properties: []byte(`{"path":"/"}`),
			User: event.User{ID: "u", Email: "ann@example.com"}, At: at, ReceivedAt: at,
		}
	}
	return events
}

func TestEventsTakeOneRoundTripAndASecondOnlyWhenSomeAreTaken(t *testing.T) {
	var sent commands
	s := open(t, server(t), sent.monitor())
	ctx, org, many := t.Context(), id.ID{1}, happened(1000)
	for _, call := range []struct {
		name string
		do   func() error
		want []string
	}{
		{"none", func() error { _, err := s.InsertEvents(ctx, org, nil); return err }, []string{}},
		{"one", func() error { _, err := s.InsertEvents(ctx, org, happened(1)); return err }, []string{"insert"}},
		{"a thousand", func() error { _, err := s.InsertEvents(ctx, org, many); return err }, []string{"insert"}},
		{"some again", func() error {
			_, err := s.InsertEvents(ctx, org, append(happened(10), many[:200]...))
			return err
		}, []string{"insert", "find"}},
		{"read", func() error { _, err := s.Event(ctx, org, many[0].ID); return err }, []string{"find"}},
		{"list", func() error { _, err := s.Events(ctx, org, event.Query{Limit: 200}); return err }, []string{"find"}},
		{"count", func() error { _, err := s.CountEvents(ctx, org, time.Time{}); return err }, []string{"aggregate"}},
		{"first profile", func() error { return s.PutProfile(ctx, org, event.Profile{UserID: "u"}) }, []string{"insert"}},
		{"next profile", func() error { return s.PutProfile(ctx, org, event.Profile{UserID: "u", Version: 1}) }, []string{"update"}},
		{"profile", func() error { _, err := s.Profile(ctx, org, "u"); return err }, []string{"find"}},
	} {
		sent.take()
		must(t, call.do())
		took := sent.take()
		if names := took.names(); !slices.Equal(names, call.want) {
			t.Errorf("%s took %v, want %v", call.name, names, call.want)
			continue
		}
		if len(took) == 0 || call.want[0] != "insert" && call.want[0] != "update" {
			continue
		}
		if concern := took[0].Lookup("writeConcern").String(); concern != `{"w": "majority","j": true}` {
			t.Errorf("%s is acknowledged by %s", call.name, concern)
		}
	}
}

// Every list walks one index, in its order: equality up to place, by which it is sorted, and one range of it.
func TestEveryListOfEventsWalksOneIndex(t *testing.T) {
	var sent commands
	uri, name := server(t), database(t)
	s := openNamed(t, uri, name, sent.monitor())
	some := happened(60)
	_, err := s.InsertEvents(t.Context(), id.ID{1}, some)
	must(t, err)
	known := indexes(t, uri, name)
	for filters := range 1 << 4 {
		query := event.Query{Limit: 10, From: some[0].ReceivedAt}
		for bit, set := range []func(){
			func() { query.App = some[0].App },
			func() { query.Name = some[0].Name },
			func() { query.UserID = some[0].User.ID },
			func() { query.Before = event.Place{ReceivedAt: some[50].ReceivedAt, ID: some[50].ID} },
		} {
			if filters&(1<<bit) != 0 {
				set()
			}
		}
		sent.take()
		page, err := s.Events(t.Context(), id.ID{1}, query)
		must(t, err)
		if len(page) != query.Limit {
			t.Errorf("%+v gave %d", query, len(page))
		}
		command := sent.take()[0]
		walk := command.Lookup("hint").Document()
		if !slices.Contains(known, "events "+walk.String()) {
			t.Errorf("%s is no index", walk)
		}
		if sort := command.Lookup("sort").String(); sort != `{"place": {"$numberInt":"-1"}}` {
			t.Errorf("sorted by %s", sort)
		}
		fields := keysOf(t, walk)
		for _, field := range fields[:slices.Index(fields, "place")+1] {
			if _, err := command.LookupErr("filter", field); err != nil {
				t.Errorf("%s does not walk along %s", command.Lookup("filter"), walk)
			}
		}
		explained(t, uri, name, command, query.Limit)
	}
}

func TestWhoseEventsAreErasedIsFoundByAnIndex(t *testing.T) {
	var sent commands
	uri, name := server(t), database(t)
	s := openNamed(t, uri, name, sent.monitor())
	_, err := s.InsertEvents(t.Context(), id.ID{1}, happened(10))
	must(t, err)
	known := indexes(t, uri, name)
	for _, index := range []string{
		`events {"orgId": {"$numberInt":"1"},"user.id": {"$numberInt":"1"},"place": {"$numberInt":"1"}}`,
		`events {"orgId": {"$numberInt":"1"},"appId": {"$numberInt":"1"},"place": {"$numberInt":"1"}}`,
	} {
		if !slices.Contains(known, index) {
			t.Errorf("no %s in %v", index, known)
		}
	}
	partial := partialIndexes(t, uri, name, "events")
	if partial["user.email"] != `{"user.email": {"$gt": ""}}` {
		t.Errorf("e-mails stand in %v", partial)
	}
	sent.take()
	removed, err := s.DeleteEventsOf(t.Context(), id.ID{1}, erasure.Subject{ExternalUserID: "u", Email: "ann@example.com"}, 5)
	must(t, err)
	if removed != 5 {
		t.Errorf("a limit of 5 removed %d", removed)
	}
	if names := sent.take().names(); !slices.Equal(names, []string{"find", "delete"}) {
		t.Errorf("took %v", names)
	}
}
