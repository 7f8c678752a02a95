package mongostore_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"

	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/idempotency"
	"github.com/heard-dev/heard/pkg/core/outcome"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/core/usage"
	"github.com/heard-dev/heard/pkg/id"
)

func TestEveryCallIsOneRoundTrip(t *testing.T) {
	var sent commands
	// What a URI says of safety is not heeded.
	s := open(t, with(t, server(t), "w", "1", "journal", "false", "readPreference", "secondaryPreferred"), sent.monitor())
	ctx := t.Context()
	for range 120 {
		must(t, s.InsertFeedback(ctx, item().Org, item()))
	}
	one := item()
	claim := idempotency.Claim{App: one.App, Key: "k", Item: one.ID, CreatedAt: one.CreatedAt, LeaseUntil: one.CreatedAt}
	slot := attachment.Slot{Key: "orgs/a", Org: one.Org, App: one.App, CreatedAt: one.CreatedAt}
	loggedIn := session.Session{ID: one.ID, Org: one.Org, Member: one.ID, ExpiresAt: one.CreatedAt}
	counted := []outcome.Outcome{{Org: one.Org, App: one.App, Hour: one.CreatedAt, Requests: 1}, {Org: one.App, Hour: one.CreatedAt, Items: 1}}
	uses := []usage.Use{{Org: one.Org, Credential: one.ID, At: one.CreatedAt}, {Org: one.App, Credential: one.App, At: one.CreatedAt}}

	for _, call := range []struct {
		name string
		do   func() error
		want string
	}{
		{"submit", func() error { return s.InsertFeedback(ctx, one.Org, one) }, "insert"},
		{"read", func() error { _, err := s.Feedback(ctx, one.Org, one.ID); return err }, "find"},
		{"list some of many", func() error { return full(s.ListFeedback(ctx, one.Org, feedback.Query{Limit: 50}))(50) }, "find"},
		{"list the most", func() error { return full(s.ListFeedback(ctx, one.Org, feedback.Query{Limit: 100}))(100) }, "find"},
		{"list the last", func() error {
			return full(s.ListFeedback(ctx, one.Org, feedback.Query{Limit: 100, Before: one.ID}))(100)
		}, "find"},
		{"list duplicates too", func() error {
			return full(s.ListFeedback(ctx, one.Org, feedback.Query{App: one.App, IncludeDuplicates: true, Limit: 100}))(100)
		}, "find"},
		{"move", func() error {
			moved := feedback.Change{Status: new(feedback.Sanitizing)}
			_, err := s.AmendFeedback(ctx, one.Org, one.ID, feedback.Received, moved, one.CreatedAt)
			return err
		}, "findAndModify"},
		{"first claim", func() error { _, err := s.Claim(ctx, one.Org, claim, time.Time{}); return err }, "findAndModify"},
		{"repeated claim", func() error { _, err := s.Claim(ctx, one.Org, claim, time.Time{}); return err }, "findAndModify"},
		{"reserve", func() error { return s.ReserveSlot(ctx, one.Org, slot) }, "insert"},
		{"slots", func() error { _, err := s.Slots(ctx, one.Org, []string{slot.Key}); return err }, "find"},
		{"cite", func() error { return s.CiteSlot(ctx, one.Org, slot.Key, id.Zero, one.ID, one.CreatedAt) }, "update"},
		{"keep", func() error { return s.KeepSlot(ctx, one.Org, slot.Key, one.ID) }, "update"},
		{"key", func() error { s.KeyByHash(ctx, apikey.Hash{}); return nil }, "find"},
		{"app", func() error { s.AppByPublicKey(ctx, "pub_"); return nil }, "find"},
		{"member", func() error { s.Member(ctx, one.Org, one.ID); return nil }, "find"},
		{"session", func() error { s.Session(ctx, one.Org, one.ID); return nil }, "find"},
		{"log-in", func() error { return s.CreateSession(ctx, one.Org, loggedIn) }, "insert"},
		{"refresh", func() error { return s.RotateSession(ctx, one.Org, loggedIn, 0) }, "update"},
		{"uses", func() error { return s.TouchUses(ctx, uses) }, "update"},
		{"outcomes", func() error { _, err := s.AddOutcomes(ctx, counted); return err }, "update"},
		{"outcomes of a time", func() error {
			_, err := s.Outcomes(ctx, one.Org, outcome.Query{To: one.CreatedAt, Limit: 5})
			return err
		}, "aggregate"},
		{"refusals", func() error { _, err := s.Refusals(ctx, one.Org, one.App, 100); return err }, "find"},
		{"audit", func() error { return s.AppendAudit(ctx, one.Org, audit.Entry{Seq: 1}) }, "insert"},
		{"last audit", func() error { _, err := s.LastAudit(ctx, one.Org); return err }, "find"},
		{"nothing to erase", func() error { s.ClaimErasure(ctx, one.CreatedAt, one.CreatedAt); return nil }, "findAndModify"},
	} {
		sent.take()
		must(t, call.do())
		took := sent.take()
		if names := took.names(); !slices.Equal(names, []string{call.want}) {
			t.Errorf("%s took %v, want one %s", call.name, names, call.want)
			continue
		}
		if concern := took[0].Lookup("writeConcern").String(); call.want != "find" && call.want != "aggregate" && concern != `{"w": "majority","j": true}` {
			t.Errorf("%s is acknowledged by %s", call.name, concern)
		}
	}
}

