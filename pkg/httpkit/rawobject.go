package httpkit

import "github.com/danielgtaylor/huma/v2"

// RawObject is a JSON object that is kept as the bytes it came in; nil is null.
type RawObject []byte

// Schema says that it is an object with whatever members.
func (RawObject) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
}

// MarshalJSON gives the bytes.
func (o RawObject) MarshalJSON() ([]byte, error) {
	if o == nil {
		return []byte("null"), nil
	}
	return o, nil
}

// UnmarshalJSON keeps a copy of the bytes.
func (o *RawObject) UnmarshalJSON(text []byte) error {
	*o = append((*o)[:0], text...)
	return nil
}
