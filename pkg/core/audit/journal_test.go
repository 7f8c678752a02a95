package audit_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/store/sqlitestore"
)

// forger is a store that somebody tampered with, and that can be away.
type forger struct {
	*sqlitestore.Store
	tamper func([]audit.Entry) []audit.Entry
	away   bool
}

func (f *forger) AuditFrom(ctx context.Context, org id.ID, after int64, limit int) ([]audit.Entry, error) {
	entries, err := f.Store.AuditFrom(ctx, org, after, limit)
	if f.tamper != nil {
		entries = f.tamper(entries)
	}
	return entries, err
}

func (f *forger) AppendAudit(ctx context.Context, org id.ID, entry audit.Entry) error {
	if f.away {
		return apierr.Away(errors.New("away"))
	}
	return f.Store.AppendAudit(ctx, org, entry)
}

// archive is a Journal and what it writes to.
type archive struct {
	*testing.T
	*audit.Journal
	store *forger
}

var (
	acme  = id.ID{1}
	other = id.ID{2}
	ann   = audit.Actor{Kind: audit.ByMember, ID: id.ID{7}, Name: "ann@example.com", Credential: "session:7", Address: "192.0.2.7"}
	made  = audit.Change{
		Action: "app.update", Target: audit.Target{Kind: "app", ID: "5", Name: "web"},
		Before: map[string]any{"name": "Web", "b": 1, "a": nil}, After: map[string]any{"name": "Site", "b": 2, "a": []string{"x"}},
	}
)

