// Package email tells what could be an e-mail address.
package email

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Max is the longest address, in characters [RFC 5321].
const Max = 254

// Plausible takes what could be delivered somewhere. Only a delivery proves an address.
func Plausible(text string) bool {
	local, domain, ok := strings.Cut(text, "@")
	unlikely := func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == utf8.RuneError || strings.ContainsRune(`@<>(),;:"\`, r)
	}
	return ok && local != "" && utf8.RuneCountInString(text) <= Max &&
		!strings.ContainsFunc(local, unlikely) && !strings.ContainsFunc(domain, unlikely) &&
		strings.Contains(domain, ".") && !slices.Contains(strings.Split(domain, "."), "")
}
