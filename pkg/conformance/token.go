package conformance

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// mintsTokens is U4, D9 and D10.
func (s *suite) mintsTokens(t *testing.T) {
	who := as{token: s.key(t, s.OrgID).Text}
	mint := func(body any) answer {
		t.Helper()
		return s.ask(t, who, "POST", "/v1/tokens/mint?appId="+s.Private.ID, body)
	}
	asked := map[string]any{"sub": "user_1", "ctx": map[string]any{"email": "ann@example.com", "plan": []any{"pro", 1}}}
	minted := mint(asked).is(t, http.StatusOK).object(t)
	text, _ := minted["token"].(string)
	secret, err := hex.DecodeString(s.Private.SigningSecret)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(text, ".")
	if len(parts) != 3 || base64.RawURLEncoding.EncodeToString(sum(parts[0]+"."+parts[1], secret)) != parts[2] {
		t.Fatalf("%v is no JWT that the App's signing secret signs", minted)
	}
	header, payload := part(t, parts[0]), part(t, parts[1])
	if header["alg"] != "HS256" || header["typ"] != "JWT" {
		t.Errorf("the header is %v", header)
	}
	iat, _ := payload["iat"].(float64)
	equal(t, "the payload", payload, map[string]any{
		"sub": "user_1", "app": s.Private.ID, "ctx": asked["ctx"], "iat": iat, "exp": iat + 3600,
	})
	if drift := time.Since(time.Unix(int64(iat), 0)); drift.Abs() > time.Minute {
		t.Errorf("iat is %s ago", drift)
	}

	id := s.submit(t, as{token: s.Private.PublicKey, user: text}, said("signed"))
	equal(t, "submittedBy", s.item(t, who.token, id)["submittedBy"], map[string]any{
		"mode": "private", "externalUserId": "user_1", "email": "ann@example.com", "name": nil, "claims": asked["ctx"],
	})
	least := claims(s.Private, "user_2")
	id = s.submit(t, as{token: s.Private.PublicKey, user: token(t, s.Private, least)}, said("signed elsewhere"))
	equal(t, "submittedBy", s.item(t, who.token, id)["submittedBy"], map[string]any{
		"mode": "private", "externalUserId": "user_2", "email": nil, "name": nil,
	})

	for _, seconds := range []int{60, 86400} {
		minted := mint(map[string]any{"sub": "u", "expiresInSeconds": seconds}).is(t, http.StatusOK).object(t)
		text, _ := minted["token"].(string)
		claims := part(t, strings.Split(text, ".")[1])
		if claims["exp"].(float64)-claims["iat"].(float64) != float64(seconds) {
			t.Errorf("a token for %d s says %v", seconds, claims)
		}
		instant(t, minted, "expiresAt")
	}
	for _, row := range []struct {
		body   any
		faults []string
	}{
		{map[string]any{}, []string{"sub required"}},
		{map[string]any{"sub": "u", "expiresInSeconds": 59}, []string{"expiresInSeconds too_small"}},
		{map[string]any{"sub": "u", "expiresInSeconds": 86401}, []string{"expiresInSeconds too_big"}},
		{map[string]any{"sub": "", "ctx": []any{}, "role": "admin"}, []string{"sub too_small", "ctx invalid_type", "role unrecognized_keys"}},
		{map[string]any{"sub": "u", "ctx": map[string]any{"a": strings.Repeat("x", 2048)}}, []string{"ctx too_big"}},
	} {
		mint(row.body).names(t, "invalid_body", row.faults...)
	}
	s.ask(t, who, "POST", "/v1/tokens/mint?appId=000000000000000000000000", asked).refused(t, http.StatusNotFound, "not_found")
}

func part(t *testing.T, segment string) map[string]any {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(segment)
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := json.Unmarshal(text, &object); err != nil {
		t.Fatal(err)
	}
	return object
}

// rotatesSecrets is D11: at once unless an overlap was asked for.
func (s *suite) rotatesSecrets(t *testing.T) {
	first := s.app(t, s.OrgID)
	submit := func(app App) answer { return s.ask(t, user(t, app), "POST", "/v1/feedback", said("x")) }
	rotate := func(overlap time.Duration) App {
		t.Helper()
		rotated := App{ID: first.ID, PublicKey: first.PublicKey}
		var made struct{ SigningSecret string }
		s.manage(t, s.OrgID, "POST", "/v1/apps/"+first.ID+"/rotate-secret", map[string]any{"overlapSeconds": overlap.Seconds()}, &made)
		rotated.SigningSecret = made.SigningSecret
		return rotated
	}
	submit(first).is(t, http.StatusCreated)
	second := rotate(0)
	submit(first).refused(t, http.StatusUnauthorized, "invalid_user_token")
	submit(second).is(t, http.StatusCreated)
	third := rotate(time.Minute)
	submit(second).is(t, http.StatusCreated)
	submit(third).is(t, http.StatusCreated)
	submit(first).refused(t, http.StatusUnauthorized, "invalid_user_token")
}

// forgetsRevokedKeys: when the revocation returns, the key opens nothing.
func (s *suite) forgetsRevokedKeys(t *testing.T) {
	key := s.key(t, s.OrgID)
	s.ask(t, as{token: key.Text}, "GET", "/v1/apps", nil).is(t, http.StatusOK)
	s.ask(t, as{token: key.Text}, "GET", "/v1/feedback", nil).is(t, http.StatusOK)
	var revoked struct {
		RevokedAt string `json:"revokedAt"`
	}
	s.manage(t, s.OrgID, "DELETE", "/v1/keys/"+key.ID, nil, &revoked)
	for _, path := range []string{"/v1/apps", "/v1/feedback"} {
		s.ask(t, as{token: key.Text}, "GET", path, nil).refused(t, http.StatusUnauthorized, "invalid_authorization")
	}
}
