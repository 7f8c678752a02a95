package resource

import (
	"context"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/id"
)

// Of is a resource with its body read.
type Of[T any] struct {
	Resource
	Value T
}

// Shelf keeps resources of one kind, whose bodies are T.
type Shelf[T any] struct {
	Kind  Kind
	Store Store
	IDs   *id.Source
	Now   func() time.Time
}

// Create stores a new one.
func (s Shelf[T]) Create(ctx context.Context, org, parent id.ID, name string, value T) (Of[T], error) {
	now := s.now()
	made := Of[T]{Resource{ID: s.IDs.New(), Org: org, Kind: s.Kind, Parent: parent, Name: name, CreatedAt: now, UpdatedAt: now, Version: 1}, value}
	if err := made.write(); err != nil {
		return made, err
	}
	return made, s.Store.CreateResource(ctx, org, made.Resource)
}

// Get gives one.
func (s Shelf[T]) Get(ctx context.Context, org, wanted id.ID) (Of[T], error) {
	return read[T](s.Store.Resource(ctx, org, s.Kind, wanted))
}

// Named finds one by its name.
func (s Shelf[T]) Named(ctx context.Context, org, parent id.ID, name string) (Of[T], error) {
	return read[T](s.Store.ResourceNamed(ctx, org, s.Kind, parent, name))
}

// List gives a stretch of them, oldest first, and how many there are in all. A limit of 0 gives all.
func (s Shelf[T]) List(ctx context.Context, org, parent id.ID, offset, limit int) ([]Of[T], int64, error) {
	query := Query{Kind: s.Kind, Parent: parent, Offset: offset, Limit: limit}
	stored, err := s.Store.Resources(ctx, org, query)
	if err != nil {
		return nil, 0, err
	}
	values := make([]Of[T], len(stored))
	for i, one := range stored {
		if values[i], err = read[T](one, nil); err != nil {
			return nil, 0, err
		}
	}
	if offset == 0 && (limit == 0 || len(stored) < limit) {
		return values, int64(len(stored)), nil
	}
	total, err := s.Store.CountResources(ctx, org, query)
	return values, total, err
}

// stride is how many a walk holds at once.
const stride = 200

// Walk shows each of the newest window to visit, oldest first, at a cost that is bounded by the window.
func (s Shelf[T]) Walk(ctx context.Context, org, parent id.ID, window int, visit func(Of[T])) error {
	query := Query{Kind: s.Kind, Parent: parent}
	total, err := s.Store.CountResources(ctx, org, query)
	if err != nil {
		return err
	}
	for at := max(0, int(total)-window); at < int(total); at += stride {
		query.Offset, query.Limit = at, stride
		stored, err := s.Store.Resources(ctx, org, query)
		if err != nil {
			return err
		}
		for _, one := range stored {
			value, err := read[T](one, nil)
			if err != nil {
				return err
			}
			visit(value)
		}
	}
	return nil
}

// changeTries bounds the retries of a change that meets others of the same thing.
const changeTries = 5

// Change lets edit change one, and stores it. Edit may be called again when somebody else changed it meanwhile.
func (s Shelf[T]) Change(ctx context.Context, org, wanted id.ID, edit func(*Of[T]) error) (Of[T], error) {
	for try := 1; ; try++ {
		found, err := s.Get(ctx, org, wanted)
		if err == nil {
			err = edit(&found)
		}
		if err == nil {
			found.UpdatedAt = s.now()
			err = found.write()
		}
		if err != nil {
			return found, err
		}
		err = s.Store.ReplaceResource(ctx, org, found.Resource)
		if err == nil {
			found.Version++
			return found, nil
		}
		if apierr.Of(err).Code != apierr.CodeChanged || try == changeTries {
			return found, err
		}
	}
}

// Delete removes one.
func (s Shelf[T]) Delete(ctx context.Context, org, wanted id.ID) error {
	return s.Store.DeleteResource(ctx, org, s.Kind, wanted)
}

// now is the time as stores keep it.
func (s Shelf[T]) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }

func (o *Of[T]) write() (err error) {
	o.Body, err = json.Marshal(o.Value)
	return err
}

func read[T any](stored Resource, err error) (Of[T], error) {
	found := Of[T]{Resource: stored}
	if err != nil {
		return found, err
	}
	if err := json.Unmarshal(stored.Body, &found.Value); err != nil {
		return found, fmt.Errorf("resource: a stored %s: %w", stored.Kind, err)
	}
	return found, nil
}
