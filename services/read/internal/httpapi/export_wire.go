package httpapi

import (
	"github.com/heard-dev/heard/pkg/dialect/userz"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/services/read/internal/people"
	"github.com/heard-dev/heard/services/read/internal/review"
)

type exportIn struct {
	ID     string `path:"id"`
	Cursor string `query:"cursor" pattern:"^[0-9a-f]{122}$" doc:"The nextCursor of the page before."`
	Limit  int    `query:"limit" minimum:"1" maximum:"50" default:"50" doc:"Of what they said and did."`
}

type exportOut struct{ Body exportPage }

type exportPage struct {
	Person     *exportedPerson `json:"person,omitempty" doc:"On the first page."`
	Data       []exportedEntry `json:"data" nullable:"false"`
	NextCursor *string         `json:"nextCursor" doc:"null on the last page."`
	Receipt    *exportReceipt  `json:"receipt" doc:"What all pages together had; null before the last."`
}

type exportedPerson struct {
	PersonDetail
	Profiles []endUser `json:"profiles" nullable:"false" doc:"What events told of each external id."`
}

type exportedEntry struct {
	Type     string         `json:"type" enum:"feedback,event,vote,comment" doc:"Which of the others there is."`
	Feedback *exportedItem  `json:"feedback,omitempty"`
	Event    *storedEvent   `json:"event,omitempty"`
	Vote     *personVote    `json:"vote,omitempty"`
	Comment  *personComment `json:"comment,omitempty"`
}

type exportedItem struct {
	FeedbackWhole
	Title      *string  `json:"title"`
	BoardID    *string  `json:"boardId"`
	TagIDs     []string `json:"tagIds" nullable:"false"`
	Votes      int64    `json:"votes"`
	ArchivedAt *string  `json:"archivedAt" format:"date-time"`
}

type exportReceipt struct {
	Records     uint32 `json:"records" doc:"Of who they are; see the person's records."`
	Profiles    uint32 `json:"profiles"`
	Feedback    uint32 `json:"feedback"`
	Attachments uint32 `json:"attachments" doc:"Files that the feedback names."`
	Events      uint32 `json:"events"`
	Votes       uint32 `json:"votes"`
	Comments    uint32 `json:"comments"`

	_ struct{} `nullable:"true"`
}

func exportView(page people.Export) exportPage {
	body := exportPage{Data: make([]exportedEntry, len(page.Entries))}
	if page.First {
		body.Person = &exportedPerson{PersonDetail: personView(page.Person), Profiles: make([]endUser, len(page.Person.Profiles))}
		for n := range page.Person.Profiles {
			body.Person.Profiles[n] = profileView(&page.Person.Profiles[n])
		}
	}
	for n, entry := range page.Entries {
		shown := entryView(entry)
		body.Data[n] = exportedEntry{Type: shown.Type, Event: shown.Event, Vote: shown.Vote, Comment: shown.Comment}
		if entry.Feedback != nil {
			body.Data[n].Feedback = exportedItemView(entry.Feedback)
		}
	}
	if page.Complete {
		body.Receipt = receiptView(page.Counts)
	} else {
		next := spellCursor(page.Next)
		body.NextCursor = &next
	}
	return body
}

func receiptView(c people.Counts) *exportReceipt {
	return &exportReceipt{
		Records: c.Records, Profiles: c.Profiles, Feedback: c.Feedback, Attachments: c.Attachments, Events: c.Events, Votes: c.Votes, Comments: c.Comments,
	}
}

// exportedItemView points into item.
func exportedItemView(item *review.Item) *exportedItem {
	return &exportedItem{
		FeedbackWhole: itemView(*item), Title: userz.Optional(&item.Title), BoardID: optionalID(item.Board), TagIDs: spellIDs(item.Tags),
		Votes: item.Votes, ArchivedAt: optionalTime(item.Archived.At),
	}
}

func spellIDs(ids []id.ID) []string {
	texts := make([]string, len(ids))
	for n, i := range ids {
		texts[n] = i.String()
	}
	return texts
}
