package httpapi

import (
	"context"
	"net/http"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/dialect/userz"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/services/read/internal/ledger"
)

const whyNot = "**Why did my events not arrive?** Ask `GET /v1/refusals`: each of the newest refusals has its exact `reason`, the limit or the " +
	"fields that it was for, the `requestId` that its answer had, and the shape of what was sent. If nothing is listed there, look at " +
	"`GET /v1/outcomes`: `accepted` items are stored, those refused as `duplicate` were stored before. If your requests are in neither, no " +
	"key of this Org was recognised in them, or they never came here."

const ledgerNotes = "\n\n`requests` are whole requests, by their answer; `items` the things in them, each by what became of it: one, but for a batch of " +
	"events that was read. A `reason` is the code that the native surface has for a refusal; besides, `duplicate` (stored before), `abandoned` (the " +
	"client hung up before the answer) and `uncounted` (accepted or refused: too much at once to keep it apart). What the answering " +
	"process did is counted at once, what others did within five seconds. A process that is killed loses what it had not counted yet, and " +
	"when a store goes away in the midst of it a few seconds may be counted twice. Log-ins, failed ones too, are counted as `admin` for the " +
	"Org whose slug they name. Requests that belong to no Org, as those with an unknown key or slug, are in nobody's ledger."

// Ledger adds the native routes that tell what became of requests.
func Ledger(api *httpkit.API, reader *ledger.Reader) {
	door := httpkit.Manage(access.UsageRead)
	query := httpkit.Fault{Kind: apierr.Invalid, Code: apierr.CodeInvalidQuery, When: "a parameter is malformed or unknown"}

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/outcomes", ID: "listOutcomes", Tag: "Usage", Status: http.StatusOK,
		Summary: "Count what was accepted and what was refused, and why, latest first",
		Notes: whyNot + "\n\nWithout `from` and `to` it is the last 24 hours; outcomes are kept for 400 days, and one request is about 90 of them at most. " +
			"An answer has at most 5,000 rows; `truncated` tells that there are older ones." + ledgerNotes,
		Door: door, Errors: []httpkit.Fault{query},
	}, func(ctx context.Context, caller auth.Principal, in *outcomesIn) (*outcomesOut, error) {
		if !caller.Reaches(userz.ID(in.AppID)) && in.AppID != "" || in.AppID == nobody {
			return &outcomesOut{Body: outcomePage{Data: []outcomeRow{}}}, nil
		}
		sums, err := reader.Sums(ctx, caller.Org.ID, in.query(caller.Only()))
		if err != nil {
			return nil, err
		}
		return &outcomesOut{Body: outcomesView(sums)}, nil
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/refusals", ID: "listRefusals", Tag: "Usage", Status: http.StatusOK,
		Summary: "List the newest refusals, each with its exact reason",
		Notes: whyNot + "\n\nThe newest 100 of each App are kept, and of those that concern no App; for 90 days at most. Log-ins that failed are " +
			"only counted, by `GET /v1/outcomes`: anybody can fail at one, and would push out what is kept. A `sample` tells the shape of what " +
			"was refused, never what it says: the type of each value, the length of each text, and only such names as this documentation has.",
		Door: door, Errors: []httpkit.Fault{query},
	}, func(ctx context.Context, caller auth.Principal, in *refusalsIn) (*refusalsOut, error) {
		if !caller.Reaches(userz.ID(in.AppID)) && in.AppID != "" || in.AppID == nobody {
			return &refusalsOut{Body: refusalsView(nil)}, nil
		}
		refusals, err := reader.Refusals(ctx, caller.Org.ID, in.app(caller.Only()), in.limit())
		if err != nil {
			return nil, err
		}
		return &refusalsOut{Body: refusalsView(refusals)}, nil
	})

	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodGet, Path: "/v1/usage", ID: "getUsage", Tag: "Usage", Status: http.StatusOK,
		Summary: "Tell what was used this month, by category",
		Notes:   "Months are those of UTC. Every category is listed." + ledgerNotes,
		Door:    door, Errors: []httpkit.Fault{query},
	}, func(ctx context.Context, caller auth.Principal, _ *struct{}) (*usageOut, error) {
		since, used, err := reader.Month(ctx, caller.Org.ID, caller.Only())
		if err != nil {
			return nil, err
		}
		return &usageOut{Body: usageView(since, used)}, nil
	})
}
