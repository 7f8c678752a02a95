package sqlitestore

import (
	"context"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	personFields = `external_id, email, contested, name, source, created_at, updated_at, deactivated_at, merged_into, version, attributes`
	insertPerson = `INSERT INTO person (` + personFields + `, org, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	updatePerson = `UPDATE person SET (` + personFields + `) = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE org = ? AND id = ? AND version = ?`
	selectPeople = `SELECT ` + personFields + `, org, id FROM person`
	existsPerson = `SELECT 1 FROM person WHERE org = ? AND id = ?`
	deletePerson = `DELETE FROM person WHERE org = ? AND id = ?`

	selectPerson       = selectPeople + ` WHERE org = ? AND id = ?`
	personByExternalID = selectPeople + ` WHERE org = ? AND external_id = ? AND external_id <> ''`
	personByEmail      = selectPeople + ` WHERE org = ? AND email = ? AND email <> ''`
	mergedInto         = selectPeople + ` INDEXED BY person_merged_into WHERE org = ? AND merged_into = ? ORDER BY id LIMIT ? + 0`

	roots        = ` INDEXED BY person_merged_into WHERE org = ? AND merged_into IS NULL`
	pageOfRoots  = selectPeople + roots + ` ORDER BY id DESC LIMIT ? + 0 OFFSET ? + 0`
	namesOfRoots = `SELECT name, email, external_id, id FROM person` + roots + ` ORDER BY id DESC LIMIT ? + 0`
	countRoots   = `SELECT count(*) FROM (SELECT 1 FROM person` + roots + ` LIMIT ? + 0)`
)

// CreatePerson implements enduser.Store.
func (s *Store) CreatePerson(ctx context.Context, org id.ID, person enduser.Person) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		return insert(conn, insertPerson, "person", func(p *params) { p.person(org, person) })
	})
}

// Person implements enduser.Store.
func (s *Store) Person(ctx context.Context, org, person id.ID) (enduser.Person, error) {
	return s.person(ctx, selectPerson, func(p *params) { p.id(org).id(person) })
}

// PersonByExternalID implements enduser.Store.
func (s *Store) PersonByExternalID(ctx context.Context, org id.ID, externalID string) (enduser.Person, error) {
	return s.person(ctx, personByExternalID, func(p *params) { p.id(org).text(externalID) })
}

// PersonByEmail implements enduser.Store.
func (s *Store) PersonByEmail(ctx context.Context, org id.ID, email string) (enduser.Person, error) {
	return s.person(ctx, personByEmail, func(p *params) { p.id(org).text(fold(email)) })
}

func (s *Store) person(ctx context.Context, query string, bind func(p *params)) (found enduser.Person, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return one(conn, query, "person", bind, func(r *row) { found = r.person() })
	})
	return found, err
}

// ReplacePerson implements enduser.Store.
func (s *Store) ReplacePerson(ctx context.Context, org id.ID, person enduser.Person) error {
	next := person
	next.Version++
	return s.write(ctx, func(conn *sqlite.Conn) error {
		return compareAndSet(conn, updatePerson, existsPerson, "person",
			func(p *params) { p.person(org, next).int(person.Version) },
			func(p *params) { p.id(org).id(person.ID) })
	})
}

// DeletePerson implements enduser.Store.
func (s *Store) DeletePerson(ctx context.Context, org, person id.ID) error {
	return s.delete(ctx, deletePerson, "person", func(p *params) { p.id(org).id(person) })
}

// People implements enduser.Store.
func (s *Store) People(ctx context.Context, org id.ID, query enduser.Query) (page enduser.Page, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		if query.Search != "" {
			return searchPeople(conn, org, query, &page)
		}
		first, most := query.Stretch()
		err := each(conn, pageOfRoots, func(p *params) { p.id(org).int(int64(most)).int(int64(first)) },
			func(r *row) { page.People = append(page.People, r.person()) })
		if err != nil {
			return err
		}
		return each(conn, countRoots, func(p *params) { p.id(org).int(enduser.Window) }, func(r *row) { page.Total = r.int() })
	})
	if err != nil {
		return enduser.Page{}, err
	}
	return page, nil
}

// searchPeople reads the names of all whom it looks through, and only whom it shows in full.
func searchPeople(conn *sqlite.Conn, org id.ID, query enduser.Query, page *enduser.Page) error {
	var shown []id.ID
	first, most := query.Stretch()
	err := each(conn, namesOfRoots, func(p *params) { p.id(org).int(enduser.Window) }, func(r *row) {
		if !query.Selects(enduser.Person{Name: r.text(), Email: r.text(), ExternalID: r.text()}) {
			return
		}
		if page.Total++; page.Total > int64(first) && len(shown) < most {
			shown = append(shown, r.id())
		}
	})
	for _, person := range shown { // but who was removed since
		if err != nil {
			break
		}
		err = each(conn, selectPerson, func(p *params) { p.id(org).id(person) }, func(r *row) { page.People = append(page.People, r.person()) })
	}
	return err
}

// CountPeople implements enduser.Store.
func (s *Store) CountPeople(ctx context.Context, org id.ID) (count int64, err error) {
	const all = -1
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return each(conn, countRoots, func(p *params) { p.id(org).int(all) }, func(r *row) { count = r.int() })
	})
	return count, err
}

// MergedInto implements enduser.Store.
func (s *Store) MergedInto(ctx context.Context, org, person id.ID, limit int) (merged []enduser.Person, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return each(conn, mergedInto, func(p *params) { p.id(org).id(person).int(int64(limit)) },
			func(r *row) { merged = append(merged, r.person()) })
	})
	return merged, err
}

func (p *params) person(org id.ID, person enduser.Person) *params {
	p.text(person.ExternalID).text(person.Email).text(person.Contested).text(person.Name).text(string(person.Source))
	p.time(person.CreatedAt).time(person.UpdatedAt).time(person.DeactivatedAt).id(person.Into).int(person.Version)
	return p.blob(person.Attributes).id(org).id(person.ID)
}

func (r *row) person() enduser.Person {
	return enduser.Person{
		ExternalID: r.text(), Email: r.text(), Contested: r.text(), Name: r.text(), Source: enduser.Source(r.text()),
		CreatedAt: r.time(), UpdatedAt: r.time(), DeactivatedAt: r.time(), Into: r.id(), Version: r.int(), Attributes: r.blob(),
		Org: r.id(), ID: r.id(),
	}
}
