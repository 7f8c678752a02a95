package apikey_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/id"
)

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

func TestKeysHaveTheDocumentedShapeAndPassTheirCheck(t *testing.T) {
	secretForm, publicForm := regexp.MustCompile(`^sk_[0-9A-Za-z]{40}$`), regexp.MustCompile(`^pub_[0-9A-Za-z]{24}$`)
	seen := map[string]bool{}
	for range 500 {
		secret, public := apikey.NewSecret(rand.Reader).Reveal(), apikey.NewPublic(rand.Reader)
		if !secretForm.MatchString(secret) || apikey.CheckSecret(secret) != nil {
			t.Fatalf("secret %s", secret)
		}
		if !publicForm.MatchString(public) || apikey.CheckPublic(public) != nil {
			t.Fatalf("public %s", public)
		}
		if apikey.CheckPublic(secret) == nil || apikey.CheckSecret(public) == nil {
			t.Fatal("one kind of key passes for the other")
		}
		if seen[secret] || seen[public] {
			t.Fatal("a key was drawn twice")
		}
		seen[secret], seen[public] = true, true
	}
}

func TestTheChecksumRefusesEverySingleChangeAndSwap(t *testing.T) {
	key := apikey.NewSecret(rand.Reader).Reveal()
	changed := []byte(key)
	for i := range changed {
		for _, c := range []byte(alphabet + "_-. \x00\xff") {
			if c == key[i] {
				continue
			}
			changed[i] = c
			if apikey.CheckSecret(string(changed)) == nil {
				t.Fatalf("%s passes for %s", changed, key)
			}
		}
		changed[i] = key[i]
		if i > 0 && key[i] != key[i-1] {
			changed[i], changed[i-1] = key[i-1], key[i]
			if apikey.CheckSecret(string(changed)) == nil {
				t.Fatalf("%s passes for %s", changed, key)
			}
			changed[i], changed[i-1] = key[i], key[i-1]
		}
	}
	for _, text := range []string{"", "sk_", key[3:], key[:len(key)-1], key + "0", " " + key, "SK_" + key[3:], key + key[3:]} {
		if apikey.CheckSecret(text) == nil {
			t.Errorf("%q passes", text)
		}
	}
	for _, text := range []string{
		"", "pub_", "pub_" + strings.Repeat("a", 23), "pub_" + strings.Repeat("a", 25), "pub_" + strings.Repeat("é", 12),
	} {
		if apikey.CheckPublic(text) == nil {
			t.Errorf("%q passes", text)
		}
	}
}

// 62,000 characters: each is expected 1,000 times, with a deviation of 31. Six deviations are chance once in ten million runs.
func TestEveryCharacterIsAsLikely(t *testing.T) {
	const keys, perKey, chars = 2584, 24, 62
	counts := map[rune]int{}
	for range keys {
		for _, c := range strings.TrimPrefix(apikey.NewPublic(rand.Reader), apikey.PublicPrefix) {
			counts[c]++
		}
	}
	const expected = keys * perKey / chars
	for _, c := range alphabet {
		if n := counts[c]; n < expected-190 || n > expected+190 {
			t.Errorf("%c came %d times, not about %d", c, n, expected)
		}
	}
}

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
	for _, n := range []int{0, 16, 31, 33} {
		if _, err := apikey.NewHasher(make([]byte, n)); err == nil {
			t.Errorf("a hash key of %d bytes is taken", n)
		}
	}
}

func TestAMintedKeyKeepsOnlyWhatCannotOpenAnything(t *testing.T) {
	hasher, err := apikey.NewHasher(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	key, text := apikey.Mint(rand.Reader, hasher, id.ID{1}, id.ID{2}, "backend", "ada", at)
	plain := text.Reveal()
	if apikey.CheckSecret(plain) != nil || key.Hash != hasher.Hash(plain) || key.ID != (id.ID{1}) || key.Org != (id.ID{2}) ||
		key.Name != "backend" || key.CreatedBy != "ada" || key.CreatedAt != at || !key.Live(at) {
		t.Errorf("%+v", key)
	}
	if key.Prefix != plain[:7] || key.Last4 != plain[39:] {
		t.Errorf("prefix %s, last four %s", key.Prefix, key.Last4)
	}
	if strings.Contains(fmt.Sprintf("%+v %#v", key, key), plain) {
		t.Error("the stored key holds the secret")
	}
}

func TestAKeyLivesUntilItIsRevokedOrExpires(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for name, row := range map[string]struct {
		key  apikey.Key
		live bool
	}{
		"neither":               {apikey.Key{}, true},
		"expires later":         {apikey.Key{ExpiresAt: now.Add(1)}, true},
		"expires now":           {apikey.Key{ExpiresAt: now}, false},
		"expired":               {apikey.Key{ExpiresAt: now.Add(-1)}, false},
		"revoked":               {apikey.Key{RevokedAt: now}, false},
		"revoked, not expired":  {apikey.Key{RevokedAt: now, ExpiresAt: now.Add(time.Hour)}, false},
		"revoked, by our clock": {apikey.Key{RevokedAt: now.Add(time.Second)}, false}, // another process's clock is ahead
	} {
		if row.key.Live(now) != row.live {
			t.Errorf("%s: live is %t", name, !row.live)
		}
	}
}

func FuzzCheckSecret(f *testing.F) {
	genuine := apikey.NewSecret(zeros{}).Reveal()
	for _, text := range []string{genuine, genuine[:42], "sk_", "sk_" + strings.Repeat("é", 20), "pub_" + genuine[4:], genuine + "\x00"} {
		f.Add(text, uint8(3), byte('z'))
	}
	f.Fuzz(func(t *testing.T, text string, at uint8, c byte) {
		if apikey.CheckSecret(text) != nil {
			return
		}
		if len(text) != 43 || !strings.HasPrefix(text, "sk_") {
			t.Fatalf("%q passes", text)
		}
		changed := []byte(text)
		if changed[int(at)%len(changed)] = c; string(changed) != text && apikey.CheckSecret(string(changed)) == nil {
			t.Fatalf("%q and %q pass", text, changed)
		}
	})
}

// zeros is no randomness at all: seeds must not differ between runs.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
