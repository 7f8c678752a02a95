package heard_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/agentrun"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/event"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/limit"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/outcome"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/core/usertoken"
	"github.com/heard-dev/heard/pkg/dialect/userz"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

// world is an Org with one of everything, and what opens it.
type world struct {
	household
	// named are the names that a request may give its things: ids by kind, and what else tells one Org's from another's.
	named map[string]string
	// said are the secrets that a request may say, by what they are for.
	said     map[string]string
	people   map[access.Role]tenant.Member
	sessions map[access.Role]string // their access tokens
	marks    []string               // what nobody else may ever be told
}

// kinds are the things whose name is an id.
func (w world) kinds() []string {
	return []string{"app", "entry", "erasure", "event", "feedback", "friend", "invitation", "key", "member", "org", "person", "pk_live", "record", "run", "secret", "session"}
}

func (w world) id(kind string) id.ID { return userz.ID(w.named[kind]) }

// theirPassword is everybody's in a world; its hash is made once, for each costs a tenth of a second under the race detector.
const theirPassword = "plums ripen in the shade"

var theirHash = sync.OnceValues(func() (string, error) {
	return tenant.HashPassword(theirPassword, fixed{})
})

// fixed is randomness that nobody guesses from.
type fixed struct{}

func (fixed) Read(p []byte) (int, error) { return len(p), nil }

// settle makes a world. That of an operator may see other Orgs.
func (i *installation) settle(slug string, operator bool) world {
	i.t.Helper()
	ctx := context.Background()
	w := world{household: i.found(slug), named: map[string]string{}, said: map[string]string{}, people: map[access.Role]tenant.Member{}, sessions: map[access.Role]string{}}
	if operator {
		w.org.Operator = true
		must(i.t, i.Store.ReplaceOrg(ctx, w.org))
		must(i.t, i.Gate.Bump(ctx, w.org.ID))
	}
	i.people(&w)
	i.credentials(&w)
	i.heard(&w)
	i.peopled(&w)
	w.named["org"], w.named["app"], w.named["secret"] = w.org.ID.String(), w.app.ID.String(), w.app.Secrets[0].ID.String()
	w.named["slug"] = slug
	gone, err := i.manager.EraseEndUser(ctx, byTest(), w.org.ID, erasure.Subject{ExternalUserID: "gone of " + slug})
	must(i.t, err)
	w.named["erasure"] = gone.ID.String()
	trail, err := i.Store.LastAudit(ctx, w.org.ID)
	must(i.t, err)
	w.named["entry"] = trail.ID.String()
	w.marks = append(w.marks,
		w.org.Name, w.app.Name, w.app.PublicKey, w.named["file"], w.named["email"], "key of "+slug, "invited@"+slug, "event of "+slug, "trait of "+slug)
	for _, kind := range w.kinds() {
		w.marks = append(w.marks, w.named[kind])
	}
	i.orbited(&w)
	return w
}

// people are an actor of each role, one more to be acted upon, and one who is invited.
func (i *installation) people(w *world) {
	i.t.Helper()
	ctx := context.Background()
	hash, err := theirHash()
	must(i.t, err)
	for _, who := range []struct {
		name string
		role access.Role
	}{{"owner", access.Owner}, {"admin", access.Admin}, {"member", access.Member}, {"other", access.Member}} {
		m := tenant.Member{
			ID: i.IDs.New(), Org: w.org.ID, Email: who.name + "@" + w.org.Slug + ".example", Name: who.name + " of " + w.org.Slug, Role: who.role,
			Status: tenant.Active, PasswordHash: hash, CreatedAt: i.Now(), UpdatedAt: i.Now(), Version: 1,
		}
		must(i.t, i.Store.CreateMember(ctx, w.org.ID, m))
		if who.name == "other" {
			w.named["member"], w.named["email"] = m.ID.String(), m.Email
			continue
		}
		w.people[who.role] = m
		s, token := i.session(m)
		w.sessions[who.role] = token
		if who.role == access.Owner {
			w.named["session"], w.named["access"] = s.ID.String(), token
			w.said["refresh"], w.said["email"] = i.Keyring.SignRefresh(s).Reveal(), m.Email
		}
	}
	w.said["password"] = theirPassword
	invited, token, err := i.manager.Invite(ctx, byTest(), w.org.ID, "invited@"+w.org.Slug+".example", access.Member)
	must(i.t, err)
	w.named["invitation"], w.said["invite"] = invited.ID.String(), token.Reveal()
}

