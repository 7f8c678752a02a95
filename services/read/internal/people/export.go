package people

import (
	"context"

	"github.com/heard-dev/heard/pkg/id"
)

// Counts are what an export has handed out, by kind. Attachments are the files of feedback, which it names.
type Counts struct {
	Records, Profiles, Feedback, Attachments, Events, Votes, Comments uint32
}

// Position is where an export was left: what follows After, once Counts were handed out.
type Position struct {
	After  Place
	Counts Counts
}

// Export is a page of all that is kept of a person: first who they are, then what they said and did, newest first. Next is zero
// on the last page, whose Counts are the receipt.
type Export struct {
	Person   Portrait // Records and Profiles are for the first page alone
	First    bool
	Entries  []Entry
	Counts   Counts
	Next     Position
	Complete bool
}

// Export gives the page that begins at the position.
func (r *Reader) Export(ctx context.Context, org, record id.ID, from Position, limit int) (Export, error) {
	person, err := r.Get(ctx, org, record)
	if err != nil {
		return Export{}, err
	}
	page := Export{Person: person, Counts: from.Counts, First: from == (Position{})}
	if page.First {
		page.Counts.Records, page.Counts.Profiles = uint32(len(person.Records)), uint32(len(person.Profiles))
	}
	found, err := r.Timeline(ctx, org, person.Whole, Span{After: from.After, Limit: limit})
	if err != nil {
		return Export{}, err
	}
	page.Entries = found.Entries
	for _, entry := range found.Entries {
		page.Counts.add(entry)
	}
	page.Complete = found.Next == (Place{})
	if !page.Complete {
		page.Next = Position{After: found.Next, Counts: page.Counts}
	}
	return page, nil
}

func (c *Counts) add(entry Entry) {
	switch entry.Kind {
	case OfFeedback:
		c.Feedback++
		c.Attachments += uint32(len(entry.Feedback.Downloads))
	case OfEvent:
		c.Events++
	case OfVote:
		c.Votes++
	case OfComment:
		c.Comments++
	}
}
