package sqlitestore

import (
	"context"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/core/resource"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	resourceFields  = `parent, name, name_folded, created_at, updated_at, version, body`
	insertResource  = `INSERT INTO resource (` + resourceFields + `, org, kind, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	updateResource  = `UPDATE resource SET (` + resourceFields + `) = (?, ?, ?, ?, ?, ?, ?) WHERE org = ? AND kind = ? AND id = ? AND version = ?`
	selectResources = `SELECT org, kind, id, parent, name, created_at, updated_at, version, body FROM resource`
	selectResource  = selectResources + ofKind + ` AND id = ?`
	existsResource  = `SELECT 1 FROM resource` + ofKind + ` AND id = ?`
	deleteResource  = `DELETE FROM resource` + ofKind + ` AND id = ?`
	resourceNamed   = selectResources + ofParent + ` AND name_folded = ? AND name_folded <> ''`

	// The index is named because both hold what is asked for.
	ofKind   = ` INDEXED BY resource_id WHERE org = ? AND kind = ?`
	ofParent = ` WHERE org = ? AND kind = ? AND parent = ?`
)

// CreateResource implements resource.Store.
func (s *Store) CreateResource(ctx context.Context, org id.ID, given resource.Resource) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		return insert(conn, insertResource, string(given.Kind), func(p *params) { p.resource(org, given) })
	})
}

// Resource implements resource.Store.
func (s *Store) Resource(ctx context.Context, org id.ID, kind resource.Kind, wanted id.ID) (resource.Resource, error) {
	return s.resource(ctx, selectResource, kind, func(p *params) { p.id(org).text(string(kind)).id(wanted) })
}

// ResourceNamed implements resource.Store.
func (s *Store) ResourceNamed(ctx context.Context, org id.ID, kind resource.Kind, parent id.ID, name string) (resource.Resource, error) {
	return s.resource(ctx, resourceNamed, kind, func(p *params) { p.id(org).text(string(kind)).blob(parent[:]).text(fold(name)) })
}

func (s *Store) resource(ctx context.Context, query string, kind resource.Kind, bind func(p *params)) (found resource.Resource, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return one(conn, query, string(kind), bind, func(r *row) { found = r.resource() })
	})
	return found, err
}

// Resources implements resource.Store.
func (s *Store) Resources(ctx context.Context, org id.ID, query resource.Query) (all []resource.Resource, err error) {
	limit := query.Limit
	if limit == 0 {
		limit = -1 // all
	}
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return each(conn, oldestOf(query), func(p *params) {
			p.query(org, query).int(int64(limit)).int(int64(query.Offset))
		}, func(r *row) { all = append(all, r.resource()) })
	})
	return all, err
}

// CountResources implements resource.Store.
func (s *Store) CountResources(ctx context.Context, org id.ID, query resource.Query) (count int64, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return each(conn, countOf(query), func(p *params) { p.query(org, query) }, func(r *row) { count = r.int() })
	})
	return count, err
}

func oldestOf(query resource.Query) string {
	return selectResources + ofQuery(query) + ` ORDER BY id LIMIT ? + 0 OFFSET ? + 0`
}

func countOf(query resource.Query) string { return `SELECT count(*) FROM resource` + ofQuery(query) }

func ofQuery(query resource.Query) string {
	if query.Parent.IsZero() {
		return ofKind
	}
	return ` INDEXED BY resource_parent` + ofParent
}

func (p *params) query(org id.ID, query resource.Query) *params {
	p.id(org).text(string(query.Kind))
	if query.Parent.IsZero() {
		return p
	}
	return p.id(query.Parent)
}

// ReplaceResource implements resource.Store.
func (s *Store) ReplaceResource(ctx context.Context, org id.ID, given resource.Resource) error {
	next := given
	next.Version++
	return s.write(ctx, func(conn *sqlite.Conn) error {
		return compareAndSet(conn, updateResource, existsResource, string(given.Kind),
			func(p *params) { p.resource(org, next).int(given.Version) },
			func(p *params) { p.id(org).text(string(given.Kind)).id(given.ID) })
	})
}

// DeleteResource implements resource.Store.
func (s *Store) DeleteResource(ctx context.Context, org id.ID, kind resource.Kind, wanted id.ID) error {
	return s.delete(ctx, deleteResource, string(kind), func(p *params) { p.id(org).text(string(kind)).id(wanted) })
}

func (p *params) resource(org id.ID, given resource.Resource) *params {
	p.blob(given.Parent[:]).text(given.Name).text(fold(given.Name)).time(given.CreatedAt).time(given.UpdatedAt).int(given.Version)
	return p.blob(given.Body).id(org).text(string(given.Kind)).id(given.ID)
}

func (r *row) resource() resource.Resource {
	return resource.Resource{
		Org: r.id(), Kind: resource.Kind(r.text()), ID: r.id(), Parent: r.id(), Name: r.text(), CreatedAt: r.time(), UpdatedAt: r.time(),
		Version: r.int(), Body: r.blob(),
	}
}
