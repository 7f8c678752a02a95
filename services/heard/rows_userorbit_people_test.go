package heard_test

import (
	"context"
	"maps"
	"net/http"

	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/resource"
	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/dialect/userorbit"
)

// orbitPeopleRows are the routes of Userorbit's surface about people, help documents and Zapier.
func orbitPeopleRows() map[string]row {
	all := orbitRows{}
	read, write := all.read, all.write
	read("teams.info", "")
	read("users.info", "")
	write("public/subscriber.identify", `{"email":"fresh@fresh.example","metadata":{"plan":"pro"}}`)
	read("subscribers.list", "limit=100")
	read("subscribers.search", "query=$slug", `{"query":"$slug"}`)
	read("subscribers.count", "")
	read("subscribers.info", "id=$subscriber", `{"id":"$subscriber"}`)
	write("subscribers.create", `{"email":"fresh@fresh.example","name":"Fresh"}`)
	write("subscribers.update", `{"id":"$subscriber","name":"Renamed"}`)
	write("subscribers.deactivate", `{"id":"$subscriber"}`)
	write("subscribers.delete", `{"id":"$subscriber"}`)
	read("contact-properties.list", "")
	write("contact-properties.create", `{"name":"fresh","type":"number"}`)
	write("contact-properties.update", `{"id":"$property","name":"renamed"}`)
	write("contact-properties.delete", `{"id":"$property"}`)
	read("collections.list", "")
	read("collections.info", "id=$collection", `{"id":"$collection"}`)
	write("collections.create", `{"name":"Fresh"}`)
	write("collections.update", `{"id":"$collection","name":"Renamed"}`)
	write("collections.delete", `{"id":"$empty"}`)
	read("articles.list", "collectionId=$collection", `{"collectionId":"$collection"}`)
	read("articles.search", "query=$slug", `{"query":"$slug"}`)
	read("articles.info", "id=$article", `{"id":"$article"}`)
	write("articles.create", `{"title":"Fresh","collectionId":"$collection"}`)
	write("articles.update", `{"id":"$article","collectionId":"$collection"}`)
	for _, verb := range []string{"publish", "unpublish", "archive", "delete"} {
		write("articles."+verb, `{"id":"$article"}`)
	}
	read("public/documents.list", "collectionId=$collection", `{"collectionId":"$collection"}`)
	read("public/documents.info", "id=$article", `{"id":"$article"}`)
	write("article-votes.create", `{"id":"$article","value":1,"subscriberId":"$subscriber"}`)
	write("article-votes.delete", `{"id":"$article","subscriberId":"$subscriber"}`)
	read("article-votes.count", "id=$article", `{"id":"$article"}`)
	write("zapier.subscribe", `{"target_url":"https://hooks.example.com/fresh","event":"new_feedback"}`)
	write("zapier.unsubscribe", `{"id":"$subscription"}`, `{"target_url":"https://hooks.example.com/$slug","event":"new_feedback"}`)
	read("zapier.list", "")
	read("zapier.sample", "")
	return all
}

// uuidKinds are the things whose name is an id as Userorbit spells it.
func (w world) uuidKinds() []string {
	return []string{"subscriber", "property", "collection", "empty", "article", "subscription",
		"idea", "original", "board", "tag", "spare", "remark", "colleague"}
}

// orbited is what a team keeps by Userorbit's surface, one of each.
func (i *installation) orbited(w *world) {
	i.t.Helper()
	slug := w.org.Slug
	ask := func(action, body string) (made struct {
		Data struct{ ID string }
		Code string
	}) {
		i.t.Helper()
		i.answer(i.call(http.MethodPost, "/v1/"+action, w.said["userorbit"], body), http.StatusOK, &made)
		return made
	}
	identified := ask("public/subscriber.identify", `{"email":"subscriber@`+slug+`.example","name":"subscriber of `+slug+`"}`)
	w.named["subscriber"], w.said["subscriber_token"] = identified.Data.ID, identified.Code
	w.named["property"] = ask("contact-properties.create", `{"name":"property of `+slug+`","type":"date"}`).Data.ID
	w.named["collection"] = ask("collections.create", `{"name":"collection of `+slug+`"}`).Data.ID
	w.named["empty"] = ask("collections.create", `{"name":"empty collection of `+slug+`"}`).Data.ID
	w.named["article"] = ask("articles.create", `{"title":"article of `+slug+`","collectionId":"`+w.named["collection"]+`"}`).Data.ID
	ask("articles.publish", `{"id":"`+w.named["article"]+`"}`)
	ask("article-votes.create", `{"id":"`+w.named["article"]+`","value":1,"subscriberId":"`+w.named["subscriber"]+`"}`)
	w.named["subscription"] = ask("zapier.subscribe", `{"target_url":"https://hooks.example.com/`+slug+`","event":"new_feedback"}`).Data.ID
	w.boarded(func(action, body string) string { return ask(action, body).Data.ID })
	for _, kind := range w.uuidKinds() {
		w.marks = append(w.marks, w.named[kind], kind+" of "+slug)
	}
}

// dumpOrbited adds what a team keeps by Userorbit's surface to a dump.
func (i *installation) dumpOrbited(w world, all map[string]any) {
	i.t.Helper()
	ctx, org := context.Background(), w.org.ID
	people, err := i.Store.People(ctx, org, enduser.Query{Limit: 100})
	must(i.t, err)
	all["people"] = people
	for _, kind := range []resource.Kind{"contact_property", "collection", "article", "hook"} {
		kept, err := i.Store.Resources(ctx, org, resource.Query{Kind: kind})
		must(i.t, err)
		all[string(kind)] = kept
	}
	votes, err := i.Store.VotesBy(ctx, org, userorbit.ID(w.named["subscriber"]), vote.Place{}, 100)
	must(i.t, err)
	all["votes"] = votes
	i.dumpBoarded(w, all)
}

// merged are the rows of several maps.
func merged(some ...map[string]row) map[string]row {
	all := map[string]row{}
	for _, rows := range some {
		maps.Copy(all, rows)
	}
	return all
}
