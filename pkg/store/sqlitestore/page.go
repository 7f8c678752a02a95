package sqlitestore

import (
	"bytes"

	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

// pageQuery is the statement for a query: one of eight, so that each connection prepares it once. A page is one walk of the
// one index that holds exactly the filters asked for. Where duplicates are shown as well, it is two walks of that index
// merged; each stops by itself after a page, so the sort is of two pages at most.
//
// LIMIT is given a sum because SQLite looks at a bare parameter there when it plans, and so plans anew for each execution.
func pageQuery(query feedback.Query) string {
	const (
		list        = `SELECT ` + summaryColumns + ` FROM feedback`
		walk        = ` AND id < ? ORDER BY id DESC LIMIT ? + 0`
		ofOrg       = ` WHERE org = ?`
		ofApp       = ` WHERE org = ? AND app = ?`
		ofStatus    = ` WHERE org = ? AND status = ?`
		ofAppStatus = ` WHERE org = ? AND app = ? AND status = ?`
		original    = ` AND duplicate = 0` + walk
		duplicate   = ` AND duplicate = 1` + walk

		merge = list + ` WHERE rowid IN (SELECT row FROM (SELECT rowid AS row FROM feedback`
		with  = `) UNION ALL SELECT row FROM (SELECT rowid AS row FROM feedback`
		end   = `)) ORDER BY id DESC LIMIT ? + 0`
	)
	type filters struct{ app, status, duplicates bool }
	switch (filters{!query.App.IsZero(), query.Status != "", query.ShowsDuplicates()}) {
	case filters{}:
		return list + ofOrg + original
	case filters{app: true}:
		return list + ofApp + original
	case filters{status: true}:
		return list + ofStatus + original
	case filters{app: true, status: true}:
		return list + ofAppStatus + original
	case filters{duplicates: true}:
		return list + ofOrg + walk
	case filters{app: true, duplicates: true}:
		return merge + ofApp + original + with + ofApp + duplicate + end
	case filters{status: true, duplicates: true}:
		return merge + ofStatus + original + with + ofStatus + duplicate + end
	default:
		return merge + ofAppStatus + original + with + ofAppStatus + duplicate + end
	}
}

func bindPage(p *params, org id.ID, query feedback.Query, rows int64) {
	bindWalk(p, org, query, rows)
	if query.ShowsDuplicates() && (!query.App.IsZero() || query.Status != "") {
		bindWalk(p, org, query, rows)
		p.int(rows)
	}
}

func bindWalk(p *params, org id.ID, query feedback.Query, rows int64) {
	p.id(org)
	if !query.App.IsZero() {
		p.id(query.App)
	}
	if query.Status != "" {
		p.text(string(query.Status))
	}
	if query.Before.IsZero() {
		p.blob(bytes.Repeat([]byte{0xff}, len(query.Before)+1)) // after every ID
	} else {
		p.id(query.Before)
	}
	p.int(rows)
}