// Every list walks one index, in its order: equality on all its fields but _id, by which it is sorted.
func TestEveryListWalksOneIndex(t *testing.T) {
	var sent commands
	uri, name := server(t), database(t)
	s := openNamed(t, uri, name, sent.monitor())
	one := item()
	for range 30 {
		more := item()
		must(t, s.InsertFeedback(t.Context(), one.Org, more))
		more.ID, more.DuplicateOf = ids.New(), one.ID
		must(t, s.InsertFeedback(t.Context(), one.Org, more))
	}
	known := indexes(t, uri, name)
	for _, app := range []id.ID{{}, one.App} {
		for _, status := range []feedback.Status{"", one.Status} {
			for _, query := range []feedback.Query{{}, {IncludeDuplicates: true}, {Before: ids.New()}} {
				query.App, query.Status, query.Limit = app, status, 10
				sent.take()
				must(t, full(s.ListFeedback(t.Context(), one.Org, query))(query.Limit))
				command := sent.take()[0]
				walksOneIndex(t, command, known)
				explained(t, uri, name, command, query.Limit)
			}
		}
	}
}

func walksOneIndex(t *testing.T, command bson.Raw, known []string) {
	t.Helper()
	walk := hinted(t, command, known)
	if sort := command.Lookup("sort").String(); sort != `{"_id": {"$numberInt":"-1"}}` {
		t.Errorf("sorted by %s", sort)
	}
	fields := keysOf(t, walk)
	for i, field := range fields {
		_, err := command.LookupErr("filter", field)
		if last := i == len(fields)-1; last != (field == "_id") || err != nil && !last {
			t.Errorf("%s does not walk along %s", command.Lookup("filter"), walk)
		}
	}
	if more := len(keysOf(t, command.Lookup("filter").Document())); more > len(fields) {
		t.Errorf("%s selects by more than %s holds", command.Lookup("filter"), walk)
	}
}

// hinted is the index that a command names, which must be there.
func hinted(t *testing.T, command bson.Raw, known []string) bson.Raw {
	t.Helper()
	walk := command.Lookup("hint").Document()
	if !slices.Contains(known, "feedback "+walk.String()) {
		t.Errorf("%s is no index", walk)
	}
	return walk
}

