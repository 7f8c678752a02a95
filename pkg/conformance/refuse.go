package conformance

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// operations are the routes of surfaces.md 1.2, and the door each stands behind.
var operations = [...]struct {
	method, path string
	widget       bool
}{
	{"POST", "/v1/feedback", true},
	{"POST", "/v1/feedback/upload-url", true},
	{"GET", "/v1/feedback", false},
	{"GET", "/v1/feedback/{id}", false},
	{"PATCH", "/v1/feedback/{id}", false},
	{"GET", "/v1/apps", false},
	{"GET", "/v1/agent-runs/{id}", false},
	{"POST", "/v1/tokens/mint", false},
}

var parameter = regexp.MustCompile(`\{\w+\}`)

// instance is a path with some id for each of its parameters.
func instance(path string) string {
	return parameter.ReplaceAllString(path, "0123456789abcdef01234567")
}

// refusesCredentials is U6, on every route.
func (s *suite) refusesCredentials(t *testing.T) {
	key := s.Keys["userz"]
	secret := key[:len(key)-1] + string(key[len(key)-1]^1) // another checksum
	for _, op := range operations {
		ask := func(authorization string) answer {
			t.Helper()
			return s.ask(t, as{}, op.method, instance(op.path), nil, "Authorization", authorization)
		}
		ask("").refused(t, http.StatusUnauthorized, "missing_authorization")
		wrong := []string{"Bearer", "Bearer ", "Basic dTpw", "Bearer a b", "Bearer x", key, "Bearer " + key + ", Bearer x", "Bearer " + secret}
		if op.widget {
			wrong = append(wrong, "Bearer "+key)
			for _, unknown := range []string{"pub_" + rand.Text()[:24], s.Public.PublicKey + "x", "pub_"} {
				ask("Bearer "+unknown).refused(t, http.StatusUnauthorized, "unknown_app")
			}
		} else {
			wrong = append(wrong, "Bearer "+s.Public.PublicKey)
		}
		for _, header := range wrong {
			ask(header).refused(t, http.StatusUnauthorized, "invalid_authorization")
		}
	}
	s.ask(t, as{}, "GET", "/v1/apps", nil, "Authorization", "bearer "+s.key(t, s.OrgID).Text).is(t, http.StatusOK) // RFC 9110: any case

	own, now := hexSecret(t, s.Private), time.Now().Unix()
	hs256 := map[string]any{"alg": "HS256", "typ": "JWT"}
	good := func(with ...any) map[string]any {
		said := claims(s.Private, "u")
		for i := 0; i < len(with); i += 2 {
			said[with[i].(string)] = with[i+1]
		}
		return said
	}
	for what, text := range map[string]string{
		"nonsense":            "nonsense",
		"alg none":            segment(t, map[string]any{"alg": "none"}) + "." + segment(t, good()) + ".",
		"alg HS512":           sign(t, map[string]any{"alg": "HS512"}, good(), own),
		"another App's":       sign(t, hs256, good(), hexSecret(t, s.Public)),
		"for another App":     sign(t, hs256, good("app", s.Public.ID), own),
		"the hex as the key":  sign(t, hs256, good(), []byte(s.Private.SigningSecret)),
		"expired":             sign(t, hs256, good("iat", now-7200, "exp", now-3600), own),
		"not yet issued":      sign(t, hs256, good("iat", now+600, "exp", now+1200), own),
		"short of a minute":   sign(t, hs256, good("exp", now+59), own),
		"longer than a day":   sign(t, hs256, good("exp", now+86401), own),
		"without a sub":       sign(t, hs256, good("sub", ""), own),
		"with too large ctx":  sign(t, hs256, good("ctx", map[string]any{"a": strings.Repeat("x", 2048)}), own),
		"a token of sk_ kind": key,
	} {
		for _, path := range []string{"/v1/feedback", "/v1/feedback/upload-url"} {
			got := s.ask(t, as{token: s.Private.PublicKey, user: text}, "POST", path, said("x"))
			if got.status != http.StatusUnauthorized {
				t.Errorf("a user token that is %s: %s", what, got)
				continue
			}
			got.refused(t, http.StatusUnauthorized, "invalid_user_token")
		}
	}
	// A clock that is 30 s off is forgiven; a bad token is refused where none is needed, too.
	s.submit(t, as{token: s.Private.PublicKey, user: sign(t, hs256, good("iat", now+20, "exp", now+80), own)}, said("x"))
	s.ask(t, as{token: s.Public.PublicKey, user: "nonsense"}, "POST", "/v1/feedback", said("x")).
		refused(t, http.StatusUnauthorized, "invalid_user_token")
}

