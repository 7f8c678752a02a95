package httpkit_test

import (
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/heard-dev/heard/pkg/apierr"
)

// untouched is a body that nobody may read.
type untouched struct{ *testing.T }

func (u untouched) Read([]byte) (int, error) {
	u.Error("the body was read")
	return 0, io.EOF
}

// Every request here has all the faults that come after the one it is refused for, and a body that is not reached.
func TestARequestIsRefusedForItsFirstFault(t *testing.T) {
	s := newSite(t)
	query := "?mode=odd&x=1"
	for range 2 {
		s.do(s.request(http.MethodPost, scarce, strings.NewReader(`{"text":"x"}`)))
	}
	for _, row := range []struct {
		name   string
		target string
		length int64
		header []string
		status int
		code   apierr.Code
	}{
		{"size", notes + query, maxNote + 1, []string{"Authorization", "", "Content-Type", "text/plain"}, 413, apierr.CodePayloadTooLarge},
		{"no credential", notes + query, maxNote, []string{"Authorization", "", "Content-Type", "text/plain"}, 401, apierr.CodeMissingAuthorization},
		{"odd credential", notes + query, -1, []string{"Authorization", "Basic x"}, 401, apierr.CodeInvalidAuthorization},
		{"unknown credential", notes + query, -1, []string{"Authorization", "Bearer pub_0"}, 401, apierr.CodeUnknownApp},
		{"limits", scarce + query, -1, []string{"Content-Type", "text/plain"}, 429, apierr.CodeRateLimited},
		{"query", notes + query, -1, []string{"Content-Type", "text/plain"}, 400, apierr.CodeInvalidQuery},
		{"header", notes, -1, []string{"Content-Type", "text/plain", "Idempotency-Key", "ü"}, 400, apierr.CodeInvalidQuery},
		{"media type", notes, -1, []string{"Content-Type", "text/plain"}, 415, apierr.CodeUnsupportedMedia},
		{"no media type", notes, -1, []string{"Content-Type", ""}, 415, apierr.CodeUnsupportedMedia},
	} {
		r := s.request(http.MethodPost, row.target, untouched{t}, row.header...)
		r.ContentLength = row.length
		w := s.do(r)
		s.refused(w, row.status, row.code)
		if cut := w.Header().Get("Connection") == "close"; cut != (row.status == http.StatusRequestEntityTooLarge) {
			t.Errorf("%s: connection closed: %t", row.name, cut)
		}
		if wait, _ := strconv.Atoi(w.Header().Get("Retry-After")); (wait > 0) != (row.status == http.StatusTooManyRequests) {
			t.Errorf("%s: Retry-After %q", row.name, w.Header().Get("Retry-After"))
		}
	}
}

func TestEveryFaultOfABodyIsNamedAtOnce(t *testing.T) {
	s := newSite(t)
	tooMuch := `{"a":"` + strings.Repeat("x", maxMeta) + `"}`
	for body, want := range map[string][]string{
		`{"text":"","count":1.5,"meta":` + tooMuch + `,"also":1}`: {"text too_small", "count invalid_type", "also unrecognized_keys", "meta too_big"},
		`{"text":"x","meta":` + tooMuch + `}`:                     {"meta too_big"},
		`{"text":"","meta":7}`:                                    {"text too_small", "meta invalid_type"}, // once
		`{"text":1,"meta":` + tooMuch + `}`:                       {"text invalid_type", "meta too_big"},   // past what does not decode
		`{"text":"","meta":` + tooMuch + `} x`:                    {" invalid_json"},
		`[]`:                                                      {" invalid_type"},
		`null`:                                                    {" invalid_type"},
		`{"a":`:                                                   {" invalid_json"},
		``:                                                        {" invalid_json"},
		`{"text":"","tags":["a","bad"]}`:                          {"text too_small", "tags.1 not_allowed"},
		`{"text":"x","tags":["bad"` + strings.Repeat(`,""`, 300) + `]}`: {"tags too_big"}, // once
	} {
		if got := s.issues(s.refused(s.post(body), 400, apierr.CodeInvalidBody)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", body, got, want)
		}
	}
	// So many that reading stops: what was not read is not looked at by another way either.
	many := `{"text":"","meta":` + tooMuch + `,"tags":[` + strings.Repeat("1,", 200) + `1]}`
	got := s.issues(s.refused(s.post(many), 400, apierr.CodeInvalidBody))
	if len(got) != 100 || got[0] != "text too_small" || slices.Contains(got, "meta too_big") {
		t.Errorf("%d faults, first %s, last %s", len(got), got[0], got[len(got)-1])
	}
}

