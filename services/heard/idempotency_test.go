package heard_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/idempotency"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/platform"
)

// racers is how many requests contend for what only one may get.
const racers = 16

// interposed is a store that a test can come between when an item is inserted, and whose sweeps it hears of.
type interposed struct {
	platform.Store
	between atomic.Pointer[func(insert func() error) error]
	swept   chan int
}

func interpose(store platform.Store) platform.Store {
	return &interposed{Store: store, swept: make(chan int, 1)}
}

func (s *interposed) InsertFeedback(ctx context.Context, org id.ID, item feedback.Item) error {
	insert := func() error { return s.Store.InsertFeedback(ctx, org, item) }
	if between := s.between.Load(); between != nil {
		return (*between)(insert)
	}
	return insert()
}

func (s *interposed) SweepClaims(ctx context.Context, expired time.Time, limit int) (int, error) {
	n, err := s.Store.SweepClaims(ctx, expired, limit)
	select {
	case s.swept <- n:
	default:
	}
	return n, err
}

// onInsert does something else than inserting until the returned function is called.
func (i *installation) onInsert(do func(insert func() error) error) (restore func()) {
	between := &i.Store.(*interposed).between
	between.Store(&do)
	return func() { between.Store(nil) }
}

// say submits feedback under an Idempotency-Key.
func (i *installation) say(app tenant.App, key, text string) *httptest.ResponseRecorder {
	i.t.Helper()
	return i.call(http.MethodPost, "/v1/feedback", app.PublicKey, fmt.Sprintf(`{"text":%q}`, text), "Idempotency-Key", key)
}

// stored wants a 201 and gives the item's id and whether an earlier request stored it.
func (i *installation) stored(w *httptest.ResponseRecorder) (item string, replayed bool) {
	i.t.Helper()
	var receipt struct{ ID, Status string }
	i.answer(w, http.StatusCreated, &receipt)
	if receipt.Status != "received" {
		i.t.Errorf("status %q", receipt.Status)
	}
	return receipt.ID, w.Header().Get("Idempotency-Replayed") == "true"
}

// refused wants a refusal of that status and code, and gives its issues as "path code".
func (i *installation) refused(w *httptest.ResponseRecorder, status int, code apierr.Code) (issues []string) {
	i.t.Helper()
	var answer struct {
		Error struct {
			Code    apierr.Code
			Details any
		}
	}
	i.answer(w, status, &answer)
	if answer.Error.Code != code {
		i.t.Fatalf("answered %s", w.Body)
	}
	list, _ := answer.Error.Details.([]any)
	for _, issue := range list {
		fields := issue.(map[string]any)
		issues = append(issues, fmt.Sprint(fields["path"], " ", fields["code"]))
	}
	return issues
}

// items are the ids of what the Org has stored.
func (i *installation) items(org id.ID) (ids []string) {
	i.t.Helper()
	page, err := i.Store.ListFeedback(context.Background(), org, feedback.Query{IncludeDuplicates: true, Limit: 100})
	must(i.t, err)
	for _, item := range page.Items {
		ids = append(ids, item.ID.String())
	}
	return ids
}

func (i *installation) holds(org id.ID, want int) {
	i.t.Helper()
	if got := i.items(org); len(got) != want {
		i.t.Fatalf("the Org has %d items instead of %d", len(got), want)
	}
}

