package sqlitestore

import (
	"context"
	"math"

	"zombiezen.com/go/sqlite"

	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/id"
)

const (
	auditColumns = `org, seq, id, at, actor_kind, actor, actor_name, credential, address, action, target_kind, target, target_name,
		outcome, before, after, previous, hash`
	appendAudit = `INSERT INTO audit (` + auditColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	selectAudit = `SELECT ` + auditColumns + ` FROM audit`
	lastAudit   = selectAudit + ` WHERE org = ?1 ORDER BY seq DESC LIMIT 1`
	auditFrom   = selectAudit + ` WHERE org = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3 + 0`

	// A page is a walk of the chain, or of one target's entries, that leaves out what is not asked for.
	auditPage         = selectAudit + auditFilters + ` AND (?8 = '' OR target = ?8)` + auditNewest
	auditPageOfTarget = selectAudit + ` INDEXED BY audit_target` + auditFilters + ` AND target = ?8` + auditNewest
	auditFilters      = ` WHERE org = ?1 AND seq < ?2 AND (?3 = '' OR action = ?3) AND (?4 IS NULL OR actor = ?4)
		AND (?5 IS NULL OR at >= ?5) AND (?6 IS NULL OR at < ?6) AND (?7 = '' OR target_kind = ?7)`
	auditNewest = ` ORDER BY seq DESC LIMIT ?9 + 0`
)

// AppendAudit implements audit.Store.
func (s *Store) AppendAudit(ctx context.Context, org id.ID, entry audit.Entry) error {
	return s.write(ctx, func(conn *sqlite.Conn) error {
		return insert(conn, appendAudit, "audit entry", func(p *params) {
			by, of := entry.Actor, entry.Target
			p.id(org).int(entry.Seq).id(entry.ID).time(entry.At)
			p.text(string(by.Kind)).id(by.ID).text(by.Name).text(by.Credential).text(by.Address)
			p.text(entry.Action).text(of.Kind).text(of.ID).text(of.Name).text(string(entry.Outcome))
			p.blob(entry.Before).blob(entry.After).blob(entry.Previous[:]).blob(entry.Hash[:])
		})
	})
}

// LastAudit implements audit.Store.
func (s *Store) LastAudit(ctx context.Context, org id.ID) (last audit.Entry, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return one(conn, lastAudit, "audit entry", func(p *params) { p.id(org) }, func(r *row) { last = r.entry() })
	})
	return last, err
}

// AuditPage implements audit.Store.
func (s *Store) AuditPage(ctx context.Context, org id.ID, query audit.Query) ([]audit.Entry, error) {
	statement := auditPage
	if query.TargetID != "" {
		statement = auditPageOfTarget
	}
	before := query.Before
	if before == 0 {
		before = math.MaxInt64
	}
	return s.entries(ctx, statement, func(p *params) {
		p.id(org).int(before).text(query.Action).id(query.Actor).time(query.From).time(query.To)
		p.text(query.TargetKind).text(query.TargetID).int(int64(query.Limit))
	})
}

// AuditFrom implements audit.Store.
func (s *Store) AuditFrom(ctx context.Context, org id.ID, after int64, limit int) ([]audit.Entry, error) {
	return s.entries(ctx, auditFrom, func(p *params) { p.id(org).int(after).int(int64(limit)) })
}

func (s *Store) entries(ctx context.Context, query string, bind func(p *params)) (entries []audit.Entry, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return each(conn, query, bind, func(r *row) { entries = append(entries, r.entry()) })
	})
	return entries, err
}

func (r *row) entry() audit.Entry {
	entry := audit.Entry{
		Org: r.id(), Seq: r.int(), ID: r.id(), At: r.time(),
		Actor: audit.Actor{
			Kind: audit.ActorKind(r.text()), ID: r.id(), Name: r.text(), Credential: r.text(), Address: r.text(),
		},
		Action: r.text(), Target: audit.Target{Kind: r.text(), ID: r.text(), Name: r.text()},
		Outcome: audit.Outcome(r.text()), Before: r.blob(), After: r.blob(),
	}
	copy(entry.Previous[:], r.blob())
	copy(entry.Hash[:], r.blob())
	return entry
}
