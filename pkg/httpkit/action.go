package httpkit

import (
	"bytes"
	"context"
	"net/http"
	"reflect"
	"strings"

	"github.com/heard-dev/heard/pkg/auth"
)

// action is how an RPC surface is asked: what a call says may stand in its body, in its query, or in both.
type action struct{ params params }

// call is the In of an action.
type call[P any] struct{ Body *P }

// Check asks what was said, if it knows faults of its own.
func (c *call[P]) Check(caller auth.Principal) error {
	if checker, ok := any(c.Body).(Checker); ok && c.Body != nil {
		return checker.Check(caller)
	}
	return nil
}

// HandleWrite adds an action that changes something: a POST. The fields of P are tagged json.
func HandleWrite[P, Out any](a *API, route Route, handler Handler[P, Out]) {
	route.Method, route.action = http.MethodPost, newAction(reflect.TypeFor[P]())
	Handle(a, route, func(ctx context.Context, caller auth.Principal, in *call[P]) (*Out, error) {
		return handler(ctx, caller, in.Body)
	})
}

// HandleRead adds an action that changes nothing: a POST, and a GET that says the same in its query (D12). The fields of P
// are tagged json, and query by the same name.
func HandleRead[P, Out any](a *API, route Route, handler Handler[P, Out]) {
	HandleWrite(a, route, handler)
	route.Method, route.ID, route.MaxBody = http.MethodGet, route.ID+"ByGet", 0
	Handle(a, route, handler)
}

func newAction(said reflect.Type) *action {
	a := &action{params{query: map[string]param{}}}
	for i := range said.NumField() {
		if name, _, _ := strings.Cut(said.Field(i).Tag.Get("json"), ","); name != "" && name != "-" {
			a.params.query[name] = param{name: name, field: i, kind: said.Field(i).Type.Kind()}
		}
	}
	return a
}

// join adds what the query says to the body, which is an empty object where there is none. What is said in both is said
// twice, and refused as that.
func (a *action) join(body *body, rawQuery string) error {
	query, err := parseQuery(rawQuery)
	if err != nil {
		return err
	}
	said := bytes.TrimSpace(body.content)
	switch {
	case len(said) == 0:
		body.content = append(body.content[:0], a.params.writeQuery(query)...)
	case len(query) > 0 && said[0] == '{' && said[len(said)-1] == '}':
		members := bytes.TrimSpace(said[1 : len(said)-1])
		object := a.params.writeQuery(query)
		if len(members) > 0 {
			object = append(append(append(object[:len(object)-1], ','), members...), '}')
		}
		body.content = append(body.content[:0], object...)
	}
	return nil
}
