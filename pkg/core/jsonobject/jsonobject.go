// Package jsonobject reads the JSON objects that callers hand over to be kept as bytes.
package jsonobject

import (
	"bytes"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/heard-dev/heard/pkg/apierr"
)

// Parse gives raw in its shortest spelling, of at most limit bytes, in memory of its own; nothing gives nil. What is not
// one JSON object, or names a member twice, is an Issue at path.
func Parse(raw []byte, limit int, path ...any) ([]byte, *apierr.Issue) {
	if len(raw) == 0 {
		return nil, nil
	}
	object := jsontext.Value(bytes.Clone(raw))
	if object.Kind() != '{' {
		return nil, &apierr.Issue{Path: path, Code: "invalid_type", Message: "must be an object"}
	}
	// Measured in the shortest spelling, so that white space and escapes count the same for every caller.
	if err := object.Format(); err != nil {
		return nil, &apierr.Issue{Path: path, Code: "invalid_format", Message: "must be valid JSON that names no member twice"}
	}
	if len(object) > limit {
		return nil, &apierr.Issue{Path: path, Code: "too_big", Message: "must be at most " + strconv.Itoa(limit) + " bytes of JSON"}
	}
	return object, nil
}
