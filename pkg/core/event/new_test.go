package event_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/id"
)

var (
	now = time.Date(2026, 3, 4, 5, 6, 7, 890_123_456, time.FixedZone("CET", 3600))
	ids = id.NewSource(time.Now, rand.Reader)
)

func nested(deep int) []byte {
	return []byte(strings.Repeat(`{"a":`, deep-1) + `{}` + strings.Repeat(`}`, deep-1))
}

func sized(n int) []byte { return []byte(`{ "a": "` + strings.Repeat("x", n-8) + `" }`) }

// full is a draft at every limit.
func full() event.Draft {
	late := now.UTC().Truncate(time.Millisecond).Add(-7 * 24 * time.Hour)
	return event.Draft{
		Kind: event.Track, Name: strings.Repeat("é", 256), Timestamp: &late, ClientID: strings.Repeat("ü", 256),
		User: event.User{
			ID: strings.Repeat("ö", 256), Email: "a@" + strings.Repeat("d", 249) + ".io", Traits: sized(32 << 10),
		},
		Properties: nested(64), App: id.ID{9}, Address: "192.0.2.1", UserAgent: strings.Repeat("u", 600),
	}
}

func TestADraftAtEveryLimitBecomesAnEvent(t *testing.T) {
	draft := full()
	got, err := event.New(org, draft, now, ids)
	if err != nil {
		t.Fatal(apierr.Of(err).Issues)
	}
	received := time.Date(2026, 3, 4, 4, 6, 7, 890e6, time.UTC)
	if got.Org != org || got.App != draft.App || got.Kind != event.Track || got.Name != draft.Name || got.Test || got.Address != draft.Address {
		t.Errorf("%.300v", got)
	}
	if got.ReceivedAt != received || got.At != received.Add(-event.Remembered) || got.UserAgent != draft.UserAgent[:512] {
		t.Errorf("received %s, of %s, by %d bytes of agent", got.ReceivedAt, got.At, len(got.UserAgent))
	}
	if len(got.User.Traits) != 32<<10 || bytes.Contains(got.User.Traits, []byte(" ")) || !bytes.Equal(got.Properties, draft.Properties) {
		t.Errorf("traits of %d bytes: %.20s…", len(got.User.Traits), got.User.Traits)
	}
}

func TestTheLeastThatCanBeSaidIsAnEventOfNow(t *testing.T) {
	for _, draft := range []event.Draft{
		{Kind: event.Track, Name: "n", User: event.User{ID: "u"}},
		{Kind: event.Identify, User: event.User{ID: "u"}},
	} {
		got, err := event.New(org, draft, now, ids)
		if err != nil || got.At != got.ReceivedAt || got.ID.IsZero() || got.Properties != nil || got.User.Traits != nil {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

func TestEachFaultIsNamedWhereTheWireHasIt(t *testing.T) {
	early := now.Add(10*time.Minute + time.Second)
	late := now.Add(-7*24*time.Hour - time.Second)
	for _, row := range []struct {
		want  string
		spoil func(*event.Draft)
	}{
		{"type invalid_value", func(d *event.Draft) { d.Kind = "page" }},
		{"type invalid_value", func(d *event.Draft) { d.Kind = "" }},
		{"event too_small", func(d *event.Draft) { d.Name = "" }},
		{"event too_big", func(d *event.Draft) { d.Name += "n" }},
		{"event invalid_format", func(d *event.Draft) { d.Name = "\xff" }},
		{"event not_allowed", func(d *event.Draft) { d.Kind = event.Identify }},
		{"user.id too_small", func(d *event.Draft) { d.User.ID = "" }},
		{"user.id too_big", func(d *event.Draft) { d.User.ID += "u" }},
		{"user.email invalid_format", func(d *event.Draft) { d.User.Email = "d" + d.User.Email }},
		{"user.email invalid_format", func(d *event.Draft) { d.User.Email = "nobody" }},
		{"user.traits too_big", func(d *event.Draft) { d.User.Traits = sized(32<<10 + 1) }},
		{"user.traits invalid_type", func(d *event.Draft) { d.User.Traits = []byte(`"plan"`) }},
		{"properties too_big", func(d *event.Draft) { d.Properties = sized(32<<10 + 1) }},
		{"properties too_big", func(d *event.Draft) { d.Properties = nested(65) }},
		{"properties invalid_format", func(d *event.Draft) { d.Properties = []byte(`{"a":1,"a":2}`) }},
		{"timestamp too_big", func(d *event.Draft) { d.Timestamp = &early }},
		{"timestamp too_small", func(d *event.Draft) { d.Timestamp = &late }},
		{"timestamp too_small", func(d *event.Draft) { d.Timestamp = &time.Time{} }},
		{"event_id too_big", func(d *event.Draft) { d.ClientID += "i" }},
	} {
		draft := full()
		row.spoil(&draft)
		if got := faults(t, draft); !slices.Equal(got, []string{row.want}) {
			t.Errorf("%v, not %s", got, row.want)
		}
	}
}

func TestAllFaultsAreNamedAtOnce(t *testing.T) {
	draft := event.Draft{
		Kind: event.Track, User: event.User{Email: "?", Traits: []byte(`[]`)}, Properties: []byte(`0`), Timestamp: &time.Time{},
		ClientID: "\xff",
	}
	want := []string{
		"event too_small", "user.id too_small", "user.email invalid_format", "user.traits invalid_type",
		"properties invalid_type", "timestamp too_small", "event_id invalid_format",
	}
	if got := faults(t, draft); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestAClientsNameAlwaysGivesTheSameID(t *testing.T) {
	seen := map[id.ID]bool{}
	for _, o := range []id.ID{org, other} {
		for _, test := range []bool{false, true} {
			for _, name := range []string{"a", "b", "\x00\x00\x00\x01a"} {
				draft := event.Draft{Kind: event.Track, Name: "n", User: event.User{ID: "u"}, ClientID: name, Test: test}
				got, err := event.New(o, draft, now, ids)
				if err != nil || got.ID != event.Derived(o, test, name, 0) {
					t.Fatal(got.ID, err)
				}
				seen[got.ID], seen[event.Derived(o, test, name, 1)] = true, true
			}
		}
	}
	if len(seen) != 24 {
		t.Errorf("%d distinct IDs", len(seen))
	}
	const stable = "3289e0b9d521897d6396e8d4" // what is stored already was derived so
	if got := event.Derived(org, false, "order-1", 2).String(); got != stable {
		t.Errorf("%s, not %s", got, stable)
	}
}

// faults spells the issues of a refused draft as path and code.
func faults(t *testing.T, draft event.Draft) []string {
	t.Helper()
	got, err := event.New(org, draft, now, ids)
	if err == nil {
		t.Errorf("accepted: %.200s", fmt.Sprint(got))
		return nil
	}
	if !got.ID.IsZero() {
		t.Errorf("%v with event %s", err, got.ID)
	}
	return spelled(t, err)
}

func spelled(t *testing.T, err error) (issues []string) {
	t.Helper()
	refusal := apierr.Of(err)
	if refusal.Kind != apierr.Invalid || refusal.Code != apierr.CodeInvalidBody {
		t.Errorf("%v", err)
	}
	for _, issue := range refusal.Issues {
		path := make([]string, len(issue.Path))
		for i, step := range issue.Path {
			path[i] = fmt.Sprint(step)
		}
		if issue.Message == "" {
			t.Errorf("%v says nothing", issue.Path)
		}
		issues = append(issues, strings.Join(path, ".")+" "+issue.Code)
	}
	return issues
}
