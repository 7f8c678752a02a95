package board

import (
	"context"
	"regexp"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/resource"
	"github.com/heard-dev/heard/pkg/id"
)

// The limits of tags.
const (
	MaxTags    = 500       // ours
	MaxTagName = 50        // [Userorbit]
	TagColor   = "#3B82F6" // where none is said [Userorbit]
)

// Tag is one. Its name is its name as a resource, and so unique whatever its case.
type Tag struct {
	Color string // #RRGGBB
}

// TagDraft is what is said of a tag; nil is unsaid.
type TagDraft struct {
	Name  *string
	Color *string
}

// CreateTag makes a tag. A name that is taken is apierr.Conflict.
func (s *Shelves) CreateTag(ctx context.Context, org id.ID, draft TagDraft) (resource.Of[Tag], error) {
	made := resource.Of[Tag]{Value: Tag{Color: TagColor}}
	if draft.Name == nil {
		draft.Name = new(string)
	}
	if err := draft.apply(&made); err != nil {
		return made, err
	}
	if err := room(ctx, org, s.Tags, MaxTags, "tags"); err != nil {
		return made, err
	}
	made, err := s.Tags.Create(ctx, org, id.Zero, made.Name, made.Value)
	return made, taken(err, "A tag with this name already exists.")
}

// UpdateTag changes a tag.
func (s *Shelves) UpdateTag(ctx context.Context, org, tag id.ID, draft TagDraft) (resource.Of[Tag], error) {
	changed, err := s.Tags.Change(ctx, org, tag, draft.apply)
	return changed, taken(err, "A tag with this name already exists.")
}

var colorForm = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)

// apply checks the draft, and makes the tag what it says.
func (d TagDraft) apply(t *resource.Of[Tag]) error {
	var issues []apierr.Issue
	if d.Name != nil {
		issues = nameFaults(*d.Name, MaxTagName)
		t.Name = *d.Name
	}
	if d.Color != nil {
		if !colorForm.MatchString(*d.Color) {
			issues = append(issues, fault("color", "invalid_format", "must be a colour such as #3B82F6"))
		}
		t.Value.Color = *d.Color
	}
	if len(issues) > 0 {
		return apierr.Body(issues...)
	}
	return nil
}
