package apikey_test

import (
	"crypto/rand"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/core/apikey"
)

// shapes are the documented spellings: the alphabet of each format's random part and checksum, and how long they are.
var shapes = map[string]struct {
	form     *regexp.Regexp
	alphabet string
	random   int
}{
	"sk":        {regexp.MustCompile(`^sk_[0-9A-Za-z]{40}$`), base62, 34},
	"ub_live":   {regexp.MustCompile(`^ub_live_[0-9a-z]{36}$`), base62[:10] + base62[36:], 29},
	"ub_test":   {regexp.MustCompile(`^ub_test_[0-9a-z]{36}$`), base62[:10] + base62[36:], 29},
	"pk_live":   {regexp.MustCompile(`^pk_live_[0-9a-f]{64}$`), base62[:10] + "abcdef", 56},
	"userorbit": {regexp.MustCompile(`^[0-9A-Za-z]{38}$`), base62, 32},
}

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

func plain(t *testing.T, format apikey.Format) string {
	_, text := format.Draw(rand.Reader, hasher(t), apikey.Key{})
	return text.Reveal()
}

func TestKeysHaveTheDocumentedShapeAndAreRecognised(t *testing.T) {
	if len(apikey.Formats()) != len(shapes) {
		t.Fatalf("%d formats, %d documented", len(apikey.Formats()), len(shapes))
	}
	for _, format := range apikey.Formats() {
		seen := map[string]bool{}
		for range 200 {
			key := plain(t, format)
			if !shapes[format.Name].form.MatchString(key) || seen[key] {
				t.Fatalf("%s: %s, drawn before: %t", format.Name, key, seen[key])
			}
			seen[key] = true
			for _, other := range apikey.Formats() {
				if passes := other.Check(key) == nil; passes != (other.Name == format.Name) {
					t.Fatalf("%s passes as %s: %t", key, other.Name, passes)
				}
			}
			if found, ok := apikey.Recognise(key); !ok || found.Name != format.Name {
				t.Fatalf("%s is taken for %q", key, found.Name)
			}
		}
		if named, ok := apikey.FormatNamed(format.Name); !ok || named.Prefix != format.Prefix {
			t.Errorf("%s is not found by its name", format.Name)
		}
		if bits := float64(shapes[format.Name].random) * math.Log2(float64(len(shapes[format.Name].alphabet))); bits < 149 {
			t.Errorf("%s has %.0f bits", format.Name, bits)
		}
	}
	for _, text := range []string{"", "sk_", "hunter2", strings.Repeat("a", 38), strings.Repeat("0", 43)} {
		if found, ok := apikey.Recognise(text); ok {
			t.Errorf("%q is taken for %s", text, found.Name)
		}
	}
	if _, ok := apikey.FormatNamed("gold"); ok {
		t.Error("there is a format named gold")
	}
}

func TestTheChecksumRefusesEverySingleChangeAndSwap(t *testing.T) {
	for _, format := range apikey.Formats() {
		key := plain(t, format)
		passes := func(text string) {
			t.Helper()
			if text != key && format.Check(text) == nil {
				t.Fatalf("%q passes for %s", text, key)
			}
		}
		changed := []byte(key)
		for i := range changed {
			for _, c := range []byte(base62 + "_-. \x00\xff") {
				changed[i] = c
				passes(string(changed))
			}
			changed[i] = key[i]
			if i > 0 {
				changed[i], changed[i-1] = key[i-1], key[i]
				passes(string(changed))
				changed[i], changed[i-1] = key[i], key[i-1]
			}
			passes(key[:i] + key[i+1:])
			passes(key[:i] + "0" + key[i:])
		}
		for _, text := range []string{"", format.Prefix, key[1:], key + "0", " " + key, key + " ", key + "\n", strings.ToUpper(key[:3]) + key[3:], key + key} {
			passes(text)
		}
	}
}

func TestAKeyIsGivenNoMoreThanItsSurfaceKnows(t *testing.T) {
	for _, format := range apikey.Formats() {
		for _, right := range format.Default {
			if !slices.Contains(format.Scopes, right) {
				t.Errorf("%s has %s by default, and may not have it", format.Name, right)
			}
		}
		if format.Name != "sk" && slices.ContainsFunc(format.Scopes, func(r access.Right) bool { return strings.HasSuffix(string(r), ":manage") }) {
			t.Errorf("%s may manage", format.Name)
		}
	}
}

func TestPublicKeysAndInvitationsHaveTheirShape(t *testing.T) {
	publicForm, invitationForm := regexp.MustCompile(`^pub_[0-9A-Za-z]{24}$`), regexp.MustCompile(`^inv_[0-9A-Za-z]{34}$`)
	public, invitation := apikey.NewPublic(rand.Reader), apikey.NewInvitation(rand.Reader).Reveal()
	if !publicForm.MatchString(public) || apikey.CheckPublic(public) != nil || public == apikey.NewPublic(rand.Reader) {
		t.Errorf("public %s", public)
	}
	if !invitationForm.MatchString(invitation) || invitation == apikey.NewInvitation(rand.Reader).Reveal() {
		t.Errorf("invitation %s", invitation)
	}
	for _, text := range []string{
		"", "pub_", "pub_" + strings.Repeat("a", 23), "pub_" + strings.Repeat("a", 25), "pub_" + strings.Repeat("é", 12), invitation,
		plain(t, apikey.Secret()),
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
	for _, c := range base62 {
		if n := counts[c]; n < expected-190 || n > expected+190 {
			t.Errorf("%c came %d times, not about %d", c, n, expected)
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, format := range apikey.Formats() {
		_, text := format.Draw(zeros{}, apikey.Hasher{}, apikey.Key{})
		genuine := text.Reveal()
		for _, seed := range []string{genuine, genuine[:len(genuine)-1], format.Prefix, format.Prefix + strings.Repeat("é", 20), genuine + "\x00"} {
			f.Add(seed, uint8(3), byte('z'))
		}
	}
	f.Fuzz(func(t *testing.T, text string, at uint8, c byte) {
		format, ok := apikey.Recognise(text)
		if !ok {
			return
		}
		if !shapes[format.Name].form.MatchString(text) {
			t.Fatalf("%q passes as %s", text, format.Name)
		}
		changed := []byte(text)
		if changed[int(at)%len(changed)] = c; string(changed) != text && format.Check(string(changed)) == nil {
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
