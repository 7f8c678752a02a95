package heard_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/heard-dev/heard/pkg/config"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/limit"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/platform/networked"
	inone "github.com/heard-dev/heard/services/heard/internal/embedded"
)

// overridden gives a world's Org an override to forget.
func (i *installation) overridden(w world) {
	i.t.Helper()
	o := limit.Override{Name: w.named["slug"], Org: "nobody-*", Policy: "events.*"}
	_, _, err := i.manager.PutOverride(context.Background(), byTest(), w.org.ID, o, false)
	must(i.t, err)
}

// operator is a log-in that may do all there is.
func (i *installation) operator() (root string) {
	i.t.Helper()
	org, err := i.manager.CreateOrg(context.Background(), byTest(), manage.OrgDraft{Slug: "operator", Name: "Operator", Operator: true})
	must(i.t, err)
	_, root = i.colleague(household{org: org}, "root", access.Owner)
	return root
}

// limits are what GET /v1/limits says, by policy.
func (i *installation) limits(bearer, query string) map[string]thing {
	i.t.Helper()
	lines := map[string]thing{}
	for _, line := range i.ask(200, "GET", "/v1/limits"+query, bearer, "").list("data") {
		lines[line["policy"].(string)] = line
	}
	return lines
}

func (t thing) says(names string) string {
	var said []string
	for name := range strings.FieldsSeq(names) {
		if number, ok := t[name].(float64); ok {
			said = append(said, fmt.Sprintf("%.0f", number))
		} else {
			said = append(said, fmt.Sprint(t[name]))
		}
	}
	return strings.Join(said, " ")
}

func newcomer(i *installation, slug string) (org tenant.Org, owner string) {
	i.t.Helper()
	org, err := i.manager.CreateOrg(context.Background(), byTest(), manage.OrgDraft{Slug: slug, Name: slug})
	must(i.t, err)
	_, owner = i.colleague(household{org: org}, "ann", access.Owner)
	return org, owner
}

func TestTheMonthIsHeldToThePlanAndTheRestHearsTheDay(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		root := i.operator()
		org, owner := newcomer(i, "acme")
		key, rehearsal := i.boost(org.ID, apikey.UserBoostLive(), id.Zero), i.boost(org.ID, apikey.UserBoostTest(), id.Zero)
		const event = `{"event":"x","user":{"id":"u"}}`
		batch := func(n int) string {
			return `{"events":[` + strings.TrimSuffix(strings.Repeat(event+",", n), ",") + `]}`
		}
		i.ask(200, "PATCH", "/v1/orgs/"+org.ID.String(), root, `{"plan":"hobby"}`)
		if got := i.limits(owner, "")["events.month"]; got.says("limit source plan used left") != "1000 plan hobby 0 1000" {
			t.Errorf("%v", got)
		}
		i.ask(200, "PUT", "/v1/limits/overrides/tight", root, `{"org":"ac*","policy":"events.month","limit":5}`)

		i.tell(key, "/v1/events", batch(3), 200)
		const once = `{"event":"x","user":{"id":"u"},"event_id":"once"}`
		i.tell(key, "/v1/event", once, 200)
		i.tell(key, "/v1/event", `{"event":"","user":{"id":"u"}}`, 400)
		part := i.tell(key, "/v1/events", batch(3), 200).Data
		last := part.Results[2]
		if part.Processed != 1 || part.Failed != 2 || !part.Results[0].Success || last.Error == nil || last.Error.Code != "QUOTA_EXCEEDED" ||
			last.Retryable == nil || *last.Retryable {
			t.Errorf("%+v", part)
		}
		w := i.call("POST", "/v1/event", key, event)
		var spent struct {
			Error struct {
				Code, Message string
				Details       map[string]any
			}
		}
		i.answer(w, 429, &spent)
		day, _, _ := strings.Cut(fmt.Sprint(spent.Error.Details["resets_at"]), "T")
		if spent.Error.Code != "QUOTA_EXCEEDED" || !strings.HasSuffix(day, "-01") || !strings.Contains(spent.Error.Message, day) || w.Header().Get("Retry-After") == "" {
			t.Errorf("%+v, %v", spent, w.Header())
		}
		if none := i.tell(key, "/v1/events", batch(2), 429).Error; none.Code != "QUOTA_EXCEEDED" || len(none.Details.Results) != 2 || none.Details.Results[1].Error.Code != "QUOTA_EXCEEDED" {
			t.Errorf("of a batch that has no room at all is told %+v", none)
		}
		i.tell(key, "/v1/event", once, 200)
		i.tell(rehearsal, "/v1/events", batch(9), 200)
		if got := i.limits(owner, "")["events.month"]; got.says("limit source override used left") != "5 class_override tight 5 0" {
			t.Errorf("%v", got)
		}
		i.ask(200, "DELETE", "/v1/limits/overrides/tight", root, "")
		i.tell(key, "/v1/event", event, 200)
	})
}

