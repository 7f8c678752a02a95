package httpkit

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/heard-dev/heard/pkg/httpkit/strictjson"
)

// Each is a list of T whose items stand for themselves: the list is decoded although some are not valid, and each is held
// to its schema by a decoder of its own.
type Each[T any] []RawItem

// RawItem is one item as it came in.
type RawItem []byte

// UnmarshalJSON keeps a copy of the bytes.
func (i *RawItem) UnmarshalJSON(text []byte) error {
	*i = append((*i)[:0], text...)
	return nil
}

// Schema says that each item is a T.
func (Each[T]) Schema(registry huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeArray, Items: registry.Schema(reflect.TypeFor[T](), true, ""), Extensions: map[string]any{strictjson.Apart: true},
	}
}

// Decoder gives how the items of an Each[T] are decoded in this API. A fault is an apierr.Invalid that names all there are,
// by paths from the item on.
func Decoder[T any](a *API) func(item RawItem, into *T) error {
	schemas := a.document.OpenAPI().Components.Schemas
	schema := must(strictjson.Compile(schemas, schemas.Schema(reflect.TypeFor[T](), true, "")))
	return func(item RawItem, into *T) error { return schema.Decode(item, into) }
}
