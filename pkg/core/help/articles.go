package help

import (
	"context"
	"strings"
	"time"
	"unicode"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/id"
)

// Edit is what is set of an article; nil leaves as it is. An empty Slug follows from the title; a zero Collection is none.
type Edit struct {
	Title      *string
	Text       *string
	Slug       *string
	Collection *id.ID
}

// Write makes a draft. A slug that another article of the collection has is apierr.Conflict; one that follows from the title
// gives way instead.
func (l *Library) Write(ctx context.Context, org id.ID, edit Edit) (Article, error) {
	draft := Article{Value: Content{Status: Draft}}
	edit.apply(&draft)
	if err := draft.Value.check(); err != nil {
		return draft, err
	}
	if err := l.shelved(ctx, org, draft.Parent); err != nil {
		return draft, err
	}
	written, err := l.articles.Create(ctx, org, draft.Parent, draft.Name, draft.Value)
	if apierr.Of(err).Code == apierr.CodeAlreadyExists && edit.chosen() == "" {
		return l.articles.Create(ctx, org, draft.Parent, l.aside(draft.Name), draft.Value)
	}
	return written, err
}

// Article gives one.
func (l *Library) Article(ctx context.Context, org, article id.ID) (Article, error) {
	return l.articles.Get(ctx, org, article)
}

// Rewrite changes an article.
func (l *Library) Rewrite(ctx context.Context, org, article id.ID, edit Edit) (Article, error) {
	if edit.Collection != nil {
		if err := l.shelved(ctx, org, *edit.Collection); err != nil {
			return Article{}, err
		}
	}
	return l.articles.Change(ctx, org, article, func(a *Article) error {
		edit.apply(a)
		return a.Value.check()
	})
}

// Put brings an article to a status. One that is published already keeps the time.
func (l *Library) Put(ctx context.Context, org, article id.ID, status Status) (Article, error) {
	return l.articles.Change(ctx, org, article, func(a *Article) error {
		switch {
		case status != Published:
			a.Value.PublishedAt = time.Time{}
		case a.Value.Status != Published:
			a.Value.PublishedAt = l.now().UTC().Truncate(time.Millisecond)
		}
		a.Value.Status = status
		return nil
	})
}

// Delete removes an article. Votes on it stay, and are then on nothing.
func (l *Library) Delete(ctx context.Context, org, article id.ID) error {
	return l.articles.Delete(ctx, org, article)
}

func (e Edit) chosen() string {
	if e.Slug == nil {
		return ""
	}
	return *e.Slug
}

func (e Edit) apply(a *Article) {
	if e.Title != nil {
		a.Value.Title = strings.TrimSpace(*e.Title)
	}
	if e.Text != nil {
		a.Value.Text = *e.Text
	}
	if e.Collection != nil {
		a.Parent = *e.Collection
	}
	if e.Slug != nil {
		a.Name = *e.Slug
	}
	if a.Name == "" {
		a.Name = slug(a.Value.Title)
	}
}

func (c Content) check() error {
	var issues []apierr.Issue
	if c.Title == "" {
		issues = append(issues, apierr.Issue{Path: []any{"title"}, Code: "too_small", Message: "must have at least 1 character"})
	}
	if len(c.Text) > MaxText {
		issues = append(issues, apierr.Issue{Path: []any{"text"}, Code: "too_big", Message: "must have at most 65536 bytes"})
	}
	if len(issues) > 0 {
		return apierr.Body(issues...)
	}
	return nil
}

// maxSlug bounds what follows from a title, in characters.
const maxSlug = 80

// slug is a title as a part of a path: its letters and digits, in words.
func slug(title string) string {
	words := strings.FieldsFunc(strings.ToLower(title), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	joined := []rune(strings.Join(words, "-"))
	return strings.Trim(string(joined[:min(len(joined), maxSlug)]), "-")
}

// aside is a slug beside one that is taken.
func (l *Library) aside(taken string) string {
	return taken + "-" + l.ids.New().String()[16:]
}
