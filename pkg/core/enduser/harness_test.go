package enduser_test

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/store/sqlitestore"
)

var (
	acme  = id.ID{1}
	other = id.ID{2}
	ann   = audit.Actor{Kind: audit.ByMember, ID: id.ID{7}, Name: "ann@example.com"}
)

// store is a real one that can be away, and that lets a test act before something is replaced.
type store struct {
	*sqlitestore.Store
	away    atomic.Bool
	reads   atomic.Int64
	replace atomic.Pointer[func(enduser.Person)]
}

func (s *store) PersonByExternalID(ctx context.Context, org id.ID, externalID string) (enduser.Person, error) {
	s.reads.Add(1)
	if s.away.Load() {
		return enduser.Person{}, apierr.Away(context.DeadlineExceeded)
	}
	return s.Store.PersonByExternalID(ctx, org, externalID)
}

func (s *store) ReplacePerson(ctx context.Context, org id.ID, person enduser.Person) error {
	if before := s.replace.Load(); before != nil {
		(*before)(person)
	}
	return s.Store.ReplacePerson(ctx, org, person)
}

// town is a Directory and what it keeps people in.
type town struct {
	*testing.T
	*enduser.Directory
	store *store
	clock atomic.Int64
	bumps atomic.Int64
}

func newTown(t *testing.T) *town {
	t.Helper()
	t.Parallel()
	opened, err := sqlitestore.Open(t.Context(), sqlitestore.Options{Path: filepath.Join(t.TempDir(), "heard.db")})
	must(t, err)
	t.Cleanup(func() { must(t, opened.Close()) })
	w := &town{T: t, store: &store{Store: opened}}
	w.clock.Store(time.Date(2026, 3, 4, 5, 6, 7, 890_000_000, time.UTC).UnixNano())
	now := func() time.Time { return time.Unix(0, w.clock.Load()) }
	ids := id.NewSource(now, rand.Reader)
	w.Directory = enduser.NewDirectory(enduser.Deps{
		Store: w.store, Journal: audit.NewJournal(w.store, make([]byte, 32), ids, now), IDs: ids, Now: now,
		Announce: func(context.Context, id.ID) error {
			w.bumps.Add(1)
			return nil
		},
	})
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// meet meets who has these names.
func (w *town) meet(externalID, email string) enduser.Person {
	w.Helper()
	person, _, err := w.Meet(w.Context(), acme, enduser.Sighting{ExternalID: externalID, Email: email, Source: enduser.FromEvents})
	must(w.T, err)
	return person
}

func (w *town) whole(person id.ID) enduser.Whole {
	w.Helper()
	found, err := w.Whole(w.Context(), acme, person)
	must(w.T, err)
	return found
}

func (w *town) merge(from, into enduser.Person) {
	w.Helper()
	_, err := w.Merge(w.Context(), acme, ann, from.ID, into.ID)
	must(w.T, err)
}

// roots are all people, each with their names.
func (w *town) roots() map[id.ID][]string {
	w.Helper()
	page, err := w.Store.People(w.Context(), acme, enduser.Query{Limit: 100})
	must(w.T, err)
	all := map[id.ID][]string{}
	for _, root := range page.People {
		person := w.whole(root.ID)
		all[root.ID] = append(person.ExternalIDs(), person.Emails()...)
		slices.Sort(all[root.ID])
	}
	return all
}

// demand demands that these are the people there are, each by their names.
func (w *town) demand(want ...[]string) {
	w.Helper()
	got := w.roots()
	for _, names := range got {
		n := slices.IndexFunc(want, func(known []string) bool { return slices.Equal(known, names) })
		if n < 0 {
			w.Errorf("there is %q, of %v", names, got)
			continue
		}
		want = slices.Delete(want, n, n+1)
	}
	if len(want) > 0 {
		w.Errorf("there is no %q, only %v", want, got)
	}
}

// actions are what the audit log says was done, and whether it was.
func (w *town) actions() (done []string) {
	w.Helper()
	entries, err := w.store.AuditFrom(w.Context(), acme, 0, 1000)
	must(w.T, err)
	for _, e := range entries {
		done = append(done, e.Action+" by "+string(e.Actor.Kind)+" "+string(e.Outcome))
	}
	return done
}

// race does something many times at once.
func race(times int, do func(n int)) {
	var racers sync.WaitGroup
	start := make(chan struct{})
	for n := range times {
		racers.Go(func() {
			<-start
			do(n)
		})
	}
	close(start)
	racers.Wait()
}
