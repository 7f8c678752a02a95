package event_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/store/sqlitestore"
)

// desk is a Taker on a store that can fail, at a time that the test sets.
type desk struct {
	*testing.T
	*event.Taker
	*sqlitestore.Store
	now      time.Time
	puts     atomic.Int64
	inserts  atomic.Int64
	inserted func(events []event.Event) error // before they are, unless it fails
	retries  bool                             // as if the answer to the first try were lost
	putting  func(event.Profile) error
}

func (d *desk) InsertEvents(ctx context.Context, org id.ID, events []event.Event) ([]time.Time, error) {
	d.inserts.Add(1)
	if d.inserted != nil {
		if err := d.inserted(events); err != nil {
			return nil, err
		}
	}
	if d.retries {
		if _, err := d.Store.InsertEvents(ctx, org, events); err != nil {
			return nil, err
		}
	}
	return d.Store.InsertEvents(ctx, org, events)
}

func (d *desk) PutProfile(ctx context.Context, org id.ID, profile event.Profile) error {
	d.puts.Add(1)
	if d.putting != nil {
		if err := d.putting(profile); err != nil {
			return err
		}
	}
	return d.Store.PutProfile(ctx, org, profile)
}

func start(t *testing.T) *desk {
	store, err := sqlitestore.Open(t.Context(), sqlitestore.Options{Path: filepath.Join(t.TempDir(), "heard.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	d := &desk{T: t, Store: store, now: now}
	d.Taker = event.NewTaker(d, d, event.NewWriter(d, 1), ids, func() time.Time { return d.now })
	return d
}

// take takes drafts without a bound, and fails the test if that fails.
func (d *desk) take(drafts ...event.Draft) []event.Verdict {
	d.Helper()
	return d.within(-1, drafts...)
}

func (d *desk) within(room int64, drafts ...event.Draft) []event.Verdict {
	d.Helper()
	verdicts, err := d.Take(d.Context(), org, drafts, room)
	if err != nil || len(verdicts) != len(drafts) {
		d.Fatalf("%d verdicts, %v", len(verdicts), err)
	}
	for i, v := range verdicts {
		if v.Index != i || (v.Err == nil) == v.ID.IsZero() || v.Duplicate && v.Err != nil || v.Retryable && v.Err == nil {
			d.Fatalf("verdict %d: %+v", i, v)
		}
		if v.Err == nil {
			if stored, err := d.Event(d.Context(), org, v.ID); err != nil || stored.Test != drafts[i].Test {
				d.Fatalf("verdict %d: %+v, and %v", i, stored, err)
			}
		}
	}
	return verdicts
}

func (d *desk) count() int64 {
	d.Helper()
	n, err := d.CountEvents(d.Context(), org, time.Time{})
	if err != nil {
		d.Fatal(err)
	}
	return n
}

// traits gives what is known of a user; nothing without a profile.
func (d *desk) traits(user string) string {
	d.Helper()
	profile, err := d.Profile(d.Context(), org, user)
	if err != nil && apierr.KindOf(err) != apierr.NotFound {
		d.Fatal(err)
	}
	return string(profile.Traits)
}

func track(user, clientID string) event.Draft {
	return event.Draft{Kind: event.Track, Name: "n", User: event.User{ID: user}, ClientID: clientID}
}

func identify(user, traits string) event.Draft {
	return event.Draft{Kind: event.Identify, User: event.User{ID: user, Traits: []byte(traits)}}
}

// outline spells verdicts: + stored, = repeated, ? retryable, - refused.
func outline(verdicts []event.Verdict) string {
	var b strings.Builder
	for _, v := range verdicts {
		switch {
		case v.Duplicate:
			b.WriteByte('=')
		case v.Err == nil:
			b.WriteByte('+')
		case v.Retryable:
			b.WriteByte('?')
		default:
			b.WriteByte('-')
		}
	}
	return b.String()
}

func TestABadDraftFailsAlone(t *testing.T) {
	d := start(t)
	verdicts := d.take(track("u", ""), track("", ""), identify("u", `{}`), identify("u", `[]`), track("v", "a"))
	if got := outline(verdicts); got != "+-+-+" || d.count() != 3 {
		t.Errorf("%s, %d stored", got, d.count())
	}
	if got := spelled(t, verdicts[1].Err); !slices.Equal(got, []string{"user.id too_small"}) {
		t.Error(got)
	}
	if got := outline(d.take(track("", ""))); got != "-" {
		t.Errorf("a batch of bad ones: %s", got)
	}
	if d.take(); d.inserts.Load() != 1 {
		t.Errorf("%d writes", d.inserts.Load())
	}
}

func TestARepeatIsAnsweredWithTheIDOfTheFirst(t *testing.T) {
	d := start(t)
	first := d.take(track("u", "a"), track("u", "b"), track("u", "a"), track("", "c"), track("u", "c"))
	if got := outline(first); got != "++=-+" || first[2].ID != first[0].ID {
		t.Errorf("%s", got)
	}
	d.now = now.Add(event.Remembered - time.Millisecond)
	again := d.take(track("v", "b"), track("u", ""))
	if got := outline(again); got != "=+" || again[0].ID != first[1].ID || d.count() != 4 {
		t.Errorf("%s", got)
	}
	test := track("u", "a")
	test.Test = true
	if got := outline(d.take(track("u", "a"), test, test)); got != "=+=" {
		t.Errorf("a test event under the name of a real one: %s", got)
	}
}

func TestAnEventWithoutANameIsNoRepeatOfItself(t *testing.T) {
	d := start(t)
	d.retries = true
	if got := outline(d.take(track("u", ""), track("u", ""))); got != "++" || d.count() != 2 {
		t.Errorf("%s, %d stored", got, d.count())
	}
}

func TestAnAddressAloneIsKnownOfAUser(t *testing.T) {
	d := start(t)
	said := track("u", "")
	for _, address := range []string{"a@example.com", "b@example.com", ""} {
		said.User.Email = address
		d.take(said)
	}
	if profile, err := d.Profile(t.Context(), org, "u"); err != nil || profile.Email != "b@example.com" {
		t.Errorf("%+v, %v", profile, err)
	}
}

func TestANameIsForgottenAfterAWhile(t *testing.T) {
	for name, draft := range map[string]event.Draft{"track": track("u", "a"), "with traits": {
		Kind: event.Identify, User: event.User{ID: "u", Traits: []byte(`{}`)}, ClientID: "a",
	}} {
		t.Run(name, func(t *testing.T) {
			d := start(t)
			seen := map[id.ID]bool{}
			for range 17 {
				verdicts := slices.Concat(d.take(draft), d.take(draft))
				seen[verdicts[0].ID] = true
				if got := outline(verdicts); got != "+=" || verdicts[1].ID != verdicts[0].ID {
					t.Fatalf("%s, time %d", got, len(seen))
				}
				d.now = d.now.Add(event.Remembered)
			}
			if len(seen) != 17 {
				t.Errorf("%d IDs", len(seen))
			}
			if got := spelled(t, d.take(draft)[0].Err); !slices.Equal(got, []string{"event_id duplicate_value"}) {
				t.Error(got)
			}
		})
	}
}

func TestWhatIsSaidOfUsersIsMergedInOrderInOneWrite(t *testing.T) {
	d := start(t)
	said := track("u", "")
	said.User.Email, said.User.Traits = "u@example.com", []byte(`{"seats":12345678901234567890}`)
	d.take(
		identify("u", `{"plan":"free","address":{"city":"Bonn","zip":"53111"},"tags":[1,null],"gone":1}`), identify("v", `{"plan":"v"}`),
		track("w", ""), identify("u", `{"plan":"pro","gone":null,"never":null,"address":{"zip":null,"geo":{"lat":1.50,"x":null}}}`), said,
		event.Draft{Kind: event.Identify, User: event.User{ID: "x"}},
	)
	const want = `{"address":{"city":"Bonn","geo":{"lat":1.50}},"plan":"pro","seats":12345678901234567890,"tags":[1,null]}`
	if got := d.traits("u"); got != want {
		t.Error(got)
	}
	if v, w, x := d.traits("v"), d.traits("w"), d.traits("x"); v != `{"plan":"v"}` || w != "" || x != `{}` || d.puts.Load() != 3 {
		t.Errorf("%s, %q, %s in %d writes", v, w, x, d.puts.Load())
	}
	before, _ := d.Profile(t.Context(), org, "u")
	d.now = now.Add(time.Hour)
	d.take(identify("u", `{"plan":"pro"}`), said)
	if d.puts.Load() != 3 {
		t.Error("a profile was written in which nothing changed")
	}
	d.take(identify("u", `{"address":7}`))
	after, _ := d.Profile(t.Context(), org, "u")
	if after.Email != "u@example.com" || !after.CreatedAt.Equal(before.CreatedAt) || after.UpdatedAt.Sub(before.UpdatedAt) != time.Hour {
		t.Errorf("%+v after %+v", after, before)
	}
}

func TestAnEventIsNotStoredBeforeWhatItSaysOfItsUser(t *testing.T) {
	d := start(t)
	d.inserted = func([]event.Event) error {
		if got := d.traits("u"); got != `{"a":1}` {
			t.Errorf("traits %s", got)
		}
		return nil
	}
	d.take(identify("u", `{"a":1}`))
	d.putting = func(p event.Profile) error {
		if p.UserID == "u" {
			return errBroken
		}
		return nil
	}
	verdicts := d.take(identify("u", `{"a":1}`), track("u", ""), identify("u", `{"a":2}`), identify("v", `{}`))
	if got := outline(verdicts); got != "?+?+" || apierr.KindOf(verdicts[2].Err) != apierr.Unavailable || !errors.Is(verdicts[2].Err, errBroken) {
		t.Errorf("%s: %v", got, verdicts[2].Err)
	}
	if d.count() != 3 {
		t.Errorf("%d stored", d.count())
	}
}

func TestARepeatSaysNothingAgain(t *testing.T) {
	d := start(t)
	old := identify("u", `{"plan":"free"}`)
	old.ClientID = "a"
	d.take(old)
	d.take(identify("u", `{"plan":"pro"}`))
	if got := outline(d.take(old)); got != "=" || d.traits("u") != `{"plan":"pro"}` {
		t.Errorf("%s: %s", got, d.traits("u"))
	}
}

func TestThoseWhoChangeOneProfileAtOnceLoseNothing(t *testing.T) {
	d := start(t)
	var callers sync.WaitGroup
	for c := range 16 {
		callers.Go(func() {
			if _, err := d.Take(t.Context(), org, []event.Draft{identify("u", fmt.Sprintf(`{"%02d":1}`, c))}, -1); err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	if got := d.traits("u"); strings.Count(got, ":1") != 16 {
		t.Error(got)
	}
}

func TestTraitsThatWouldNotFitAProfileFailTheirEventOnly(t *testing.T) {
	d := start(t)
	large := func(name string) event.Draft { return identify("u", `{"`+name+`":"`+strings.Repeat("x", 30<<10)+`"}`) }
	verdicts := d.take(large("a"), large("b"), large("c"), identify("u", `{"d":1}`), large("a"), identify("u", `{"a":null}`), large("c"))
	if got := outline(verdicts); got != "++-++++" {
		t.Error(got)
	}
	if got := spelled(t, verdicts[2].Err); !slices.Equal(got, []string{"user.traits too_big"}) {
		t.Error(got)
	}
	if got := d.traits("u"); len(got) > event.MaxProfile || !strings.HasPrefix(got, `{"b":"xxx`) || !strings.Contains(got, `,"c":"xxx`) {
		t.Errorf("%d bytes: %.20s", len(got), got)
	}
}

func TestWhatHasNoRoomIsRefusedInOrderAndLeavesNoTrace(t *testing.T) {
	d := start(t)
	d.take(track("u", "old"))
	test := identify("u", `{"test":1}`)
	test.Test = true
	verdicts := d.within(2, track("", ""), track("u", "new"), test, track("u", "old"), track("u", "new"), identify("u", `{"in":1}`),
		identify("u", `{"out":1}`), track("u", "late"), track("u", "old"), test, track("u", "late"))
	if got := outline(verdicts); got != "-++==+--=+-" {
		t.Error(got)
	}
	for _, i := range []int{6, 7, 10} {
		if refusal := apierr.Of(verdicts[i].Err); refusal.Kind != apierr.Limited || refusal.Code != apierr.CodeQuotaExceeded {
			t.Errorf("verdict %d: %v", i, refusal)
		}
	}
	if got := d.traits("u"); got != `{"in":1,"test":1}` || d.count() != 3 {
		t.Errorf("%s, and %d stored", got, d.count())
	}
	if got := outline(d.within(0, track("u", "late"), test)); got != "-+" {
		t.Error(got)
	}
	if got := outline(d.within(1, track("u", "late"))); got != "+" {
		t.Error(got)
	}
}

func TestATakeThatStoresNothingForAPassingReasonFails(t *testing.T) {
	d := start(t)
	d.take(track("u", "old"))
	d.inserted = func([]event.Event) error { return errBroken }
	for name, drafts := range map[string][]event.Draft{
		"alone": {track("u", "")}, "beside a bad one": {track("", ""), track("u", ""), track("u", "twice"), track("u", "twice")},
	} {
		verdicts, err := d.Take(t.Context(), org, drafts, -1)
		if verdicts != nil || apierr.KindOf(err) != apierr.Unavailable || !errors.Is(err, errBroken) {
			t.Errorf("%s: %v, %v", name, verdicts, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Take(ctx, org, []event.Draft{identify("u", `{}`)}, -1); apierr.KindOf(err) != apierr.Unavailable || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestAWriteThatFailsFailsItsEventsOnlyAndMayBeRepeated(t *testing.T) {
	d := start(t)
	drafts := make([]event.Draft, 200)
	for i := range drafts {
		drafts[i] = track("u", fmt.Sprint(i))
		drafts[i].Properties = sized(32 << 10)
	}
	d.inserted = func([]event.Event) error {
		if d.inserts.Load() == 2 {
			return errBroken
		}
		return nil
	}
	first := outline(d.take(drafts...))
	if stored := strings.Count(first, "+"); first != strings.Repeat("+", stored)+strings.Repeat("?", 200-stored) || stored == 200 {
		t.Error(first)
	}
	if got := outline(d.take(drafts...)); got != strings.NewReplacer("+", "=", "?", "+").Replace(first) || d.count() != 200 {
		t.Errorf("%s, %d stored", got, d.count())
	}
}
