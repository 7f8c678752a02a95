// Package resource is the small things that a team keeps by hand: boards, tags, articles, contact properties, subscriptions.
// Each is a record with a name and a body that its own package reads.
package resource

import (
	"context"
	"time"

	"github.com/heard-dev/heard/pkg/id"
)

// Kind is what a resource is.
type Kind string

// Resource is one. Name is unique, whatever its case, among those of its Kind and Parent, unless it is empty. Body is JSON.
type Resource struct {
	ID        id.ID
	Org       id.ID
	Kind      Kind
	Parent    id.ID // zero: none
	Name      string
	Body      []byte
	CreatedAt time.Time
	UpdatedAt time.Time
	Version   int64
}

// Query selects resources of a kind, oldest first. A zero Parent does not select.
type Query struct {
	Kind   Kind
	Parent id.ID
	Offset int
	Limit  int // 0: all
}

// Store keeps resources. What is another Org's, or of another Kind, is not found.
type Store interface {
	// CreateResource stores the resource; a Name that is taken is apierr.Conflict.
	CreateResource(ctx context.Context, org id.ID, resource Resource) error
	Resource(ctx context.Context, org id.ID, kind Kind, resource id.ID) (Resource, error)
	// ResourceNamed finds a resource by its Name, whatever the case.
	ResourceNamed(ctx context.Context, org id.ID, kind Kind, parent id.ID, name string) (Resource, error)
	Resources(ctx context.Context, org id.ID, query Query) ([]Resource, error)
	CountResources(ctx context.Context, org id.ID, query Query) (int64, error)
	// ReplaceResource stores the resource if its Version is still the stored one, and gives it the next; otherwise, or if its
	// Name is taken, apierr.Conflict.
	ReplaceResource(ctx context.Context, org id.ID, resource Resource) error
	DeleteResource(ctx context.Context, org id.ID, kind Kind, resource id.ID) error
}
