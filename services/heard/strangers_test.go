package heard_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/limit"
	"github.com/heard-dev/heard/pkg/core/outcome"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

// An Org sees how often people fail to log in to it, and why. They are strangers: none pushes out a refusal that is kept, and who
// names no Org that there is counts for nobody.
func TestFailedLogInsAreCountedForTheOrgThatTheyNameAndNotKept(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		acme, other := i.settle("acme", false), i.settle("other", false)
		member, suspended := acme.people[access.Admin], acme.people[access.Member]
		suspended.Status = tenant.Suspended
		must(t, i.Store.ReplaceMember(t.Context(), acme.org.ID, suspended))
		i.proving(acme)
		kept := i.refusals(acme.sk, "?limit=100")
		want := map[string]int64{}
		expect := func(reason string, status int, w *httptest.ResponseRecorder) {
			t.Helper()
			if w.Code != status {
				t.Errorf("%q: %d %s", reason, w.Code, w.Body)
			}
			want[reason]++
		}
		for _, login := range i.logins() {
			expect("", 200, login("acme", member.Email, theirPassword))
			expect("invalid_credentials", 401, login("acme", member.Email, "not "+theirPassword))
			expect("invalid_credentials", 401, login("acme", "nobody@acme.example", theirPassword))
			expect("forbidden", 403, login("acme", suspended.Email, theirPassword))
			login("nobodys", member.Email, theirPassword)
		}
		verify := func(org, partial, code string) *httptest.ResponseRecorder {
			body := fmt.Sprintf(`{"partialToken":%q,"code":%q}`, partial, code)
			return i.call(http.MethodPost, "/api/v1/auth/verify-2fa", "", body, "X-Org-Slug", org)
		}
		expect("invalid_code", 401, verify("acme", acme.said["partial"], "nonsense"))
		expect("invalid_authorization", 401, verify("acme", "forged", "nonsense"))
		expect("", 200, verify("acme", acme.said["partial"], acme.said["code"]))
		verify("nobodys", "forged", "nonsense")
		must(t, i.Store.PutOverride(t.Context(), limit.Override{Name: "login", Org: "*", Policy: "login.*", Rate: tenant.Rate{Limit: 1}}))
		for _, login := range i.logins() {
			expect("rate_limited", 429, login("acme", member.Email, theirPassword))
			login("nobodys", member.Email, theirPassword)
		}

		keyless := func(w world) []ledgerRow {
			rows := i.outcomes(w.sk, "?groupBy=none&category=admin")
			return slices.DeleteFunc(rows, func(r ledgerRow) bool { return r.KeyID != nil })
		}
		got := keyless(acme)
		for reason, n := range want {
			if row := counted(got, id.Zero, id.Zero, "admin", reason); row.Requests != n || row.Items != n {
				t.Errorf("%d were answered %q, and %+v is counted", n, reason, row)
			}
		}
		if len(got) != len(want) {
			t.Errorf("counted are %+v, not %v", got, want)
		}
		if now := i.refusals(acme.sk, "?limit=100"); len(now) != len(kept) {
			t.Errorf("kept are %+v", now)
		}
		if seen := keyless(other); len(seen) > 0 {
			t.Errorf("another Org sees %+v", seen)
		}
		must(t, i.Ledger.Flush(t.Context()))
		nobodys, err := i.Store.Outcomes(t.Context(), id.Zero, outcome.Query{To: i.Now().AddDate(0, 0, 1), By: outcome.Whole, Limit: 10})
		must(t, err)
		if len(nobodys) > 0 {
			t.Errorf("nobody's are %+v", nobodys)
		}
	})
}
