package cli

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/heard-dev/heard/services/heard/internal/client"
)

func persons() noun {
	one := func(shown string) []argument { return byID(shown, peopleByEmail) }
	return noun{"person", "See the people whom you hear, and say who is who", []verb{
		{
			name: "list", short: "List people, newest first", method: http.MethodGet, path: "/v1/people",
			flags: []param{
				{flag: "external-user-id", field: "externalUserId", usage: "only whom your own systems call so"},
				{flag: "email", field: "email", usage: "only whose address this is"},
				{flag: "search", field: "q", usage: "only whose name, address or external id has this in it"},
				{flag: "limit", field: "limit", usage: "how many to list", kind: number},
				{flag: "offset", field: "offset", usage: "how many to leave out before them", kind: number},
			},
			columns: []string{"id", "name", "externalUserIds", "emails", "contestedEmails", "source", "createdAt"},
		},
		{
			name: "show", short: "Show a person, by id or e-mail address, and what they said and did", method: http.MethodGet, path: "/v1/people/{id}",
			args: one("PERSON"), flags: paging(),
		},
		{
			name: "merge", short: "Make a person a part of another; nothing is lost, and split undoes it", method: http.MethodPost,
			path: "/v1/people/{id}/merge", args: append(one("PERSON"), argument{field: "into", shown: "INTO", names: peopleByEmail}),
		},
		{
			name: "split", short: "Take a record out of the person that it was merged into", method: http.MethodPost, path: "/v1/people/{id}/split",
			args: byID("RECORD", nil),
		},
		{
			name: "export", short: "Write down all that is kept of a person, as JSON", method: http.MethodGet, path: "/v1/people/{id}/export",
			args: one("PERSON"), document: true, do: exportPerson,
		},
		{
			name: "erase", short: "Erase a person, with all that they said and did", method: http.MethodDelete, path: "/v1/people/{id}",
			args: one("PERSON"), warning: "Everything of this person is erased for good",
		},
	}}
}

// exportedPage is a page of an export. What a person said and did is told apart by its Type, under which it stands.
type exportedPage struct {
	Person json.RawMessage `json:"person"`
	Data   []struct {
		Type     string          `json:"type"`
		Feedback json.RawMessage `json:"feedback"`
		Event    json.RawMessage `json:"event"`
		Vote     json.RawMessage `json:"vote"`
		Comment  json.RawMessage `json:"comment"`
	} `json:"data"`
	NextCursor string          `json:"nextCursor"`
	Receipt    json.RawMessage `json:"receipt"`
}

// exported is all pages of one, by kind.
type exported struct {
	Person   json.RawMessage   `json:"person"`
	Feedback []json.RawMessage `json:"feedback"`
	Events   []json.RawMessage `json:"events"`
	Votes    []json.RawMessage `json:"votes"`
	Comments []json.RawMessage `json:"comments"`
	Receipt  json.RawMessage   `json:"receipt"`
}

// exportPerson gathers all pages. It is an error if they are not what the receipt says.
func exportPerson(ctx context.Context, api *client.Client, call client.Call) (json.RawMessage, error) {
	all := exported{Feedback: []json.RawMessage{}, Events: []json.RawMessage{}, Votes: []json.RawMessage{}, Comments: []json.RawMessage{}}
	for {
		answer, err := api.Do(ctx, call)
		if err != nil {
			return nil, err
		}
		var page exportedPage
		if err := json.Unmarshal(answer, &page); err != nil {
			return nil, err
		}
		all.add(page)
		if page.NextCursor == "" {
			break
		}
		call.Query.Set("cursor", page.NextCursor)
	}
	if err := all.check(); err != nil {
		return nil, err
	}
	return json.Marshal(all)
}

func (e *exported) add(page exportedPage) {
	if page.Person != nil {
		e.Person = page.Person
	}
	for _, entry := range page.Data {
		switch entry.Type {
		case "feedback":
			e.Feedback = append(e.Feedback, entry.Feedback)
		case "event":
			e.Events = append(e.Events, entry.Event)
		case "vote":
			e.Votes = append(e.Votes, entry.Vote)
		case "comment":
			e.Comments = append(e.Comments, entry.Comment)
		}
	}
	e.Receipt = page.Receipt
}

func (e *exported) check() error {
	var counted struct{ Feedback, Events, Votes, Comments int }
	if err := json.Unmarshal(e.Receipt, &counted); err != nil {
		return err
	}
	if counted.Feedback != len(e.Feedback) || counted.Events != len(e.Events) || counted.Votes != len(e.Votes) || counted.Comments != len(e.Comments) {
		return errors.New("the export is not what its receipt says; please try again")
	}
	return nil
}
