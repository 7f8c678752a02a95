// Package comment is what people and their team say to each other about an item.
package comment

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/id"
)

// MaxText is the longest comment, in characters.
const MaxText = 8192

// Comment is one. Its author is the Person, or the Member of the Org; both are zero for an operator's key. A Parent makes it
// an answer in a thread. A private one is for the team alone.
type Comment struct {
	ID         id.ID
	Org        id.ID
	Item       id.ID
	Parent     id.ID // zero: none
	Person     id.ID
	Member     id.ID
	AuthorName string // as it was then
	Text       string
	Private    bool
	Source     string // where it was said: "admin", "widget", …
	CreatedAt  time.Time
	UpdatedAt  time.Time
	Version    int64
}

// Query selects a page of an item's comments, oldest first. Without Private those are left out.
type Query struct {
	Item    id.ID
	Private bool
	After   id.ID // zero: from the first
	Offset  int   // how many of them are passed over
	Limit   int
}

// Store keeps comments. What is another Org's is not found.
type Store interface {
	// InsertComment stores the comment; an Item that is not there is apierr.NotFound, an ID that is taken apierr.Conflict.
	InsertComment(ctx context.Context, org id.ID, comment Comment) error
	Comment(ctx context.Context, org, comment id.ID) (Comment, error)
	Comments(ctx context.Context, org id.ID, query Query) ([]Comment, error)
	// CommentsBy gives up to limit of a person's comments, newest first, all older than before unless that is zero.
	CommentsBy(ctx context.Context, org, person, before id.ID, limit int) ([]Comment, error)
	// CountComments counts an item's comments; private ones only if asked.
	CountComments(ctx context.Context, org, item id.ID, private bool) (int64, error)
	// ReplaceComment stores the comment if its Version is still the stored one, and gives it the next; otherwise apierr.Conflict.
	ReplaceComment(ctx context.Context, org id.ID, comment Comment) error
	// DeleteComment removes the comment. Answers to it stay, and are then answers to nothing.
	DeleteComment(ctx context.Context, org, comment id.ID) error
}

// CheckText refuses what is no comment.
func CheckText(text string) error {
	switch n := utf8.RuneCountInString(text); {
	case strings.TrimSpace(text) == "":
		return fault("required", "must say something")
	case n > MaxText:
		return fault("too_big", fmt.Sprintf("must have at most %d characters", MaxText))
	}
	return nil
}

func fault(code, message string) error {
	return apierr.Body(apierr.Issue{Path: []any{"text"}, Code: code, Message: message})
}
