package httpapi

import (
	"context"

	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/help"
	"github.com/heard-dev/heard/pkg/dialect/userorbit"
	"github.com/heard-dev/heard/pkg/httpkit"
)

// maxArticle leaves room for a text with every character escaped, in bytes.
const maxArticle = 6*help.MaxText + maxSaid

type articles struct {
	api     *httpkit.API
	library *help.Library
}

func (a articles) reads(door httpkit.Door) {
	list := action("articles", "list", helpTag, "List articles, oldest first", door)
	list.Notes = "Without `status` all but what is archived. The text is cut to an excerpt."
	httpkit.HandleRead(a.api, list, func(ctx context.Context, caller auth.Principal, in *articleList) (*many[ArticleRow], error) {
		page, err := a.library.List(ctx, caller.Org.ID, help.Query{
			Status: help.Status(in.Status), Collection: userorbit.Named(in.CollectionID), Search: in.Search, Offset: in.Offset, Limit: limit(in.Limit),
		})
		return listed(page.Articles, page.Total, in.Offset, in.Limit, articleRow), err
	})

	search := action("articles", "search", helpTag, "Search articles, oldest first", door)
	search.Notes = "In the title and the text, whatever the case, among the newest 10,000."
	httpkit.HandleRead(a.api, search, func(ctx context.Context, caller auth.Principal, in *articleSearch) (*many[ArticleRow], error) {
		page, err := a.library.List(ctx, caller.Org.ID, help.Query{Search: in.Query, Offset: in.Offset, Limit: limit(in.Limit)})
		return listed(page.Articles, page.Total, in.Offset, in.Limit, articleRow), err
	})

	info := action("articles", "info", helpTag, "Get one article", door, gone("article"))
	httpkit.HandleRead(a.api, info, func(ctx context.Context, caller auth.Principal, in *which) (*one[article], error) {
		found, err := a.library.Article(ctx, caller.Org.ID, userorbit.ID(in.ID))
		return single(found, err, articleView)
	})
}

func (a articles) writes(door httpkit.Door) {
	create := action("articles", "create", helpTag, "Write an article", door, gone("collection"), crossed())
	create.MaxBody = maxArticle
	create.Notes = "It is a draft: nobody but the team sees it until it is published. Without a slug it gets one from its title."
	httpkit.HandleWrite(a.api, create, func(ctx context.Context, caller auth.Principal, in *newArticle) (*one[article], error) {
		written, err := a.library.Write(ctx, caller.Org.ID, in.edit())
		return single(written, err, articleView)
	})

	update := action("articles", "update", helpTag, "Change an article", door, gone("article or collection"), crossed())
	update.MaxBody = maxArticle
	update.Notes = "What is left out stays, and so does its status. null as `collectionId` takes it out of its collection."
	httpkit.HandleWrite(a.api, update, func(ctx context.Context, caller auth.Principal, in *articleEdit) (*one[article], error) {
		changed, err := a.library.Rewrite(ctx, caller.Org.ID, userorbit.ID(in.ID), in.edit())
		return single(changed, err, articleView)
	})

	remove := action("articles", "delete", helpTag, "Delete an article", door, gone("article"))
	httpkit.HandleWrite(a.api, remove, func(ctx context.Context, caller auth.Principal, in *which) (*one[userorbit.Done], error) {
		return done(a.library.Delete(ctx, caller.Org.ID, userorbit.ID(in.ID)))
	})
}

// moves adds the actions that bring an article to a status, from whichever it has.
func (a articles) moves(door httpkit.Door) {
	for _, move := range []struct {
		verb, summary string
		to            help.Status
	}{
		{"publish", "Show an article to subscribers", help.Published},
		{"unpublish", "Make an article a draft again", help.Draft},
		{"archive", "Put an article away", help.Archived},
	} {
		route := action("articles", move.verb, helpTag, move.summary, door, gone("article"), crossed())
		httpkit.HandleWrite(a.api, route, func(ctx context.Context, caller auth.Principal, in *which) (*one[article], error) {
			moved, err := a.library.Put(ctx, caller.Org.ID, userorbit.ID(in.ID), move.to)
			return single(moved, err, articleView)
		})
	}
}
