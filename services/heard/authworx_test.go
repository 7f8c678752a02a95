package heard_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/signin"
)

// A customer's backend asks about every request of its own users.
func TestAWarmVerificationAsksNoStoreAndTheGateOnce(t *testing.T) {
	var toRedis trips
	var toMongo commands
	i := deploy(t).process(t, toMongo.monitor(), &toRedis)
	org := i.found("acme").org
	draft := manage.MemberDraft{Email: "ann@acme.example", Role: access.Member, Password: "a long pass phrase"}
	ann, err := i.manager.AddMember(t.Context(), byTest(), org.ID, draft)
	must(t, err)
	login, err := i.SignIn().Login(t.Context(), signin.From{Org: org.Slug}, draft.Email, draft.Password, "")
	must(t, err)
	_, pk, err := i.manager.CreateKey(t.Context(), byTest(), org.ID, manage.KeyDraft{Name: "a key", Format: "pk_live"})
	must(t, err)
	verify := func(valid bool) {
		t.Helper()
		w := i.call(http.MethodPost, "/api/v1/public/verify", "", fmt.Sprintf(`{"token":%q}`, login.Access.Reveal()), "X-Api-Key", pk.Reveal(), "X-Org-Slug", org.Slug)
		var told struct{ Data struct{ Valid bool } }
		if i.answer(w, http.StatusOK, &told); told.Data.Valid != valid {
			t.Fatalf("%s", w.Body)
		}
	}
	verify(true)
	toMongo.take()
	before := toRedis.Load()
	verify(true)
	if asked, n := toMongo.take(), toRedis.Load()-before; !slices.Equal(asked, nil) || n != 1 {
		t.Errorf("asked MongoDB %v, and took %d round trips to Redis", asked, n)
	}
	_, err = i.manager.RemoveMember(t.Context(), byTest(), org.ID, ann.ID)
	must(t, err)
	verify(false) // whatever was cached
}
