package feedback

import (
	"slices"
	"strings"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/id"
)

// The limits of what stands on a board, beside those of every item [ours].
const (
	MaxTitle = 256
	MaxTags  = 20
)

// Suggestion is a submission to a board, as its sender says it. From is whom a key or a subscriber token vouches for. Without
// a Stage it was just received, as from a widget.
type Suggestion struct {
	From     Submitter
	Title    string
	Text     string // may be empty
	Stage    Stage
	Severity Severity // empty: unsaid
	Board    id.ID
	Tags     []id.ID
	Assignee id.ID
	Metadata []byte
}

// NewOnBoard makes an item of a suggestion. Every fault is an issue, at the path where the Userorbit surface has the field.
func NewOnBoard(said Suggestion, itemID, org id.ID, at time.Time) (Item, error) {
	var c checklist
	c.title(said.Title)
	c.text(said.Text, 0, MaxText, "text")
	c.severity(said.Severity, "priority")
	c.stage(said.Stage)
	tags := c.tags(said.Tags)
	metadata := c.object(said.Metadata, MaxMetadata, "meta")
	if len(c.issues) > 0 {
		return Item{}, apierr.Body(c.issues...)
	}
	status := Received
	if said.Stage != "" {
		status = said.Stage.status()
	}
	at = at.UTC().Truncate(time.Millisecond)
	return Item{
		ID: itemID, Org: org, Status: status, Submitter: said.From, Severity: said.Severity, Title: said.Title, Text: said.Text,
		Board: said.Board, Tags: tags, Assignee: said.Assignee, Metadata: metadata, CreatedAt: at, UpdatedAt: at,
	}, nil
}

// Edit is what a team changes about an item by hand; nil leaves as it is. A zero Board or Assignee takes away, and so does an
// empty Metadata.
type Edit struct {
	Title    *string
	Text     *string
	Stage    *Stage
	Severity *Severity
	Board    *id.ID
	Tags     *[]id.ID
	Assignee *id.ID
	Metadata *[]byte
}

// Of is the Change that makes an item what the edit says. Faults are named as by NewOnBoard; a Stage that the item cannot be
// put into is refused as by Decide.
func (e Edit) Of(item *Item) (Change, error) {
	var c checklist
	if e.Title != nil {
		c.title(*e.Title)
	}
	if e.Text != nil {
		least := 0
		if item.Title == "" && e.Title == nil {
			least = 1 // or it would say nothing any more
		}
		c.text(*e.Text, least, MaxText, "text")
	}
	if e.Severity != nil {
		c.severity(*e.Severity, "priority")
	}
	change := Change{Title: e.Title, Text: e.Text, Severity: e.Severity, Board: e.Board, Assignee: e.Assignee}
	if e.Stage != nil {
		c.stage(*e.Stage)
	}
	if e.Tags != nil {
		tags := c.tags(*e.Tags)
		change.Tags = &tags
	}
	if e.Metadata != nil {
		metadata := c.object(*e.Metadata, MaxMetadata, "meta")
		change.Metadata = &metadata
	}
	if len(c.issues) > 0 {
		return Change{}, apierr.Body(c.issues...)
	}
	if e.Stage == nil {
		return change, nil
	}
	status, err := Decide(item.Status, *e.Stage)
	change.Status = &status
	return change, err
}

func (c *checklist) title(title string) {
	if strings.TrimSpace(title) == "" {
		c.add(&fault{"too_small", "must say something"}, "title")
		return
	}
	c.text(title, 1, MaxTitle, "title")
}

func (c *checklist) stage(s Stage) {
	if s != "" && !s.Known() {
		c.add(&fault{"invalid_value", "is no status of feedback"}, "status")
	}
}

// tags are each named once.
func (c *checklist) tags(tags []id.ID) []id.ID {
	if f := countFault(len(tags), MaxTags); f != nil {
		c.add(f, "tagIds")
		return nil
	}
	var once []id.ID
	for _, tag := range tags {
		if !slices.Contains(once, tag) {
			once = append(once, tag)
		}
	}
	return once
}
