package sqlitestore

import (
	"context"
	"math"
	"slices"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/id"
)

// eventsAtOnce is how many events one operation inserts at most.
const eventsAtOnce = 1000

const (
	eventColumns = `id, app, kind, name, user_id, email, at, received_at, test, address, user_agent, traits, properties`
	insertEvent  = `INSERT INTO event (org, ` + eventColumns + `, email_folded) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (org, id) DO NOTHING`
	selectEvents = `SELECT ` + eventColumns + ` FROM event`
	selectEvent  = selectEvents + ` WHERE org = ? AND id = ?`
	receivedAt   = `SELECT received_at FROM event WHERE org = ? AND id = ?`
	countEvents  = `SELECT count(*) FROM event INDEXED BY event_received WHERE org = ? AND received_at >= ? AND test = 0`

	// A page is a walk of one index that leaves out what is not asked for besides.
	eventsPage       = selectEvents + ` INDEXED BY event_received` + eventFilters + eventNewest
	eventsPageOfApp  = selectEvents + ` INDEXED BY event_app` + eventFilters + ` AND app = ?5` + eventNewest
	eventsPageOfName = selectEvents + ` INDEXED BY event_name` + eventFilters + ` AND name = ?6 AND name <> ''` + eventNewest
	eventsPageOfUser = selectEvents + ` INDEXED BY event_user` + eventFilters + ` AND user_id = ?7` + eventNewest
	eventFilters     = ` WHERE org = ?1 AND (received_at, id) < (?2, ?3) AND received_at >= ?4
		AND (?5 IS NULL OR app = ?5) AND (?6 = '' OR name = ?6) AND (?7 = '' OR user_id = ?7)`
	eventNewest = ` ORDER BY received_at DESC, id DESC LIMIT ?8 + 0`
)

// InsertEvents implements event.Store.
func (s *Store) InsertEvents(ctx context.Context, org id.ID, events []event.Event) ([]time.Time, error) {
	stood := make([]time.Time, len(events))
	rest := stood
	for some := range slices.Chunk(events, eventsAtOnce) {
		now := rest[:len(some)]
		err := s.writeRows(ctx, len(some), func(conn *sqlite.Conn) (err error) {
			for n, e := range some {
				if now[n], err = storeEvent(conn, org, e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		rest = rest[len(some):]
	}
	return stood, nil
}

// storeEvent gives when the event that has the ID already was received; zero where this one is stored.
func storeEvent(conn *sqlite.Conn, org id.ID, e event.Event) (stood time.Time, err error) {
	stored, err := execute(conn, insertEvent, func(p *params) { p.event(org, e) })
	if err == nil && stored == 0 {
		err = one(conn, receivedAt, "event", func(p *params) { p.id(org).id(e.ID) }, func(r *row) { stood = r.time() })
	}
	return stood, err
}

// Event implements event.Store.
func (s *Store) Event(ctx context.Context, org, wanted id.ID) (found event.Event, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return one(conn, selectEvent, "event", func(p *params) { p.id(org).id(wanted) }, func(r *row) { found = r.event(org) })
	})
	return found, err
}

// Events implements event.Store.
func (s *Store) Events(ctx context.Context, org id.ID, query event.Query) (page []event.Event, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return each(conn, eventsQuery(query), func(p *params) { bindEvents(p, org, query) },
			func(r *row) { page = append(page, r.event(org)) })
	})
	return page, err
}

// CountEvents implements event.Store.
func (s *Store) CountEvents(ctx context.Context, org id.ID, since time.Time) (count int64, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return each(conn, countEvents, func(p *params) { p.id(org).int(since.UnixMilli()) }, func(r *row) { count = r.int() })
	})
	return count, err
}

// eventsQuery walks the index of what most likely leaves the fewest.
func eventsQuery(query event.Query) string {
	switch {
	case query.UserID != "":
		return eventsPageOfUser
	case query.Name != "":
		return eventsPageOfName
	case !query.App.IsZero():
		return eventsPageOfApp
	default:
		return eventsPage
	}
}

func bindEvents(p *params, org id.ID, query event.Query) {
	before, from := int64(math.MaxInt64), int64(math.MinInt64)
	var than id.ID
	if !query.To.IsZero() {
		before = query.To.UnixMilli()
	}
	if at := query.Before.ReceivedAt; !at.IsZero() && at.UnixMilli() < before {
		before, than = at.UnixMilli(), query.Before.ID
	}
	if !query.From.IsZero() {
		from = query.From.UnixMilli()
	}
	p.id(org).int(before).blob(than[:]).int(from)
	p.id(query.App).text(query.Name).text(query.UserID).int(int64(max(query.Limit, 1)))
}

func (p *params) event(org id.ID, e event.Event) *params {
	p.id(org).id(e.ID).id(e.App).text(string(e.Kind)).text(e.Name).text(e.User.ID).text(e.User.Email)
	p.time(e.At).time(e.ReceivedAt).bool(e.Test).text(e.Address).text(e.UserAgent)
	return p.blob(e.User.Traits).blob(e.Properties).folded(e.User.Email)
}

func (r *row) event(org id.ID) event.Event {
	e := event.Event{Org: org, ID: r.id(), App: r.id(), Kind: event.Kind(r.text()), Name: r.text()}
	e.User.ID, e.User.Email, e.At, e.ReceivedAt, e.Test = r.text(), r.text(), r.time(), r.time(), r.bool()
	e.Address, e.UserAgent, e.User.Traits, e.Properties = r.text(), r.text(), r.blob(), r.blob()
	return e
}
