package conformance

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	mathrand "math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"
)

// owner is an owner of an Org, as they log in and are logged in.
type owner struct {
	Admin
	slug, access string
	since        time.Time
}

// fresh is how long an access token is used here; it lives 15 minutes.
const fresh = 10 * time.Minute

// owner gives an owner of the Org: the target's own, or one that org made.
func (s *suite) owner(t *testing.T, org string) as {
	t.Helper()
	s.mu.Lock()
	who, known := s.owners[org]
	s.mu.Unlock()
	if !known {
		who = owner{Admin: s.Admin, slug: s.Slug}
	}
	if time.Since(who.since) > fresh {
		got := s.ask(t, as{}, "POST", "/v1/sessions", map[string]any{"org": who.slug, "email": who.Email, "password": who.Password})
		who.access, _ = got.is(t, http.StatusOK).object(t)["accessToken"].(string)
		who.since = time.Now()
		s.mu.Lock()
		s.owners[org] = who
		s.mu.Unlock()
	}
	return as{token: who.access}
}

// manage makes or changes something in the Org and reads what is answered.
func (s *suite) manage(t *testing.T, org, method, path string, body, into any) {
	t.Helper()
	got := s.ask(t, s.owner(t, org), method, path, body)
	if got.status >= 300 {
		t.Fatalf("%s", got)
	}
	if err := json.Unmarshal(got.body, into); err != nil {
		t.Fatalf("%s: %v", got, err)
	}
}

type key struct {
	ID   string `json:"id"`
	Text string `json:"key"`
}

// key makes an API key, whose budget is nobody else's.
func (s *suite) key(t *testing.T, org string) (made key) {
	t.Helper()
	s.manage(t, org, "POST", "/v1/keys", map[string]any{"name": t.Name()}, &made)
	return made
}

// settings are an App's that differ from what it has by itself.
type settings map[string]any

// anybody lets an App hear everybody, from these origins.
func anybody(origins ...string) settings {
	return settings{"publicSubmissionEnabled": true, "allowedOrigins": append([]string{}, origins...)}
}

// app makes an App, whose feedback and budgets are nobody else's.
func (s *suite) app(t *testing.T, org string, differing ...settings) (made App) {
	t.Helper()
	body := map[string]any{"slug": slug(), "name": t.Name()}
	for _, some := range differing {
		maps.Copy(body, some)
	}
	s.manage(t, org, "POST", "/v1/apps", body, &made)
	return made
}

// organisation is an Org that the suite made.
type organisation struct{ ID, Slug string }

// org makes an Org, with an owner who was invited to it.
func (s *suite) org(t *testing.T) organisation {
	t.Helper()
	who := owner{Admin: Admin{Email: strings.ToLower(rand.Text()) + "@owners.example", Password: rand.Text()}, slug: slug()}
	var made struct {
		ID         string
		Invitation struct{ Token string }
	}
	s.manage(t, s.OrgID, "POST", "/v1/orgs", map[string]any{"slug": who.slug, "name": t.Name(), "ownerEmail": who.Email}, &made)
	s.ask(t, as{}, "POST", "/v1/invitations/accept", map[string]any{"token": made.Invitation.Token, "name": "Owner", "password": who.Password}).
		is(t, http.StatusCreated)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.owners[made.ID] = who
	return organisation{ID: made.ID, Slug: who.slug}
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
	mine, theirs := as{token: s.key(t, s.OrgID).Text}, as{token: s.key(t, s.org(t).ID).Text}
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
