package usertoken_test

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/usertoken"
	"github.com/heard-dev/heard/pkg/id"
)

var subscriberKey = []byte("32 bytes that only Heard knows..")

func TestASubscriberTokenIsValidForNinetyDays(t *testing.T) {
	ids, now := id.NewSource(time.Now, rand.Reader), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	whom := usertoken.Subscriber{Org: ids.New(), Person: ids.New()}
	token, err := usertoken.MintSubscriber(whom, subscriberKey, now)
	if err != nil || !strings.HasPrefix(token.Reveal(), "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.") { // O2
		t.Fatalf("%s, %v", token.Reveal(), err)
	}
	for _, row := range []struct {
		at   time.Duration
		code apierr.Code
	}{
		{0, ""},
		{90*24*time.Hour - time.Second, ""},
		{90*24*time.Hour + time.Minute, apierr.CodeTokenExpired},
		{-time.Minute, apierr.CodeInvalidAuthorization},
	} {
		got, err := usertoken.VerifySubscriber(token.Reveal(), subscriberKey, now.Add(row.at))
		if row.code == "" && (err != nil || got != whom) || row.code != "" && apierr.Of(err).Code != row.code {
			t.Errorf("after %v: %+v, %v", row.at, got, err)
		}
	}
}

func TestNothingElseIsASubscriberToken(t *testing.T) {
	ids, now := id.NewSource(time.Now, rand.Reader), time.Now()
	good := jwt.MapClaims{
		"sub": ids.New().UUID(), "team": ids.New().UUID(), "use": "subscriber", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	sign := func(method jwt.SigningMethod, key any, change func(jwt.MapClaims)) string {
		claims := jwt.MapClaims{}
		for name, value := range good {
			claims[name] = value
		}
		change(claims)
		text, err := jwt.NewWithClaims(method, claims).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	asItIs := func(jwt.MapClaims) {}
	if _, err := usertoken.VerifySubscriber(sign(jwt.SigningMethodHS256, subscriberKey, asItIs), subscriberKey, now); err != nil {
		t.Fatal(err)
	}
	for what, token := range map[string]string{
		"another key":         sign(jwt.SigningMethodHS256, []byte("another"), asItIs),
		"another algorithm":   sign(jwt.SigningMethodHS512, subscriberKey, asItIs),
		"no algorithm":        sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, asItIs),
		"another use":         sign(jwt.SigningMethodHS256, subscriberKey, func(c jwt.MapClaims) { c["use"] = "access" }),
		"an expired other":    sign(jwt.SigningMethodHS256, subscriberKey, func(c jwt.MapClaims) { c["use"], c["exp"] = "access", now.Add(-time.Hour).Unix() }),
		"no end":              sign(jwt.SigningMethodHS256, subscriberKey, func(c jwt.MapClaims) { delete(c, "exp") }),
		"no team":             sign(jwt.SigningMethodHS256, subscriberKey, func(c jwt.MapClaims) { delete(c, "team") }),
		"nobody":              sign(jwt.SigningMethodHS256, subscriberKey, func(c jwt.MapClaims) { c["sub"] = "42" }),
		"an enormous one":     strings.Repeat("a", 1<<16) + "." + strings.Repeat("b", 1<<16) + ".c",
		"nothing":             "..",
		"expired, not signed": sign(jwt.SigningMethodHS256, []byte("another"), func(c jwt.MapClaims) { c["exp"] = now.Add(-time.Hour).Unix() }),
	} {
		if _, err := usertoken.VerifySubscriber(token, subscriberKey, now); err == nil || apierr.Of(err).Code != apierr.CodeInvalidAuthorization {
			t.Errorf("%s: %v", what, err)
		}
	}
}
