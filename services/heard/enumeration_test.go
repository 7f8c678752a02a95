package heard_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

// spelled is an answer as a stranger sees it: all but the name of the request.
func spelled(w *httptest.ResponseRecorder) string {
	header := maps.Clone(w.Header())
	delete(header, "X-Request-Id")
	delete(header, http.CanonicalHeaderKey("RateLimit")) // counts the caller's own requests
	return fmt.Sprint(w.Code, " ", header, " ", w.Body)
}

// alike demands one and the same refusal of all.
func alike(t *testing.T, about string, status int, answers map[string]*httptest.ResponseRecorder) {
	t.Helper()
	first, known := "", ""
	for _, name := range slices.Sorted(maps.Keys(answers)) {
		w := answers[name]
		if w.Code != status {
			t.Errorf("%s: %s is answered %d: %s", about, name, w.Code, w.Body)
		}
		if first == "" {
			first, known = spelled(w), name
		}
		if spelled(w) != first {
			t.Errorf("%s: %s is told\n%s\nand %s\n%s", about, known, first, name, spelled(w))
		}
	}
}

// Of a key nobody learns whether it ever was one, whose, and how it ended.
func TestKeysThatOpenNothingCannotBeToldApart(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		ctx := t.Context()
		for target, format := range map[string]apikey.Format{
			"/v1/feedback": apikey.Secret(), "/v1/users": apikey.Secret(), "/v1/org": apikey.Secret(), "/api/v1/public/org": apikey.AuthWorx(),
			"/v1/event": apikey.UserBoostLive(), "/v1/events": apikey.UserBoostTest(),
		} {
			slug := "acme" + strings.ReplaceAll(target, "/", "-")
			h, closed := i.found(slug), i.found("closed"+slug[4:])
			mint := func(org id.ID, draft manage.KeyDraft) (apikey.Key, string) {
				draft.Name, draft.Format = "a key", format.Name
				key, text, err := i.manager.CreateKey(ctx, byTest(), org, draft)
				must(t, err)
				return key, text.Reveal()
			}
			_, unknown := format.Draw(rand.Reader, i.Hasher, apikey.Key{})
			ended, revoked := mint(h.org.ID, manage.KeyDraft{})
			_, err := i.manager.RevokeKey(ctx, byTest(), h.org.ID, ended.ID)
			must(t, err)
			_, expired := mint(h.org.ID, manage.KeyDraft{ExpiresAt: i.Now().Add(time.Millisecond)})
			_, early := mint(h.org.ID, manage.KeyDraft{NotBefore: i.Now().Add(time.Hour)})
			_, orphaned := mint(closed.org.ID, manage.KeyDraft{})
			_, err = i.manager.CloseOrg(ctx, byTest(), closed.org.ID)
			must(t, err)
			i.clock.Advance(time.Millisecond)
			for range 2 { // unheard of, and remembered
				answers := map[string]*httptest.ResponseRecorder{}
				for name, key := range map[string]string{
					"unknown": unknown.Reveal(), "revoked": revoked, "expired": expired, "not valid yet": early, "of an Org that was given up": orphaned,
				} {
					switch format.Name {
					case apikey.AuthWorx().Name:
						answers[name] = i.call(http.MethodGet, target, "", "", "X-API-Key", key, "X-Org-Slug", slug)
					case apikey.Secret().Name:
						answers[name] = i.call(http.MethodGet, target, key, "")
					default:
						answers[name] = i.call(http.MethodPost, target, key, "{}")
					}
				}
				alike(t, target, http.StatusUnauthorized, answers)
			}
		}
	})
}

