package httpapi

import (
	"github.com/heard-dev/heard/pkg/core/help"
	"github.com/heard-dev/heard/pkg/dialect/userorbit"
	"github.com/heard-dev/heard/pkg/httpkit"
)

type articleList struct {
	Status       string   `json:"status,omitempty" query:"status" enum:"draft,published,archived"`
	CollectionID string   `json:"collectionId,omitempty" query:"collectionId"`
	Search       string   `json:"search,omitempty" query:"search" maxLength:"256"`
	Offset       int      `json:"offset,omitempty" query:"offset" minimum:"0" maximum:"10000" default:"0"`
	Limit        int      `json:"limit,omitempty" query:"limit" minimum:"1" maximum:"100" default:"25"`
	_            struct{} `json:"-" additionalProperties:"true"`
}

type articleSearch struct {
	Query  string   `json:"query" query:"query" required:"true" minLength:"1" maxLength:"256"`
	Offset int      `json:"offset,omitempty" query:"offset" minimum:"0" maximum:"10000" default:"0"`
	Limit  int      `json:"limit,omitempty" query:"limit" minimum:"1" maximum:"100" default:"25"`
	_      struct{} `json:"-" additionalProperties:"true"`
}

type newArticle struct {
	Title        string   `json:"title" minLength:"1" maxLength:"256"`
	Text         string   `json:"text,omitempty" maxLength:"65536" doc:"Markdown; at most 64 KB."`
	Slug         string   `json:"slug,omitempty" nullable:"true" maxLength:"128" pattern:"^[\\p{Ll}\\p{Lo}\\p{N}]+(-[\\p{Ll}\\p{Lo}\\p{N}]+)*$" doc:"Unique within the collection."`
	CollectionID string   `json:"collectionId,omitempty" nullable:"true"`
	_            struct{} `json:"-" additionalProperties:"true"`
}

type articleEdit struct {
	ID           string          `json:"id"`
	Title        *string         `json:"title,omitempty" minLength:"1" maxLength:"256"`
	Text         *string         `json:"text,omitempty" maxLength:"65536" doc:"Markdown; at most 64 KB."`
	Slug         *string         `json:"slug,omitempty" maxLength:"128" pattern:"^[\\p{Ll}\\p{Lo}\\p{N}]+(-[\\p{Ll}\\p{Lo}\\p{N}]+)*$"`
	CollectionID httpkit.Setting `json:"collectionId,omitempty"`
	_            struct{}        `json:"-" additionalProperties:"true"`
}

func (n *newArticle) edit() help.Edit {
	within := userorbit.Named(n.CollectionID)
	return help.Edit{Title: &n.Title, Text: &n.Text, Slug: &n.Slug, Collection: &within}
}

func (e *articleEdit) edit() help.Edit {
	edit := help.Edit{Title: e.Title, Text: e.Text, Slug: e.Slug}
	if e.CollectionID.Said {
		within := userorbit.Named(e.CollectionID.Text)
		edit.Collection = &within
	}
	return edit
}

// ArticleRow is an article as lists show it. It is exported for huma, which leaves out what is embedded unexported.
type ArticleRow struct {
	ID           string  `json:"id"`
	Title        string  `json:"title"`
	Slug         string  `json:"slug"`
	Excerpt      string  `json:"excerpt" doc:"The beginning of the text."`
	CollectionID *string `json:"collectionId"`
	Status       string  `json:"status" enum:"draft,published,archived"`
	PublishedAt  *string `json:"publishedAt" format:"date-time"`
	CreatedAt    string  `json:"createdAt" format:"date-time"`
	UpdatedAt    string  `json:"updatedAt" format:"date-time"`
}

type article struct {
	ArticleRow
	Text string `json:"text" doc:"Markdown."`
}

func articleRow(a *help.Article) ArticleRow {
	return ArticleRow{
		ID: a.ID.UUID(), Title: a.Value.Title, Slug: a.Name, Excerpt: excerpt(a.Value.Text), CollectionID: userorbit.OptionalID(a.Parent),
		Status: string(a.Value.Status), PublishedAt: userorbit.OptionalTime(a.Value.PublishedAt),
		CreatedAt: userorbit.Time(a.CreatedAt), UpdatedAt: userorbit.Time(a.UpdatedAt),
	}
}

func articleView(a *help.Article) article { return article{articleRow(a), a.Value.Text} }

// maxExcerpt is the longest excerpt, in characters.
const maxExcerpt = 280

func excerpt(text string) string {
	count := 0
	for at := range text {
		if count == maxExcerpt {
			return text[:at] + "…"
		}
		count++
	}
	return text
}
