package tenant_test

import (
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

func TestASlugIsADNSLabel(t *testing.T) {
	for slug, want := range map[string]bool{
		"a": true, "7": true, "acme": true, "acme-2": true, "a--b": true, strings.Repeat("a", 63): true,
		"": false, "-a": false, "a-": false, "-": false, "Acme": false, "a_b": false, "a.b": false, "a b": false, "é": false,
		"acme\n": false, strings.Repeat("a", 64): false,
	} {
		err := tenant.CheckSlug(slug)
		if (err == nil) != want {
			t.Errorf("%q: %v", slug, err)
		}
		if err != nil && apierr.Of(err).Code != apierr.CodeInvalidBody {
			t.Errorf("%q: %v", slug, err)
		}
	}
}

func TestOriginsMatchExactlyOrAreAllAllowed(t *testing.T) {
	const listed = "https://app.example.com"
	only := tenant.App{AllowedOrigins: []string{"http://localhost:3000", listed}}
	for origin, want := range map[string]bool{
		listed: true, "http://localhost:3000": true,
		"": false, "null": false, "*": false, "http://app.example.com": false, "https://app.example.com:8443": false,
		"https://app.example.com/": false, "https://APP.example.com": false, "https://evil-app.example.com": false,
		"https://x.app.example.com": false, "https://app.example.com.evil.io": false, "http://localhost:30000": false,
	} {
		if only.AllowsOrigin(origin) != want {
			t.Errorf("%q is allowed: %t", origin, !want)
		}
		if !(tenant.App{}).AllowsOrigin(origin) || !(tenant.App{AllowedOrigins: []string{}}).AllowsOrigin(origin) {
			t.Errorf("%q is refused by an empty list", origin)
		}
	}
}

func TestRotationKeepsFormerSecretsForTheOverlapAndNeverLonger(t *testing.T) {
	start := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	app := tenant.App{Slug: "a", Secrets: []tenant.SigningSecret{{ID: id.ID{1}, CreatedAt: start}}}
	rotate := func(app tenant.App, n byte, after, overlap time.Duration) tenant.App {
		return app.Rotated(tenant.SigningSecret{ID: id.ID{n}, CreatedAt: start.Add(after)}, overlap)
	}
	live := func(app tenant.App, after time.Duration) (ids string) {
		for _, s := range app.LiveSecrets(start.Add(after)) {
			ids += string('0' + s.ID[0])
		}
		return ids
	}
	second := rotate(app, 2, 0, time.Hour)
	third := rotate(second, 3, 10*time.Minute, 2*time.Hour)
	for name, row := range map[string]struct {
		app   tenant.App
		after time.Duration
		want  string
	}{
		"before any rotation":                           {app, 1e6 * time.Hour, "1"},
		"no overlap: at once":                           {rotate(app, 2, 0, 0), 0, "2"},
		"a negative overlap is none":                    {rotate(app, 2, 0, -time.Hour), 0, "2"},
		"within the overlap, the present one first":     {second, time.Hour - 1, "21"},
		"when the overlap ends":                         {second, time.Hour, "2"},
		"a second rotation: all three":                  {third, 10 * time.Minute, "321"},
		"it does not prolong what already ends":         {third, time.Hour, "32"},
		"and ends in its turn":                          {third, 130 * time.Minute, "3"},
		"a shorter overlap cuts short what ends later":  {rotate(third, 4, 20*time.Minute, time.Minute), 21 * time.Minute, "4"},
		"without overlap, earlier overlaps end too":     {rotate(third, 4, 20*time.Minute, 0), 20 * time.Minute, "4"},
		"the present one outlives everything":           {third, 1e6 * time.Hour, "3"},
		"what has ended before a rotation is forgotten": {rotate(second, 3, 2*time.Hour, time.Hour), 2 * time.Hour, "32"},
	} {
		if got := live(row.app, row.after); got != row.want {
			t.Errorf("%s: %s, not %s", name, got, row.want)
		}
	}
	if n := len(rotate(second, 3, 2*time.Hour, time.Hour).Secrets); n != 2 {
		t.Errorf("%d secrets are kept, of which one can never verify", n)
	}
	if live(app, 0) != "1" || !app.Secrets[0].NotAfter.IsZero() || !second.Secrets[1].NotAfter.Equal(start.Add(time.Hour)) {
		t.Error("a rotation changed the App it was made from")
	}
}

func TestARateReplacesAPolicysNumbersAndNothingElse(t *testing.T) {
	bucket := gate.ByKey(gate.Reads)
	window := gate.Policy{Name: "window", Algorithm: gate.FixedWindow, Limit: 100, Period: time.Minute, Source: gate.FromPlan}
	for _, row := range []struct {
		rate          tenant.Rate
		over          gate.Policy
		limit, atOnce int64
	}{
		{tenant.Rate{Limit: 1200}, bucket, 1200, 200}, // in proportion
		{tenant.Rate{Limit: 1}, bucket, 1, 1},
		{tenant.Rate{Limit: 7}, window, 7, 7},
		{tenant.Rate{Limit: 60, Burst: 5}, gate.FeedbackByIP(), 60, 5},
		{tenant.Rate{}, gate.FeedbackByUser(), 0, 0}, // closed
		{tenant.Rate{Limit: 30}, tenant.Rate{}.Over(bucket, gate.FromOrg), 30, 30},
	} {
		got := row.rate.Over(row.over, gate.FromKey)
		if got.Limit != row.limit || got.Capacity() != row.atOnce || got.Source != gate.FromKey ||
			got.Name != row.over.Name || got.Period != row.over.Period || got.Algorithm != row.over.Algorithm {
			t.Errorf("%+v: %+v", row.rate, got)
		}
	}
}
