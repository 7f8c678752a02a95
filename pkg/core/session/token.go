package session

import (
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/id"
	"github.com/heard-dev/heard/pkg/secret"
)

// MaxToken is the longest token that is looked at, in bytes.
const MaxToken = 2048

// skew is how far the clocks of two processes of ours may be apart.
const skew = 5 * time.Second

// issuer is who signs: Heard, whatever name it is reached under.
const issuer = "heard"

// use keeps one kind of token from being taken for another.
type use string

const (
	access  use = "access"
	partial use = "partial"
)

// Claims are who an access token speaks for. Session is zero in a partial token: there is none yet.
type Claims struct {
	Org, Member, Session id.ID
	ExpiresAt            time.Time
}

// payload is the wire form: what a customer's own backend may read of a token that it verified by the published keys.
type payload struct {
	jwt.RegisteredClaims
	Org     string `json:"org"`
	Session string `json:"sid,omitempty"`
	Use     use    `json:"use"`
}

var errClaims = errors.New("session: the claims are not ours")

// SignAccess signs an access token for a session.
func (r Keyring) SignAccess(s Session, now time.Time) (secret.String, error) {
	return r.sign(Claims{Org: s.Org, Member: s.Member, Session: s.ID, ExpiresAt: now.Add(AccessLife)}, access, now)
}

// SignPartial signs what a member holds between password and second factor.
func (r Keyring) SignPartial(org, member id.ID, now time.Time) (secret.String, error) {
	return r.sign(Claims{Org: org, Member: member, ExpiresAt: now.Add(PartialLife)}, partial, now)
}

// VerifyAccess reads an access token; whether its session still lives is another question. An expired one is
// apierr.CodeTokenExpired, anything else that is wrong apierr.CodeInvalidAuthorization.
func (r Keyring) VerifyAccess(token string, now time.Time) (Claims, error) {
	return r.verify(token, access, now)
}

// VerifyPartial reads what SignPartial signed; its refusals are those of VerifyAccess.
func (r Keyring) VerifyPartial(token string, now time.Time) (Claims, error) {
	return r.verify(token, partial, now)
}

func (r Keyring) sign(c Claims, u use, now time.Time) (secret.String, error) {
	p := payload{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Subject: c.Member.Prefixed(MemberPrefix), IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(c.ExpiresAt),
		},
		Org: c.Org.Prefixed(OrgPrefix), Use: u,
	}
	if !c.Session.IsZero() {
		p.Session = c.Session.Prefixed(SessionPrefix)
	}
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, p)
	token.Header["kid"] = r.keys[0].id
	text, err := token.SignedString(r.keys[0].private)
	return secret.String(text), err
}

// How a token, and the AuthWorx surface, spell whose it is.
const (
	MemberPrefix  = "usr_"
	OrgPrefix     = "org_"
	SessionPrefix = "ses_"
)

func (r Keyring) verify(token string, u use, now time.Time) (Claims, error) {
	if len(token) > MaxToken {
		return Claims{}, refused(errClaims)
	}
	var p payload
	parser := jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}), jwt.WithStrictDecoding(), jwt.WithIssuer(issuer),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(func() time.Time { return now }))
	_, err := parser.ParseWithClaims(token, &p, func(t *jwt.Token) (any, error) {
		for _, k := range r.keys {
			if t.Header["kid"] == k.id {
				return k.private.Public(), nil
			}
		}
		return nil, errClaims
	})
	if errors.Is(err, jwt.ErrTokenExpired) && p.Use == u {
		return Claims{}, apierr.Wrap(err, apierr.Unauthenticated, apierr.CodeTokenExpired, "This token has expired.")
	}
	if err != nil {
		return Claims{}, refused(err)
	}
	if p.IssuedAt == nil || p.IssuedAt.After(now.Add(skew)) {
		return Claims{}, refused(errClaims)
	}
	c := Claims{ExpiresAt: p.ExpiresAt.Time}
	var errOrg, errMember, errSession error
	c.Org, errOrg = id.ParsePrefixed(OrgPrefix, p.Org)
	c.Member, errMember = id.ParsePrefixed(MemberPrefix, p.Subject)
	if u == access {
		c.Session, errSession = id.ParsePrefixed(SessionPrefix, p.Session)
	}
	if err := errors.Join(errOrg, errMember, errSession); err != nil || p.Use != u {
		return Claims{}, refused(errors.Join(errClaims, err))
	}
	return c, nil
}

func refused(cause error) error {
	return apierr.Wrap(cause, apierr.Unauthenticated, apierr.CodeInvalidAuthorization, "This token is not valid.")
}