// session logs a member in without a password.
func (i *installation) session(m tenant.Member) (session.Session, string) {
	i.t.Helper()
	now := i.Now()
	s := session.Session{ID: i.IDs.New(), Org: m.Org, Member: m.ID, CreatedAt: now, RefreshedAt: now, ExpiresAt: now.Add(session.RefreshLife)}
	must(i.t, i.Store.CreateSession(context.Background(), m.Org, s))
	token, err := i.Keyring.SignAccess(s, now)
	must(i.t, err)
	return s, token.Reveal()
}

// credentials are a key that may do all there is, one that may do little and is to be acted upon, and one of each other surface.
func (i *installation) credentials(w *world) {
	i.t.Helper()
	mint := func(draft manage.KeyDraft) (apikey.Key, secret.String) {
		key, text, err := i.manager.CreateKey(context.Background(), byTest(), w.org.ID, draft)
		must(i.t, err)
		return key, text
	}
	_, all := mint(manage.KeyDraft{Name: "all", Scopes: access.Rights()})
	w.sk = all.Reveal()
	little, _ := mint(manage.KeyDraft{Name: "key of " + w.org.Slug, Scopes: []access.Right{access.KeysManage}})
	w.named["key"] = little.ID.String()
	for _, format := range apikey.Formats() {
		if format.Name != apikey.Secret().Name {
			key, text := mint(manage.KeyDraft{Name: format.Name + " of " + w.org.Slug, Format: format.Name})
			w.named[format.Name], w.said[format.Name] = key.ID.String(), text.Reveal()
		}
	}
}

// heard is what the App was told: an item with a file, a run on it, and a file that no item cites yet.
func (i *installation) heard(w *world) {
	i.t.Helper()
	item, _ := i.stored(i.cite(w.app, "", i.upload(w.app, "content")))
	run := agentrun.Run{ID: i.IDs.New(), Org: w.org.ID, App: w.app.ID, Feedback: userz.ID(item), Status: agentrun.Running, StartedAt: i.Now()}
	must(i.t, i.Store.InsertRun(context.Background(), w.org.ID, run))
	w.named["feedback"], w.named["run"], w.named["file"] = item, run.ID.String(), i.upload(w.app, "content").Key
	claims, err := usertoken.New("user-of-"+w.org.Slug, w.app.ID, nil, time.Hour, i.Now())
	must(i.t, err)
	token, err := usertoken.Mint(claims, w.app.Secrets[0].ID, w.signing)
	must(i.t, err)
	w.said["user"] = token.Reveal()
	i.told(w)
}

// told is an event of an end user, and so a profile.
func (i *installation) told(w *world) {
	i.t.Helper()
	w.named["user"] = "user-of-" + w.org.Slug
	body := fmt.Sprintf(`{"event":"event of %[1]s","user":{"id":"user-of-%[1]s","traits":{"trait":"trait of %[1]s"}}}`, w.org.Slug)
	var answer struct {
		Data struct {
			Results []struct {
				EventID string `json:"event_id"`
			}
		}
	}
	i.answer(i.call(http.MethodPost, "/v1/event", w.said["ub_live"], body), http.StatusOK, &answer)
	told, err := id.ParseUUID(answer.Data.Results[0].EventID)
	must(i.t, err)
	w.named["event"] = told.String()
}