func TestARepeatIsAnsweredAsTheFirstWas(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h := i.found("acme")
		other, _, err := i.manager.CreateApp(t.Context(), byTest(), h.org.ID, manage.AppDraft{Slug: "other", Name: "Other", PublicSubmission: true})
		must(t, err)
		first, replayed := i.stored(i.say(h.app, "k", "x"))
		if replayed {
			t.Error("the first was a replay")
		}
		i.clock.Advance(idempotency.Kept)
		for _, process := range []*installation{i, i.replica()} {
			if again, replayed := i.stored(process.say(h.app, "k", "x")); again != first || !replayed {
				t.Errorf("repeated: %s after %s, replayed %t", again, first, replayed)
			}
		}
		i.refused(i.say(h.app, "k", "y"), http.StatusUnprocessableEntity, apierr.CodeIdempotencyMismatch)
		i.holds(h.org.ID, 1)

		for n, fresh := range []*httptest.ResponseRecorder{
			i.say(other, "k", "x"), i.say(h.app, "K", "x"),
			i.call(http.MethodPost, "/v1/feedback", h.app.PublicKey, `{"text":"x"}`), i.call(http.MethodPost, "/v1/feedback", h.app.PublicKey, `{"text":"x"}`),
		} {
			if item, replayed := i.stored(fresh); item == first || replayed {
				t.Errorf("%d is a replay", n)
			}
		}
		i.clock.Advance(time.Millisecond) // and the day is over
		if again, replayed := i.stored(i.say(h.app, "k", "y")); again == first || replayed {
			t.Error("a key is remembered for more than a day")
		}
		i.holds(h.org.ID, 6)
	})
}

func TestOfManyWithOneKeyOneIsStored(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h := i.found("acme")
		processes := []*installation{i, i.replica()}
		var wg sync.WaitGroup
		answers := make([]*httptest.ResponseRecorder, racers)
		for n := range answers {
			wg.Go(func() { answers[n] = processes[n%len(processes)].say(h.app, "k", "x") })
		}
		wg.Wait()
		stored := i.items(h.org.ID)
		if len(stored) != 1 {
			t.Fatalf("%d items", len(stored))
		}
		firsts := 0
		for _, w := range answers {
			if w.Code == http.StatusConflict {
				i.refused(w, http.StatusConflict, apierr.CodeIdempotencyRunning)
				continue
			}
			item, replayed := i.stored(w)
			if item != stored[0] {
				t.Errorf("answered %s, stored %s", item, stored[0])
			}
			if !replayed {
				firsts++
			}
		}
		if firsts != 1 {
			t.Errorf("%d were told to be the first", firsts)
		}
	})
}

func TestARepeatWaitsForTheFirstToEnd(t *testing.T) {
	onEveryStore(t, interpose, func(t *testing.T, i *installation) {
		h := i.found("acme")
		inside, goOn := make(chan struct{}), make(chan struct{})
		restore := i.onInsert(func(insert func() error) error {
			close(inside)
			<-goOn
			return insert()
		})
		first := make(chan *httptest.ResponseRecorder)
		go func() { first <- i.say(h.app, "k", "x") }()
		<-inside
		restore()
		w := i.say(h.app, "k", "x")
		i.refused(w, http.StatusConflict, apierr.CodeIdempotencyRunning)
		if w.Header().Get("Retry-After") != "1" {
			t.Errorf("Retry-After %q", w.Header().Get("Retry-After"))
		}
		i.refused(i.say(h.app, "k", "y"), http.StatusUnprocessableEntity, apierr.CodeIdempotencyMismatch)
		close(goOn)
		item, _ := i.stored(<-first)
		if again, replayed := i.stored(i.say(h.app, "k", "x")); again != item || !replayed {
			t.Errorf("%s after %s, replayed %t", again, item, replayed)
		}
		i.holds(h.org.ID, 1)
	})
}

