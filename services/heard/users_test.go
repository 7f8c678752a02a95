package heard_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
)

// G9: whoever keeps within the hundred of each minute is refused the 5,001st of the hour, and told when the hour ends.
func TestTheFiveThousandAndFirstRequestOfAnHourIsRefused(t *testing.T) {
	t.Parallel()
	clock := newClock() // on the hour
	i := serve(t, embedded(t, sqlite(t), clock.Now), clock.Now)
	org, err := i.manager.CreateOrg(t.Context(), byTest(), manage.OrgDraft{Slug: "acme", Name: "Acme"})
	must(t, err)
	_, sk, err := i.manager.CreateKey(t.Context(), byTest(), org.ID, manage.KeyDraft{Name: "a key"})
	must(t, err)
	ask := func(status int, left, reset string) {
		t.Helper()
		w := i.call(http.MethodDelete, "/v1/users/x", sk.Reveal(), "")
		if got := w.Header(); w.Code != status || got.Get("RateLimit-Remaining") != left || got.Get("RateLimit-Reset") != reset {
			t.Fatalf("%s: %d %s, %v", clock.Now(), w.Code, w.Body, got)
		}
	}
	const minutes, each = 50, 100
	for minute := range minutes {
		for n := range each {
			left, reset := each-1-n, "60"
			if hour := minutes*each - each*minute - 1 - n; hour <= left {
				left, reset = hour, fmt.Sprint(3600-60*minute)
			}
			ask(http.StatusNotFound, fmt.Sprint(left), reset)
		}
		clock.Advance(time.Minute)
	}
	ask(http.StatusTooManyRequests, "0", "600")
	if wait := i.call(http.MethodGet, "/v1/users", sk.Reveal(), "").Header().Get("Retry-After"); wait != "600" {
		t.Errorf("Retry-After is %q", wait)
	}
	clock.Advance(10*time.Minute - time.Millisecond)
	ask(http.StatusTooManyRequests, "0", "1")
	clock.Advance(time.Millisecond)
	ask(http.StatusNotFound, "99", "60")
}

// A key goes no further than who made it, and nobody parts an Org from its last owner.
func TestAUsersKeyChangesNobodyAboveItsMaker(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		org := i.found("acme").org.ID
		add := func(name string, role access.Role) tenant.Member {
			draft := manage.MemberDraft{Email: name + "@acme.example", Name: name, Role: role, Password: "a long pass phrase"}
			member, err := i.manager.AddMember(t.Context(), byTest(), org, draft)
			must(t, err)
			return member
		}
		owner, admin, member := add("olga", access.Owner), add("adam", access.Admin), add("mia", access.Member)
		by := manage.By{
			Actor: audit.Actor{Kind: audit.ByMember, ID: admin.ID, Name: admin.Email}, Role: access.Admin, Rights: access.Of(access.Admin),
		}
		_, adams, err := i.manager.CreateKey(t.Context(), by, org, manage.KeyDraft{Name: "adam's"})
		must(t, err)
		_, operators, err := i.manager.CreateKey(t.Context(), byTest(), org, manage.KeyDraft{Name: "the operator's", Scopes: access.Rights()})
		must(t, err)
		for _, row := range []struct {
			key, method string
			who         tenant.Member
			status      int
		}{
			{adams.Reveal(), http.MethodPut, owner, http.StatusForbidden},
			{adams.Reveal(), http.MethodDelete, owner, http.StatusForbidden},
			{adams.Reveal(), http.MethodPut, admin, http.StatusOK},
			{adams.Reveal(), http.MethodPut, member, http.StatusOK},
			{adams.Reveal(), http.MethodDelete, member, http.StatusNoContent},
			{operators.Reveal(), http.MethodPut, owner, http.StatusOK},
			{operators.Reveal(), http.MethodDelete, owner, http.StatusForbidden}, // the last one
		} {
			body := ""
			if row.method == http.MethodPut {
				body = `{"name":"Somebody Else"}`
			}
			w := i.call(row.method, "/v1/users/user_"+row.who.ID.String(), row.key, body)
			if w.Code != row.status || w.Code == http.StatusForbidden && !strings.HasPrefix(w.Body.String(), `{"error":"`) {
				t.Errorf("%s %s: %d %s, want %d", row.method, row.who.Name, w.Code, w.Body, row.status)
			}
		}
		if stored, err := i.Store.Member(t.Context(), org, owner.ID); err != nil || stored.Name != "Somebody Else" || stored.Role != access.Owner {
			t.Errorf("the owner is %v, %v", stored.Name, err)
		}
	})
}
