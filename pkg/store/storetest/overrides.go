package storetest

import (
	"testing"

	"github.com/heard-dev/heard/pkg/core/limit"
	"github.com/heard-dev/heard/pkg/core/tenant"
)

func (m maker) override() limit.Override {
	return limit.Override{
		Name: "o-" + m.ids.New().String(), Org: "acme-*", Policy: "events.*", Rate: tenant.Rate{Limit: big, Burst: big + 2},
		CreatedBy: "ann " + awkward, CreatedAt: moment(),
	}
}

func overrides(t *testing.T, s Store) {
	m := newMaker()
	t.Run("read back exactly, by name", func(t *testing.T) {
		same(t, read[[]limit.Override](t)(s.Overrides(t.Context())), nil)
		second, first := m.override(), limit.Override{Name: "a", Org: "acme", Policy: "reads.key", CreatedAt: moment()}
		must(t, s.PutOverride(t.Context(), second))
		must(t, s.PutOverride(t.Context(), first))
		same(t, read[[]limit.Override](t)(s.Overrides(t.Context())), []limit.Override{first, second})
	})
	t.Run("take the place of one of the same name", func(t *testing.T) {
		former := m.override()
		next := limit.Override{Name: former.Name, Org: "*", Policy: "reads.key", Rate: tenant.Rate{Limit: 1}, CreatedBy: "b", CreatedAt: moment()}
		must(t, s.PutOverride(t.Context(), former))
		must(t, s.PutOverride(t.Context(), next))
		same(t, read[[]limit.Override](t)(s.Overrides(t.Context()))[2], next)
		must(t, s.DeleteOverride(t.Context(), next.Name))
		missing(t, s.DeleteOverride(t.Context(), next.Name))
		same(t, len(read[[]limit.Override](t)(s.Overrides(t.Context()))), 2)
	})
}
