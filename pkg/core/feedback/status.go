package feedback

import "slices"

// Status is where an item stands in its life.
type Status string

// The statuses of the native surface, in the order of a life.
const (
	Received       Status = "received"
	Sanitizing     Status = "sanitizing"
	Sanitized      Status = "sanitized"
	Rejected       Status = "rejected"
	Duplicate      Status = "duplicate"
	BatchPending   Status = "batch_pending"
	AwaitingManual Status = "awaiting_manual"
	Queued         Status = "queued"
	Running        Status = "running"
	PROpened       Status = "pr_opened"
	Merged         Status = "merged"
	Closed         Status = "closed"
	Failed         Status = "failed"
	Archived       Status = "archived"
)

// moves is the whole lifecycle: from each status, those that may follow.
var moves = []struct {
	from Status
	to   []Status
}{
	{Received, []Status{Sanitizing, Rejected, Duplicate, Archived}},
	{Sanitizing, []Status{Sanitized, Rejected, Duplicate, Failed, Archived}},
	{Sanitized, []Status{BatchPending, AwaitingManual, Queued, Duplicate, Archived}},
	{Rejected, []Status{Archived}},
	{Duplicate, []Status{Archived}},
	{BatchPending, []Status{AwaitingManual, Queued, Duplicate, Archived}},
	{AwaitingManual, []Status{Queued, Duplicate, Archived}},
	{Queued, []Status{Running, Archived}},
	{Running, []Status{PROpened, Failed, Archived}},
	{PROpened, []Status{Merged, Closed, Archived}},
	{Merged, []Status{Archived}},
	{Closed, []Status{Archived}},
	{Failed, []Status{Archived}},
	{Archived, nil},
}

// Statuses lists every Status in the order of a life.
func Statuses() []Status {
	all := make([]Status, len(moves))
	for i, m := range moves {
		all[i] = m.from
	}
	return all
}

// Known tells whether there is such a status.
func (s Status) Known() bool { return slices.Contains(Statuses(), s) }

// Next lists the statuses that may follow.
func (s Status) Next() []Status {
	for _, m := range moves {
		if m.from == s {
			return slices.Clone(m.to)
		}
	}
	return nil
}

// May tells whether to may follow.
func (s Status) May(to Status) bool { return slices.Contains(s.Next(), to) }
