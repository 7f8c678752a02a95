package manage_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

func TestARotatedKeyTakesThePlaceOfTheFormer(t *testing.T) {
	o := newOffice(t)
	ann := as(o.member("ann", access.Owner))
	ends := o.at.Add(100 * time.Hour).Truncate(time.Millisecond)
	former, formerText := o.key(ann, manage.KeyDraft{
		Name: "ci", Scopes: []access.Right{access.FeedbackRead}, Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")},
		ExpiresAt: ends, Limit: &tenant.Rate{Limit: 7},
	})
	_, err := o.Leaked(t.Context(), formerText, apikey.Leak{Source: "github"})
	o.must(err)
	rotate := func(key id.ID, overlap time.Duration) apikey.Key {
		t.Helper()
		fresh, text, err := o.RotateKey(t.Context(), ann, o.org.ID, key, overlap)
		o.must(err)
		if found, err := o.store.KeyByHash(t.Context(), o.Hasher.Hash(text.Reveal())); err != nil || found.ID != fresh.ID {
			t.Fatalf("the new key does not work: %v", err)
		}
		return fresh
	}
	second := rotate(former.ID, time.Hour)
	if second.Replaces != former.ID || second.ID == former.ID || second.Hash == former.Hash || second.Name != "ci" || second.Leak != nil ||
		!slices.Equal(second.Scopes, former.Scopes) || !slices.Equal(second.Networks, former.Networks) || *second.Limit != *former.Limit ||
		!second.ExpiresAt.Equal(ends) {
		t.Errorf("%+v", second)
	}
	if k := o.stored(former.ID); !k.Live(o.at.Add(time.Hour-time.Second)) || k.Live(o.at.Add(time.Hour)) {
		t.Errorf("the former one: %+v", k)
	}
	if again := rotate(former.ID, 2*time.Hour); !again.ExpiresAt.Equal(ends) {
		t.Errorf("rotating again, perhaps because an answer was lost, gives a key that ends with the overlap: %v", again.ExpiresAt)
	}
	if k := o.stored(former.ID); k.Live(o.at.Add(time.Hour)) {
		t.Error("rotating again prolongs what already ends")
	}
	o.gate.look = func() {
		if k := o.stored(second.ID); k.Live(o.at) {
			t.Errorf("announced while the former one was live: %+v", k)
		}
	}
	rotate(second.ID, 0)
	o.gate.look = nil
	_, _, err = o.RotateKey(t.Context(), ann, o.org.ID, second.ID, 0)
	o.is("what has ended", err, apierr.CodeChanged)
	for _, overlap := range []time.Duration{-time.Second, manage.MaxOverlap + time.Second} {
		_, _, err = o.RotateKey(t.Context(), ann, o.org.ID, former.ID, overlap)
		o.issue("an overlap out of range", err, "out_of_range", "overlapSeconds")
	}
	_, _, err = o.RotateKey(t.Context(), ann, id.ID{9}, former.ID, 0)
	o.is("another Org's", err, apierr.CodeNotFound)
}

func TestARevocationIsStoredThenAnnounced(t *testing.T) {
	o := newOffice(t)
	key, _ := o.key(o.shell, manage.KeyDraft{})
	first := o.at
	o.gate.look = func() {
		if o.stored(key.ID).Live(o.at) {
			t.Error("announced before it was stored")
		}
	}
	o.gate.away.Store(true)
	if _, err := o.RevokeKey(t.Context(), o.shell, o.org.ID, key.ID); apierr.KindOf(err) != apierr.Unavailable {
		t.Errorf("unannounced: %v", err)
	}
	o.at = o.at.Add(time.Hour)
	o.gate.away.Store(false)
	n := o.gate.bumps.Load()
	revoked, err := o.RevokeKey(t.Context(), o.shell, o.org.ID, key.ID)
	o.must(err)
	if !revoked.RevokedAt.Equal(first.Truncate(time.Millisecond)) || o.gate.bumps.Load() != n+1 {
		t.Errorf("revoked at %v with %d announcements", revoked.RevokedAt, o.gate.bumps.Load()-n)
	}
	_, err = o.RevokeKey(t.Context(), o.shell, o.org.ID, id.ID{9})
	o.is("unknown", err, apierr.CodeNotFound)
	_, err = o.RevokeKey(t.Context(), o.shell, id.ID{9}, key.ID)
	o.is("another Org's", err, apierr.CodeNotFound)
	if o.gate.bumps.Load() != n+1 {
		t.Error("what did not happen was announced")
	}
}

func TestALeakIsNotedAndActedUponAsTheOrgWants(t *testing.T) {
	o := newOffice(t)
	leaked := func(text secret.String) bool {
		t.Helper()
		found, err := o.Leaked(t.Context(), text, apikey.Leak{Source: "github", URL: "https://example.com/x"})
		o.must(err)
		return found
	}
	key, text := o.key(o.shell, manage.KeyDraft{})
	first := o.at.Truncate(time.Millisecond)
	if !leaked(text) {
		t.Error("a key of ours is unknown")
	}
	if k := o.stored(key.ID); !k.Live(o.at) || k.Leak == nil || !k.Leak.At.Equal(first) || k.Leak.Source != "github" || k.Leak.URL != "https://example.com/x" {
		t.Errorf("notify: %+v", k)
	}
	if e := o.last(); e.Action != "api_key.leak" || e.Actor.Kind != audit.BySystem {
		t.Errorf("%+v", e)
	}
	n := len(o.entries())
	o.at = o.at.Add(time.Hour)
	if !leaked(text) || len(o.entries()) != n || !o.stored(key.ID).Leak.At.Equal(first) {
		t.Error("it was found again, and noted again")
	}
	policy := tenant.RevokeLeaks
	_, err := o.UpdateOrg(t.Context(), o.shell, o.org.ID, manage.OrgChange{LeakPolicy: &policy})
	o.must(err)
	other, otherText := o.key(o.shell, manage.KeyDraft{Format: "userorbit"})
	for _, text := range []secret.String{text, otherText} {
		if !leaked(text) {
			t.Error("a key of ours is unknown")
		}
	}
	if o.stored(key.ID).Live(o.at) || o.stored(other.ID).Live(o.at) {
		t.Error("revoke: a key that leaked still lives")
	}
	n = len(o.entries())
	if !leaked(otherText) || len(o.entries()) != n {
		t.Error("what is revoked already is revoked again")
	}
	_, stranger := apikey.Secret().Draw(o.Random, o.Hasher, apikey.Key{})
	for _, text := range []secret.String{stranger, "", "sk_x", text + "x", "hunter2"} {
		if leaked(text) {
			t.Errorf("%s is somebody's", text.Reveal())
		}
	}
}