// dump is all that an Org has stored, by what it is.
func (i *installation) dump(w world) map[string]any {
	i.t.Helper()
	ctx := context.Background()
	org := w.org.ID
	all := map[string]any{}
	put := func(name string, value any, err error) {
		i.t.Helper()
		must(i.t, err)
		all[name] = value
	}
	stored, err := i.Store.Org(ctx, org)
	put("org", stored, err)
	apps, err := i.Store.Apps(ctx, org)
	put("apps", apps, err)
	members, err := i.Store.Members(ctx, org, 0, 0)
	put("members", members, err)
	for _, m := range members {
		sessions, err := i.Store.Sessions(ctx, org, m.ID)
		put("sessions of "+m.Email, sessions, err)
	}
	invitations, err := i.Store.Invitations(ctx, org)
	put("invitations", invitations, err)
	keys, err := i.Store.Keys(ctx, org)
	put("keys", keys, err)
	trail, err := i.Store.AuditFrom(ctx, org, 0, 10_000)
	put("audit log", trail, err)
	erasures, err := i.Store.Erasures(ctx, org)
	put("erasures", erasures, err)
	run, err := i.Store.Run(ctx, org, w.id("run"))
	put("run", run, err)
	page, err := i.Store.ListFeedback(ctx, org, feedback.Query{IncludeDuplicates: true, Limit: 100})
	must(i.t, err)
	for _, listed := range page.Items {
		item, err := i.Store.Feedback(ctx, org, listed.ID)
		put("item "+listed.ID.String(), item, err)
	}
	events, err := i.Store.Events(ctx, org, event.Query{Limit: 100})
	put("events", events, err)
	profile, err := i.Store.Profile(ctx, org, w.named["user"])
	put("profile", profile, err)
	slots, err := i.Store.SlotsOf(ctx, org, id.Zero, 100)
	put("files", slots, err)
	credentials := []id.ID{w.app.Secrets[0].ID}
	for _, key := range keys {
		credentials = append(credentials, key.ID)
	}
	uses, err := i.Store.LastUses(ctx, org, credentials)
	put("uses", uses, err)
	i.dumpOrbited(w, all)
	i.dumpPeople(w, all)
	must(i.t, i.Ledger.Flush(ctx))
	ledger, err := i.Store.Outcomes(ctx, org, outcome.Query{To: i.Now().Add(time.Hour), By: outcome.Whole, Limit: 1000})
	put("ledger", ledger, err)
	refusals, err := i.Store.Refusals(ctx, org, id.Zero, 1000)
	put("refusals", refusals, err)
	overrides, err := i.Store.Overrides(ctx)
	put("overrides", slices.DeleteFunc(overrides, func(o limit.Override) bool { return !o.For(w.org.Slug) }), err)
	return all
}

// changed names what of a dump is not as it was.
func changed(before, after map[string]any) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if !reflect.DeepEqual(before[name], after[name]) {
			names = append(names, fmt.Sprintf("%s:\n%+v\nnow\n%+v", name, before[name], after[name]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if _, was := before[name]; !was {
			names = append(names, name+" is new")
		}
	}
	return names
}

func TestAWorldSeesItsOwnChanges(t *testing.T) {
	t.Parallel()
	clock := newClock()
	i := serve(t, embedded(t, sqlite(t), clock.Now), clock.Now)
	w := i.settle("acme", false)
	before := i.dump(w)
	if got := changed(before, i.dump(w)); len(got) > 0 {
		t.Fatalf("changed by looking: %v", got)
	}
	if _, err := i.manager.RevokeKey(t.Context(), byTest(), w.org.ID, w.id("key")); err != nil {
		t.Fatal(err)
	}
	if got := changed(before, i.dump(w)); len(got) != 2 {
		t.Errorf("revoking a key changed %v, not the keys and the audit log", got)
	}
	before = i.dump(w)
	i.call(http.MethodGet, "/v1/feedback/"+w.named["org"], w.sk, "")
	must(t, i.Store.PutOverride(t.Context(), limit.Override{Name: "more", Org: "*", Policy: "reads.key", Rate: tenant.Rate{Limit: 700}}))
	if got := changed(before, i.dump(w)); len(got) != 4 {
		t.Errorf("a refusal and an override changed %v, not the ledger, the refusals, the key's last use and the overrides", got)
	}
}
