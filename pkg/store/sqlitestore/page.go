package sqlitestore

import (
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

// pageQuery is the statement for a query: one of eight, so that each connection prepares it once. A page is one walk of the
// one index that holds exactly the filters asked for. Where duplicates are shown as well, it is two walks of that index
// merged as they go, so that nothing is sorted.
//
// LIMIT is given a sum because SQLite looks at a bare parameter there when it plans, and so plans anew for each execution.
func pageQuery(query feedback.Query) string {
	const (
		list        = `SELECT ` + summaryColumns + ` FROM feedback`
		ofOrg       = list + ` WHERE org = ?`
		ofApp       = list + ` WHERE org = ? AND app = ?`
		ofStatus    = list + ` WHERE org = ? AND status = ?`
		ofAppStatus = list + ` WHERE org = ? AND app = ? AND status = ?`
		original    = ` AND duplicate = 0`
		duplicate   = ` AND duplicate = 1`
		before      = ` AND id < ?`
		and         = before + ` UNION ALL `
		newest      = before + ` ORDER BY id DESC LIMIT ? + 0`
	)
	type filters struct{ app, status, duplicates bool }
	switch (filters{!query.App.IsZero(), query.Status != "", query.ShowsDuplicates()}) {
	case filters{}:
		return ofOrg + original + newest
	case filters{app: true}:
		return ofApp + original + newest
	case filters{status: true}:
		return ofStatus + original + newest
	case filters{app: true, status: true}:
		return ofAppStatus + original + newest
	case filters{duplicates: true}:
		return ofOrg + newest
	case filters{app: true, duplicates: true}:
		return ofApp + original + and + ofApp + duplicate + newest
	case filters{status: true, duplicates: true}:
		return ofStatus + original + and + ofStatus + duplicate + newest
	default:
		return ofAppStatus + original + and + ofAppStatus + duplicate + newest
	}
}

func bindPage(p *params, org id.ID, query feedback.Query, rows int64) {
	bindFilters(p, org, query)
	if query.ShowsDuplicates() && (!query.App.IsZero() || query.Status != "") {
		bindFilters(p, org, query)
	}
	p.int(rows)
}

func bindFilters(p *params, org id.ID, query feedback.Query) {
	p.id(org)
	if !query.App.IsZero() {
		p.id(query.App)
	}
	if query.Status != "" {
		p.text(string(query.Status))
	}
	p.before(query.Before)
}
