package strictjson

import (
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode"
)

// format gives the check of a string format and what to say when it fails. Formats that are not here are not known.
func format(name string) (check func(string) bool, message string, known bool) {
	switch name {
	case "date-time":
		return isDateTime, "must be an RFC 3339 date and time", true
	case "email":
		return isEmail, "must be an e-mail address", true
	case "uri":
		return isURI, "must be a URL with its scheme", true
	case "uuid":
		return isUUID, "must be a UUID", true
	case "ip":
		return func(s string) bool { _, err := netip.ParseAddr(s); return err == nil }, "must be an IP address", true
	case "ipv4":
		return func(s string) bool { a, err := netip.ParseAddr(s); return err == nil && a.Is4() }, "must be an IPv4 address", true
	case "ipv6":
		return isIPv6, "must be an IPv6 address", true
	case "cidr":
		return func(s string) bool { _, err := netip.ParsePrefix(s); return err == nil }, "must be a network in CIDR notation", true
	}
	return nil, "", false
}

func isIPv6(s string) bool {
	addr, err := netip.ParseAddr(s)
	return err == nil && addr.Is6() && !addr.Is4In6()
}

// isDateTime takes what RFC 3339 does. Package time is looser: one digit for the hour, a comma, zones of any size.
func isDateTime(s string) bool {
	if _, err := time.Parse(time.RFC3339, s); err != nil || s[len("2006-01-02T1")] == ':' || s[len("2006-01-02T15:04:05")] == ',' {
		return false
	}
	zone := s[len(s)-len("07:00"):]
	return s[len(s)-1] == 'Z' || zone[:2] < "24" && zone[3:] < "60"
}

// isURI takes what browsers show as an address: a scheme, for the web a host too, and no space. Past the host they pass on
// much that RFC 3986 does not allow (letters beyond ASCII, a stray %, braces), and a page's address is not its user's fault.
func isURI(s string) bool {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || scheme == "" || rest == "" || !only(scheme, "+-.") || strings.ContainsFunc(s, notInURI) {
		return false
	}
	switch strings.ToLower(scheme) {
	case "http", "https", "ws", "wss":
		authority, ok := strings.CutPrefix(rest, "//")
		if end := strings.IndexAny(authority, "/?#"); end >= 0 {
			authority = authority[:end]
		}
		u, err := url.Parse("http://" + authority)
		return ok && err == nil && u.Hostname() != ""
	}
	return 'a' <= scheme[0]|0x20 && scheme[0]|0x20 <= 'z'
}

func notInURI(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`"<>`, r)
}

// isEmail takes the addresses of RFC 5321 without quoted names and without addresses for domains.
func isEmail(s string) bool {
	const inName = "!#$%&'*+/=?^_`{|}~-"
	name, domain, ok := strings.Cut(s, "@")
	return ok && len(name) <= 64 && len(s) <= 254 &&
		dotted(name, func(atom string) bool { return only(atom, inName) }) &&
		dotted(domain, func(label string) bool {
			return len(label) <= 63 && only(label, "-") && label[0] != '-' && label[len(label)-1] != '-'
		})
}

// dotted reports whether every part between dots is good.
func dotted(s string, good func(string) bool) bool {
	for part := range strings.SplitSeq(s, ".") {
		if part == "" || !good(part) {
			return false
		}
	}
	return true
}

// only reports whether s is made of ASCII letters, digits and what is in others.
func only(s, others string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9') && strings.IndexByte(others, c) < 0 {
			return false
		}
	}
	return true
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if s[i] != '-' {
				return false
			}
			continue
		}
		if c := s[i] | 0x20; !('0' <= s[i] && s[i] <= '9' || 'a' <= c && c <= 'f') {
			return false
		}
	}
	return true
}
