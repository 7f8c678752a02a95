package help

import (
	"context"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/resource"
	"github.com/heard-dev/heard/pkg/id"
)

// Collections is where they are kept; they are removed by DeleteCollection.
func (l *Library) Collections() resource.Shelf[About] { return l.collections }

// DeleteCollection removes one. What still holds articles is apierr.Conflict.
func (l *Library) DeleteCollection(ctx context.Context, org, collection id.ID) error {
	if _, err := l.collections.Get(ctx, org, collection); err != nil {
		return err
	}
	held, err := l.articles.Store.CountResources(ctx, org, resource.Query{Kind: l.articles.Kind, Parent: collection})
	if err != nil {
		return err
	}
	if held > 0 {
		return apierr.New(apierr.Conflict, apierr.CodeAlreadyExists, "The collection still holds articles; move or delete them first.")
	}
	return l.collections.Delete(ctx, org, collection)
}

// shelved refuses a collection that there is not; zero is none.
func (l *Library) shelved(ctx context.Context, org, collection id.ID) error {
	if collection.IsZero() {
		return nil
	}
	_, err := l.collections.Get(ctx, org, collection)
	return err
}