func newArchive(t *testing.T) *archive {
	t.Helper()
	store, err := sqlitestore.Open(t.Context(), sqlitestore.Options{Path: filepath.Join(t.TempDir(), "heard.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	a := &archive{T: t, store: &forger{Store: store}}
	a.Journal = a.under(make([]byte, 32))
	return a
}

// under gives a Journal on the same store with a key of its own.
func (a *archive) under(key []byte) *audit.Journal {
	now := func() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 890_123_456, time.UTC) }
	return audit.NewJournal(a.store, key, id.NewSource(now, rand.Reader), now)
}

func (a *archive) append(org id.ID, times int) {
	a.Helper()
	for range times {
		if _, err := a.Append(a.Context(), org, ann, made, audit.Done); err != nil {
			a.Fatal(err)
		}
	}
}

func (a *archive) verify(org id.ID, from audit.Entry, limit int) audit.Check {
	a.Helper()
	check, err := a.Verify(a.Context(), org, from, limit)
	if err != nil {
		a.Fatal(err)
	}
	return check
}

func TestAnUntouchedChainIsWholeWhateverTheSteps(t *testing.T) {
	a := newArchive(t)
	a.append(acme, 7)
	a.append(other, 2)
	if check := a.verify(acme, audit.Entry{}, 100); check.Checked != 7 || check.Head.Seq != 7 || check.BrokenAt != 0 || check.More {
		t.Errorf("%+v", check)
	}
	from, checked := audit.Entry{}, 0
	for more := true; more; {
		check := a.verify(acme, from, 3)
		from, checked, more = check.Head, checked+check.Checked, check.More
		if check.BrokenAt != 0 {
			t.Fatalf("%+v", check)
		}
	}
	if checked != 7 {
		t.Errorf("%d entries in steps of three", checked)
	}
	if check := a.verify(id.ID{9}, audit.Entry{}, 10); check.Checked != 0 || check.BrokenAt != 0 || check.More {
		t.Errorf("an Org without entries: %+v", check)
	}
	foreign, err := a.under([]byte("another installation's key")).Verify(t.Context(), acme, audit.Entry{}, 10)
	if err != nil || foreign.BrokenAt != 1 {
		t.Errorf("a key that did not write it finds it whole: %+v, %v", foreign, err)
	}
}

func TestTamperingShowsWhereItBegins(t *testing.T) {
	a := newArchive(t)
	a.append(acme, 5)
	const third = 2
	shows := func(what string, at int64, tamper func([]audit.Entry) []audit.Entry) {
		t.Helper()
		a.store.tamper = tamper
		if check := a.verify(acme, audit.Entry{}, 100); check.BrokenAt != at || check.Checked != int(at-1) || check.More {
			t.Errorf("%s: broken at %d after %d, not at %d", what, check.BrokenAt, check.Checked, at)
		}
	}
	for _, path := range fields(reflect.TypeFor[audit.Entry]()) {
		shows(fmt.Sprint("field ", path, " changed"), 3, func(e []audit.Entry) []audit.Entry {
			change(t, reflect.ValueOf(&e[third]).Elem().FieldByIndex(path))
			return e
		})
	}
	shows("a text moved to the next field", 3, func(e []audit.Entry) []audit.Entry {
		e[third].Target.ID, e[third].Target.Name = e[third].Target.ID+"w", strings.TrimPrefix(e[third].Target.Name, "w")
		return e
	})
	shows("nothing made of an object", 3, func(e []audit.Entry) []audit.Entry {
		e[third].Before = nil
		return e
	})
	shows("one removed", 3, func(e []audit.Entry) []audit.Entry { return slices.Delete(e, third, third+1) })
	shows("the first removed", 1, func(e []audit.Entry) []audit.Entry { return e[1:] })
	shows("one removed and the rest counted anew", 3, func(e []audit.Entry) []audit.Entry {
		e = slices.Delete(e, third, third+1)
		for n := range e {
			e[n].Seq = int64(n + 1)
		}
		return e
	})
	shows("two swapped", 3, func(e []audit.Entry) []audit.Entry {
		e[third], e[third+1] = e[third+1], e[third]
		return e
	})
	shows("two swapped, and their numbers", 3, func(e []audit.Entry) []audit.Entry {
		e[third], e[third+1] = e[third+1], e[third]
		e[third].Seq, e[third+1].Seq = 3, 4
		return e
	})
	shows("one inserted", 3, func(e []audit.Entry) []audit.Entry {
		forged := e[third]
		forged.ID, forged.Previous = id.ID{8}, e[third-1].Hash
		return slices.Insert(e, third, forged)
	})
	shows("one repeated", 4, func(e []audit.Entry) []audit.Entry { return slices.Insert(e, third, e[third]) })
	a.append(other, 5)
	shows("another Org's chain", 1, func([]audit.Entry) []audit.Entry {
		e, err := a.store.Store.AuditFrom(t.Context(), other, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		return e
	})
}

// fields lists the paths to all fields of a struct, so that one that is added must be covered too.
func fields(of reflect.Type) (paths [][]int) {
	for n := range of.NumField() {
		field := of.Field(n)
		if field.Type.Kind() != reflect.Struct || field.Type == reflect.TypeFor[time.Time]() {
			paths = append(paths, []int{n})
			continue
		}
		for _, inner := range fields(field.Type) {
			paths = append(paths, append([]int{n}, inner...))
		}
	}
	return paths
}

// change makes another value of a field.
func change(t *testing.T, field reflect.Value) {
	switch v := field.Interface().(type) {
	case time.Time:
		field.Set(reflect.ValueOf(v.Add(time.Millisecond)))
		return
	case []byte:
		field.SetBytes(append(slices.Clone(v), ' '))
		return
	}
	switch field.Kind() {
	case reflect.String:
		field.SetString(field.String() + "x")
	case reflect.Int64:
		field.SetInt(field.Int() + 1)
	case reflect.Array:
		field.Index(0).SetUint(field.Index(0).Uint() ^ 1)
	default:
		t.Fatalf("no way to change a %s", field.Type())
	}
}

func TestRacingEntriesLeaveOneUnbrokenChain(t *testing.T) {
	const racers = 16
	a := newArchive(t)
	var wg sync.WaitGroup
	for range racers {
		wg.Go(func() {
			if _, err := a.Append(t.Context(), acme, ann, made, audit.Done); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if check := a.verify(acme, audit.Entry{}, 100); check.Checked != racers || check.BrokenAt != 0 {
		t.Errorf("%+v", check)
	}
}

func TestAnEntryPrecedesItsChange(t *testing.T) {
	a := newArchive(t)
	err := a.Record(t.Context(), acme, ann, made, func() error {
		last, err := a.store.LastAudit(t.Context(), acme)
		if err != nil || last.Outcome != audit.Done || last.Actor != ann || last.Target != made.Target || last.Action != made.Action ||
			string(last.Before) != `{"a":null,"b":1,"name":"Web"}` || string(last.After) != `{"a":["x"],"b":2,"name":"Site"}` {
			t.Errorf("%+v, %v", last, err)
		}
		return nil
	})
	if check := a.verify(acme, audit.Entry{}, 10); err != nil || check.Checked != 1 || check.BrokenAt != 0 {
		t.Errorf("%+v, %v", check, err)
	}
	a.store.away = true
	err = a.Record(t.Context(), acme, ann, made, func() error {
		t.Error("a change happened that nobody will know of")
		return nil
	})
	if apierr.KindOf(err) != apierr.Unavailable {
		t.Errorf("without a journal: %v", err)
	}
}

func TestAFailedChangeLeavesAnEntryThatSaysSo(t *testing.T) {
	a := newArchive(t)
	broken := errors.New("broken")
	ctx, cancel := context.WithCancel(t.Context())
	if err := a.Record(ctx, acme, ann, made, func() error { cancel(); return broken }); !errors.Is(err, broken) { // its caller went away, too
		t.Errorf("%v", err)
	}
	page, err := a.store.AuditPage(t.Context(), acme, audit.Query{Limit: 10})
	if err != nil || len(page) != 2 || page[0].Outcome != audit.Failed || page[1].Outcome != audit.Done || page[0].Action != page[1].Action {
		t.Errorf("%+v, %v", page, err)
	}
	err = a.Record(t.Context(), acme, ann, made, func() error { a.store.away = true; return broken })
	if !errors.Is(err, broken) || apierr.KindOf(err) != apierr.Unavailable {
		t.Errorf("nobody can tell what became of the change: %v", err)
	}
}

func TestWhatIsNoJSONIsRefusedBeforeAnythingHappens(t *testing.T) {
	a := newArchive(t)
	for _, value := range []any{func() {}, "\xff"} {
		odd := made
		odd.After = map[string]any{"odd": value}
		if err := a.Record(t.Context(), acme, ann, odd, func() error { t.Error("it happened"); return nil }); err == nil {
			t.Errorf("%T is written", value)
		}
	}
	if check := a.verify(acme, audit.Entry{}, 10); check.Checked != 0 {
		t.Errorf("%+v", check)
	}
}

func TestADiffHoldsWhatChangedAlone(t *testing.T) {
	was, is := audit.Diff(
		map[string]any{"same": []string{"a"}, "changed": 1}, map[string]any{"same": []string{"a"}, "changed": 2, "new": "n"})
	if want := map[string]any{"changed": 1, "new": nil}; !reflect.DeepEqual(was, want) {
		t.Errorf("was %v", was)
	}
	if want := map[string]any{"changed": 2, "new": "n"}; !reflect.DeepEqual(is, want) {
		t.Errorf("is %v", is)
	}
}
