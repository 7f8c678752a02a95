package feedback

import (
	"math"
	"strings"
	"time"

	"github.com/heard-dev/heard/pkg/id"
)

// Sort is an order of a board.
type Sort string

// The orders [Userorbit: sortBy].
const (
	Newest   Sort = "newest"
	Top      Sort = "top"      // most votes first, then newest
	Trending Sort = "trending" // by Heat, then newest
)

// Window is how far a board is looked through: what lies beyond the first so many items of the order, on that board and in
// that stage, is neither shown nor counted. It is what keeps the cost of any page and any count the same however many items
// there are.
const Window = 10_000

// BoardQuery selects a page of items that stand in a stage. Zero fields do not select. Board and Stage choose what is walked;
// the others choose from what is walked, which is Window items at the most.
type BoardQuery struct {
	Board    id.ID
	Stage    Stage
	Sort     Sort
	Assignee id.ID
	From, To time.Time // created then or later; before then
	Search   string    // stands in the title or the text, whatever the case
	For      *Audience // who looks; nil: the team
	Offset   int
	Limit    int
}

// Picks tells whether the query chooses from what it walks.
func (q BoardQuery) Picks() bool {
	return !q.Assignee.IsZero() || !q.From.IsZero() || !q.To.IsZero() || q.Search != "" || q.For != nil && q.Board.IsZero()
}

// Selects tells whether the query chooses an item that it walks past. It looks at Assignee and CreatedAt, at Title and Text if
// it has a Search, and at App, Board and the Submitter's Person if it is For somebody.
func (q BoardQuery) Selects(i Item) bool {
	return q.For.admits(&i) && (q.Assignee.IsZero() || i.Assignee == q.Assignee) && (q.From.IsZero() || !i.CreatedAt.Before(q.From)) &&
		(q.To.IsZero() || i.CreatedAt.Before(q.To)) && (holds(i.Title, q.Search) || holds(i.Text, q.Search))
}

func holds(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

// Walks lists the stages that the query walks.
func (q BoardQuery) Walks() []Stage {
	if q.Stage == "" {
		return Stages()
	}
	return []Stage{q.Stage}
}

// Stretch is where the page begins in what is walked, and how many items it may have.
func (q BoardQuery) Stretch() (first, most int) {
	first = min(max(q.Offset, 0), Window)
	return first, min(max(q.Limit, 1), Window-first)
}

// BoardPage is a stretch of a board, items as in a Page. Total counts what the query selects within the Window.
type BoardPage struct {
	Items []Item
	Total int64
}

// doubling is what doubling an item's votes weighs, in seconds of age: three days.
const doubling = 3 * 24 * 60 * 60

// Heat orders by votes and age together: as many votes again weigh as much as three days. It only changes with the votes, so
// that an index can keep the order while time goes by.
func Heat(votes int64, createdAt time.Time) int64 {
	return createdAt.Unix() + int64(doubling*math.Log2(float64(1+max(votes, 0))))
}
