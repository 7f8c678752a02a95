// Package storetest is what every implementation of the core's Store interfaces must keep, as suites that each of them runs.
package storetest

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/agentrun"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/comment"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/idempotency"
	"github.com/heard-dev/heard/pkg/core/incident"
	"github.com/heard-dev/heard/pkg/core/limit"
	"github.com/heard-dev/heard/pkg/core/outcome"
	"github.com/heard-dev/heard/pkg/core/resource"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/core/usage"
	"github.com/heard-dev/heard/pkg/core/vote"
)

// Store is everything the core asks of a store of records.
type Store interface {
	tenant.Store
	apikey.Store
	feedback.Store
	vote.Store
	comment.Store
	enduser.Store
	resource.Store
	attachment.Slots
	idempotency.Store
	agentrun.Store
	incident.Store
	session.Store
	audit.Store
	usage.Store
	erasure.Store
	event.Store
	event.Profiles
	outcome.Store
	limit.Store
}

// racers is how many goroutines contend for what only one may get.
const racers = 16

// prompt is the longest a call may take to notice that it is cancelled or that its store went away.
const prompt = 5 * time.Second

// Run holds a store to all of it. Every call of open gives a store that is empty.
func Run(t *testing.T, open func(t *testing.T) Store) {
	for _, suite := range []struct {
		name string
		run  func(t *testing.T, s Store)
	}{
		{"tenants", tenants},
		{"members", members},
		{"invitations", invitations},
		{"keys", keys},
		{"sessions", sessions},
		{"audits", audits},
		{"uses", uses},
		{"feedback", items},
		{"boards", boards},
		{"votes", votes},
		{"comments", comments},
		{"people", people},
		{"resources", resources},
		{"slots", slots},
		{"claims", claims},
		{"records", records},
		{"events", events},
		{"profiles", profiles},
		{"outcomes", outcomes},
		{"overrides", overrides},
		{"erasures", erasures},
		{"removals", removals},
		{"every method", everyMethod},
	} {
		t.Run(suite.name, func(t *testing.T) { suite.run(t, open(t)) })
	}
}

// race starts one goroutine for each of the racers at the same moment and gives what each returned.
func race(do func(racer int) error) []error {
	answers := make([]error, racers)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for r := range racers {
		wg.Go(func() {
			<-start
			answers[r] = do(r)
		})
	}
	close(start)
	wg.Wait()
	return answers
}

// oneWinner demands that one racer succeeded and every other met a Conflict, and tells which one won.
func oneWinner(t *testing.T, code apierr.Code, answers []error) int {
	t.Helper()
	winner := -1
	for r, err := range answers {
		switch {
		case err != nil:
			conflict(t, err, code)
		case winner >= 0:
			t.Fatalf("racers %d and %d both won", winner, r)
		default:
			winner = r
		}
	}
	if winner < 0 {
		t.Fatal("nobody won")
	}
	return winner
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error: %v", err)
	}
}

func missing(t *testing.T, err error) {
	t.Helper()
	if err == nil || apierr.KindOf(err) != apierr.NotFound {
		t.Fatalf("got %v, want a NotFound", err)
	}
}

func conflict(t *testing.T, err error, code apierr.Code) {
	t.Helper()
	if err == nil || apierr.KindOf(err) != apierr.Conflict || apierr.Of(err).Code != code {
		t.Fatalf("got %v, want a Conflict with code %s", err, code)
	}
}

func taken(t *testing.T, err error) {
	t.Helper()
	conflict(t, err, apierr.CodeAlreadyExists)
}

func changed(t *testing.T, err error) {
	t.Helper()
	conflict(t, err, apierr.CodeChanged)
}

// same demands equality of every field, of nil and empty, and of a time's zone.
func same[T any](t *testing.T, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("\n got %+v\nwant %+v", got, want)
	}
}

// read is for a call that must succeed in a place where only its value is wanted.
func read[T any](t *testing.T) func(value T, err error) T {
	t.Helper()
	return func(value T, err error) T {
		t.Helper()
		must(t, err)
		return value
	}
}

// cancelled tells whether err is how a store says that its caller gave up.
func cancelled(err error) bool {
	return errors.Is(err, context.Canceled) && apierr.KindOf(err) == apierr.Unavailable
}
