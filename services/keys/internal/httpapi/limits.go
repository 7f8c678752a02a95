package httpapi

import (
	"context"
	"net/http"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/limit"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/dialect/userz"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/services/keys/internal/allowance"
)

// limits are the routes of what binds Orgs.
type limits struct {
	manager   *manage.Manager
	explainer *allowance.Explainer
}

// Limits adds the native routes of what binds Orgs.
func Limits(api *httpkit.API, manager *manage.Manager, explainer *allowance.Explainer) {
	l := limits{manager, explainer}
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/limits", ID: "getLimits", Tag: "Limits", Status: http.StatusOK,
		Summary: "Explain every limit that binds the Org",
		Notes: "Of the numbers said of a policy the most specific binds: the key's own, then the Org's, then its class's, then its plan's, then " +
			"the documented one. `used`, `left` and `resetSeconds` are those of the calling key, or of `keyId`, of the caller's log-in, and of " +
			"the Org; null where a limit is per address, user or account, for there are many. What a ub_ key has of its own stands below what all of " +
			"them have together.",
		Door: httpkit.Manage(access.UsageRead), Errors: []httpkit.Fault{badQuery(), missing("key")},
	}, l.explain)
	operator := httpkit.Manage(access.OrgsAdminister)
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/limits/overrides", ID: "listOverrides", Tag: "Operator", Status: http.StatusOK,
		Summary: "List the overrides of limits, by name", Notes: "For the operator's own Org alone.",
		Door: operator, Errors: []httpkit.Fault{badQuery()},
	}, l.list)
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPut, Path: "/v1/limits/overrides/{name}", ID: "putOverride", Tag: "Operator", Status: http.StatusOK,
		Summary: "Give an Org, or a class of them, other numbers than their plans do",
		Notes: "For the operator's own Org alone. It takes the place of any override of that name, and binds everywhere when the answer comes. " +
			"Where several speak of the same Org and policy, a slug goes before a class, the longer class before the shorter, and a policy before a " +
			"category. What log-ins are held to, `login.*`, is the same for everybody: its overrides are for `*`. `changes` says for whom what becomes " +
			"different; with `dryRun` nothing does.",
		Door: operator, MaxBody: maxChange, Errors: []httpkit.Fault{badQuery()},
	}, l.put)
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodDelete, Path: "/v1/limits/overrides/{name}", ID: "deleteOverride", Tag: "Operator", Status: http.StatusOK,
		Summary: "Take an override back", Notes: "For the operator's own Org alone. With `dryRun` nothing becomes different.",
		Door: operator, Errors: []httpkit.Fault{badQuery(), missing("override")},
	}, l.remove)
}

func (l limits) explain(ctx context.Context, caller auth.Principal, in *limitsIn) (*limitsOut, error) {
	asked := allowance.Asked{Org: caller.Org.ID, Numbers: caller.Numbers, Key: caller.Key, Member: caller.Member}
	if caller.Session == nil {
		asked.Member = nil // who made the key is not who calls
	}
	if in.KeyID != "" {
		key, err := l.manager.Store.Key(ctx, caller.Org.ID, userz.ID(in.KeyID))
		if err != nil {
			return nil, err
		}
		if !caller.Reaches(key.App) {
			return nil, apierr.Missing("key")
		}
		asked.Key = &key
	}
	lines, err := l.explainer.Explain(ctx, asked)
	if err != nil {
		return nil, err
	}
	out := &limitsOut{Body: limitList{Plan: caller.Org.Plan, Data: make([]limitView, len(lines))}}
	for i, line := range lines {
		out.Body.Data[i] = viewLimit(line)
	}
	return out, nil
}

func (l limits) list(ctx context.Context, _ auth.Principal, _ *struct{}) (*overridesOut, error) {
	all, err := l.manager.Store.Overrides(ctx)
	if err != nil {
		return nil, err
	}
	out := &overridesOut{Body: overrideList{Data: make([]Override, len(all))}}
	for i, o := range all {
		out.Body.Data[i] = overrideView(o)
	}
	return out, nil
}

func (l limits) put(ctx context.Context, caller auth.Principal, in *putOverrideIn) (*overrideOut, error) {
	put, effects, err := l.manager.PutOverride(ctx, caller.By(), caller.Org.ID, in.override(), in.DryRun)
	if err != nil {
		return nil, err
	}
	changes := changesView(effects, in.DryRun)
	return &overrideOut{Body: putOverride{Override: overrideView(put), DryRun: changes.DryRun, Changes: changes.Changes}}, nil
}

func (l limits) remove(ctx context.Context, caller auth.Principal, in *deleteOverrideIn) (*overrideGoneOut, error) {
	effects, err := l.manager.DeleteOverride(ctx, caller.By(), caller.Org.ID, in.Name, in.DryRun)
	if err != nil {
		return nil, err
	}
	return &overrideGoneOut{Body: changesView(effects, in.DryRun)}, nil
}

func (in *putOverrideIn) override() limit.Override {
	said := in.Body
	return limit.Override{Name: in.Name, Org: said.Org, Policy: said.Policy, Rate: tenant.Rate{Limit: said.Limit, Burst: said.Burst}}
}

// Check names what the schema cannot say.
func (in *putOverrideIn) Check(auth.Principal) error { return in.override().Check() }
