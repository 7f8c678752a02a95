// Package ledger is how an Org sees what became of its requests.
package ledger

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/outcome"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	// Longest is the longest time that one question may be about.
	Longest = 90 * 24 * time.Hour
	// usually is what it is about when it does not say.
	usually = 24 * time.Hour
	// MostSums is how many sums one answer holds; the latest ones.
	MostSums = 5000
)

// Store is what is read from.
type Store interface{ outcome.Store }

// Recorder holds what this process has not told the store yet.
type Recorder interface {
	Flush(ctx context.Context) error
}

// Reader reads the ledger. What this process did is in it at once, what others did within seconds.
type Reader struct {
	Store    Store
	Recorder Recorder
	Now      func() time.Time
}

// Sums are outcomes of a time; Truncated tells that there are older ones than these.
type Sums struct {
	From, To  time.Time
	Outcomes  []outcome.Outcome
	Truncated bool
}

// Sums gives what is selected; of the last day, when the query does not say.
func (r *Reader) Sums(ctx context.Context, org id.ID, query outcome.Query) (Sums, error) {
	if query.To.IsZero() {
		query.To = r.Now().Add(1) // the hour that begins just now, too
	}
	if query.From.IsZero() {
		query.From = query.To.Add(-usually)
	}
	switch length := query.To.Sub(query.From); {
	case length < 0:
		return Sums{}, apierr.Query(apierr.Issue{Path: []any{"to"}, Code: "too_small", Message: "must not be before from"})
	case length > Longest:
		return Sums{}, apierr.Query(apierr.Issue{Path: []any{"from"}, Code: "too_small", Message: "must be at most 90 days before to"})
	}
	query.From = query.From.Truncate(time.Hour) // the hour that is not over counts, too
	if query.By == outcome.ByDay {
		query.From = query.From.Truncate(24 * time.Hour)
	}
	query.Limit = MostSums + 1
	if err := r.Recorder.Flush(ctx); err != nil {
		return Sums{}, apierr.Away(err)
	}
	found, err := r.Store.Outcomes(ctx, org, query)
	sums := Sums{From: query.From, To: query.To, Outcomes: found[:min(len(found), MostSums)], Truncated: len(found) > MostSums}
	return sums, err
}

// Refusals lists the newest; of the whole Org, when app is zero.
func (r *Reader) Refusals(ctx context.Context, org, app id.ID, limit int) ([]outcome.Refusal, error) {
	if err := r.Recorder.Flush(ctx); err != nil {
		return nil, apierr.Away(err)
	}
	return r.Store.Refusals(ctx, org, app, limit)
}

// Usage is what was used of a category, and why the rest was refused.
type Usage struct {
	Category string
	Accepted outcome.Outcome
	Refused  []outcome.Outcome // one for each reason, the most frequent first
}

// Month tells what was used since the month began, by UTC, of every category.
func (r *Reader) Month(ctx context.Context, org, app id.ID) (since time.Time, used []Usage, err error) {
	now := r.Now().UTC()
	since = time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	sums, err := r.Sums(ctx, org, outcome.Query{From: since, App: app, By: outcome.Whole})
	if err != nil {
		return since, nil, err
	}
	for _, category := range outcome.Categories() {
		used = append(used, usageOf(category, sums.Outcomes))
	}
	return since, used, nil
}

func usageOf(category string, sums []outcome.Outcome) Usage {
	used := Usage{Category: category}
	for _, sum := range sums {
		if sum.Category != category {
			continue
		}
		into := &used.Accepted
		if !sum.Accepted() {
			n := slices.IndexFunc(used.Refused, func(o outcome.Outcome) bool { return o.Reason == sum.Reason })
			if n < 0 {
				n = len(used.Refused)
				used.Refused = append(used.Refused, outcome.Outcome{Reason: sum.Reason})
			}
			into = &used.Refused[n]
		}
		into.Requests += sum.Requests
		into.Items += sum.Items
	}
	slices.SortFunc(used.Refused, func(a, b outcome.Outcome) int {
		return cmp.Or(cmp.Compare(b.Items, a.Items), cmp.Compare(a.Reason, b.Reason))
	})
	return used
}
