package httpapi

import (
	"context"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/help"
	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/dialect/userorbit"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/services/read/internal/browse"
)

// documents are articles as the widget asks for them.
type documents struct {
	api     *httpkit.API
	library *help.Library
	browser *browse.Browser
}

func (d documents) reads() {
	door := httpkit.TeamOrSubscriber(access.DocumentsRead, gate.UserorbitBySubscriber())

	list := action("public/documents", "list", helpTag, "List help documents, oldest first", door)
	list.Notes = "A subscriber is shown what is published, with their own reaction; a team whatever is not archived. The text is cut to an excerpt."
	httpkit.HandleRead(d.api, list, func(ctx context.Context, caller auth.Principal, in *documentList) (*many[DocumentRow], error) {
		query := help.Query{Collection: userorbit.Named(in.CollectionID), Search: in.Search, Offset: in.Offset, Limit: limit(in.Limit)}
		if caller.Person != nil {
			query.Status = help.Published
		}
		page, err := d.library.List(ctx, caller.Org.ID, query)
		if err != nil {
			return nil, err
		}
		thought, err := d.reactions(ctx, caller, page.Articles)
		return listed(page.Articles, page.Total, in.Offset, in.Limit, func(a *help.Article) DocumentRow {
			return DocumentRow{articleRow(a), thought(a.ID)}
		}), err
	})

	info := action("public/documents", "info", helpTag, "Get one help document", door, gone("document, or none that is published"))
	httpkit.HandleRead(d.api, info, func(ctx context.Context, caller auth.Principal, in *which) (*one[document], error) {
		find := d.library.Article
		if caller.Person != nil {
			find = d.library.For
		}
		found, err := find(ctx, caller.Org.ID, userorbit.ID(in.ID))
		if err != nil {
			return nil, err
		}
		thought, err := d.reactions(ctx, caller, []help.Article{found})
		return single(found, err, func(a *help.Article) document {
			return document{DocumentRow{articleRow(a), thought(a.ID)}, a.Value.Text}
		})
	})
}

// reactions gives what the caller thinks of each of these; a team thinks nothing.
func (d documents) reactions(ctx context.Context, caller auth.Principal, of []help.Article) (func(id.ID) *int, error) {
	var persons []id.ID
	var err error
	if caller.Person != nil {
		persons, err = d.browser.Persons(ctx, caller.Org.ID, *caller.Person)
	}
	if err != nil {
		return nil, err
	}
	thought, err := d.library.Reactions(ctx, caller.Org.ID, persons, of)
	return func(article id.ID) *int {
		if value, ok := thought[article]; ok {
			return &value
		}
		return nil
	}, err
}

// voter gives the records of whose reaction it is.
func (d documents) voter(ctx context.Context, caller auth.Principal, subscriber string) ([]id.ID, error) {
	who, err := voter(ctx, d.browser.People, caller, subscriber)
	if err != nil {
		return nil, err
	}
	return d.browser.Persons(ctx, caller.Org.ID, who)
}

func (d documents) votes() {
	door := httpkit.TeamOrSubscriber(access.DocumentsWrite, gate.UserorbitBySubscriber())
	missing := gone("article that is published, or no such subscriber")
	others := httpkit.Fault{Kind: apierr.Forbidden, Code: apierr.CodeForbidden, When: "a subscriber speaks for another"}

	create := action("article-votes", "create", helpTag, "Say what a subscriber thinks of an article", door, missing, others)
	create.Notes = "It takes the place of what they said before. A team names the subscriber; a subscriber speaks for themselves."
	httpkit.HandleWrite(d.api, create, func(ctx context.Context, caller auth.Principal, in *newReaction) (*one[reaction], error) {
		who, err := d.voter(ctx, caller, in.SubscriberID)
		if err == nil {
			err = d.library.React(ctx, caller.Org.ID, who, userorbit.ID(in.ID), in.Value)
		}
		return single(in.Value, err, func(value *int) reaction { return reaction{value} })
	})

	remove := action("article-votes", "delete", helpTag, "Take back what a subscriber thought of an article", door, missing, others)
	httpkit.HandleWrite(d.api, remove, func(ctx context.Context, caller auth.Principal, in *whose) (*one[reaction], error) {
		who, err := d.voter(ctx, caller, in.SubscriberID)
		if err == nil {
			err = d.library.Withdraw(ctx, caller.Org.ID, who, userorbit.ID(in.ID))
		}
		return single(reaction{}, err, func(r *reaction) reaction { return *r })
	})

	count := action("article-votes", "count", helpTag, "Count what subscribers think of an article", httpkit.Team(access.DocumentsRead), gone("article"))
	httpkit.HandleRead(d.api, count, func(ctx context.Context, caller auth.Principal, in *which) (*one[tally], error) {
		counted, err := d.library.Tally(ctx, caller.Org.ID, userorbit.ID(in.ID))
		return single(counted, err, func(t *vote.Tally) tally { return tally{t.For, t.Against} })
	})
}

type documentList struct {
	Search       string   `json:"search,omitempty" query:"search" maxLength:"256" doc:"In the title and the text, whatever the case, among the newest 10,000."`
	CollectionID string   `json:"collectionId,omitempty" query:"collectionId"`
	Offset       int      `json:"offset,omitempty" query:"offset" minimum:"0" maximum:"10000" default:"0"`
	Limit        int      `json:"limit,omitempty" query:"limit" minimum:"1" maximum:"100" default:"25"`
	_            struct{} `json:"-" additionalProperties:"true"`
}

// DocumentRow is exported for huma, as ArticleRow is.
type DocumentRow struct {
	ArticleRow
	Reaction *int `json:"reaction" enum:"1,-1" doc:"What the subscriber who asks thinks of it; null for nothing, and for a team."`
}

type document struct {
	DocumentRow
	Text string `json:"text" doc:"Markdown."`
}

type newReaction struct {
	ID           string   `json:"id" doc:"The article's."`
	Value        int      `json:"value" enum:"1,-1"`
	SubscriberID string   `json:"subscriberId,omitempty" nullable:"true" doc:"Required of a team."`
	_            struct{} `json:"-" additionalProperties:"true"`
}

type whose struct {
	ID           string   `json:"id" doc:"The article's."`
	SubscriberID string   `json:"subscriberId,omitempty" nullable:"true" doc:"Required of a team."`
	_            struct{} `json:"-" additionalProperties:"true"`
}

type reaction struct {
	Value *int `json:"reaction" enum:"1,-1" doc:"As it stands now; null for none."`
}

type tally struct {
	For     int64 `json:"for"`
	Against int64 `json:"against"`
}
