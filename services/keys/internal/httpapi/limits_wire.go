package httpapi

import (
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/limit"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/dialect"
	"github.com/heard-dev/heard/pkg/dialect/userz"
	"github.com/heard-dev/heard/services/keys/internal/allowance"
)

type limitsIn struct {
	KeyID string `query:"keyId" pattern:"^[0-9a-f]{24}$" doc:"Another of the Org's keys, to see its own limits."`
}

type limitsOut struct{ Body limitList }

type limitList struct {
	Plan string      `json:"plan"`
	Data []limitView `json:"data" nullable:"false"`
}

type limitView struct {
	Policy        string  `json:"policy" doc:"As in the RateLimit fields, and in details.policy of a 429."`
	Per           string  `json:"per" enum:"key,member,org,address,user,subscriber,account"`
	Limit         *int64  `json:"limit" doc:"In each window; null: no limit."`
	Burst         *int64  `json:"burst" doc:"At once."`
	WindowSeconds int64   `json:"windowSeconds" doc:"2678400 is the calendar month, in UTC."`
	Source        string  `json:"source" enum:"default,plan,class_override,org_override,key_override,fallback"`
	Override      *string `json:"override" doc:"The name of the override that says so."`
	Plan          *string `json:"plan" doc:"The plan that says so."`
	Used          *int64  `json:"used"`
	Left          *int64  `json:"left"`
	ResetSeconds  *int64  `json:"resetSeconds" doc:"Until all is there again."`
}

func viewLimit(line allowance.Line) limitView {
	p := line.Policy
	view := limitView{
		Policy: p.Name, Per: line.Per, WindowSeconds: dialect.Seconds(p.Period), Source: string(p.Source),
		Override: userz.Optional(&line.Given.Override), Plan: userz.Optional(&line.Given.Plan),
	}
	if p.Limit < gate.Unlimited {
		burst := p.Capacity()
		view.Limit, view.Burst = &p.Limit, &burst
	}
	if met := line.Met; met != nil {
		used, reset := max(0, met.Policy.Capacity()-met.Remaining), dialect.Seconds(met.Reset)
		view.Used, view.Left, view.ResetSeconds = &used, &met.Remaining, &reset
		view.Source = string(met.Policy.Source)
	}
	return view
}

// Override is an override as the API shows it. It is exported for huma, like all that is embedded.
type Override struct {
	Name      string `json:"name"`
	Org       string `json:"org"`
	Policy    string `json:"policy"`
	Limit     int64  `json:"limit"`
	Burst     int64  `json:"burst" doc:"0: in proportion."`
	CreatedBy string `json:"createdBy"`
	CreatedAt string `json:"createdAt" format:"date-time"`
}

func overrideView(o limit.Override) Override {
	return Override{
		Name: o.Name, Org: o.Org, Policy: o.Policy, Limit: o.Rate.Limit, Burst: o.Rate.Burst, CreatedBy: o.CreatedBy,
		CreatedAt: userz.Time(o.CreatedAt),
	}
}

type overridesOut struct{ Body overrideList }

type overrideList struct {
	Data       []Override `json:"data" nullable:"false"`
	NextCursor *string    `json:"nextCursor" doc:"null: all are here."`
}

type putOverrideIn struct {
	Name   string `path:"name" pattern:"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"`
	DryRun bool   `query:"dryRun"`
	Body   overrideDraft
}

type overrideDraft struct {
	Org    string `json:"org" maxLength:"127" doc:"An Org's slug, or a class of them: a slug with one *, which stands for any text."`
	Policy string `json:"policy" maxLength:"64" doc:"A policy's name, or a category of them such as events.*."`
	Limit  int64  `json:"limit" minimum:"0" maximum:"1000000000" doc:"In each window; 1000000000 is no limit."`
	Burst  int64  `json:"burst,omitempty" minimum:"0" maximum:"1000000000" doc:"At once; in proportion without."`
}

type deleteOverrideIn struct {
	Name   string `path:"name"`
	DryRun bool   `query:"dryRun"`
}

type overrideOut struct{ Body putOverride }

type putOverride struct {
	Override Override      `json:"override"`
	DryRun   bool          `json:"dryRun"`
	Changes  []limitChange `json:"changes" nullable:"false"`
}

type overrideGoneOut struct{ Body overrideChanges }

type overrideChanges struct {
	DryRun  bool          `json:"dryRun"`
	Changes []limitChange `json:"changes" nullable:"false"`
}

type limitChange struct {
	OrgID  string      `json:"orgId"`
	Org    string      `json:"org" doc:"Its slug."`
	Policy string      `json:"policy"`
	From   limitNumber `json:"from"`
	To     limitNumber `json:"to"`
}

type limitNumber struct {
	Limit  int64  `json:"limit"`
	Burst  int64  `json:"burst"`
	Source string `json:"source" enum:"default,plan,class_override,org_override"`
}

func changesView(effects []manage.Effect, trial bool) overrideChanges {
	view := overrideChanges{DryRun: trial, Changes: make([]limitChange, len(effects))}
	number := func(p gate.Policy) limitNumber {
		return limitNumber{Limit: p.Limit, Burst: p.Capacity(), Source: string(p.Source)}
	}
	for i, e := range effects {
		view.Changes[i] = limitChange{OrgID: e.Org.ID.String(), Org: e.Org.Slug, Policy: e.To.Name, From: number(e.From), To: number(e.To)}
	}
	return view
}