// Nor from how long it took, when a key is tried that was not for long, and when it is tried again. The fastest of many tries
// are compared; nothing of this package runs beside.
func TestKeysThatOpenNothingTakeAsLong(t *testing.T) {
	clock := newClock()
	i := serve(t, embedded(t, sqlite(t), clock.Now), clock.Now)
	h := i.found("acme")
	for target, format := range map[string]apikey.Format{"/v1/tokens/mint": apikey.Secret(), "/v1/event": apikey.UserBoostLive()} {
		fastest := map[string]time.Duration{}
		for range 50 {
			_, unknown := format.Draw(rand.Reader, i.Hasher, apikey.Key{})
			ended, revoked, err := i.manager.CreateKey(t.Context(), byTest(), h.org.ID, manage.KeyDraft{Name: "a key", Format: format.Name})
			must(t, err)
			_, err = i.manager.RevokeKey(t.Context(), byTest(), h.org.ID, ended.ID)
			must(t, err)
			for name, key := range map[string]string{"unknown": unknown.Reveal(), "revoked": revoked.Reveal()} {
				for _, when := range []string{"at first", "again"} {
					began := time.Now()
					i.call(http.MethodPost, target, key, "{}")
					if took := time.Since(began); fastest[name+" "+when] == 0 || took < fastest[name+" "+when] {
						fastest[name+" "+when] = took
					}
				}
			}
		}
		for _, when := range []string{" at first", " again"} {
			if a, b := fastest["unknown"+when], fastest["revoked"+when]; max(a, b) > 3*min(a, b) {
				t.Errorf("%s: how long it takes tells what a key was: %v", target, fastest)
			}
		}
	}
}

// Who has a key of their own learns nothing about others: not of their keys, nor whether there is an Org of some name.
func TestAnothersThingsCannotBeToldFromNobodys(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		ours, theirs := i.settle("ours", false), i.settle("theirs", false)
		names := map[string]string{"another Org's": theirs.named["key"], "nobody's": id.ID{1}.String(), "no id": "x"}
		for _, request := range []string{"GET /v1/keys/", "DELETE /v1/keys/", "GET /v1/members/", "GET /v1/feedback/", "GET /v1/erasures/"} {
			method, path, _ := strings.Cut(request, " ")
			answers := map[string]*httptest.ResponseRecorder{}
			for whose, name := range names {
				answers[whose] = i.call(method, path+name, ours.sk, "")
			}
			alike(t, request, http.StatusNotFound, answers)
		}
		answers := map[string]*httptest.ResponseRecorder{}
		for whose, slug := range map[string]string{"another Org's": "theirs", "nobody's": "nobodys", "no": ""} {
			answers[whose+" slug"] = i.call(http.MethodGet, "/api/v1/public/users/usr_"+theirs.named["member"], "", "", "X-API-Key", ours.said["pk_live"], "X-Org-Slug", slug)
		}
		alike(t, "AuthWorx", http.StatusForbidden, answers)
	})
}

// logins are the two ways to log in.
func (i *installation) logins() map[string]func(org, email, password string) *httptest.ResponseRecorder {
	return map[string]func(org, email, password string) *httptest.ResponseRecorder{
		"/v1/sessions": func(org, email, password string) *httptest.ResponseRecorder {
			return i.call(http.MethodPost, "/v1/sessions", "", fmt.Sprintf(`{"org":%q,"email":%q,"password":%q}`, org, email, password))
		},
		"/api/v1/auth/login": func(org, email, password string) *httptest.ResponseRecorder {
			body := fmt.Sprintf(`{"email":%q,"password":%q}`, email, password)
			return i.call(http.MethodPost, "/api/v1/auth/login", "", body, "X-Org-Slug", org)
		},
	}
}

// strangers are those who fail to log in, by what they have wrong. No two of their attempts are of one account, but for
// those that guess at a member.
func strangers(w world, suspended tenant.Member, n int) map[string][3]string {
	nobody := fmt.Sprintf("nobody-%d@%s.example", n, w.org.Slug)
	member := w.people[access.Admin].Email
	return map[string][3]string{
		"a wrong password":                 {w.org.Slug, member, "not " + theirPassword},
		"an unknown address":               {w.org.Slug, nobody, theirPassword},
		"an unknown Org":                   {"nobodys", nobody, theirPassword},
		"another Org's member":             {"other", member, theirPassword},
		"a suspended one's wrong password": {w.org.Slug, suspended.Email, "not " + theirPassword},
	}
}

