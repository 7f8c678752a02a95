package apikey

import (
	"hash/crc32"
	"io"
	"slices"
	"strings"

	"github.com/heard-dev/heard/pkg/core/access"
	"github.com/heard-dev/heard/pkg/secret"
)

// Format is how the keys of one surface are spelled. A key belongs to the surface that its format names, and to no other,
// but that sk_ keys open the users surface too.
type Format struct {
	Name     string // as the API names it
	Prefix   string
	alphabet string
	random   int // characters
	checksum int // characters that follow: a CRC32, so that a mistyped key is refused without asking any store
	// Scopes are what a key of this format may be given at most, and is given when it is made without naming any.
	Scopes, Default []access.Right
}

const (
	base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	base36 = "0123456789abcdefghijklmnopqrstuvwxyz"
	base16 = "0123456789abcdef"
)

// Secret is `sk_` and 40 alphanumerics, of which 6 are the checksum. Each format's random part has at least 149 bits.
func Secret() Format { // 202 bits [Userz: sk_…]
	return Format{Name: "sk", Prefix: "sk_", alphabet: base62, random: 34, checksum: 6, Scopes: access.Rights(), Default: access.Default()}
}

// UserBoostLive is `ub_live_` and 36 lower-case alphanumerics, of which 7 are the checksum.
func UserBoostLive() Format { return userBoost("ub_live", "ub_live_") }

// UserBoostTest is UserBoostLive for events that are stored marked as tests (D19).
func UserBoostTest() Format { return userBoost("ub_test", "ub_test_") }

func userBoost(name, prefix string) Format {
	scopes := []access.Right{access.EventsWrite}
	return Format{Name: name, Prefix: prefix, alphabet: base36, random: 29, checksum: 7, Scopes: scopes, Default: scopes}
}

// AuthWorx is `pk_live_` and 64 hex digits (D26), of which 8 are the checksum.
func AuthWorx() Format {
	scopes := []access.Right{access.UsersRead}
	return Format{Name: "pk_live", Prefix: "pk_live_", alphabet: base16, random: 56, checksum: 8, Scopes: scopes, Default: scopes}
}

// Userorbit is 38 alphanumerics without a prefix, of which 6 are the checksum.
func Userorbit() Format {
	scopes := []access.Right{
		access.FeedbackRead, access.FeedbackWrite, access.Moderate, access.DocumentsRead, access.DocumentsWrite,
		access.PeopleRead, access.PeopleWrite,
	}
	return Format{Name: "userorbit", alphabet: base62, random: 32, checksum: 6, Scopes: scopes, Default: scopes}
}

// Formats lists them all.
func Formats() []Format {
	return []Format{Secret(), UserBoostLive(), UserBoostTest(), AuthWorx(), Userorbit()}
}

// FormatNamed finds a format by its Name.
func FormatNamed(name string) (Format, bool) {
	i := slices.IndexFunc(Formats(), func(f Format) bool { return f.Name == name })
	if i < 0 {
		return Format{}, false
	}
	return Formats()[i], true
}

// Recognise tells of which format a text is, if it could have been minted here.
func Recognise(text string) (Format, bool) {
	i := slices.IndexFunc(Formats(), func(f Format) bool { return f.Check(text) == nil })
	if i < 0 {
		return Format{}, false
	}
	return Formats()[i], true
}

// draw makes a key's text.
func (f Format) draw(random io.Reader) secret.String {
	body := f.Prefix + draw(random, f.alphabet, f.random)
	return secret.String(body + f.sum(body))
}

// Check refuses, without asking any store, text that was never drawn in this format.
func (f Format) Check(text string) error {
	rest, ok := strings.CutPrefix(text, f.Prefix)
	if !ok || len(rest) != f.random+f.checksum || strings.Trim(rest, f.alphabet) != "" {
		return ErrMalformed
	}
	body := text[:len(text)-f.checksum]
	if text[len(body):] != f.sum(body) {
		return ErrMalformed
	}
	return nil
}

// sum spells the CRC32 of a key's body in the format's alphabet.
func (f Format) sum(body string) string {
	sum, base := crc32.ChecksumIEEE([]byte(body)), uint32(len(f.alphabet))
	text := make([]byte, f.checksum)
	for i := len(text) - 1; i >= 0; i-- {
		text[i] = f.alphabet[sum%base]
		sum /= base
	}
	return string(text)
}

// draw picks n characters evenly: bytes past the last whole multiple of the alphabet are thrown away.
func draw(random io.Reader, alphabet string, n int) string {
	even := 256 / len(alphabet) * len(alphabet)
	var text strings.Builder
	var buf [64]byte
	for {
		if _, err := io.ReadFull(random, buf[:]); err != nil {
			panic("apikey: no randomness: " + err.Error())
		}
		for _, b := range buf {
			if int(b) >= even {
				continue
			}
			text.WriteByte(alphabet[int(b)%len(alphabet)])
			if text.Len() == n {
				return text.String()
			}
		}
	}
}
