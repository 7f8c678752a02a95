package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/apikey"
)

func keys(t *testing.T, s Store) {
	m := newMaker()
	t.Run("keys read back exactly", func(t *testing.T) { keysReadBack(t, s, m) })
	t.Run("a hash is one key's", func(t *testing.T) { keyHashes(t, s, m) })
	t.Run("a key is revoked once", func(t *testing.T) { revoke(t, s, m) })
}

func keysReadBack(t *testing.T, s Store, m maker) {
	org := m.ids.New()
	full, bare, revoked := m.key(org), m.key(org), m.key(org)
	bare = apikey.Key{ID: bare.ID, Org: org, Hash: bare.Hash, CreatedAt: moment()}
	revoked.RevokedAt = moment().Add(time.Second)
	all := []apikey.Key{full, bare, revoked}
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
