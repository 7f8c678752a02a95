package httpkit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/dialect"
	"github.com/heard-dev/heard/pkg/httpkit/strictjson"
)

// Handler is a use case as the wire sees it: it gets who calls and what was said, valid against the route's schemas, and
// returns an answer or an error.
type Handler[In, Out any] func(ctx context.Context, caller auth.Principal, in *In) (*Out, error)

// Handle adds a route. In and Out follow huma's conventions: fields of In tagged path, query and header, and Body; fields
// of Out tagged header, and Body. They are the route's part of the OpenAPI document. It panics on a route that cannot be.
func Handle[In, Out any](a *API, route Route, handler Handler[In, Out]) {
	huma.Register(a.document, a.operation(route), func(context.Context, *In) (*Out, error) { return nil, nil })
	schemas, documented := a.document.OpenAPI().Components.Schemas, a.document.last
	params := compileParams(schemas, documented, reflect.TypeFor[In]())
	params.inBody = route.action != nil
	out := compileOutput(reflect.TypeFor[Out]())
	var body *strictjson.Schema
	if documented.RequestBody != nil {
		body = must(strictjson.Compile(schemas, documented.RequestBody.Content[mediaJSON].Schema))
	}
	a.routes = append(a.routes, route)
	a.engine.Handle(route.Method, ginPath(route.Path), func(c *gin.Context) {
		x := a.begin(c, &route)
		defer x.end()
		answer, err := serve(x, params, body, out, handler)
		if err != nil {
			x.refuse(err)
			return
		}
		if x.verdict != nil {
			a.dialect.Limits(answer.Header, *x.verdict, a.kit.Now())
		}
		x.report(nil)
		x.write(answer)
	})
}

// serve is the order of things: size, credential, limits, parameters, body, use case, answer.
func serve[In, Out any](x *exchange, params *params, body *strictjson.Schema, out *output, handler Handler[In, Out]) (dialect.Answer, error) {
	if x.tooLong() {
		_ = x.enter() // only to know whose it is: the size is refused to everybody
		return dialect.Answer{}, x.tooLarge()
	}
	if err := x.enter(); err != nil {
		return dialect.Answer{}, err
	}
	in := new(In)
	value := reflect.ValueOf(in).Elem()
	if err := params.decode(x.c, value); err != nil {
		return dialect.Answer{}, err
	}
	if body != nil {
		if err := x.decodeBody(body, value); err != nil {
			return dialect.Answer{}, err
		}
	}
	result, err := handler(x.ctx, x.caller, in)
	if err != nil {
		return dialect.Answer{}, err
	}
	return out.encode(x.route.Status, reflect.ValueOf(result).Elem())
}

// BodySum is the SHA-256 of a request's body, for an In that has a field of that name.
type BodySum [sha256.Size]byte

// decodeBody reads, checks and decodes a JSON body. One that is a pointer may be left out. A field Tally of the In, an
// *outcome.Tally, is where its use case tells what became of each of the things in the request, and whose it is if no door
// tells; if it tells nothing, there was one, and it went the way of the answer.
func (x *exchange) decodeBody(schema *strictjson.Schema, in reflect.Value) error {
	bare := x.c.Request.ContentLength == 0
	if bare && x.route.action == nil && in.FieldByName("Body").Kind() == reflect.Pointer {
		return nil
	}
	if !(bare && x.route.action != nil) && !isJSON(x.c.Request.Header.Get("Content-Type")) {
		return apierr.New(apierr.UnsupportedMedia, apierr.CodeUnsupportedMedia, "The Content-Type must be application/json.")
	}
	lent := x.api.kit.bodies.lend()
	x.lent = lent
	if err := x.readBody(lent); err != nil {
		return err
	}
	if x.route.action != nil {
		if err := x.route.action.join(lent, x.c.Request.URL.RawQuery); err != nil {
			return err
		}
	}
	x.said = lent.content
	if tally := in.FieldByName("Tally"); tally.IsValid() {
		tally.Set(reflect.ValueOf(&x.tally))
	}
	if sum := in.FieldByName("BodySum"); sum.IsValid() {
		sum.Set(reflect.ValueOf(BodySum(sha256.Sum256(lent.content))))
	}
	into := in.FieldByName("Body").Addr().Interface()
	err := schema.Decode(lent.content, into)
	if err == nil && lent.held > 0 {
		x.giveBack() // others wait for room
	}
	if checker, ok := in.Addr().Interface().(Checker); ok && err != nil {
		return allFaults(err, lent.content, into, func() error { return checker.Check(x.caller) })
	}
	return err
}

func isJSON(contentType string) bool {
	if contentType == mediaJSON {
		return true
	}
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && media == mediaJSON
}

// Checker is an In that knows faults its schema cannot express. It is asked when the schema found some, so that the
// caller hears of all faults at once; otherwise the use case finds them itself.
type Checker interface {
	Check(caller auth.Principal) error
}

// allFaults adds to a refusal by the schema the issues that check finds in what can be decoded, but none below a fault
// that is named already. Where the schema's reading stopped early it adds nothing: what was not read may be of any size.
func allFaults(refusal error, raw []byte, into any, check func() error) error {
	known := apierr.Of(refusal)
	ended := func(i apierr.Issue) bool { return i.Code == strictjson.InvalidJSON || i.Code == strictjson.TooDeep }
	if len(known.Issues) >= strictjson.MaxIssues || slices.ContainsFunc(known.Issues, ended) {
		return known
	}
	if err := json.Unmarshal(raw, into); err != nil {
		var mistyped *json.UnmarshalTypeError // the rest is decoded nevertheless
		if !errors.As(err, &mistyped) {
			return known
		}
	}
	for _, issue := range apierr.Of(check()).Issues {
		if !slices.ContainsFunc(known.Issues, func(k apierr.Issue) bool { return within(k.Path, issue.Path) || within(issue.Path, k.Path) }) {
			known.Issues = append(known.Issues, issue)
		}
	}
	return known
}

func within(outer, inner []any) bool {
	return len(outer) <= len(inner) && slices.Equal(outer, inner[:len(outer)])
}

// output writes a result: its header fields and its Body.
type output struct {
	headers map[string]int
	body    int
}

func compileOutput(t reflect.Type) *output {
	o := &output{headers: map[string]int{}, body: -1}
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("header"); name != "" {
			o.headers[http.CanonicalHeaderKey(name)] = i
		} else if t.Field(i).Name == "Body" {
			o.body = i
		}
	}
	return o
}

func (o *output) encode(status int, result reflect.Value) (dialect.Answer, error) {
	answer := dialect.Answer{Status: status, Header: http.Header{}}
	for name, i := range o.headers {
		switch field := result.Field(i); {
		case field.Kind() == reflect.Slice:
			answer.Header[name] = field.Interface().([]string)
		case field.String() != "":
			answer.Header[name] = []string{field.String()}
		}
	}
	if o.body < 0 {
		return answer, nil
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(result.Field(o.body).Interface()); err != nil {
		return answer, fmt.Errorf("httpkit: encode an answer: %w", err)
	}
	answer.Header["Content-Type"] = []string{dialect.JSON}
	if answer.Header["Cache-Control"] == nil {
		answer.Header["Cache-Control"] = []string{"no-store"}
	}
	answer.Body = text.Bytes()
	return answer, nil
}

// ginPath spells an OpenAPI path as gin does.
func ginPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}

func must[T any](value T, err error) T {
	if err != nil {
		panic("httpkit: " + err.Error())
	}
	return value
}
