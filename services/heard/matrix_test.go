package heard_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/outcome"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/pkg/store/sqlitestore"
)

// Every route is asked by one Org for every thing of another's, with every kind of credential and for either's slug. Nothing
// is told that is not told of names that nothing has, and nothing of the other's changes.
func TestNoRouteReachesIntoAnotherOrg(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		theirs := i.settle("victims-of-the-matrix", false)
		before := i.dump(theirs)
		all, docs := rows(), documents(t, i.kit)
		ours := worlds{i: i}
		for _, route := range i.kit.Routes() {
			r, known := i.row(all, route)
			if !known {
				continue
			}
			delete(all, route.Method+" "+route.Path)
			m := matrix{t, i, route, r, docs[surface(route)].operation(route), ours.next(), theirs}
			m.demandPlaces(docs[surface(route)])
			m.probe()
			m.askAsTheirs()
			m.works()
			ours.used = route.Method != http.MethodGet
			if route.Method == http.MethodGet {
				continue // should it change anything, the next one is blamed
			}
			after := i.dump(theirs)
			if logsIn(route) {
				onlyCounted(t, before, after)
			}
			for _, change := range changed(before, after) {
				t.Errorf("%s %s changed another Org's %s", route.Method, route.Path, change)
			}
			before = after
		}
		for name := range all {
			t.Errorf("the row %s is of no route", name)
		}
		i.demandKept(t, theirs, before)
		if len(i.incidents) > 0 {
			t.Errorf("incidents: %+v", i.incidents)
		}
	})
}

// matrix is one route, and who asks it for whose things.
type matrix struct {
	t            *testing.T
	i            *installation
	route        httpkit.Route
	row          row
	op           described
	ours, theirs world
}

// demandPlaces holds the row to the document: each property of the body that takes an id must be a place of some body.
func (m matrix) demandPlaces(doc document) {
	m.t.Helper()
	for _, content := range m.op.RequestBody.Content {
		for _, name := range doc.idNames(content.Schema) {
			if !strings.Contains(strings.Join(m.row.bodies, ""), `"`+name+`":"$`) {
				m.t.Errorf("%s %s takes an id as %s, and no body of its row names one", m.route.Method, m.route.Path, name)
			}
		}
	}
}

// probe asks for what is the others'.
func (m matrix) probe() {
	m.t.Helper()
	if m.row.prepare != nil {
		m.row.prepare(m.i, m.ours)
	}
	// Things in places of other kinds are looked for by the same code whatever the store: on one that is fast.
	_, thorough := m.i.Store.(*sqlitestore.Store)
	schemes := m.op.schemes()
	for _, c := range m.ours.credentials(m.ours.sessions[access.Owner]) {
		fits := c.fits(m.route, schemes)
		if len(schemes) == 0 && c.kind != "none" {
			continue // nobody looks
		}
		for _, p := range probes(m.row, m.op, m.ours, m.theirs, !thorough || !fits || len(schemes) == 0) {
			got := m.i.send(m.route, p.theirs.target, p.theirs.body, c, m.ours.named["slug"])
			want := m.i.send(m.route, p.nobodys.target, p.nobodys.body, c, m.ours.named["slug"])
			told := fmt.Sprintf("%s %s %s with %s", m.route.Method, p.theirs.target, p.theirs.body, c.kind)
			m.demandSilence(told, got)
			if got.Code != want.Code || got.Code >= 400 && got.Body.String() != want.Body.String() {
				m.t.Errorf("%s: %d %s, and for what nobody has %d %s", told, got.Code, got.Body, want.Code, want.Body)
			}
			if !m.row.free && p.inPath && !refusedAs(got.Code, fits) || m.route.Method != http.MethodGet && p.kind != "access" && !m.row.free && got.Code < 300 {
				m.t.Errorf("%s: %d %s", told, got.Code, got.Body)
			}
		}
	}
}

// refusedAs tells whether a status is that of a refusal of another Org's thing; a credential that fits is not refused itself.
func refusedAs(status int, fits bool) bool {
	return status == http.StatusNotFound || status == http.StatusForbidden || !fits && status == http.StatusUnauthorized
}

