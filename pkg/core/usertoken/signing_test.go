package usertoken_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/core/usertoken"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

func TestASecretReadsBackInEverySpelling(t *testing.T) {
	for range 200 {
		key := usertoken.NewSecret(rand.Reader)
		if len(key) != 32 {
			t.Fatalf("%d bytes", len(key))
		}
		for _, text := range []string{
			usertoken.FormatSecret(key), strings.ToUpper(hex.EncodeToString(key)), usertoken.FormatSecret(key) + "\n",
			base64.StdEncoding.EncodeToString(key), base64.RawStdEncoding.EncodeToString(key),
			base64.URLEncoding.EncodeToString(key), base64.RawURLEncoding.EncodeToString(key),
		} {
			if got, err := usertoken.ParseSecret(text); err != nil || !bytes.Equal(got, key) {
				t.Fatalf("%q read as %x, %v", text, got, err)
			}
		}
	}
}

func TestHexComesBeforeBase64AndBothBeforeRawBytes(t *testing.T) {
	for text, want := range map[string]string{
		"abcd":          "\xab\xcd", // base64 too
		"abcde":         "abcde",    // odd, and of no base64 length
		"abc":           "i\xb7",    // odd: base64
		"c2VjcmV0":      "secret",   // base64
		"c2VjcmV":       "c2VjcmV",  // its spare bits are not zero: nothing encodes to it
		"correct horse": "correct horse",
		"c2Vj\ncmV0":    "c2Vj\ncmV0",
		"pässword":      "pässword",
	} {
		if got, err := usertoken.ParseSecret(text); err != nil || string(got) != want {
			t.Errorf("%q read as %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"", " \n"} {
		if got, err := usertoken.ParseSecret(text); err == nil {
			t.Errorf("%q read as %q", text, got)
		}
	}
}

func TestASealedSecretOpensOnlyForItsOrgAndApp(t *testing.T) {
	json, err := secret.NewKeysetJSON()
	if err != nil {
		t.Fatal(err)
	}
	keyset, err := secret.ParseKeyset(json)
	if err != nil {
		t.Fatal(err)
	}
	org, key := id.ID{9}, usertoken.NewSecret(rand.Reader)
	sealed, err := usertoken.SealSecret(keyset, org, app, key)
	if err != nil || bytes.Contains(sealed, key) {
		t.Fatalf("%x, %v", sealed, err)
	}
	if got, err := usertoken.OpenSecret(keyset, org, app, sealed); err != nil || !bytes.Equal(got, key) {
		t.Fatalf("%x, %v", got, err)
	}
	for _, owner := range [][2]id.ID{{org, otherApp}, {{8}, app}, {app, org}} {
		if got, err := usertoken.OpenSecret(keyset, owner[0], owner[1], sealed); err == nil {
			t.Errorf("opened for %s as %x", owner, got)
		}
	}
	if _, err := usertoken.SealSecret(keyset, org, app, nil); err == nil {
		t.Error("an empty secret was sealed")
	}
}

func TestRotationKillsOldTokensAtOnceOrAfterTheOverlap(t *testing.T) {
	keys := map[id.ID][]byte{former.ID: former.Key, fresh.ID: fresh.Key}
	before := tenant.App{ID: app, Secrets: []tenant.SigningSecret{{ID: former.ID, CreatedAt: now.Add(-time.Hour)}}}
	next := tenant.SigningSecret{ID: fresh.ID, CreatedAt: now}
	claims, err := usertoken.New("u", app, nil, usertoken.MaxTTL, now)
	if err != nil {
		t.Fatal(err)
	}
	verifies := func(rotated tenant.App, minted usertoken.Secret, at time.Time) bool {
		token, err := usertoken.Mint(claims, minted.ID, minted.Key)
		if err != nil {
			t.Fatal(err)
		}
		var live []usertoken.Secret
		for _, s := range rotated.LiveSecrets(at) {
			live = append(live, usertoken.Secret{ID: s.ID, Key: keys[s.ID]})
		}
		_, used, err := usertoken.Verify(token.Reveal(), app, live, at)
		return err == nil && used == minted.ID
	}
	for _, row := range []struct {
		name          string
		overlap, wait time.Duration
		old           bool
	}{
		{"no overlap, at once", 0, 0, false},
		{"an hour's overlap, at once", time.Hour, 0, true},
		{"an hour's overlap, in its last second", time.Hour, time.Hour - time.Second, true},
		{"an hour's overlap, when it ends", time.Hour, time.Hour, false},
	} {
		rotated := before.Rotated(next, row.overlap)
		if got := verifies(rotated, former, now.Add(row.wait)); got != row.old {
			t.Errorf("%s: the old secret's token verifies: %t", row.name, got)
		}
		if !verifies(rotated, fresh, now.Add(row.wait)) {
			t.Errorf("%s: the new secret's token is refused", row.name)
		}
	}
}
