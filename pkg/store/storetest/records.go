package storetest

import (
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/agentrun"
	"github.com/heard-dev/heard/pkg/core/incident"
)

func records(t *testing.T, s Store) {
	m := newMaker()
	t.Run("agent runs read back exactly", func(t *testing.T) { runsReadBack(t, s, m) })
	t.Run("incidents read back exactly", func(t *testing.T) { incidentsReadBack(t, s, m) })
	t.Run("a sweep forgets old incidents, so many at a time", func(t *testing.T) { sweepIncidents(t, s, m) })
}

func runsReadBack(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	full, bare := m.run(org, m.ids.New()), m.run(org, m.ids.New())
	bare = agentrun.Run{ID: bare.ID, Org: org, App: bare.App, Feedback: bare.Feedback, Status: agentrun.Running, StartedAt: moment()}
	for _, run := range []agentrun.Run{full, bare} {
		must(t, s.InsertRun(t.Context(), org, run))
		same(t, read[agentrun.Run](t)(s.Run(t.Context(), org, run.ID)), run)
	}
	again := m.run(org, full.App)
	again.ID = full.ID
	taken(t, s.InsertRun(t.Context(), org, again))
	same(t, read[agentrun.Run](t)(s.Run(t.Context(), org, full.ID)), full)
	_, err := s.Run(t.Context(), org, m.ids.New())
	missing(t, err)
}

func incidentsReadBack(t *testing.T, s Store, m maker) {
	full, bare := m.incident(), incident.Incident{RequestID: m.incident().RequestID, At: moment()}
	for _, given := range []incident.Incident{full, bare} {
		for range 2 {
			must(t, s.PutIncident(t.Context(), given))
			same(t, read[incident.Incident](t)(s.Incident(t.Context(), given.RequestID)), given)
		}
	}
	_, err := s.Incident(t.Context(), m.incident().RequestID)
	missing(t, err)
}

func sweepIncidents(t *testing.T, s Store, m maker) {
	expired := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	made := func(at time.Time) incident.Incident {
		given := m.incident()
		given.At = at
		must(t, s.PutIncident(t.Context(), given))
		return given
	}
	old := made(expired.Add(-time.Millisecond))
	for n := range 4 {
		made(expired.Add(-time.Duration(n+1) * time.Hour))
	}
	kept := []incident.Incident{made(expired), made(moment())}
	for _, want := range []int{3, 2, 0} {
		same(t, read[int](t)(s.SweepIncidents(t.Context(), expired, 3)), want)
	}
	for _, given := range kept {
		same(t, read[incident.Incident](t)(s.Incident(t.Context(), given.RequestID)), given)
	}
	_, err := s.Incident(t.Context(), old.RequestID)
	missing(t, err)
}
