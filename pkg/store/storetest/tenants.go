package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/tenant"
)

func tenants(t *testing.T, s Store) {
	m := newMaker()
	t.Run("orgs read back exactly", func(t *testing.T) { orgsReadBack(t, s, m) })
	t.Run("a slug is one org's", func(t *testing.T) { orgSlugs(t, s, m) })
	t.Run("an org is replaced by compare and set", func(t *testing.T) { replaceOrg(t, s, m) })
	t.Run("apps read back exactly", func(t *testing.T) { appsReadBack(t, s, m) })
	t.Run("a slug is one app's of its org, a public key one app's of all", func(t *testing.T) { appNames(t, s, m) })
	t.Run("an app is replaced by compare and set", func(t *testing.T) { replaceApp(t, s, m) })
}

func orgsReadBack(t *testing.T, s Store, m maker) {
	full, none := m.org(), m.org()
	none = tenant.Org{ID: none.ID, Slug: none.Slug, CreatedAt: moment()}
	all := []tenant.Org{full, none}
	for _, org := range slices.Backward(all) {
		must(t, s.CreateOrg(t.Context(), org))
	}
	for _, org := range all {
		same(t, read[tenant.Org](t)(s.Org(t.Context(), org.ID)), org)
		same(t, read[tenant.Org](t)(s.OrgBySlug(t.Context(), org.Slug)), org)
	}
	same(t, read[[]tenant.Org](t)(s.Orgs(t.Context())), all)
}

func orgSlugs(t *testing.T, s Store, m maker) {
	first, second := m.org(), m.org()
	must(t, s.CreateOrg(t.Context(), first))
	second.Slug = first.Slug
	taken(t, s.CreateOrg(t.Context(), second))
	again := m.org()
	again.ID = first.ID
	taken(t, s.CreateOrg(t.Context(), again))
	same(t, read[tenant.Org](t)(s.OrgBySlug(t.Context(), first.Slug)), first)
	for _, slug := range []string{"", again.Slug, strings.ToUpper(first.Slug), first.Slug + "\x00"} {
		_, err := s.OrgBySlug(t.Context(), slug)
		missing(t, err)
	}

	slug := m.org().Slug
	oneWinner(t, apierr.CodeAlreadyExists, race(func(int) error {
		org := m.org()
		org.Slug = slug
		return s.CreateOrg(t.Context(), org)
	}))
}

func replaceOrg(t *testing.T, s Store, m maker) {
	org, neighbour := m.org(), m.org()
	must(t, s.CreateOrg(t.Context(), org))
	must(t, s.CreateOrg(t.Context(), neighbour))

	next := m.org()
	next.ID, next.Version = org.ID, org.Version
	next.AppURL, next.LeakPolicy, next.Operator, next.ClosesAt = "", tenant.NotifyLeaks, false, time.Time{}
	must(t, s.ReplaceOrg(t.Context(), next))
	changed(t, s.ReplaceOrg(t.Context(), next))
	next.Version++
	same(t, read[tenant.Org](t)(s.Org(t.Context(), org.ID)), next)
	same(t, read[tenant.Org](t)(s.OrgBySlug(t.Context(), next.Slug)), next)
	_, err := s.OrgBySlug(t.Context(), org.Slug)
	missing(t, err)

	clash := next
	clash.Slug = neighbour.Slug
	taken(t, s.ReplaceOrg(t.Context(), clash))
	missing(t, s.ReplaceOrg(t.Context(), m.org()))

	winner := oneWinner(t, apierr.CodeChanged, race(func(racer int) error {
		mine := next
		mine.Name = fmt.Sprint("racer ", racer)
		return s.ReplaceOrg(t.Context(), mine)
	}))
	next.Name, next.Version = fmt.Sprint("racer ", winner), next.Version+1
	same(t, read[tenant.Org](t)(s.Org(t.Context(), org.ID)), next)
	same(t, read[tenant.Org](t)(s.Org(t.Context(), neighbour.ID)), neighbour)
}