// Who fails to log in learns nothing of what was wrong: not from the answer, and not from how long it took. The fastest of
// many tries are compared, for whatever else a machine does only adds: a busy one gets more tries, and a real difference
// outlasts them all. Nothing of this package runs beside.
func TestFailuresToLogInCannotBeToldApart(t *testing.T) {
	clock := newClock()
	i := serve(t, embedded(t, sqlite(t), clock.Now), clock.Now)
	w := i.settle("acme", false)
	i.settle("other", false)
	suspended := w.people[access.Member]
	suspended.Status = tenant.Suspended
	must(t, i.Store.ReplaceMember(t.Context(), w.org.ID, suspended))
	const tries, most = 15, 120
	fastest := map[string]time.Duration{}
	for n := range most {
		for path, login := range i.logins() {
			if n > 0 && path != "/v1/sessions" { // both check a password alike
				continue
			}
			answers := map[string]*httptest.ResponseRecorder{}
			for name, said := range strangers(w, suspended, n) {
				began := time.Now()
				answers[name] = login(said[0], said[1], said[2])
				if took := time.Since(began); fastest[name] == 0 || took < fastest[name] {
					fastest[name] = took
				}
			}
			alike(t, path, http.StatusUnauthorized, answers)
		}
		clock.Advance(time.Minute) // so that no limit is met
		if times := slices.Sorted(maps.Values(fastest)); n+1 >= tries && times[len(times)-1] <= 2*times[0] {
			return
		}
	}
	t.Errorf("how long it takes tells what was wrong: %v", fastest)
}

// Tokens that open nothing any more are refused like those that never were.
func TestSpentTokensCannotBeToldFromForgedOnes(t *testing.T) {
	onEveryStore(t, asItIs, func(t *testing.T, i *installation) {
		ctx := context.Background()
		w := i.settle("acme", false)
		invite := func(name string) (tenant.Invitation, string) {
			invited, token, err := i.manager.Invite(ctx, byTest(), w.org.ID, name+"@fresh.example", access.Member)
			must(t, err)
			return invited, token.Reveal()
		}
		_, used := invite("used")
		accept := func(token string) *httptest.ResponseRecorder {
			return i.call(http.MethodPost, "/v1/invitations/accept", "", fmt.Sprintf(`{"token":%q,"name":"Eve","password":%q}`, token, theirPassword))
		}
		if answer := accept(used); answer.Code != http.StatusCreated {
			t.Fatal(answer.Body)
		}
		gone, withdrawn := invite("withdrawn")
		must(t, i.manager.Withdraw(ctx, byTest(), w.org.ID, gone.ID))
		_, expired := invite("expired")
		i.clock.Advance(tenant.InvitationLife)
		alike(t, "an invitation", http.StatusNotFound, map[string]*httptest.ResponseRecorder{
			"used": accept(used), "withdrawn": accept(withdrawn), "expired": accept(expired),
			"forged": accept(apikey.NewInvitation(rand.Reader).Reveal()), "no token": accept("x"),
		})

		refresh := func(token string) *httptest.ResponseRecorder {
			return i.call(http.MethodPost, "/v1/sessions/refresh", "", fmt.Sprintf(`{"refreshToken":%q}`, token))
		}
		token := func(end bool) string {
			s, _ := i.session(w.people[access.Admin])
			if end {
				must(t, i.Store.EndSession(ctx, w.org.ID, s.ID, i.Now(), "logout"))
			}
			return i.Keyring.SignRefresh(s).Reveal()
		}
		replayed := token(false)
		if answer := refresh(replayed); answer.Code != http.StatusOK {
			t.Fatal(answer.Body)
		}
		forged := replayed[:len(replayed)-6] + "AAAAAA"
		alike(t, "a refresh token", http.StatusUnauthorized, map[string]*httptest.ResponseRecorder{
			"replayed": refresh(replayed), "of a session that ended": refresh(token(true)), "forged": refresh(forged),
			"expired": refresh(w.said["refresh"]), "no token": refresh("x"),
		})
	})
}
