package storetest

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/idempotency"
	"github.com/heard-dev/heard/pkg/id"
)

// foreignAnswer is what another Org than the owner is told.
type foreignAnswer int

const (
	unasked   foreignAnswer = iota // the method names nothing of an Org's
	notFound                       // apierr.NotFound
	empty                          // a list of nothing
	nothing                        // success, and nothing done
	unmatched                      // apierr.Conflict, as for a claim that does not stand
)

func everyMethod(t *testing.T, s Store) {
	t.Run("is listed here", func(t *testing.T) { everyMethodListed(t, s) })
	t.Run("tells another org what it tells of nothing", func(t *testing.T) { foreign(t, s) })
	t.Run("is refused when its caller has given up", func(t *testing.T) { givenUp(t, s) })
}

func everyMethodListed(t *testing.T, s Store) {
	listed := map[string]bool{}
	for _, c := range newWorld(t, s).calls() {
		listed[c.name] = true
	}
	for m := range reflect.TypeFor[Store]().Methods() {
		if !listed[m.Name] {
			t.Errorf("%s is not held to what every method promises", m.Name)
		}
	}
}

func foreign(t *testing.T, s Store) {
	w, neighbour := newWorld(t, s), newMaker().org()
	must(t, s.CreateOrg(t.Context(), neighbour))
	for _, c := range w.calls() {
		if c.others == unasked {
			continue
		}
		c.findsNothing(t, s, neighbour.ID)
	}
	w.unchanged(t, s)
}

// findsNothing demands that the call answers an Org as one that has nothing of what it names.
func (c call) findsNothing(t *testing.T, s Store, org id.ID) {
	t.Helper()
	value, err := c.do(t.Context(), s, org)
	told := fmt.Sprintf("%s told one who has no such thing %+v, %v", c.name, value, err)
	switch c.others {
	case notFound:
		if err == nil || apierr.KindOf(err) != apierr.NotFound || value != nil && !reflect.ValueOf(value).IsZero() {
			t.Error(told)
		}
	case empty:
		if err != nil || reflect.ValueOf(value).Len() != 0 {
			t.Error(told)
		}
	case nothing:
		if err != nil {
			t.Error(told)
		}
	case unmatched:
		if err == nil || apierr.KindOf(err) != apierr.Conflict {
			t.Error(told)
		}
	}
}

func givenUp(t *testing.T, s Store) {
	w := newWorld(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range w.calls() {
		began := time.Now()
		if _, err := c.do(ctx, s, w.org.ID); !cancelled(err) {
			t.Errorf("%s said %v to a caller that had given up", c.name, err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("%s took %s to see that its caller had given up", c.name, took)
		}
	}
	w.unchanged(t, s)
	same(t, read[idempotency.Claim](t)(s.Claim(t.Context(), w.org.ID, w.fresh.claim, never())), w.fresh.claim)
}
