// Package strictjson reads a JSON document strictly against the OpenAPI schema that describes it, and names every fault at once.
package strictjson

import (
	"errors"
	"hash/maphash"
	"strconv"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/heard-dev/heard/pkg/apierr"
)

// MaxDepth is how many objects and arrays may lie within one another; a document of ours needs four, the rest is room
// for what callers attach.
const MaxDepth = 32

// MaxIssues is how many faults are named before reading stops, so that an answer stays small whatever was sent.
const MaxIssues = 100

// maxKey is how many characters of a caller's key an issue repeats.
const maxKey = 64

// The codes of issues: Zod's words where Zod has one, and ours for what it cannot see.
const (
	InvalidType      = "invalid_type"
	InvalidFormat    = "invalid_format"
	InvalidValue     = "invalid_value"
	TooSmall         = "too_small"
	TooBig           = "too_big"
	NotMultipleOf    = "not_multiple_of"
	UnrecognizedKeys = "unrecognized_keys"
	Required         = "required"
	DuplicateKey     = "duplicate_key"
	InvalidJSON      = "invalid_json"
	TooDeep          = "too_deep"
)

// Schema checks and decodes documents of one shape. It is safe for concurrent use.
type Schema struct {
	root     *node
	seed     maphash.Seed
	checkers sync.Pool
}

// Check names every fault of body in the order of the document, the fields an object lacks at that object's end; nil
// means valid. What is no JSON at all, or nests deeper than MaxDepth, has that one fault. An issue repeats no value.
func (s *Schema) Check(body []byte) []apierr.Issue {
	c := s.check(body)
	defer s.release(c)
	return c.issues
}

// Decode checks body and fills into, a pointer to the type the schema was made from. Faults come as an apierr.Invalid
// that carries them all, and then into is untouched. Nothing in into refers to body afterwards.
func (s *Schema) Decode(body []byte, into any) error {
	c := s.check(body)
	defer s.release(c)
	if len(c.issues) > 0 {
		return apierr.Body(c.issues...)
	}
	if len(c.respelled) > 0 {
		body = c.respell()
	}
	// The check has seen every name; looking for duplicates a second time would only cost.
	err := json.Unmarshal(body, into, jsontext.AllowDuplicateNames(true))
	if refused, ok := errors.AsType[*json.SemanticError](err); ok {
		// A type may take less than its schema says: an int8, or text that parses itself.
		return apierr.Body(apierr.Issue{Path: pathOf(refused.JSONPointer), Code: InvalidValue, Message: "is not an accepted value"})
	}
	return err
}

func (s *Schema) check(body []byte) *checker {
	c, _ := s.checkers.Get().(*checker)
	if c == nil {
		c = new(checker)
	}
	c.run(s, body)
	return c
}

func (s *Schema) release(c *checker) {
	c.forget()
	s.checkers.Put(c)
}

// pathOf reads a JSON pointer as an issue's path. A pointer doesn't tell a position from a key made of digits; positions
// are far more common.
func pathOf(pointer jsontext.Pointer) []any {
	path := []any{}
	for token := range pointer.Tokens() {
		if i, err := strconv.Atoi(token); err == nil && strconv.Itoa(i) == token {
			path = append(path, i)
			continue
		}
		path = append(path, clip(token))
	}
	return path
}

// clip is the part of a key that an issue repeats.
func clip(key string) string {
	n := 0
	for i := range key {
		if n == maxKey {
			return key[:i]
		}
		n++
	}
	return key
}
