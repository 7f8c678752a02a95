package conformance

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"
)

// heard runs a command of the operator's and reads what it tells.
func (s *suite) heard(t *testing.T, into any, args ...string) {
	t.Helper()
	text, err := s.Heard(append(args, "--output", "json")...)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatalf("heard %s: %v: %s", strings.Join(args, " "), err, text)
	}
}

type key struct {
	ID   string `json:"id"`
	Text string `json:"key"`
}

// key makes an API key, whose budget is nobody else's.
func (s *suite) key(t *testing.T, org string) key {
	t.Helper()
	var made key
	s.heard(t, &made, "key", "create", "--org", org, "--name", t.Name())
	return made
}

// app makes an App, whose feedback and budgets are nobody else's.
func (s *suite) app(t *testing.T, org string, flags ...string) App {
	t.Helper()
	var made App
	s.heard(t, &made, append([]string{"app", "create", "--org", org, "--slug", slug(), "--name", t.Name()}, flags...)...)
	return made
}

func (s *suite) org(t *testing.T) string {
	t.Helper()
	var made struct {
		ID string `json:"id"`
	}
	s.heard(t, &made, "org", "create", "--slug", slug(), "--name", t.Name())
	return made.ID
}

func slug() string { return "c-" + strings.ToLower(rand.Text()) }

// somewhere is an address of the network that is reserved for measurements.
func somewhere() string {
	n := mathrand.Uint32()
	return fmt.Sprintf("198.%d.%d.%d", 18+n>>16&1, n>>8&0xff, n&0xff)
}

// token is what an App's own backend signs, without any library of ours.
func token(t *testing.T, app App, claims map[string]any) string {
	t.Helper()
	secret, err := hex.DecodeString(app.SigningSecret)
	if err != nil || len(secret) != 32 {
		t.Fatalf("the signing secret is not 32 bytes in hex (D9): %v", err)
	}
	return sign(t, map[string]any{"alg": "HS256", "typ": "JWT"}, claims, secret)
}

func sign(t *testing.T, header, claims map[string]any, secret []byte) string {
	t.Helper()
	text := segment(t, header) + "." + segment(t, claims)
	return text + "." + base64.RawURLEncoding.EncodeToString(sum(text, secret))
}

func sum(text string, secret []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func segment(t *testing.T, part map[string]any) string {
	t.Helper()
	text, err := json.Marshal(part)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// claims are a user's of that App, good for an hour.
func claims(app App, sub string) map[string]any {
	now := time.Now().Unix()
	return map[string]any{"sub": sub, "app": app.ID, "iat": now, "exp": now + 3600}
}

// user is one end user of the App, whose budget is nobody else's.
func user(t *testing.T, app App) as {
	t.Helper()
	return as{token: app.PublicKey, user: token(t, app, claims(app, rand.Text()))}
}

// keepsTenantsApart: what is another Org's cannot be told from what does not exist.
func (s *suite) keepsTenantsApart(t *testing.T) {
	mine, theirs := as{token: s.key(t, s.OrgID).Text}, as{token: s.key(t, s.org(t)).Text}
	item := s.submit(t, user(t, s.Private), said("ours"))
	for _, ask := range []struct {
		method, path string
		body         any
	}{
		{"GET", "/v1/feedback/" + item, nil},
		{"PATCH", "/v1/feedback/" + item, map[string]any{"status": "archived"}},
		{"POST", "/v1/tokens/mint?appId=" + s.Private.ID, map[string]any{"sub": "u"}},
	} {
		s.ask(t, theirs, ask.method, ask.path, ask.body).refused(t, http.StatusNotFound, "not_found")
		s.ask(t, mine, ask.method, ask.path, ask.body).is(t, http.StatusOK)
	}
	for _, path := range []string{"/v1/feedback", "/v1/feedback?appId=" + s.Private.ID, "/v1/apps"} {
		got := s.ask(t, theirs, "GET", path, nil).is(t, http.StatusOK).object(t)
		equal(t, "what another Org reads at "+path, got["data"], []any{})
	}
}
