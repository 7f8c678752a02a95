package help

import (
	"context"
	"strings"

	"github.com/heard-dev/heard/pkg/id"
)

// Window is how far a list is looked through; see feedback.Window.
const Window = 10_000

// Query selects a page of articles, oldest first. Zero fields do not select, but what is archived must be asked for. Search
// stands in the title or the text, whatever the case.
type Query struct {
	Status     Status
	Collection id.ID
	Search     string
	Offset     int
	Limit      int
}

// Page is a stretch of a list. Total counts what the query selects within the Window.
type Page struct {
	Articles []Article
	Total    int64
}

// List gives a page.
func (l *Library) List(ctx context.Context, org id.ID, query Query) (Page, error) {
	query.Search = strings.ToLower(query.Search)
	var page Page
	err := l.articles.Walk(ctx, org, query.Collection, Window, func(a Article) {
		if !query.selects(&a) {
			return
		}
		if page.Total >= int64(query.Offset) && len(page.Articles) < query.Limit {
			page.Articles = append(page.Articles, a)
		}
		page.Total++
	})
	return page, err
}

func (q *Query) selects(a *Article) bool {
	status := a.Value.Status == q.Status || q.Status == "" && a.Value.Status != Archived
	return status && (q.Search == "" || strings.Contains(strings.ToLower(a.Value.Title), q.Search) || strings.Contains(strings.ToLower(a.Value.Text), q.Search))
}
