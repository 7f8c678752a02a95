package secret_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/heard-dev/heard/pkg/secret"
)

func TestASecretPrintsAsStars(t *testing.T) {
	const plain = "hunter2"
	s := secret.String(plain)
	config := struct {
		Key     secret.String
		Pointer *secret.String
		List    []secret.String
		Map     map[string]secret.String
	}{s, &s, []secret.String{s}, map[string]secret.String{"a": s}}

	var lines bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&lines, nil), slog.NewTextHandler(&lines, nil)} {
		slog.New(handler).Info("made "+s.String(), "key", s, "config", config, slog.Group("group", "key", s))
	}
	asJSON, err := json.MarshalIndent(config, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	shown := lines.String() + string(asJSON)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%10s", "%q", "%x"} {
		one := fmt.Sprintf(verb, s)
		if !strings.Contains(one, "***") && !strings.Contains(one, "2a2a2a") {
			t.Errorf("%s prints %s", verb, one)
		}
		shown += one + fmt.Sprintf(verb, config)
	}
	shown += fmt.Sprint(s, fmt.Errorf("open: %w", fmt.Errorf("key %v", s)))
	if strings.Contains(shown, plain) || strings.Contains(shown, hex.EncodeToString([]byte(plain))) || !strings.Contains(shown, "***") {
		t.Errorf("the secret shows in %s", shown)
	}
	if s.Reveal() != plain {
		t.Errorf("Reveal gives %q", s.Reveal())
	}
}

func TestSecretsAreEqualWhenTheirTextsAre(t *testing.T) {
	a := secret.String("abc")
	for text, want := range map[secret.String]bool{"abc": true, "abd": false, "ab": false, "": false} {
		if a.Equal(text) != want {
			t.Errorf("equal to one of %d bytes: %t", len(text), !want)
		}
	}
}

func TestASealedValueOpensOnlyForItsOwner(t *testing.T) {
	made, err := secret.NewKeysetJSON()
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := parse(t, made), parse(t, another(t))
	value := []byte("a signing secret")
	sealed, err := ours.Seal(value, "org/app")
	if err != nil || bytes.Contains(sealed, value) {
		t.Fatalf("%q, %v", sealed, err)
	}
	if again, err := ours.Seal(value, "org/app"); err != nil || bytes.Equal(again, sealed) {
		t.Errorf("sealing twice shows that the values are equal, %v", err)
	}
	if got, err := ours.Open(sealed, "org/app"); err != nil || !bytes.Equal(got, value) {
		t.Errorf("%q, %v", got, err)
	}
	for _, owner := range []string{"", "org", "org/app2", "org/ap", "ORG/app"} {
		if got, err := ours.Open(sealed, owner); err == nil {
			t.Errorf("%q opens it as %q", owner, got)
		}
	}
	if got, err := theirs.Open(sealed, "org/app"); err == nil {
		t.Errorf("another keyset opens it as %q", got)
	}
	for i := range sealed {
		sealed[i] ^= 1
		if got, err := ours.Open(sealed, "org/app"); err == nil {
			t.Errorf("with byte %d changed it opens as %q", i, got)
		}
		sealed[i] ^= 1
	}
}

func TestARotatedKeysetOpensWhatTheFormerSealed(t *testing.T) {
	former, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		t.Fatal(err)
	}
	manager := keyset.NewManagerFromHandle(former)
	added, err := manager.Add(aead.AES256GCMKeyTemplate())
	if err != nil {
		t.Fatal(err)
	}
	if err := manager.SetPrimary(added); err != nil {
		t.Fatal(err)
	}
	rotated, err := manager.Handle()
	if err != nil {
		t.Fatal(err)
	}
	before, after := parse(t, spell(t, former)), parse(t, spell(t, rotated))
	old, err := before.Seal([]byte("old"), "o")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := after.Open(old, "o"); err != nil || string(got) != "old" {
		t.Errorf("%q, %v", got, err)
	}
	fresh, err := after.Seal([]byte("new"), "o")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := before.Open(fresh, "o"); err == nil {
		t.Error("the rotated keyset still seals with the former key")
	}
}

func TestWhatIsNoKeysetIsRefusedWithoutShowingIt(t *testing.T) {
	whole := another(t).Reveal()
	for _, json := range []string{"", "{}", "null", "hunter2hunter2", whole[:len(whole)/2], strings.Replace(whole, "AesGcmKey", "HmacKey", 1)} {
		if _, err := secret.ParseKeyset(secret.String(json)); err == nil {
			t.Errorf("a keyset of %d bytes is taken", len(json))
		} else if json != "" && strings.Contains(err.Error(), json) {
			t.Errorf("the refusal shows the keyset: %v", err)
		}
	}
}

func another(t *testing.T) secret.String {
	t.Helper()
	json, err := secret.NewKeysetJSON()
	if err != nil {
		t.Fatal(err)
	}
	return json
}

func parse(t *testing.T, json secret.String) secret.Keyset {
	t.Helper()
	k, err := secret.ParseKeyset(json)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func spell(t *testing.T, handle *keyset.Handle) secret.String {
	t.Helper()
	var out bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&out)); err != nil {
		t.Fatal(err)
	}
	return secret.String(out.String())
}