func TestEveryNumberIsExplained(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		root := i.operator()
		org, owner := newcomer(i, "acme")
		own, text, err := i.manager.CreateKey(t.Context(), byTest(), org.ID, manage.KeyDraft{
			Name: "own", Scopes: []access.Right{access.UsageRead}, Limit: &tenant.Rate{Limit: 60, Burst: 10},
		})
		must(t, err)
		authworx, _, err := i.manager.CreateKey(t.Context(), byTest(), org.ID, manage.KeyDraft{Name: "a", Format: apikey.AuthWorx().Name})
		must(t, err)
		const parts = "per limit burst windowSeconds source override plan used left"
		lines := i.limits(text.Reveal(), "")
		for policy, want := range map[string]string{
			"reads.key":     "key 60 10 60 key_override <nil> <nil> 1 9",
			"reads.member":  "member 600 100 60 default <nil> <nil> <nil> <nil>",
			"tokens.key":    "key 60 10 60 key_override <nil> <nil> 0 10",
			"users.minute":  "key 60 60 60 key_override <nil> <nil> 0 60",
			"events.minute": "org 100 100 60 default <nil> <nil> 0 100",
			"events.month":  "org <nil> <nil> 2678400 default <nil> <nil> <nil> <nil>",
			"feedback.ip":   "address 60 60 60 default <nil> <nil> <nil> <nil>",
		} {
			if got := lines[policy].says(parts); got != want {
				t.Errorf("%s: %s, not %s", policy, got, want)
			}
		}
		slow, _, err := i.manager.CreateKey(t.Context(), byTest(), org.ID, manage.KeyDraft{
			Name: "slow", Format: apikey.UserBoostLive().Name, Limit: &tenant.Rate{Limit: 7},
		})
		must(t, err)
		var both []string
		for _, line := range i.ask(200, "GET", "/v1/limits?keyId="+slow.ID.String(), owner, "").list("data") {
			if line["policy"] == "events.minute" {
				both = append(both, line.says(parts))
			}
		}
		if got, want := strings.Join(both, ", "), "org 100 100 60 default <nil> <nil> 0 100, key 7 7 60 key_override <nil> <nil> 0 7"; got != want {
			t.Errorf("of a ub_ key with a limit of its own: %s, not %s", got, want)
		}
		i.refuse(400, "invalid_body", "POST", "/v1/keys", owner, `{"name":"x","format":"ub_live","limit":{"limit":101}}`)
		put := `{"org":"ac*","policy":"authworx.*","limit":30}`
		trial := i.ask(200, "PUT", "/v1/limits/overrides/slow?dryRun=true", root, put)
		if got := trial.list("changes"); trial["dryRun"] != true || len(got) != 2 || got[0]["org"] != "acme" || fmt.Sprint(got[0]["from"]) == fmt.Sprint(got[0]["to"]) {
			t.Errorf("%v", trial)
		}
		if got := i.limits(owner, "?keyId="+authworx.ID.String())["authworx.key"].says(parts); got != "key 300 300 900 default <nil> <nil> 0 300" {
			t.Errorf("after a trial: %s", got)
		}
		i.ask(200, "PUT", "/v1/limits/overrides/slow", root, put)
		if got := i.limits(owner, "?keyId="+authworx.ID.String())["authworx.key"].says(parts); got != "key 30 30 900 class_override slow <nil> 0 30" {
			t.Errorf("%s", got)
		}
		if got := i.limits(owner, "?keyId="+own.ID.String())["reads.member"].says("left source"); got == "<nil> default" {
			t.Errorf("of the caller's own log-in: %s", got)
		}
		i.refuse(404, "not_found", "GET", "/v1/limits?keyId=0123456789abcdef01234567", owner, "")
		app, _, err := i.manager.CreateApp(t.Context(), byTest(), org.ID, manage.AppDraft{Slug: "app", Name: "App"})
		must(t, err)
		bound, key, err := i.manager.CreateKey(t.Context(), byTest(), org.ID, manage.KeyDraft{Name: "of one App", App: app.ID})
		must(t, err)
		i.limits(key.Reveal(), "?keyId="+bound.ID.String())
		i.refuse(404, "not_found", "GET", "/v1/limits?keyId="+own.ID.String(), key.Reveal(), "")
		if all := i.ask(200, "GET", "/v1/limits/overrides", root, "").list("data"); len(all) != 1 || all[0].says("name org policy limit") != "slow ac* authworx.* 30" {
			t.Errorf("%v", all)
		}
		i.refuse(400, "invalid_body", "PUT", "/v1/limits/overrides/slow", root, `{"org":"**","policy":"x","limit":1}`)
		i.refuse(400, "invalid_body", "PATCH", "/v1/orgs/"+org.ID.String(), root, `{"plan":"gold"}`)
		i.refuse(404, "not_found", "DELETE", "/v1/limits/overrides/none", root, "")
		w := i.call("GET", "/v1/limits", text.Reveal(), "")
		if policy, left := w.Header().Get("RateLimit-Policy"), w.Header().Get("RateLimit"); policy != `"reads.key";q=10;w=10` || !strings.HasPrefix(left, `"reads.key";r=`) {
			t.Errorf("%s, %s", policy, left)
		}
	})
}

func TestPlansThatCannotBeReadAreNamedAtTheStartInEitherShape(t *testing.T) {
	t.Parallel()
	needed := []string{"HEARD_MONGO_URI=mongodb://db", "HEARD_REDIS_URL=redis://db", "HEARD_KEYSET=x", "HEARD_HASH_KEY=x", "HEARD_SESSION_KEYS=x"}
	for shape, load := range map[string]func(environ []string) error{
		"all-in-one": func(environ []string) error { _, err := config.Load[inone.Config](environ); return err },
		"service":    func(environ []string) error { _, err := config.Load[networked.Config](environ); return err },
	} {
		said := func(plans string) (reasons string) {
			var faults config.Faults
			errors.As(load(append(needed, plans)), &faults)
			for _, fault := range faults {
				if fault.Name == "HEARD_PLANS" {
					reasons += fault.Reason
				}
			}
			return reasons
		}
		if got := said(`HEARD_PLANS={"a": {"nothing": {"limit": 1}}}`); !strings.Contains(got, `a: there is no policy "nothing"; there is no plan "default"`) {
			t.Errorf("%s: %s", shape, got)
		}
		if got := said(`HEARD_PLANS={"default": {"reads.key": {"limit": 1}}}`) + said("X=y"); got != "" {
			t.Errorf("%s: %s", shape, got)
		}
	}
}
