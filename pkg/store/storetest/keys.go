package storetest

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
)

func keys(t *testing.T, s Store) {
	m := newMaker()
	t.Run("keys read back exactly", func(t *testing.T) { keysReadBack(t, s, m) })
	t.Run("a hash is one key's", func(t *testing.T) { keyHashes(t, s, m) })
	t.Run("a key is revoked once", func(t *testing.T) { revoke(t, s, m) })
	t.Run("a key never expires later than it was said to", func(t *testing.T) { expire(t, s, m) })
	t.Run("the first leak of a key is kept", func(t *testing.T) { noteLeak(t, s, m) })
}

func keysReadBack(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	full, bare, revoked, empty := m.key(org), m.key(org), m.key(org), m.key(org)
	bare = apikey.Key{ID: bare.ID, Org: org, Hash: bare.Hash, CreatedAt: moment()}
	revoked.RevokedAt = moment().Add(time.Second)
	empty.Scopes, empty.Networks, empty.Leak = []access.Right{}, []netip.Prefix{}, &apikey.Leak{}
	full.Leak = &apikey.Leak{At: moment(), Source: "github", URL: "https://git.example/ü?" + awkward}
	all := []apikey.Key{full, bare, revoked, empty}
	for _, key := range slices.Backward(all) {
		must(t, s.CreateKey(t.Context(), org, key))
	}
	for _, key := range all {
		same(t, read[apikey.Key](t)(s.Key(t.Context(), org, key.ID)), key)
		same(t, read[apikey.Key](t)(s.KeyByHash(t.Context(), key.Hash)), key)
	}
	same(t, read[[]apikey.Key](t)(s.Keys(t.Context(), org)), all)
	_, err := s.Key(t.Context(), org, m.ids.New())
	missing(t, err)
	_, err = s.KeyByHash(t.Context(), apikey.Hash{})
	missing(t, err)
}

func keyHashes(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	first := m.key(org)
	must(t, s.CreateKey(t.Context(), org, first))
	thief := m.key(m.ids.New())
	thief.Hash = first.Hash
	taken(t, s.CreateKey(t.Context(), thief.Org, thief))
	again := m.key(org)
	again.ID = first.ID
	taken(t, s.CreateKey(t.Context(), org, again))
	same(t, read[apikey.Key](t)(s.KeyByHash(t.Context(), first.Hash)), first)
}

func revoke(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	key := m.key(org)
	must(t, s.CreateKey(t.Context(), org, key))

	answers := make([]apikey.Key, racers)
	for _, err := range race(func(racer int) (err error) {
		answers[racer], err = s.RevokeKey(t.Context(), org, key.ID, moment().Add(time.Duration(racer)*time.Second))
		return err
	}) {
		must(t, err)
	}
	stored := read[apikey.Key](t)(s.Key(t.Context(), org, key.ID))
	for _, answer := range answers {
		same(t, answer, stored)
	}
	if stored.RevokedAt.Before(moment()) || !stored.RevokedAt.Before(moment().Add(racers*time.Second)) {
		t.Fatalf("revoked at %s, which nobody said", stored.RevokedAt)
	}
	key.RevokedAt = stored.RevokedAt
	same(t, stored, key)
	same(t, read[apikey.Key](t)(s.KeyByHash(t.Context(), key.Hash)), key)

	_, err := s.RevokeKey(t.Context(), org, m.ids.New(), moment())
	missing(t, err)
}

func expire(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	never, early := m.key(org), m.key(org)
	never.ExpiresAt = time.Time{}
	at := func(racer int) time.Time { return moment().Add(time.Duration(racer) * time.Hour) }
	early.ExpiresAt = at(-1)
	for _, key := range []*apikey.Key{&never, &early} {
		must(t, s.CreateKey(t.Context(), org, *key))
		for _, err := range race(func(racer int) error {
			got, err := s.ExpireKey(t.Context(), org, key.ID, at(racer))
			if err == nil && got.ExpiresAt.After(at(racer)) {
				return fmt.Errorf("expires at %s, told %s", got.ExpiresAt, at(racer))
			}
			return err
		}) {
			must(t, err)
		}
	}
	never.ExpiresAt = at(0)
	for _, key := range []apikey.Key{never, early} {
		same(t, read[apikey.Key](t)(s.ExpireKey(t.Context(), org, key.ID, at(1))), key)
		same(t, read[apikey.Key](t)(s.Key(t.Context(), org, key.ID)), key)
	}
	_, err := s.ExpireKey(t.Context(), org, m.ids.New(), moment())
	missing(t, err)
}

func noteLeak(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	key := m.key(org)
	must(t, s.CreateKey(t.Context(), org, key))
	leak := func(racer int) apikey.Leak {
		return apikey.Leak{At: moment().Add(time.Duration(racer) * time.Second), Source: fmt.Sprint("source ", racer), URL: fmt.Sprint(racer)}
	}
	answers := make([]apikey.Key, racers)
	for _, err := range race(func(racer int) (err error) {
		answers[racer], err = s.NoteLeak(t.Context(), org, key.ID, leak(racer))
		return err
	}) {
		must(t, err)
	}
	stored := read[apikey.Key](t)(s.Key(t.Context(), org, key.ID))
	for _, answer := range answers {
		same(t, answer, stored)
	}
	first := leak(int(stored.Leak.At.Sub(moment()) / time.Second))
	key.Leak = &first
	same(t, stored, key)
	_, err := s.NoteLeak(t.Context(), org, m.ids.New(), first)
	missing(t, err)
}
