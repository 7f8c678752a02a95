package conformance

import (
	"net/http"
	"testing"
)

const (
	articleFields  = "id title slug excerpt collectionId status publishedAt createdAt updatedAt"
	documentFields = articleFields + " reaction"
)

// library is what a team of its own has written: one article in each status, in one collection.
func (o *userorbit) library(t *testing.T, team as) (articles map[string]string, collection string) {
	t.Helper()
	collection, _ = o.do(t, team, "collections.create", map[string]any{"name": "Guides"})["id"].(string)
	articles = map[string]string{}
	for status, verb := range map[string]string{"draft": "", "published": "publish", "archived": "archive"} {
		written := o.do(t, team, "articles.create", map[string]any{"title": "How it is " + status, "text": "# Needle\n\n" + status, "collectionId": collection})
		articles[status], _ = written["id"].(string)
		if verb != "" {
			o.do(t, team, "articles."+verb, map[string]any{"id": written["id"]})
		}
	}
	return articles, collection
}

// ids are those of rows, by title.
func ids(rows []map[string]any) map[string]any {
	named := map[string]any{}
	for _, row := range rows {
		title, _ := row["title"].(string)
		named[title] = row["id"]
	}
	return named
}

// listsDocuments is O4: the team's view.
func (o *userorbit) listsDocuments(t *testing.T) {
	team := o.team(t, o.org(t).ID)
	articles, collection := o.library(t, team)
	want := map[string]any{"How it is draft": articles["draft"], "How it is published": articles["published"]}
	for _, path := range []string{
		"/v1/public/documents.list", "/api/v1/public/documents.list?limit=100", "/v1/public/documents.list?collectionId=" + collection,
		"/v1/public/documents.list?search=nEEdle",
	} {
		for _, method := range []string{"GET", "POST"} {
			rows, total := o.ask(t, team, method, path, nil).rows(t)
			equal(t, method+" "+path, ids(rows), want)
			row := has(t, path, rows[0], documentFields)
			if total != 2 || row["reaction"] != nil || row["collectionId"] != collection {
				t.Errorf("%s %s gives %v of %d", method, path, row, total)
			}
		}
	}
	for _, nothing := range []map[string]any{{"search": "haystack"}, {"collectionId": articles["draft"]}, {"collectionId": "x"}, {"offset": 2}} {
		if rows, _ := o.list(t, team, "public/documents.list", nothing); len(rows) > 0 {
			t.Errorf("%v finds %v", nothing, rows)
		}
	}
	for _, bad := range []map[string]any{{"limit": 0}, {"limit": 101}, {"offset": -1}, {"offset": 10001}, {"limit": "all"}} {
		o.ask(t, team, "POST", "/v1/public/documents.list", bad).unfit(t, http.StatusBadRequest)
	}
}

// listsDocumentsOfASubscriber is O5: what is published, and what they themselves think of it.
func (o *userorbit) listsDocumentsOfASubscriber(t *testing.T) {
	team := o.team(t, o.org(t).ID)
	articles, _ := o.library(t, team)
	who, _ := o.subscriber(t, team)
	other, otherID := o.subscriber(t, team)
	shown := articles["published"]
	o.do(t, who, "article-votes.create", map[string]any{"id": shown, "value": 1})
	o.do(t, team, "article-votes.create", map[string]any{"id": shown, "value": -1, "subscriberId": otherID})
	for reader, reaction := range map[as]float64{who: 1, other: -1} {
		rows, total := o.list(t, reader, "public/documents.list", nil)
		equal(t, "what a subscriber is shown", ids(rows), map[string]any{"How it is published": shown})
		if total != 1 || rows[0]["reaction"] != reaction {
			t.Errorf("a subscriber is shown %v of %d", rows[0], total)
		}
	}
	whole := has(t, "a document", o.do(t, who, "public/documents.info", map[string]any{"id": shown}), documentFields+" text")
	if whole["text"] != "# Needle\n\npublished" {
		t.Errorf("a document is %v", whole)
	}
	for _, hidden := range []string{articles["draft"], articles["archived"], o.OrgID, "x"} {
		o.ask(t, who, "POST", "/v1/public/documents.info", map[string]any{"id": hidden}).unfit(t, http.StatusNotFound)
		o.ask(t, who, "POST", "/v1/article-votes.create", map[string]any{"id": hidden, "value": 1}).unfit(t, http.StatusNotFound)
	}
	o.ask(t, who, "POST", "/v1/article-votes.create", map[string]any{"id": shown, "value": 1, "subscriberId": otherID}).unfit(t, http.StatusForbidden)
	o.ask(t, team, "POST", "/v1/article-votes.create", map[string]any{"id": shown, "value": 1}).unfit(t, http.StatusBadRequest)
	o.ask(t, who, "POST", "/v1/article-votes.create", map[string]any{"id": shown, "value": 2}).unfit(t, http.StatusBadRequest)
	equal(t, "the reactions", o.do(t, team, "article-votes.count", map[string]any{"id": shown}), map[string]any{"for": 1, "against": 1})
	o.do(t, who, "article-votes.delete", map[string]any{"id": shown})
	rows, _ := o.list(t, who, "public/documents.list", nil)
	if rows[0]["reaction"] != nil {
		t.Errorf("taken back, and still %v", rows[0]["reaction"])
	}
}

