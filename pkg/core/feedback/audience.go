package feedback

import (
	"slices"
	"strings"

	"github.com/heard-dev/heard/pkg/id"
)

// Audience is an end user who looks at boards. They see what stands in a stage and is on a public board, is on no board in
// particular and came through no App, or is their own: what a page sent was said to the team alone, until the team puts it
// where others see it.
type Audience struct {
	Boards  []id.ID // the public ones
	Persons []id.ID // the records of the person
}

// Sees tells whether there is such an item to the audience. To nil, which is the team, there is every one.
func (a *Audience) Sees(item *Item) bool { return a.admits(item) && (a == nil || item.Stage() != "") }

// admits is Sees of what stands in a stage.
func (a *Audience) admits(item *Item) bool {
	switch {
	case a == nil || a.Owns(item.Submitter.Person):
		return true
	case item.Board.IsZero():
		return item.App.IsZero()
	}
	return slices.Contains(a.Boards, item.Board)
}

// Knows tells whether the audience may know the address of who sent something: the team may, and who it was.
func (a *Audience) Knows(from *Submitter) bool { return a == nil || a.Owns(from.Person) }

// Owns tells whether that is a record of the audience's own.
func (a *Audience) Owns(person id.ID) bool {
	return !person.IsZero() && slices.Contains(a.Persons, person)
}

// maxHeading is how much of a text stands for a title, in characters.
const maxHeading = 80

// Heading is the item's title, or the beginning of its text where it has none.
func (i *Item) Heading() string {
	if i.Title != "" {
		return i.Title
	}
	line, _, more := strings.Cut(strings.TrimSpace(i.Text), "\n")
	if letters := []rune(strings.TrimSpace(line)); len(letters) > maxHeading {
		return strings.TrimSpace(string(letters[:maxHeading-1])) + "…"
	} else if more {
		return string(letters) + " …"
	} else {
		return string(letters)
	}
}

// Saying is the item's text, or its title where it has none.
func (i *Item) Saying() string {
	if i.Text != "" {
		return i.Text
	}
	return i.Title
}

// Standing is the stage that the item is shown in: of one that is archived, the stage it would be restored to; of one that was
// merged into another, Dismissed.
func (i *Item) Standing() Stage {
	status := i.Status
	if status == Archived {
		status = i.Archived.Restored()
	}
	if stage := status.Stage(); stage != "" && i.DuplicateOf.IsZero() {
		return stage
	}
	return Dismissed
}

// Back is the status that an archived item is restored to; one that was merged into another stays merged.
func (i *Item) Back() Status {
	if !i.DuplicateOf.IsZero() {
		return Duplicate
	}
	return i.Archived.Restored()
}