func hexSecret(t *testing.T, app App) []byte {
	t.Helper()
	secret, err := hex.DecodeString(app.SigningSecret)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// refusesOrigins is U7, with the preflight that browsers send first.
func (s *suite) refusesOrigins(t *testing.T) {
	const ours, theirs = "https://app.example", "https://evil.example"
	app := s.app(t, s.OrgID, anybody(ours, "http://localhost:5173"))
	for _, path := range []string{"/v1/feedback", "/v1/feedback/upload-url"} {
		for _, origin := range []string{theirs, ours + ":8443", "http://app.example", ours + ".evil.example", "null", ""} {
			got := s.ask(t, as{token: app.PublicKey}, "POST", path, said("x"), "Origin", origin)
			got.refused(t, http.StatusForbidden, "origin_not_allowed")
			readable(t, got, origin)
		}
	}
	for _, origin := range []string{ours, "http://localhost:5173"} {
		got := s.ask(t, as{token: app.PublicKey}, "POST", "/v1/feedback", said("x"), "Origin", origin).is(t, http.StatusCreated)
		readable(t, got, origin)
	}
	anywhere := s.ask(t, user(t, s.Private), "POST", "/v1/feedback", said("x"), "Origin", theirs).is(t, http.StatusCreated)
	readable(t, anywhere, theirs)
	for _, path := range []string{"/v1/feedback", "/v1/feedback/upload-url"} {
		s.ask(t, as{token: s.Private.PublicKey}, "POST", path, said("x")).refused(t, http.StatusForbidden, "public_disabled")
	}
	for _, op := range operations {
		got := s.ask(t, as{}, http.MethodOptions, instance(op.path), nil,
			"Origin", ours, "Access-Control-Request-Method", op.method, "Access-Control-Request-Headers", "authorization,content-type").
			is(t, http.StatusNoContent)
		if !op.widget {
			if got.header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s lets pages of other origins send keys", got)
			}
			continue
		}
		readable(t, got, ours)
		if methods := list(got.header.Get("Access-Control-Allow-Methods")); !slices.Contains(methods, op.method) {
			t.Errorf("%s allows %q, not %s", got, methods, op.method)
		}
		headers := list(strings.ToLower(got.header.Get("Access-Control-Allow-Headers")))
		for _, needed := range []string{"authorization", "content-type", "idempotency-key", "x-userz-user-token"} {
			if !slices.Contains(headers, needed) {
				t.Errorf("%s does not allow the header %s", got, needed)
			}
		}
	}
}

// readable tells whether a page of that origin may read the answer, headers too.
func readable(t *testing.T, got answer, origin string) {
	t.Helper()
	if origin == "" {
		return
	}
	if allowed := got.header.Get("Access-Control-Allow-Origin"); allowed != origin && allowed != "*" {
		t.Errorf("%s: a page of %s cannot read it", got, origin)
	}
	if !slices.Contains(list(strings.Join(got.header.Values("Vary"), ",")), "Origin") {
		t.Errorf("%s does not say that it varies by Origin", got)
	}
	if exposed := list(strings.ToLower(got.header.Get("Access-Control-Expose-Headers"))); got.status != http.StatusNoContent &&
		(!slices.Contains(exposed, "retry-after") || !slices.Contains(exposed, "x-request-id")) {
		t.Errorf("%s exposes %q only", got, exposed)
	}
}

func list(header string) []string {
	items := strings.Split(header, ",")
	for i := range items {
		items[i] = strings.TrimSpace(items[i])
	}
	return items
}

// namesEveryAnswer is D5 where no operation answers; elsewhere every answer is looked at as it comes.
func (s *suite) namesEveryAnswer(t *testing.T) {
	unserved := []string{"/", "/v1", "/v1/", "/v2/feedback", "/v1/feedbacks", "/v1/feedback/", "/v1/feedback/x/y", "/v1/apps/x/y"}
	if !s.BehindGateway {
		unserved = append(unserved, "/v1//apps")
	}
	for _, path := range unserved {
		for _, method := range []string{"GET", "POST", "OPTIONS"} {
			s.ask(t, as{}, method, path, nil).refused(t, http.StatusNotFound, "not_found")
		}
	}
	doc, sharing := s.document(t, "/openapi.json"), s.document(t, "/openapi/userboost.json") // a path of both is of each by other methods
	served := map[string][]string{}
	for path := range doc.Paths {
		served[path] = append(doc.methods(instance(path)), sharing.methods(instance(path))...)
	}
	for path, methods := range served {
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
			if slices.Contains(methods, method) {
				continue
			}
			got := s.ask(t, as{}, method, instance(path), nil)
			got.refused(t, http.StatusMethodNotAllowed, "method_not_allowed")
			allowed := slices.DeleteFunc(list(got.header.Get("Allow")), func(m string) bool { return m == http.MethodOptions })
			slices.Sort(allowed)
			if slices.Sort(methods); !slices.Equal(allowed, methods) {
				t.Errorf("%s allows %q, want %q", got, allowed, methods)
			}
		}
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		s.ask(t, as{}, "GET", path, nil).is(t, http.StatusOK)
	}
}