// A process that dies leaves a claim; a store that fails leaves it open whether it stored. Neither loses the feedback of a
// client that repeats itself, nor stores it twice.
func TestARepeatFinishesWhatTheFirstLeft(t *testing.T) {
	onEveryStore(t, interpose, func(t *testing.T, i *installation) {
		h := i.found("acme")
		died := func(func() error) error { panic("SIGKILL") }
		restore := i.onInsert(died)
		if w := i.say(h.app, "died", "x"); w.Code != http.StatusInternalServerError {
			t.Fatalf("answered %d", w.Code)
		}
		restore()
		i.clock.Advance(idempotency.Lease - 1)
		i.refused(i.say(h.app, "died", "x"), http.StatusConflict, apierr.CodeIdempotencyRunning)
		i.clock.Advance(time.Millisecond)

		var wg sync.WaitGroup
		var stored, running atomic.Int64
		for range racers {
			wg.Go(func() {
				if w := i.say(h.app, "died", "x"); w.Code == http.StatusCreated {
					stored.Add(1)
				} else if w.Code == http.StatusConflict {
					running.Add(1)
				}
			})
		}
		wg.Wait()
		if stored.Load() == 0 || stored.Load()+running.Load() != racers {
			t.Errorf("%d stored, %d told to wait", stored.Load(), running.Load())
		}
		i.holds(h.org.ID, 1)

		away := apierr.Away(errors.New("away"))
		restore = i.onInsert(func(func() error) error { return away })
		if w := i.say(h.app, "away", "x"); w.Code != http.StatusServiceUnavailable {
			t.Fatalf("answered %d", w.Code)
		}
		restore()
		item, replayed := i.stored(i.say(h.app, "away", "x")) // at once
		if replayed {
			t.Error("a replay of nothing")
		}
		if again, replayed := i.stored(i.say(h.app, "away", "x")); again != item || !replayed {
			t.Error("stored once more")
		}
		i.holds(h.org.ID, 2)

		restore = i.onInsert(func(insert func() error) error { return errors.Join(away, insert()) })
		if w := i.say(h.app, "unheard", "x"); w.Code != http.StatusServiceUnavailable {
			t.Fatalf("answered %d", w.Code)
		}
		restore()
		if _, replayed := i.stored(i.say(h.app, "unheard", "x")); !replayed {
			t.Error("stored twice")
		}
		i.holds(h.org.ID, 3)
	})
}

// A first request that is slower than its lease, and a repeat that took over, store the one item between them.
func TestAFirstThatIsOvertakenStoresNothingMore(t *testing.T) {
	onEveryStore(t, interpose, func(t *testing.T, i *installation) {
		h := i.found("acme")
		inside, goOn := make(chan struct{}), make(chan struct{})
		restore := i.onInsert(func(insert func() error) error {
			close(inside)
			<-goOn
			return insert()
		})
		first := make(chan *httptest.ResponseRecorder)
		go func() { first <- i.say(h.app, "k", "x") }()
		<-inside
		restore()
		i.clock.Advance(idempotency.Lease)
		second, _ := i.stored(i.say(h.app, "k", "x"))
		close(goOn)
		if item, replayed := i.stored(<-first); item != second || !replayed {
			t.Errorf("%s and %s, replayed %t", item, second, replayed)
		}
		i.holds(h.org.ID, 1)
	})
}

func TestARefusedRequestMayBeMendedUnderItsKey(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		h := i.found("acme")
		w := i.call(http.MethodPost, "/v1/feedback", h.app.PublicKey,
			`{"text":"x","attachments":[{"key":"nothing","kind":"attachment","contentType":"text/plain","byteSize":1}]}`, "Idempotency-Key", "k")
		i.refused(w, http.StatusBadRequest, apierr.CodeInvalidBody)
		if _, replayed := i.stored(i.say(h.app, "k", "x")); replayed {
			t.Error("a replay of a refusal")
		}
		i.holds(h.org.ID, 1)
	})
}

func TestOldClaimsAreForgotten(t *testing.T) {
	onEveryStore(t, interpose, func(t *testing.T, i *installation) {
		h := i.found("acme")
		i.stored(i.say(h.app, "old", "x"))
		i.clock.Advance(idempotency.Kept)
		i.stored(i.say(h.app, "new", "x"))
		i.clock.Advance(time.Millisecond)
		stop := i.run()
		if n := <-i.Store.(*interposed).swept; n != 1 {
			t.Errorf("%d forgotten", n)
		}
		stop()
		if _, replayed := i.stored(i.say(h.app, "new", "x")); !replayed {
			t.Error("a live claim was forgotten")
		}
	})
}