func appsReadBack(t *testing.T, s Store, m maker) {
	org := m.org()
	must(t, s.CreateOrg(t.Context(), org))
	full, none, empty := m.app(org.ID), m.app(org.ID), m.app(org.ID)
	none = tenant.App{ID: none.ID, Org: org.ID, Slug: none.Slug, PublicKey: none.PublicKey, CreatedAt: moment()}
	empty.AllowedOrigins, empty.Secrets = []string{}, []tenant.SigningSecret{}
	empty.DeletedAt = moment().Add(time.Second)
	all := []tenant.App{full, none, empty}
	for _, app := range slices.Backward(all) {
		must(t, s.CreateApp(t.Context(), org.ID, app))
	}
	for _, app := range all {
		same(t, read[tenant.App](t)(s.App(t.Context(), org.ID, app.ID)), app)
		same(t, read[tenant.App](t)(s.AppByPublicKey(t.Context(), app.PublicKey)), app)
		_, err := s.AppByPublicKey(t.Context(), strings.ToLower(app.PublicKey))
		missing(t, err)
	}
	same(t, read[[]tenant.App](t)(s.Apps(t.Context(), org.ID)), all)

	finer := m.app(org.ID)
	want := finer
	finer.CreatedAt = moment().Add(999_999).In(time.FixedZone("east", 3*3600))
	must(t, s.CreateApp(t.Context(), org.ID, finer))
	same(t, read[tenant.App](t)(s.App(t.Context(), org.ID, finer.ID)), want)
}

func appNames(t *testing.T, s Store, m maker) {
	org, other := m.ids.New(), m.ids.New()
	first := m.app(org)
	must(t, s.CreateApp(t.Context(), org, first))

	twin := m.app(org)
	twin.Slug = first.Slug
	taken(t, s.CreateApp(t.Context(), org, twin))
	twin.Org = other
	must(t, s.CreateApp(t.Context(), other, twin))

	thief := m.app(other)
	thief.PublicKey = first.PublicKey
	taken(t, s.CreateApp(t.Context(), other, thief))
	same(t, read[tenant.App](t)(s.AppByPublicKey(t.Context(), first.PublicKey)), first)

	again := m.app(org)
	again.ID = first.ID
	taken(t, s.CreateApp(t.Context(), org, again))

	slug := m.app(org).Slug
	oneWinner(t, apierr.CodeAlreadyExists, race(func(int) error {
		app := m.app(org)
		app.Slug = slug
		return s.CreateApp(t.Context(), org, app)
	}))
}

func replaceApp(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	app, neighbour := m.app(org), m.app(org)
	must(t, s.CreateApp(t.Context(), org, app))
	must(t, s.CreateApp(t.Context(), org, neighbour))

	next := m.app(org)
	next.ID, next.Version = app.ID, app.Version
	next.Name, next.AllowedOrigins, next.PublicSubmission, next.ProcessingMode = "renamed", nil, false, tenant.Manual
	next = next.Rotated(tenant.SigningSecret{ID: m.ids.New(), Sealed: []byte("new"), CreatedAt: moment()}, time.Hour)
	must(t, s.ReplaceApp(t.Context(), org, next))
	changed(t, s.ReplaceApp(t.Context(), org, next))
	next.Version++
	same(t, read[tenant.App](t)(s.App(t.Context(), org, app.ID)), next)
	same(t, read[tenant.App](t)(s.AppByPublicKey(t.Context(), next.PublicKey)), next)
	_, err := s.AppByPublicKey(t.Context(), app.PublicKey)
	missing(t, err)

	clash := next
	clash.Slug = neighbour.Slug
	taken(t, s.ReplaceApp(t.Context(), org, clash))
	clash = next
	clash.PublicKey = neighbour.PublicKey
	taken(t, s.ReplaceApp(t.Context(), org, clash))
	missing(t, s.ReplaceApp(t.Context(), org, m.app(org)))
	same(t, read[tenant.App](t)(s.App(t.Context(), org, app.ID)), next)

	winner := oneWinner(t, apierr.CodeChanged, race(func(racer int) error {
		mine := next
		mine.Name = fmt.Sprint("racer ", racer)
		return s.ReplaceApp(t.Context(), org, mine)
	}))
	next.Name, next.Version = fmt.Sprint("racer ", winner), next.Version+1
	same(t, read[tenant.App](t)(s.App(t.Context(), org, app.ID)), next)
}
