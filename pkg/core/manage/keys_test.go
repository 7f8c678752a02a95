package manage_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

func (o *office) key(by manage.By, draft manage.KeyDraft) (apikey.Key, secret.String) {
	o.Helper()
	if draft.Name == "" {
		draft.Name = "ci"
	}
	key, text, err := o.CreateKey(o.Context(), by, o.org.ID, draft)
	o.must(err)
	return key, text
}

func (o *office) stored(key id.ID) apikey.Key {
	o.Helper()
	k, err := o.store.Key(o.Context(), o.org.ID, key)
	o.must(err)
	return k
}

func TestAKeyIsStoredAsItIsAnswered(t *testing.T) {
	o := newOffice(t)
	ann := o.member("ann", access.Admin)
	app, _ := o.app("web")
	draft := manage.KeyDraft{
		Name: "ci", Scopes: []access.Right{access.FeedbackRead}, App: app.ID, Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")},
		NotBefore: o.at.Add(time.Hour).Truncate(time.Millisecond), ExpiresAt: o.at.Add(2 * time.Hour).Truncate(time.Millisecond),
		Limit: &tenant.Rate{Limit: 7, Burst: 3},
	}
	key, text := o.key(as(ann), draft)
	found, err := o.store.KeyByHash(t.Context(), o.Hasher.Hash(text.Reveal()))
	o.must(err)
	if found.ID != key.ID || found.Org != o.org.ID || found.Creator != ann.ID || found.CreatedBy != ann.Email || found.Format != "sk" ||
		found.App != app.ID || !slices.Equal(found.Scopes, draft.Scopes) || !slices.Equal(found.Networks, draft.Networks) ||
		!found.NotBefore.Equal(draft.NotBefore) || !found.ExpiresAt.Equal(draft.ExpiresAt) || *found.Limit != *draft.Limit {
		t.Errorf("stored %+v", found)
	}
	made, err := o.store.LastAudit(t.Context(), o.org.ID)
	o.must(err)
	if made.Action != "api_key.create" || !strings.Contains(string(made.After), `"limit":{"burst":3,"limit":7}`) {
		t.Errorf("%s is written down as %s", made.Action, made.After)
	}
	for _, format := range apikey.Formats() {
		key, text := o.key(o.shell, manage.KeyDraft{Format: format.Name})
		if format.Check(text.Reveal()) != nil || !slices.Equal(key.Scopes, format.Default) || !key.Creator.IsZero() {
			t.Errorf("%s: %+v", format.Name, key)
		}
	}
}

func TestNobodyGivesAKeyARightThatTheyDoNotHave(t *testing.T) {
	o := newOffice(t)
	owner, admin, member := as(o.member("ann", access.Owner)), as(o.member("ada", access.Admin)), as(o.member("max", access.Member))
	backend := manage.By{
		Actor: audit.Actor{Kind: audit.ByKey, ID: id.ID{5}, Name: "backend"}, Role: access.Admin, OnBehalf: admin.ID,
		Rights: []access.Right{access.KeysManage, access.FeedbackRead},
	}
	for name, row := range map[string]struct {
		by    manage.By
		asked access.Right
		given bool
	}{
		"an owner ends the Org":       {owner, access.OrgDelete, true},
		"an admin ends the Org":       {admin, access.OrgDelete, false},
		"an admin manages":            {admin, access.MembersManage, true},
		"a member reads":              {member, access.FeedbackRead, true},
		"a member mints":              {member, access.TokensMint, false},
		"a key reads":                 {backend, access.FeedbackRead, true},
		"a key writes that may not":   {backend, access.FeedbackWrite, false},
		"what is no right":            {owner, "everything", false},
		"an operator from the shell":  {o.shell, access.OrgsAdminister, true},
		"a stranger to all the roles": {manage.By{Role: "boss"}, access.FeedbackRead, false},
	} {
		key, _, err := o.CreateKey(t.Context(), row.by, o.org.ID, manage.KeyDraft{Name: name, Scopes: []access.Right{row.asked}})
		if (err == nil) != row.given {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && len(apierr.Issues(err)) == 0 {
			t.Errorf("%s: no issue says why: %v", name, err)
		}
		if row.by.Kind == audit.ByKey && err == nil && key.Creator != admin.ID {
			t.Error("a key that a key made is bounded by nobody")
		}
	}
	key, _ := o.key(member, manage.KeyDraft{})
	if want := access.Both(access.Default(), member.Rights); !slices.Equal(key.Scopes, want) {
		t.Errorf("without scopes a member's key may %v", key.Scopes)
	}
	high, _ := o.key(owner, manage.KeyDraft{Scopes: []access.Right{access.OrgDelete}})
	_, _, err := o.RotateKey(t.Context(), admin, o.org.ID, high.ID, 0)
	o.is("an admin rotates an owner's key", err, apierr.CodeForbidden)
	if !o.stored(high.ID).Live(o.at) {
		t.Error("and ended it by that")
	}
}

func TestAKeyDraftsFaultsAreNamedAtOnce(t *testing.T) {
	o := newOffice(t)
	_, _, err := o.CreateKey(t.Context(), o.shell, o.org.ID, manage.KeyDraft{
		Name: " ", Format: "ub_live", Scopes: []access.Right{access.EventsWrite, access.KeysManage}, ExpiresAt: o.at.Add(-time.Second), NotBefore: o.at.Add(time.Hour),
		Networks: make([]netip.Prefix, 101), Limit: &tenant.Rate{Limit: -1},
	})
	o.issue("name", err, "required", "name")
	o.issue("scopes", err, "invalid_value", "scopes", 1)
	o.issue("expiry", err, "out_of_range", "expiresAt")
	o.issue("start", err, "out_of_range", "notBefore")
	o.issue("networks", err, "too_big", "allowedNetworks")
	o.issue("limit", err, "out_of_range", "limit")
	for what, row := range map[string]struct {
		org   id.ID
		draft manage.KeyDraft
		code  apierr.Code
	}{
		"an unknown format":  {o.org.ID, manage.KeyDraft{Name: "x", Format: "gold"}, apierr.CodeInvalidBody},
		"a name like a book": {o.org.ID, manage.KeyDraft{Name: strings.Repeat("x", 201)}, apierr.CodeInvalidBody},
		"a boundless burst":  {o.org.ID, manage.KeyDraft{Name: "x", Limit: &tenant.Rate{Limit: 1, Burst: gate.Unlimited + 1}}, apierr.CodeInvalidBody},
		"nobody's Org":       {id.ID{9}, manage.KeyDraft{Name: "x"}, apierr.CodeNotFound},
		"another's App":      {o.org.ID, manage.KeyDraft{Name: "x", App: id.ID{9}}, apierr.CodeInvalidBody},
	} {
		_, _, err := o.CreateKey(t.Context(), o.shell, row.org, row.draft)
		o.is(what, err, row.code)
	}
	app, _ := o.app("web")
	_, _, err = o.CreateKey(t.Context(), o.shell, o.org.ID, manage.KeyDraft{Name: "x", App: app.ID, Scopes: []access.Right{access.KeysManage}})
	o.issue("a right over the Org for a key of one App", err, "invalid_value", "scopes", 0)
	_, _, err = o.CreateKey(t.Context(), o.shell, o.org.ID, manage.KeyDraft{Name: "x", App: app.ID, Format: apikey.Userorbit().Name})
	o.issue("a Userorbit key for one App", err, "invalid_value", "appId")
}