// Every board walks one index, in its order: equality on all its fields up to those that it is sorted by, or few values of one.
func TestEveryBoardWalksOneIndex(t *testing.T) {
	var sent commands
	uri, name := server(t), database(t)
	s := openNamed(t, uri, name, sent.monitor())
	one := item()
	for range 30 {
		more := item()
		more.Board = one.ID
		must(t, s.InsertFeedback(t.Context(), one.Org, more))
	}
	known := indexes(t, uri, name)
	for _, board := range []id.ID{{}, one.ID} {
		for _, stage := range []feedback.Stage{"", feedback.InReview} {
			for _, sort := range []feedback.Sort{feedback.Newest, feedback.Top, feedback.Trending} {
				query := feedback.BoardQuery{Board: board, Stage: stage, Sort: sort, Limit: 10}
				sent.take()
				page, err := s.BoardFeedback(t.Context(), one.Org, query)
				must(t, err)
				same(t, len(page.Items), query.Limit)
				command := sent.take()[1]
				walk := hinted(t, command, known)
				selected := append(keysOf(t, command.Lookup("filter").Document()), keysOf(t, command.Lookup("sort").Document())...)
				slices.Sort(selected)
				if fields := slices.Sorted(slices.Values(keysOf(t, walk))); !slices.Equal(fields, selected) {
					t.Errorf("%v is asked for along %s", selected, walk)
				}
				explained(t, uri, name, command, query.Limit)
			}
		}
	}
}

// explained asks a MongoDB how it did it. What only speaks the protocol cannot say; there walksOneIndex must do.
func explained(t *testing.T, uri, name string, command bson.Raw, limit int) {
	t.Helper()
	var find bson.D
	for _, field := range []string{"find", "filter", "sort", "hint", "limit", "batchSize", "projection"} {
		if value, err := command.LookupErr(field); err == nil {
			find = append(find, bson.E{Key: field, Value: value})
		}
	}
	ask := bson.D{{Key: "explain", Value: find}, {Key: "verbosity", Value: "executionStats"}}
	plan, err := raw(t, uri).Database(name).RunCommand(t.Context(), ask).Raw()
	if err != nil && strings.Contains(err.Error(), "CommandNotFound") {
		return
	}
	must(t, err)
	stages := stagesOf(plan.Lookup("queryPlanner", "winningPlan"))
	if !slices.Contains(stages, "IXSCAN") || slices.Contains(stages, "SORT") || slices.Contains(stages, "COLLSCAN") {
		t.Errorf("%s is done by %v", find, stages)
	}
	examined, ok := plan.Lookup("executionStats", "totalKeysExamined").AsInt64OK()
	if most := int64(2 * (limit + 2)); !ok || examined > most {
		t.Errorf("%s examined %d keys, want at most %d", find, examined, most)
	}
}

func stagesOf(plan bson.RawValue) (stages []string) {
	if stage, ok := plan.StringValueOK(); ok {
		return []string{stage}
	}
	children, ok := plan.DocumentOK()
	if array, isArray := plan.ArrayOK(); isArray {
		children, ok = bson.Raw(array), true
	}
	if !ok {
		return nil
	}
	elements, err := children.Elements()
	if err != nil {
		return nil
	}
	for _, element := range elements {
		value := element.Value()
		if _, text := value.StringValueOK(); !text || element.Key() == "stage" {
			stages = append(stages, stagesOf(value)...)
		}
	}
	return stages
}

func keysOf(t *testing.T, document bson.Raw) []string {
	t.Helper()
	elements, err := document.Elements()
	must(t, err)
	keys := make([]string, len(elements))
	for i, element := range elements {
		keys[i] = element.Key()
	}
	return keys
}

func full(page feedback.Page, err error) func(want int) error {
	return func(want int) error {
		if err == nil && len(page.Items) != want {
			return fmt.Errorf("a page of %d, want %d", len(page.Items), want)
		}
		return err
	}
}

// commands are what the driver sent of its caller's will.
type commands struct {
	mu   sync.Mutex
	sent sentCommands
}

type sentCommands []bson.Raw

func (c *commands) monitor() *event.CommandMonitor {
	return &event.CommandMonitor{Started: func(_ context.Context, started *event.CommandStartedEvent) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.sent = append(c.sent, slices.Clone(started.Command))
	}}
}

// take gives what was sent since it was last asked.
func (c *commands) take() sentCommands {
	c.mu.Lock()
	defer c.mu.Unlock()
	sent := c.sent
	c.sent = nil
	return sent
}

func (s sentCommands) names() []string {
	names := make([]string, len(s))
	for i, command := range s {
		names[i] = command.Index(0).Key()
	}
	return names
}
