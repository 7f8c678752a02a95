package mongostore

import (
	"context"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/heard-dev/heard/pkg/core/resource"
	"github.com/heard-dev/heard/pkg/id"
)

// resourceIndexes keep names apart, and serve the lists of a kind, and of a parent.
func resourceIndexes() []mongo.IndexModel {
	named := unique("named")
	named.Options.SetSparse(true)
	return []mongo.IndexModel{named, index("orgId", "kind", "_id"), index("orgId", "kind", "parentId", "_id")}
}

// resourceDoc spells in Named, if it has a name, what only one of its kind and parent may be called.
type resourceDoc struct {
	ID        bson.ObjectID `bson:"_id"`
	Org       bson.ObjectID `bson:"orgId"`
	Kind      resource.Kind `bson:"kind"`
	Parent    bson.ObjectID `bson:"parentId"`
	Name      string        `bson:"name"`
	Named     string        `bson:"named,omitempty"`
	Body      []byte        `bson:"body"`
	CreatedAt time.Time     `bson:"createdAt"`
	UpdatedAt time.Time     `bson:"updatedAt,omitempty"`
	Version   int64         `bson:"version"`
}

// ofKind is the collection of resources whose errors name the kind.
func (s *Store) ofKind(kind resource.Kind) collection {
	c := s.resources
	c.what = string(kind)
	return c
}

// CreateResource implements resource.Store.
func (s *Store) CreateResource(ctx context.Context, org id.ID, given resource.Resource) error {
	return s.ofKind(given.Kind).insert(ctx, newResourceDoc(org, given))
}

// Resource implements resource.Store.
func (s *Store) Resource(ctx context.Context, org id.ID, kind resource.Kind, wanted id.ID) (resource.Resource, error) {
	return core(findOne[resourceDoc](ctx, s.ofKind(kind), oneOfKind(org, kind, wanted)))
}

// ResourceNamed implements resource.Store.
func (s *Store) ResourceNamed(ctx context.Context, org id.ID, kind resource.Kind, parent id.ID, name string) (resource.Resource, error) {
	return core(findOne[resourceDoc](ctx, s.ofKind(kind), owned(org, e("named", resourceName(org, kind, parent, name)))))
}

// Resources implements resource.Store.
func (s *Store) Resources(ctx context.Context, org id.ID, query resource.Query) ([]resource.Resource, error) {
	filter, walk := resourcesOf(org, query)
	return cores(find[resourceDoc](ctx, s.ofKind(query.Kind), filter,
		oldestFirst().SetHint(walk).SetSkip(int64(query.Offset)).SetLimit(int64(query.Limit))))
}

// CountResources implements resource.Store.
func (s *Store) CountResources(ctx context.Context, org id.ID, query resource.Query) (int64, error) {
	filter, walk := resourcesOf(org, query)
	return s.ofKind(query.Kind).count(ctx, filter, walk)
}

func resourcesOf(org id.ID, query resource.Query) (filter, walk bson.D) {
	filter = owned(org, e("kind", query.Kind))
	if query.Parent.IsZero() {
		return filter, ascending("orgId", "kind", "_id")
	}
	return append(filter, e("parentId", bson.ObjectID(query.Parent))), ascending("orgId", "kind", "parentId", "_id")
}

// ReplaceResource implements resource.Store.
func (s *Store) ReplaceResource(ctx context.Context, org id.ID, given resource.Resource) error {
	known := given.Version
	given.Version++
	return s.ofKind(given.Kind).swap(ctx, oneOfKind(org, given.Kind, given.ID), newResourceDoc(org, given), e("version", known))
}

// DeleteResource implements resource.Store.
func (s *Store) DeleteResource(ctx context.Context, org id.ID, kind resource.Kind, wanted id.ID) error {
	return s.ofKind(kind).removeOne(ctx, oneOfKind(org, kind, wanted))
}

func oneOfKind(org id.ID, kind resource.Kind, wanted id.ID) bson.D {
	return owned(org, e("_id", bson.ObjectID(wanted)), e("kind", kind))
}

func resourceName(org id.ID, kind resource.Kind, parent id.ID, name string) string {
	return path(org, string(kind), parent.String(), strings.ToLower(name))
}

func newResourceDoc(org id.ID, given resource.Resource) resourceDoc {
	doc := resourceDoc{
		ID: bson.ObjectID(given.ID), Org: bson.ObjectID(org), Kind: given.Kind, Parent: bson.ObjectID(given.Parent), Name: given.Name,
		Body: given.Body, CreatedAt: given.CreatedAt, UpdatedAt: given.UpdatedAt, Version: given.Version,
	}
	if given.Name != "" {
		doc.Named = resourceName(org, given.Kind, given.Parent, given.Name)
	}
	return doc
}

func (d resourceDoc) core() resource.Resource {
	return resource.Resource{
		ID: id.ID(d.ID), Org: id.ID(d.Org), Kind: d.Kind, Parent: id.ID(d.Parent), Name: d.Name, Body: d.Body, CreatedAt: d.CreatedAt,
		UpdatedAt: d.UpdatedAt, Version: d.Version,
	}
}