func TestEveryFaultOfTheParametersIsNamedAtOnceAndInOrder(t *testing.T) {
	s := newSite(t)
	get := func(target string) (int, fault, string) {
		w := s.do(s.request(http.MethodGet, target, nil, "Authorization", "Bearer "+s.key))
		if w.Code == http.StatusOK {
			return w.Code, fault{}, w.Body.String()
		}
		return w.Code, s.fault(w.Body.Bytes()), ""
	}
	for range 20 {
		_, f, _ := get("/v1/apps/X?zzz=1&limit=0&kind=c&flag=yes&aaa=2")
		if got := s.issues(f); !slices.Equal(got, []string{
			"id invalid_format", "aaa unrecognized_keys", "flag invalid_type", "kind invalid_value", "limit too_small", "zzz unrecognized_keys",
		}) {
			t.Fatal(got)
		}
	}
	for query, want := range map[string]string{
		"limit=1&limit=2":   "limit duplicate_key",
		"limit=1e1":         "limit invalid_type",
		"limit=":            "limit invalid_type",
		"limit=101":         "limit too_big",
		"flag=True":         "flag invalid_type",
		"kind=":             "kind invalid_value",
		"id=x":              "id unrecognized_keys",
		"Idempotency-Key=x": "Idempotency-Key unrecognized_keys",
		"limit=%zz":         " invalid_format",
		"limit=1;flag=true": " invalid_format",
	} {
		code, f, _ := get("/v1/apps/x?" + query)
		if got := s.issues(f); code != 400 || f.Code != "invalid_query" || !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %d %s %v", query, code, f.Code, got)
		}
	}
	if code, _, body := get("/v1/apps/x?limit=7&flag=true&kind=b"); code != 200 || body != `{"ID":"x","Limit":7,"Flag":true,"Kind":"b"}`+"\n" {
		t.Errorf("%d %s", code, body)
	}
}

// An address is believed from a header only when a trusted proxy says it, and only as far back as trust reaches.
func TestTheClientsAddressComesThroughTrustedProxiesOnly(t *testing.T) {
	s := newSite(t, netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8"))
	app := 0
	for name, row := range map[string]struct {
		peers, forwarded [3]string
		three            bool // they are different clients; otherwise the third request is one too many
	}{
		"a stranger's word": {[3]string{"192.0.2.1:1", "192.0.2.1:2", "192.0.2.1:3"}, [3]string{"203.0.113.1", "203.0.113.2", "10.0.0.1"}, false},
		"strangers":         {[3]string{"192.0.2.1:1", "192.0.2.2:1", "192.0.2.3:1"}, [3]string{}, true},
		"a proxy's word":    {[3]string{"10.0.0.1:1", "10.0.0.1:1", "[fd00::1]:1"}, [3]string{"203.0.113.1", "203.0.113.2", "203.0.113.3"}, true},
		"a spoof before it": {
			[3]string{"10.0.0.1:1", "10.0.0.1:1", "10.0.0.2:1"},
			[3]string{"203.0.113.1", "198.51.100.1, 203.0.113.1", "203.0.113.9, 203.0.113.1, 10.0.0.7"},
			false,
		},
		"nonsense": {[3]string{"10.0.0.1:1", "10.0.0.1:1", "10.0.0.1:1"}, [3]string{"x", "y", "z"}, false},
	} {
		app++
		public := s.newApp("app-" + strconv.Itoa(app)).PublicKey
		for n := range 3 {
			r := s.request(http.MethodPost, scarce, strings.NewReader(`{"text":"x"}`),
				"Authorization", "Bearer "+public, "X-Forwarded-For", row.forwarded[n])
			r.RemoteAddr = row.peers[n]
			want := http.StatusCreated
			if n == 2 && !row.three {
				want = http.StatusTooManyRequests
			}
			if w := s.do(r); w.Code != want {
				t.Errorf("%s, request %d: %d %s", name, n+1, w.Code, w.Body)
			}
		}
	}
}