// keepsArticles: they are written, changed and moved between their statuses.
func (o *userorbit) keepsArticles(t *testing.T) {
	team := o.team(t, o.org(t).ID)
	articles, collection := o.library(t, team)
	draft := map[string]any{"id": articles["draft"]}
	found := has(t, "an article", o.do(t, team, "articles.info", draft), articleFields+" text")
	if found["slug"] != "how-it-is-draft" || found["status"] != "draft" || found["publishedAt"] != nil {
		t.Errorf("an article is %v", found)
	}
	for _, step := range []struct{ verb, status string }{{"publish", "published"}, {"archive", "archived"}, {"unpublish", "draft"}} {
		moved := o.do(t, team, "articles."+step.verb, draft)
		if moved["status"] != step.status || (moved["publishedAt"] != nil) != (step.status == "published") {
			t.Errorf("%s: %v", step.verb, moved)
		}
	}
	changed := o.do(t, team, "articles.update", map[string]any{"id": articles["draft"], "title": "Renamed", "collectionId": nil})
	if changed["title"] != "Renamed" || changed["slug"] != found["slug"] || changed["text"] != found["text"] || changed["collectionId"] != nil {
		t.Errorf("changed to %v", changed)
	}
	rows, total := o.list(t, team, "articles.list", map[string]any{"status": "archived"})
	equal(t, "what is archived", ids(rows), map[string]any{"How it is archived": articles["archived"]})
	has(t, "an article of a list", rows[0], articleFields)
	if rows, _ := o.list(t, team, "articles.search", map[string]any{"query": "NEEDLE"}); len(rows) != 2 || total != 1 {
		t.Errorf("found %v", rows)
	}
	for _, bad := range []map[string]any{{}, {"title": ""}, {"title": "x", "slug": "No Slug"}, {"title": 1}} {
		o.ask(t, team, "POST", "/v1/articles.create", bad).unfit(t, http.StatusBadRequest)
	}
	o.ask(t, team, "POST", "/v1/articles.create", map[string]any{"title": "x", "collectionId": articles["draft"]}).unfit(t, http.StatusNotFound)
	o.ask(t, team, "POST", "/v1/articles.create", map[string]any{"title": "x", "slug": "how-it-is-published", "collectionId": collection}).unfit(t, http.StatusConflict)

	held := map[string]any{"id": collection}
	o.ask(t, team, "POST", "/v1/collections.delete", held).unfit(t, http.StatusConflict)
	for _, id := range articles {
		o.do(t, team, "articles.delete", map[string]any{"id": id})
		o.ask(t, team, "POST", "/v1/articles.info", map[string]any{"id": id}).unfit(t, http.StatusNotFound)
	}
	o.do(t, team, "collections.update", map[string]any{"id": collection, "description": "All of them"})
	equal(t, "the description", o.do(t, team, "collections.info", held)["description"], "All of them")
	if rows, total := o.list(t, team, "collections.list", nil); total != 1 || rows[0]["name"] != "Guides" {
		t.Errorf("the collections are %v", rows)
	}
	o.do(t, team, "collections.delete", held)
	o.ask(t, team, "POST", "/v1/collections.info", held).unfit(t, http.StatusNotFound)
}
