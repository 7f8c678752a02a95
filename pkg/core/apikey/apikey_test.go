package apikey_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/id"
)

func TestAHashDependsOnTheInstallationsKey(t *testing.T) {
	one, err := apikey.NewHasher(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	two, err := apikey.NewHasher(bytes.Repeat([]byte{2}, 32))
	if err != nil {
		t.Fatal(err)
	}
	first := one.Hash("sk_a")
	if first != one.Hash("sk_a") || first == one.Hash("sk_b") || first == two.Hash("sk_a") {
		t.Error("the hash is not a function of key and text alone")
	}
	mac := hmac.New(sha256.New, bytes.Repeat([]byte{1}, 32))
	mac.Write([]byte("sk_a"))
	if sum := one.Hash("sk_a"); !bytes.Equal(sum[:], mac.Sum(nil)) {
		t.Error("the hash is no longer the stored one: HMAC-SHA256")
	}
	if a, b := one.Derive("a"), one.Derive("b"); len(a) != 32 || bytes.Equal(a, b) || bytes.Equal(a, two.Derive("a")) || !bytes.Equal(a, one.Derive("a")) {
		t.Error("a derived key is not a function of key and purpose alone")
	}
	for _, n := range []int{0, 16, 31, 33} {
		if _, err := apikey.NewHasher(make([]byte, n)); err == nil {
			t.Errorf("a hash key of %d bytes is taken", n)
		}
	}
}

func TestADrawnKeyKeepsOnlyWhatCannotOpenAnything(t *testing.T) {
	for _, format := range apikey.Formats() {
		asked := apikey.Key{ID: id.ID{1}, Org: id.ID{2}, Name: "backend", CreatedBy: "ada", Scopes: format.Default}
		key, text := format.Draw(rand.Reader, hasher(t), asked)
		plain := text.Reveal()
		if key.Hash != hasher(t).Hash(plain) || key.Format != format.Name || key.ID != asked.ID || key.Org != asked.Org || key.Name != asked.Name {
			t.Errorf("%s: %+v", format.Name, key)
		}
		if !strings.HasPrefix(plain, key.Prefix) || !strings.HasSuffix(plain, key.Last4) || len(key.Last4) != 4 {
			t.Errorf("%s: prefix %s, last four %s", format.Name, key.Prefix, key.Last4)
		}
		if hidden := len(plain) - len(key.Prefix) - len(key.Last4); hidden < 28 {
			t.Errorf("%s: all but %d characters are shown", format.Name, hidden)
		}
		if strings.Contains(fmt.Sprintf("%+v %#v", key, key), plain) {
			t.Errorf("%s: the stored key holds the secret", format.Name)
		}
	}
	key, text := apikey.AuthWorx().Draw(rand.Reader, hasher(t), apikey.Key{})
	if key.Prefix != text.Reveal()[:10] {
		t.Errorf("AuthWorx documents a prefix of the first ten characters, not %s", key.Prefix)
	}
}

func TestAKeyLivesFromItsStartUntilItIsRevokedOrExpires(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for name, row := range map[string]struct {
		key  apikey.Key
		live bool
	}{
		"neither":               {apikey.Key{}, true},
		"begins later":          {apikey.Key{NotBefore: now.Add(1)}, false},
		"begins now":            {apikey.Key{NotBefore: now}, true},
		"expires later":         {apikey.Key{ExpiresAt: now.Add(1)}, true},
		"expires now":           {apikey.Key{ExpiresAt: now}, false},
		"expired":               {apikey.Key{ExpiresAt: now.Add(-1)}, false},
		"revoked":               {apikey.Key{RevokedAt: now}, false},
		"revoked, not expired":  {apikey.Key{RevokedAt: now, ExpiresAt: now.Add(time.Hour)}, false},
		"revoked, by our clock": {apikey.Key{RevokedAt: now.Add(time.Second)}, false}, // another process's clock is ahead
		"it leaked":             {apikey.Key{Leak: &apikey.Leak{At: now}}, true},
	} {
		if row.key.Live(now) != row.live {
			t.Errorf("%s: live is %t", name, !row.live)
		}
	}
}

func TestAKeyIsUsedFromItsNetworksAlone(t *testing.T) {
	nets := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32")}
	for address, want := range map[string]bool{
		"192.0.2.0": true, "192.0.2.255": true, "::ffff:192.0.2.7": true, "2001:db8::1": true,
		"192.0.3.0": false, "2001:db9::1": false, "::192.0.2.7": false,
	} {
		if got := (apikey.Key{Networks: nets}).Admits(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %t", address, got)
		}
		if !(apikey.Key{}).Admits(netip.MustParseAddr(address)) {
			t.Errorf("%s is refused by a key for everywhere", address)
		}
	}
	if (apikey.Key{Networks: nets}).Admits(netip.Addr{}) {
		t.Error("an address that is not known is within them")
	}
}

func TestAKeyMayNeverDoMoreThanItsCreatorMayNow(t *testing.T) {
	key := apikey.Key{Scopes: []access.Right{access.KeysManage, access.FeedbackRead, access.OrgDelete}}
	for name, row := range map[string]struct {
		creator *tenant.Member
		want    []access.Right
	}{
		"an operator":     {nil, key.Scopes},
		"an owner":        {&tenant.Member{Role: access.Owner, Status: tenant.Active}, key.Scopes},
		"an admin":        {&tenant.Member{Role: access.Admin, Status: tenant.Active}, []access.Right{access.KeysManage, access.FeedbackRead}},
		"a member now":    {&tenant.Member{Role: access.Member, Status: tenant.Active}, []access.Right{access.FeedbackRead}},
		"suspended":       {&tenant.Member{Role: access.Owner, Status: tenant.Suspended}, nil},
		"gone":            {&tenant.Member{}, nil},
		"an unknown role": {&tenant.Member{Role: "boss", Status: tenant.Active}, nil},
	} {
		if got := key.Rights(row.creator); !slices.Equal(got, row.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func hasher(t *testing.T) apikey.Hasher {
	t.Helper()
	h, err := apikey.NewHasher(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	return h
}
