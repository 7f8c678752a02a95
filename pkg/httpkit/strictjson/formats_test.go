package strictjson_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/httpkit/strictjson"
)

func TestFormats(t *testing.T) {
	type formats struct {
		URI   string    `json:"uri,omitempty" format:"uri"`
		Email string    `json:"email,omitempty" format:"email"`
		Time  time.Time `json:"time,omitzero"`
		UUID  string    `json:"uuid,omitempty" format:"uuid"`
		IP    string    `json:"ip,omitempty" format:"ip"`
		IPv4  string    `json:"ipv4,omitempty" format:"ipv4"`
		IPv6  string    `json:"ipv6,omitempty" format:"ipv6"`
		CIDR  string    `json:"cidr,omitempty" format:"cidr"`
	}
	schema := compile[formats](t)
	rows := []struct {
		field     string
		good, bad []string
	}{
		{
			"uri",
			[]string{"https://example.com/a?q={x}|100%#é", "http://[::1]:8080", "HTTP://u@h", "mailto:a@b", "capacitor://localhost", "about:blank"},
			[]string{
				"", "example.com", "/path", "https://", "https:///p", "https:x", "http://a b", "http://[::1", "http://h:port",
				":x", "1a:b", "é:b", "x:",
			},
		},
		{
			"email",
			[]string{"jane@example.com", "j.d+tag@mail.example.co", "root@localhost"},
			[]string{
				"", "jane", "@example.com", "jane@", "a@b@c", "a b@c.d", ".a@b.c", "a..b@c.d", "a@-b.c", "a@b..c", "Jane <a@b.c>",
				strings.Repeat("x", 65) + "@b.c", "a@" + strings.Repeat("x", 64) + ".c",
			},
		},
		{
			"time",
			[]string{"2026-01-02T03:04:05Z", "2026-01-02T03:04:05.123456789+23:59"},
			[]string{
				"", "2026-01-02", "2026-01-02T3:04:05Z", "2026-01-02T03:04:05,1Z", "2026-01-02T03:04:05+24:00", "2026-01-02T03:04:05+00:60",
				"2026-02-30T03:04:05Z", "2026-01-02 03:04:05Z", "2026-01-02T03:04:05",
			},
		},
		{
			"uuid",
			[]string{"6ba7b810-9dad-11d1-80b4-00C04FD430C8"},
			[]string{"", "6ba7b8109dad11d180b400c04fd430c8", "6ba7b810-9dad-11d1-80b4-00c04fd430cg", "6ba7b810-9dad-11d1-80b4_00c04fd430c8"},
		},
		{"ip", []string{"10.0.0.1", "::1"}, []string{"", "10.0.0", "10.0.0.1/8"}},
		{"ipv4", []string{"10.0.0.1"}, []string{"::1", "256.0.0.1"}},
		{"ipv6", []string{"2001:db8::1"}, []string{"10.0.0.1", "::ffff:10.0.0.1", ":::"}},
		{"cidr", []string{"10.0.0.0/8", "2001:db8::/32"}, []string{"10.0.0.1", "10.0.0.0/33"}},
	}
	body := func(field, value string) []byte {
		text, err := json.Marshal(map[string]string{field: value})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for _, row := range rows {
		for _, value := range row.good {
			var into formats
			if err := schema.Decode(body(row.field, value), &into); err != nil {
				t.Errorf("%s %q: %v", row.field, value, apierr.Of(err).Issues)
			}
		}
		for _, value := range row.bad {
			if issues := schema.Check(body(row.field, value)); len(issues) != 1 || issues[0].Code != strictjson.InvalidFormat {
				t.Errorf("%s %q: %v", row.field, value, issues)
			}
		}
	}
}
