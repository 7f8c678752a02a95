// Package help is what a team explains to its users: articles, in collections.
package help

import (
	"time"

	"github.com/heard-dev/heard/pkg/core/resource"
	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/id"
)

// The longest title, in characters, and text, in bytes.
const (
	MaxTitle = 256
	MaxText  = 64 << 10
)

// Status is how far an article has come.
type Status string

// The statuses. Users are shown what is published, and nothing else.
const (
	Draft     Status = "draft"
	Published Status = "published"
	Archived  Status = "archived"
)

// Content is what stands in an article, in Markdown, and how far it has come.
type Content struct {
	Title       string
	Text        string
	Status      Status
	PublishedAt time.Time // zero: not published
}

// Article is one: its Name is its slug, its Parent its collection, if it has one.
type Article = resource.Of[Content]

// About is what a collection says of itself.
type About struct{ Description string }

// Collection is one: its Name is its title.
type Collection = resource.Of[About]

// Store is where a library is kept.
type Store interface {
	resource.Store
	vote.Store
}

// Library is all of an Org's articles and collections.
type Library struct {
	articles    resource.Shelf[Content]
	collections resource.Shelf[About]
	votes       vote.Store
	ids         *id.Source
	now         func() time.Time
}

// NewLibrary opens it.
func NewLibrary(store Store, ids *id.Source, now func() time.Time) *Library {
	return &Library{
		articles:    resource.Shelf[Content]{Kind: "article", Store: store, IDs: ids, Now: now},
		collections: resource.Shelf[About]{Kind: "collection", Store: store, IDs: ids, Now: now},
		votes:       store, ids: ids, now: now,
	}
}
