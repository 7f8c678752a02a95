package httpapi

import (
	"cmp"
	"time"

	"github.com/heard-dev/heard/pkg/core/outcome"
	"github.com/heard-dev/heard/pkg/dialect/userz"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/services/read/internal/ledger"
)

type outcomesIn struct {
	From     string `query:"from" format:"date-time" doc:"Hours that begin at this time or later, and the one that it is in."`
	To       string `query:"to" format:"date-time" doc:"Hours that begin before."`
	AppID    string `query:"appId" pattern:"^[0-9a-f]{24}$" doc:"Only this App's."`
	Category string `query:"category" enum:"feedback,attachments,events,reads,tokens,admin"`
	GroupBy  string `query:"groupBy" enum:"hour,day,none" default:"hour" doc:"Days are those of UTC."`
}

// query selects what is asked for; for who is bound to one App, only that one's outcomes.
func (in *outcomesIn) query(only id.ID) outcome.Query {
	query := outcome.Query{
		From: moment(in.From), To: moment(in.To), App: userz.ID(in.AppID), Category: in.Category,
		By: map[string]outcome.Span{"day": outcome.ByDay, "none": outcome.Whole}[in.GroupBy],
	}
	if !only.IsZero() {
		query.App = only
	}
	return query
}

type outcomesOut struct{ Body outcomePage }

type outcomePage struct {
	Data      []outcomeRow `json:"data" nullable:"false"`
	Truncated bool         `json:"truncated"`
}

type outcomeRow struct {
	Hour     *string `json:"hour" format:"date-time" doc:"When it began; with groupBy=day, when the day did; null with groupBy=none."`
	AppID    *string `json:"appId" doc:"null where no App was named."`
	KeyID    *string `json:"keyId" doc:"The API key; null for widgets and log-ins."`
	Category string  `json:"category"`
	Outcome  string  `json:"outcome" enum:"accepted,refused"`
	Reason   *string `json:"reason" doc:"Why it was refused."`
	Requests int64   `json:"requests"`
	Items    int64   `json:"items"`
}

type refusalsIn struct {
	AppID string `query:"appId" pattern:"^[0-9a-f]{24}$" doc:"Only this App's; the whole Org's without it."`
	Limit int    `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

func (in *refusalsIn) limit() int { return cmp.Or(in.Limit, defaultLimit) }

func (in *refusalsIn) app(only id.ID) id.ID {
	if !only.IsZero() {
		return only
	}
	return userz.ID(in.AppID)
}

type refusalsOut struct{ Body refusalPage }

type refusalPage struct {
	Data []refusalRow `json:"data" nullable:"false"`
}

type refusalRow struct {
	At        string         `json:"at" format:"date-time"`
	RequestID string         `json:"requestId" doc:"The X-Request-Id of the answer."`
	AppID     *string        `json:"appId"`
	KeyID     *string        `json:"keyId"`
	Category  string         `json:"category"`
	Route     string         `json:"route" doc:"Method and path."`
	Reason    string         `json:"reason"`
	Message   string         `json:"message"`
	Policy    *string        `json:"policy" doc:"The limit that was met."`
	Items     int64          `json:"items" doc:"How many things in the request were refused for this reason."`
	Issues    []refusalIssue `json:"issues" nullable:"false" doc:"At most 20."`
	Sample    *string        `json:"sample" doc:"The shape of what was sent, of the first item if there were many; null where it was not read."`
}

type refusalIssue struct {
	Path    string `json:"path" doc:"With dots between its steps. A name that you made up is shown if it is a short word."`
	Code    string `json:"code"`
	Message string `json:"message"`
}

type usageOut struct{ Body usageMonth }

type usageMonth struct {
	Since string          `json:"since" format:"date-time" doc:"When the month began."`
	Data  []usageCategory `json:"data" nullable:"false"`
}

type usageCategory struct {
	Category string        `json:"category"`
	Accepted usageCount    `json:"accepted"`
	Refused  []usageReason `json:"refused" nullable:"false" doc:"The most items first."`
}

type usageCount struct {
	Requests int64 `json:"requests"`
	Items    int64 `json:"items"`
}

type usageReason struct {
	Reason   string `json:"reason"`
	Requests int64  `json:"requests"`
	Items    int64  `json:"items"`
}

func outcomesView(sums ledger.Sums) outcomePage {
	page := outcomePage{Data: make([]outcomeRow, len(sums.Outcomes)), Truncated: sums.Truncated}
	for n, o := range sums.Outcomes {
		row := outcomeRow{
			AppID: optionalID(o.App), KeyID: optionalID(o.Key), Category: o.Category, Outcome: "accepted", Requests: o.Requests, Items: o.Items,
		}
		if !o.Accepted() {
			row.Outcome, row.Reason = "refused", (*string)(&o.Reason)
		}
		if !o.Hour.IsZero() {
			hour := userz.Time(o.Hour)
			row.Hour = &hour
		}
		page.Data[n] = row
	}
	return page
}

func refusalsView(refusals []outcome.Refusal) refusalPage {
	page := refusalPage{Data: make([]refusalRow, len(refusals))}
	for n, r := range refusals {
		row := refusalRow{
			At: userz.Time(r.At), RequestID: r.RequestID, AppID: optionalID(r.App), KeyID: optionalID(r.Key), Category: r.Category,
			Route: r.Route, Reason: string(r.Code), Message: r.Message, Policy: userz.Optional(&r.Policy), Items: r.Items,
			Issues: make([]refusalIssue, len(r.Issues)), Sample: userz.Optional(&r.Sample),
		}
		for i, issue := range r.Issues {
			row.Issues[i] = refusalIssue(issue)
		}
		page.Data[n] = row
	}
	return page
}

func usageView(since time.Time, used []ledger.Usage) usageMonth {
	month := usageMonth{Since: userz.Time(since), Data: make([]usageCategory, len(used))}
	for n, u := range used {
		category := usageCategory{
			Category: u.Category, Accepted: usageCount{u.Accepted.Requests, u.Accepted.Items}, Refused: make([]usageReason, len(u.Refused)),
		}
		for i, r := range u.Refused {
			category.Refused[i] = usageReason{string(r.Reason), r.Requests, r.Items}
		}
		month.Data[n] = category
	}
	return month
}

func optionalID(of id.ID) *string {
	if of.IsZero() {
		return nil
	}
	text := of.String()
	return &text
}
