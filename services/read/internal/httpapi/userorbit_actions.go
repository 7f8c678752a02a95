package httpapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/resource"
	"github.com/heard-dev/heard/pkg/dialect/userorbit"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/id"
)

// maxSaid is far more than any action of Userorbit's surface is told but a text, in bytes.
const maxSaid = 64 << 10

// action is the route of a resource.verb.
func action(resource, verb, tag, summary string, door httpkit.Door, faults ...httpkit.Fault) httpkit.Route {
	return httpkit.Route{
		Path: "/v1/" + resource + "." + verb, ID: operation(resource, verb), Tag: tag, Status: http.StatusOK, Summary: summary,
		Door: door, MaxBody: maxSaid,
		Errors: append([]httpkit.Fault{{Kind: apierr.Invalid, Code: apierr.CodeInvalidQuery, When: "a parameter is malformed"}}, faults...),
	}
}

// operation is a resource.verb as one word: contactPropertiesList.
func operation(resource, verb string) string {
	words := strings.FieldsFunc(resource+"."+verb, func(r rune) bool { return strings.ContainsRune("/.-", r) })
	for i, word := range words[1:] {
		words[i+1] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(words, "")
}

func gone(thing string) httpkit.Fault {
	return httpkit.Fault{Kind: apierr.NotFound, Code: apierr.CodeNotFound, When: "the team has no such " + thing}
}

// crossed documents a change that met another, and a name that is taken.
func crossed() httpkit.Fault {
	return httpkit.Fault{Kind: apierr.Conflict, Code: apierr.CodeAlreadyExists, When: "another has that name, or it was changed at the same moment"}
}

// which names one thing.
type which struct {
	ID string   `json:"id" query:"id" required:"true"`
	_  struct{} `json:"-" additionalProperties:"true"`
}

// stretch is a part of a list.
type stretch struct {
	Offset int      `json:"offset,omitempty" query:"offset" minimum:"0" maximum:"10000" default:"0"`
	Limit  int      `json:"limit,omitempty" query:"limit" minimum:"1" maximum:"100" default:"25"`
	_      struct{} `json:"-" additionalProperties:"true"`
}

// nothing is what an action is told that takes no parameter.
type nothing struct {
	_ struct{} `json:"-" additionalProperties:"true"`
}

func limit(said int) int {
	if said == 0 {
		return userorbit.DefaultLimit
	}
	return said
}

type one[Row any] struct{ Body userorbit.Data[Row] }

type many[Row any] struct{ Body userorbit.List[Row] }

func single[Thing, Row any](thing Thing, err error, view func(*Thing) Row) (*one[Row], error) {
	if err != nil {
		return nil, err
	}
	return &one[Row]{Body: userorbit.Data[Row]{Data: view(&thing)}}, nil
}

func done(err error) (*one[userorbit.Done], error) {
	return single(userorbit.Done{Success: true}, err, func(d *userorbit.Done) userorbit.Done { return *d })
}

func listed[Thing, Row any](things []Thing, total int64, offset, limited int, view func(*Thing) Row) *many[Row] {
	body := userorbit.List[Row]{Pagination: userorbit.Pagination{Offset: offset, Limit: limit(limited), Total: total}, Data: make([]Row, len(things))}
	for i := range things {
		body.Data[i] = view(&things[i])
	}
	return &many[Row]{Body: body}
}

// voter is whose vote it is: a subscriber votes for themselves, a team for the subscriber it names.
func voter(ctx context.Context, people *enduser.Directory, caller auth.Principal, subscriber string) (enduser.Person, error) {
	named := userorbit.Named(subscriber)
	switch {
	case caller.Person != nil && (named.IsZero() || named == caller.Person.ID):
		return *caller.Person, nil
	case caller.Person != nil:
		return enduser.Person{}, apierr.New(apierr.Forbidden, apierr.CodeForbidden, "A subscriber votes for nobody else.")
	case named.IsZero():
		return enduser.Person{}, apierr.Body(apierr.Issue{Path: []any{"subscriberId"}, Code: "required", Message: "must name whose vote it is"})
	}
	return people.Get(ctx, caller.Org.ID, named)
}

// kept is a kind of things that a team keeps by hand, and how each of them is shown.
type kept[Value, Row any] struct {
	api         *httpkit.API
	resource    string // as the paths spell it
	tag, thing  string
	read, write httpkit.Door
	shelf       resource.Shelf[Value]
	view        func(*resource.Of[Value]) Row
}

func (k kept[Value, Row]) list() {
	route := action(k.resource, "list", k.tag, "List every "+k.thing+", oldest first", k.read)
	httpkit.HandleRead(k.api, route, func(ctx context.Context, caller auth.Principal, in *stretch) (*many[Row], error) {
		found, total, err := k.shelf.List(ctx, caller.Org.ID, id.Zero, in.Offset, limit(in.Limit))
		return listed(found, total, in.Offset, in.Limit, k.view), err
	})
}

func (k kept[Value, Row]) info() {
	route := action(k.resource, "info", k.tag, "Get one "+k.thing, k.read, gone(k.thing))
	httpkit.HandleRead(k.api, route, func(ctx context.Context, caller auth.Principal, in *which) (*one[Row], error) {
		found, err := k.shelf.Get(ctx, caller.Org.ID, userorbit.ID(in.ID))
		return single(found, err, k.view)
	})
}

func (k kept[Value, Row]) delete(remove func(ctx context.Context, org, thing id.ID) error, faults ...httpkit.Fault) {
	route := action(k.resource, "delete", k.tag, "Delete one "+k.thing, k.write, append(faults, gone(k.thing))...)
	httpkit.HandleWrite(k.api, route, func(ctx context.Context, caller auth.Principal, in *which) (*one[userorbit.Done], error) {
		return done(remove(ctx, caller.Org.ID, userorbit.ID(in.ID)))
	})
}

// draft is what is said of a thing that is to be made.
type draft[Value any] interface {
	draft() (name string, value Value)
}

// addCreate adds the action that makes things out of what D says.
func addCreate[D any, PD interface {
	*D
	draft[Value]
}, Value, Row any](k kept[Value, Row]) {
	route := action(k.resource, "create", k.tag, "Create a "+k.thing, k.write, crossed())
	httpkit.HandleWrite(k.api, route, func(ctx context.Context, caller auth.Principal, in *D) (*one[Row], error) {
		name, value := PD(in).draft()
		made, err := k.shelf.Create(ctx, caller.Org.ID, id.Zero, name, value)
		return single(made, err, k.view)
	})
}

// edit is what is said of a thing that is to be changed.
type edit[Value any] interface {
	which() string
	apply(*resource.Of[Value])
}

// addUpdate adds the action that changes things as E says.
func addUpdate[E any, PE interface {
	*E
	edit[Value]
}, Value, Row any](k kept[Value, Row]) {
	route := action(k.resource, "update", k.tag, "Change one "+k.thing, k.write, gone(k.thing), crossed())
	route.Notes = "What is left out stays."
	httpkit.HandleWrite(k.api, route, func(ctx context.Context, caller auth.Principal, in *E) (*one[Row], error) {
		changed, err := k.shelf.Change(ctx, caller.Org.ID, userorbit.ID(PE(in).which()), func(thing *resource.Of[Value]) error {
			PE(in).apply(thing)
			return nil
		})
		return single(changed, err, k.view)
	})
}
