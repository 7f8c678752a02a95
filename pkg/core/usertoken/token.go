package usertoken

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/golang-jwt/jwt/v5"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/jsonobject"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

// Secret is one of an App's signing secrets, opened.
type Secret struct {
	ID  id.ID
	Key []byte
}

// The private causes of a refusal. Callers learn none of them.
var (
	errSecret    = errors.New("usertoken: the signing secret is empty")
	errTooLong   = errors.New("usertoken: the token is too long")
	errShape     = errors.New("usertoken: not three segments of base64url")
	errHeader    = errors.New("usertoken: not the header of a plain JWT")
	errAlgorithm = errors.New("usertoken: the algorithm is not HS256")
	errSignature = errors.New("usertoken: no live secret made the signature")
	errSubject   = errors.New("usertoken: sub must have 1 to 256 characters")
	errApp       = errors.New("usertoken: minted for another App")
	errTimes     = errors.New("usertoken: iat and exp must be there, exp a minute to a day after iat")
	errFuture    = errors.New("usertoken: not valid yet")
	errExpired   = errors.New("usertoken: expired")
)

type header struct {
	Algorithm string         `json:"alg"`
	Type      string         `json:"typ,omitempty"`
	Key       any            `json:"kid,omitzero"`
	Critical  jsontext.Value `json:"crit,omitzero"`
}

// payload spells times in seconds since the epoch; whoever mints may add a fraction. An absent one is 1970: no token lives
// from then until now.
type payload struct {
	Subject   string         `json:"sub"`
	App       string         `json:"app"`
	Context   jsontext.Value `json:"ctx,omitzero"`
	IssuedAt  float64        `json:"iat"`
	NotBefore float64        `json:"nbf,omitzero"`
	ExpiresAt float64        `json:"exp"`
}

// Mint signs claims that New made with the signing secret that kid names.
func Mint(claims Claims, kid id.ID, signingSecret []byte) (secret.String, error) {
	if len(signingSecret) == 0 {
		return "", errSecret
	}
	h := header{Algorithm: jwt.SigningMethodHS256.Name, Type: "JWT", Key: kid.String()}
	p := payload{
		Subject: claims.Subject, App: claims.App.String(), Context: claims.Context,
		IssuedAt: float64(claims.IssuedAt.Unix()), ExpiresAt: float64(claims.ExpiresAt.Unix()),
	}
	head, errHead := json.Marshal(h)
	body, errBody := json.Marshal(p)
	if err := errors.Join(errHead, errBody); err != nil {
		return "", fmt.Errorf("usertoken: write the claims: %w", err)
	}
	text := base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString(body)
	signature, err := jwt.SigningMethodHS256.Sign(text, signingSecret)
	if err != nil {
		return "", fmt.Errorf("usertoken: sign: %w", err)
	}
	return secret.String(text + "." + base64.RawURLEncoding.EncodeToString(signature)), nil
}

// Verify gives the claims of a token that was minted for this App, under one of its live secrets, and that is valid now,
// and tells which secret it was. Anything else is invalid_user_token, whatever the reason. A forged token costs one HMAC a
// secret, and nothing of its payload is read.
func Verify(token string, app id.ID, secrets []Secret, now time.Time) (claims Claims, used id.ID, err error) {
	raw, used, err := open(token, secrets)
	if err == nil {
		claims, err = read(raw, app, now)
	}
	if err != nil {
		return Claims{}, id.Zero, apierr.Wrap(err, apierr.Unauthenticated, apierr.CodeInvalidUserToken, "This user token is not valid.")
	}
	return claims, used, nil
}

// open gives the payload of a token that one of the secrets signed.
func open(token string, secrets []Secret) (raw []byte, used id.ID, err error) {
	if len(token) > MaxToken {
		return nil, id.Zero, errTooLong
	}
	parts := strings.Split(token, ".")
	// Go's base64 skips line breaks, which would let one token have many spellings.
	if len(parts) != 3 || strings.ContainsAny(token, "\r\n") {
		return nil, id.Zero, errShape
	}
	parser := jwt.NewParser(jwt.WithStrictDecoding())
	var segments [3][]byte
	for i, part := range parts {
		if segments[i], err = parser.DecodeSegment(part); err != nil {
			return nil, id.Zero, errShape
		}
	}
	var h header
	if err := json.Unmarshal(segments[0], &h); err != nil {
		return nil, id.Zero, errHeader
	}
	if h.Algorithm != jwt.SigningMethodHS256.Name {
		return nil, id.Zero, errAlgorithm
	}
	if h.Critical != nil || (h.Type != "" && !strings.EqualFold(h.Type, "JWT")) {
		return nil, id.Zero, errHeader
	}
	kid, _ := h.Key.(string)
	used, err = signer(parts[0]+"."+parts[1], segments[2], kid, secrets)
	return segments[1], used, err
}

// signer finds the secret that made the signature, the one named kid first. A backend's own library sends no kid.
func signer(text string, signature []byte, kid string, secrets []Secret) (id.ID, error) {
	for _, named := range []bool{true, false} {
		for _, s := range secrets {
			if len(s.Key) == 0 || (s.ID.String() == kid) != named {
				continue
			}
			if jwt.SigningMethodHS256.Verify(text, signature, s.Key) == nil {
				return s.ID, nil
			}
		}
	}
	return id.Zero, errSignature
}

// read checks what a signed payload says.
func read(raw []byte, app id.ID, now time.Time) (Claims, error) {
	var p payload
	if err := json.Unmarshal(raw, &p); err != nil {
		return Claims{}, fmt.Errorf("usertoken: read the claims: %w", err)
	}
	if n := utf8.RuneCountInString(p.Subject); n < 1 || n > MaxSubject {
		return Claims{}, errSubject
	}
	if p.App != app.String() {
		return Claims{}, errApp
	}
	ctx, issue := jsonobject.Parse(p.Context, MaxContext)
	if issue != nil {
		return Claims{}, errors.New("usertoken: ctx " + issue.Message)
	}
	c := Claims{Subject: p.Subject, App: app, Context: ctx, IssuedAt: at(p.IssuedAt), ExpiresAt: at(p.ExpiresAt)}
	switch life := c.ExpiresAt.Sub(c.IssuedAt); {
	case life < MinTTL || life > MaxTTL:
		return Claims{}, errTimes
	case c.IssuedAt.After(now.Add(Skew)) || at(p.NotBefore).After(now.Add(Skew)):
		return Claims{}, errFuture
	case !now.Before(c.ExpiresAt.Add(Skew)):
		return Claims{}, errExpired
	}
	return c, nil
}

// at reads seconds since the epoch, to the millisecond. What lies beyond the year 9999 is as good as its end.
func at(seconds float64) time.Time {
	const lastSecond = 253402300799
	return time.UnixMilli(int64(min(max(seconds, 0), lastSecond) * 1000)).UTC()
}