// askAsTheirs asks for one's own things, and says to be the others'.
func (m matrix) askAsTheirs() {
	m.t.Helper()
	for _, c := range m.ours.credentials(m.ours.sessions[access.Owner]) {
		if m.route.Path == "/v1/feedback" && c.kind == "app" {
			w := m.i.call(m.route.Method, m.route.Path, c.text, fill(m.row.body(), m.ours.said, m.ours.named), "X-Userz-User-Token", m.theirs.said["user"])
			if w.Code != http.StatusUnauthorized {
				m.t.Errorf("another Org's user token: %d %s", w.Code, w.Body)
			}
		}
		target, body := fill(m.row.target, m.ours.said, m.ours.named), fill(m.row.body(), m.ours.said, m.ours.named)
		if !strings.HasPrefix(m.route.Path, "/api/v1/") || m.row.free {
			continue
		}
		w := m.i.send(m.route, target, body, c, m.theirs.named["slug"])
		told := fmt.Sprintf("%s %s with our %s for their slug", m.route.Method, target, c.kind)
		m.demandSilence(told, w)
		if len(m.op.schemes()) > 0 && w.Code != http.StatusForbidden && w.Code != http.StatusUnauthorized {
			m.t.Errorf("%s: %d %s", told, w.Code, w.Body)
		}
	}
}

// works demands that the route does what it is there for with one's own: a matrix of refusals alone would prove nothing.
func (m matrix) works() {
	m.t.Helper()
	if unprovable()[m.route.Method+" "+m.route.Path] {
		return
	}
	if m.row.prepare != nil { // the first was perhaps used up
		m.ours = m.i.settle("again-"+m.ours.named["slug"], false)
		m.row.prepare(m.i, m.ours)
	}
	var answers []string
	for _, c := range m.ours.credentials(m.ours.sessions[access.Owner]) {
		if !c.fits(m.route, m.op.schemes()) {
			continue
		}
		w := m.i.good(m.route, m.row, m.ours, c)
		m.demandSilence(m.route.Path, w)
		if w.Code/100 == 2 {
			return
		}
		answers = append(answers, fmt.Sprintf("%s: %d %s", c.kind, w.Code, w.Body))
	}
	m.t.Errorf("%s %s does not even work with what is the Org's own: %v", m.route.Method, m.route.Path, answers)
}

// logsIn tells whether a route counts whoever fails at it for the Org that they name.
func logsIn(route httpkit.Route) bool {
	return slices.Contains([]string{"POST /v1/sessions", "POST /api/v1/auth/login", "POST /api/v1/auth/verify-2fa"}, route.Method+" "+route.Path)
}

// onlyCounted demands that failed log-ins are all that is new in a ledger, and then forgets them.
func onlyCounted(t *testing.T, before, after map[string]any) {
	t.Helper()
	failed := func(o outcome.Outcome) bool {
		return o.App.IsZero() && o.Key.IsZero() && o.Category == gate.Admin && strings.HasPrefix(string(o.Reason), "invalid_")
	}
	was, is := before["ledger"].([]outcome.Outcome), after["ledger"].([]outcome.Outcome)
	if was, is := slices.DeleteFunc(slices.Clone(was), failed), slices.DeleteFunc(slices.Clone(is), failed); !slices.Equal(was, is) {
		t.Errorf("failed log-ins changed %+v to %+v", was, is)
	}
	before["ledger"] = is
}

// unprovable are routes that no tenant can use: those of the operator, and of those who report leaks.
func unprovable() map[string]bool {
	return map[string]bool{
		"GET /v1/orgs": true, "POST /v1/orgs": true, "PATCH /v1/orgs/{id}": true, "GET /v1/limits/overrides": true,
		"PUT /v1/limits/overrides/{name}": true, "DELETE /v1/limits/overrides/{name}": true, "POST /v1/leaks": true,
	}
}

func (m matrix) demandSilence(told string, w *httptest.ResponseRecorder) {
	m.t.Helper()
	for _, mark := range m.theirs.marks {
		if strings.Contains(w.Body.String(), mark) {
			m.t.Errorf("%s tells %s: %s", told, mark, w.Body)
		}
	}
}

func (r row) body() string {
	if len(r.bodies) == 0 {
		return ""
	}
	return r.bodies[0]
}

// demandKept lets everything be erased that anybody asked for, and demands that the world heard is as it was.
func (i *installation) demandKept(t *testing.T, w world, before map[string]any) {
	t.Helper()
	defer i.run()()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		asked, err := i.Store.Erasures(t.Context(), w.org.ID)
		must(t, err)
		if !slices.ContainsFunc(asked, func(e erasure.Erasure) bool { return e.DoneAt.IsZero() }) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("nothing is being erased")
		}
	}
	for _, change := range changed(before, i.dump(w)) {
		if name, _, _ := strings.Cut(change, ":"); name != "erasures" && name != "audit log" {
			t.Errorf("another Org's erasure changed %s", change)
		}
	}
}
